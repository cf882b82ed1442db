package wxapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// CheckSession asks WeChat whether key is the user's current session key. It is when the error is nil; a [*wechat.Error] with
// [wechat.CodeInvalidSignature] says that it is not.
func (c *Client) CheckSession(ctx context.Context, token redact.Secret, openID wechat.OpenID, key wechat.SessionKey) error {
	answer, object, err := c.do(ctx, signed("/wxa/checksession", token, openID, key))
	if err != nil {
		return err
	}
	var fields struct {
		ErrCode json.RawMessage `json:"errcode"`
	}
	if json.Unmarshal(object, &fields) != nil || fields.ErrCode == nil { // all that a success has
		return answer.fault(lang.T{En: "holds no errcode", Zh: "没有 errcode"}.With())
	}
	return nil
}

// CheckSessionRequest returns what [Client.CheckSession] would send, with a token.
func (c *Client) CheckSessionRequest(openID wechat.OpenID) Request {
	return c.describe(signed("/wxa/checksession", redact.Secret{}, openID, wechat.SessionKey{}))
}

// ResetSessionKey has WeChat replace the user's session key, which must be the current one. The old key is dead at once; the new one
// lives as long as the old one would have.
func (c *Client) ResetSessionKey(ctx context.Context, token redact.Secret, openID wechat.OpenID, key wechat.SessionKey) (wechat.SessionKey, error) {
	answer, object, err := c.do(ctx, signed("/wxa/resetusersessionkey", token, openID, key))
	if err != nil {
		return wechat.SessionKey{}, err
	}
	var fields struct {
		OpenID     json.RawMessage `json:"openid"`
		SessionKey json.RawMessage `json:"session_key"`
	}
	if err := json.Unmarshal(object, &fields); err != nil {
		return wechat.SessionKey{}, answer.fault(lang.T{En: "is not a JSON object", Zh: "不是 JSON 对象"}.With())
	}
	next := wechat.NewSessionKey(text(fields.SessionKey))
	switch {
	case next.IsZero():
		return wechat.SessionKey{}, answer.fault(lang.T{En: "holds neither an errcode nor a session_key", Zh: "既没有 errcode 也没有 session_key"}.With())
	case text(fields.OpenID) != string(openID):
		return wechat.SessionKey{}, answer.fault(lang.T{En: "is about another openid", Zh: "说的是另一个 openid"}.With())
	}
	return next, nil
}

// ResetSessionKeyRequest returns what [Client.ResetSessionKey] would send, with a token.
func (c *Client) ResetSessionKeyRequest(openID wechat.OpenID) Request {
	return c.describe(signed("/wxa/resetusersessionkey", redact.Secret{}, openID, wechat.SessionKey{}))
}

func signed(path string, token redact.Secret, openID wechat.OpenID, key wechat.SessionKey) call {
	return get(path, accessToken(token), param{"openid", string(openID), plain},
		param{"signature", sign(key), secret}, param{"sig_method", "hmac_sha256", plain})
}

// sign proves the possession of a session key as WeChat wants it: HMAC-SHA256 of nothing, because the request has no body, under the
// base64 text of the key, not under its bytes (documentation of the signatures of mini games, whose example shows which).
func sign(key wechat.SessionKey) string {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	return hex.EncodeToString(mac.Sum(nil))
}
