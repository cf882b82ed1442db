package wxhttp

import "github.com/wxlogin/wxlogin/internal/world"

// resetUserSessionKey is resetUserSessionKey. The slashes of the key are bare, as in the newer answers of the families /cgi-bin/ and
// /wxa/; that is our choice.
func (h *handler) resetUserSessionKey(c *call, caller world.Caller) answer {
	reset, refusal := caller.ResetSession(c.sessionCheck())
	if refusal != nil {
		return answer{refusal: refusal}
	}
	c.record.User = reset.User
	body := make([]byte, 0, 128)
	body = append(body, `{"errcode":0,"errmsg":"ok","openid":"`...)
	body = append(body, reset.OpenID...)
	body = append(body, `","session_key":"`...)
	body = append(body, reset.SessionKey.Reveal()...)
	return answer{body: append(body, `"}`...)}
}
