package wxapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
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
	if !reason.IsZero() {
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

func parseAccessToken(object []byte) (token AccessToken, reason lang.Message) {
	var fields struct {
		AccessToken json.RawMessage `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(object, &fields); err != nil {
		return AccessToken{}, lang.T{En: "is not a JSON object", Zh: "不是 JSON 对象"}.With()
	}
	token.Value = redact.NewSecret(text(fields.AccessToken))
	seconds, err := strconv.ParseInt(strings.Trim(string(fields.ExpiresIn), `"`), 10, 32)
	switch {
	case token.Value.IsZero():
		return AccessToken{}, lang.T{En: "holds neither an errcode nor an access_token", Zh: "既没有 errcode 也没有 access_token"}.With()
	case err != nil || seconds <= 0:
		return AccessToken{}, lang.T{En: "holds an access_token whose expires_in is not a number of seconds", Zh: "的 expires_in 不是秒数"}.With()
	}
	token.ExpiresIn = min(time.Duration(seconds)*time.Second, maxTokenLife)
	return token, lang.Message{}
}
