package wxapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// maxTokenLife is more than WeChat ever promises (two hours); a longer life in an answer is not believed.
const maxTokenLife = 24 * time.Hour

// An AccessToken is what stable_token gives.
type AccessToken struct {
	Value     redact.Secret
	ExpiresIn time.Duration // that is left of it
}

// StableToken fetches the app's access token from /cgi-bin/stable_token. As long as it is valid WeChat gives everybody the same one,
// and no call ends the token of another; /cgi-bin/token, which does, is called nowhere in this package.
func (c *Client) StableToken(ctx context.Context) (AccessToken, error) {
	answer, object, err := c.do(ctx, c.stableToken())
	if err != nil {
		return AccessToken{}, err
	}
	token, reason := parseAccessToken(object)
	if reason != "" {
		return AccessToken{}, answer.fault(reason)
	}
	return token, nil
}

// StableTokenRequest returns what [Client.StableToken] would send.
func (c *Client) StableTokenRequest() Request { return c.describe(c.stableToken()) }

// stableToken takes everything in a JSON body; in the query WeChat does not see it (41002).
func (c *Client) stableToken() call {
	return call{method: http.MethodPost, path: "/cgi-bin/stable_token", body: []param{
		{"grant_type", "client_credential", plain},
		{"appid", string(c.appID), plain},
		{"secret", c.secret.Reveal(), secret},
		{"force_refresh", "false", literal},
	}}
}

func parseAccessToken(object []byte) (token AccessToken, reason string) {
	var fields struct {
		AccessToken json.RawMessage `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(object, &fields); err != nil {
		return AccessToken{}, "is not a JSON object"
	}
	token.Value = redact.NewSecret(text(fields.AccessToken))
	seconds, err := strconv.ParseInt(strings.Trim(string(fields.ExpiresIn), `"`), 10, 32)
	switch {
	case token.Value.IsZero():
		return AccessToken{}, "holds neither an errcode nor an access_token"
	case err != nil || seconds <= 0:
		return AccessToken{}, "holds an access_token whose expires_in is not a number of seconds"
	}
	token.ExpiresIn = min(time.Duration(seconds)*time.Second, maxTokenLife)
	return token, ""
}
