package wxhttp

import (
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// withToken serves an endpoint for callers with an access token, which is checked before the method and the body, as seen in the
// wild. WeChat reads it from the query alone.
func (h *handler) withToken(serve func(*call, world.Caller) answer) func(*call) answer {
	return func(c *call) answer {
		caller, refusal := h.world.Caller(redact.NewSecret(c.parameter("access_token")))
		if refusal != nil {
			if refusal.Code == wechat.CodeTokenMissing && c.r.Header.Get("Authorization") != "" {
				refusal.Reason += "; one in the header is not read"
			}
			return answer{refusal: refusal}
		}
		c.caller = caller.App()
		c.record.AppID = journalled(string(c.caller))
		return serve(c, caller)
	}
}

// withObject serves an endpoint that also takes a JSON body by POST.
func (h *handler) withObject(serve func(*call, world.Caller, object) answer) func(*call) answer {
	return h.withToken(func(c *call, caller world.Caller) answer {
		o, refusal := h.readObject(c)
		if refusal != nil {
			return answer{refusal: refusal}
		}
		return serve(c, caller, o)
	})
}
