package wxhttp

import (
	"strconv"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// token is getAccessToken. The query is read whatever the method.
func (h *handler) token(c *call) answer {
	appID := c.parameter("appid")
	c.record.AppID = journalled(appID)
	token, refusal := h.world.Token(world.TokenRequest{
		AppID: wechat.AppID(appID), Secret: wechat.NewAppSecret(c.parameter("secret")), GrantType: c.parameter("grant_type"),
	})
	if refusal != nil && c.r.ContentLength != 0 && (refusal.Code == wechat.CodeAppIDMissing || refusal.Code == wechat.CodeInvalidGrantType) {
		refusal.Reason += "; parameters in a body are not read"
	}
	return c.tokenAnswer(token, refusal)
}

// tokenAnswer writes WeChat's answer: the token first, no errcode.
func (c *call) tokenAnswer(token world.AccessToken, refusal *world.Refusal) answer {
	if refusal != nil {
		return answer{refusal: refusal}
	}
	c.record.Reason = token.Note
	body := make([]byte, 0, 192)
	body = append(body, `{"access_token":"`...)
	body = append(body, token.Token.Reveal()...)
	body = append(body, `","expires_in":`...)
	body = strconv.AppendInt(body, int64(token.ExpiresIn/time.Second), 10)
	return answer{body: append(body, '}')}
}
