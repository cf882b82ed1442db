package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An AccessToken is what lets a mini program's server call WeChat's API beyond code2Session.
type AccessToken struct {
	Origin   wechat.Origin
	AppID    wechat.AppID
	Value    redact.Secret
	Obtained time.Time
	Expires  time.Time
}

// Check returns an error that names what is missing.
func (t AccessToken) Check() error {
	switch {
	case t.Origin == "":
		return errors.New("access token has no origin")
	case t.AppID == "":
		return errors.New("access token has no appid")
	case t.Value.IsZero():
		return errors.New("access token has no value")
	case t.Obtained.IsZero() || t.Expires.IsZero():
		return errors.New("access token has no time")
	}
	return nil
}

// sealedToken is the plaintext under the seal.
type sealedToken struct {
	Value string `json:"t"`
}

// SealToken seals the value of t, bound to its app.
func SealToken(sealer Sealer, t AccessToken) ([]byte, error) {
	plain, err := json.Marshal(sealedToken{t.Value.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("seal access token of %s: %w", redact.Shorten(string(t.AppID), 64), err)
	}
	sealed, err := sealer.Seal(plain, tokenContext(t.Origin, t.AppID))
	if err != nil {
		return nil, fmt.Errorf("seal access token of %s: %w", redact.Shorten(string(t.AppID), 64), err)
	}
	return sealed, nil
}

// UnsealToken puts the value that [SealToken] sealed into t, whose app must be set. It reports false for what cannot be opened, as
// after a change of the key ring: such a token is as good as none, and the next one replaces it.
func UnsealToken(sealer Sealer, t *AccessToken, sealed []byte) bool {
	plain, err := sealer.Unseal(sealed, tokenContext(t.Origin, t.AppID))
	if err != nil {
		return false
	}
	var in sealedToken
	if json.Unmarshal(plain, &in) != nil || in.Value == "" {
		return false
	}
	t.Value = redact.NewSecret(in.Value)
	return true
}

// tokenContext keeps the seals of tokens apart from those of sessions.
func tokenContext(origin wechat.Origin, app wechat.AppID) []byte {
	return fmt.Appendf(nil, "wxlogin access token 1 %d %d %s%s", len(origin), len(app), origin, app)
}
