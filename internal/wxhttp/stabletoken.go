package wxhttp

import (
	"encoding/json"
	"fmt"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// stableToken is getStableAccessToken, which takes nothing but a JSON body.
//
// With the parameters elsewhere, in the query or a form, it is 41002 by a report. For no body and no parameters at all, and for what begins like
// JSON and breaks off, nothing is reported: that these are 44002 and 47001, as of other endpoints, is our choice.
func (h *handler) stableToken(c *call) answer {
	if refusal := h.requirePost(c); refusal != nil {
		return answer{refusal: refusal}
	}
	body, tooLong := c.readBody()
	if tooLong {
		return answer{refusal: h.badBody(fmt.Sprintf("body longer than %d bytes, or cut", maxBody))}
	}
	var o object
	if err := json.Unmarshal(body, &o); err != nil || o == nil {
		switch {
		case len(body) == 0 && c.r.URL.RawQuery == "":
			return answer{refusal: h.world.Refuse(wechat.CodeEmptyBody, "empty post data", "no body")}
		case len(body) > 0 && (body[0] == '{' || json.Valid(body)):
			return answer{refusal: h.badBody(c.notObject(body))}
		}
		o = nil // parameters elsewhere are not read
	}
	request, refusal := h.tokenRequest(c, o)
	if refusal != nil {
		return answer{refusal: refusal}
	}
	token, refusal := h.world.StableToken(request)
	if refusal != nil && (refusal.Code == wechat.CodeAppIDMissing || refusal.Code == wechat.CodeSecretMissing) {
		refusal.Reason = map[wechat.ErrCode]string{
			wechat.CodeAppIDMissing: "no appid in the JSON body", wechat.CodeSecretMissing: "no secret in the JSON body",
		}[refusal.Code]
		if o == nil {
			refusal.Reason += "; parameters in the query or a form are not read"
		}
	}
	return c.tokenAnswer(token, refusal)
}

func (h *handler) tokenRequest(c *call, o object) (world.TokenRequest, *world.Refusal) {
	var texts [3]string
	for i, name := range []string{"appid", "secret", "grant_type"} {
		text, _, ok := o.text(name)
		if !ok {
			return world.TokenRequest{}, h.badBody(name + " is not a string")
		}
		texts[i] = text
	}
	c.record.AppID = journalled(texts[0])
	request := world.TokenRequest{AppID: wechat.AppID(texts[0]), Secret: wechat.NewAppSecret(texts[1]), GrantType: texts[2]}
	if raw, given := o["force_refresh"]; given && json.Unmarshal(raw, &request.Force) != nil {
		return request, h.badBody("force_refresh is not true or false")
	}
	return request, nil
}
