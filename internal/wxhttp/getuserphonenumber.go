package wxhttp

import (
	"net/netip"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// getUserPhoneNumber is getPhoneNumber of the server API.
func (h *handler) getUserPhoneNumber(c *call, caller world.Caller, o object) answer {
	code, refusal := h.textField(o, "code")
	if refusal != nil {
		return answer{refusal: refusal}
	}
	openID, _, ok := o.text("openid")
	if !ok {
		return answer{refusal: h.badBody("openid is not a string")}
	}
	peer, _ := netip.ParseAddrPort(c.r.RemoteAddr)
	number, refusal := caller.PhoneNumber(world.PhoneNumberRequest{
		Code: wechat.Code(code), OpenID: wechat.OpenID(openID), Peer: peer,
	})
	if refusal != nil {
		return answer{refusal: refusal, effects: refusal.Effects}
	}
	c.record.User = number.User
	// The country code is a string in the table of the documentation and in decrypted payloads, and a number in its example.
	body := make([]byte, 0, 256)
	body = append(body, `{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"`...)
	body = append(body, number.Number...)
	body = append(body, `","purePhoneNumber":"`...)
	body = append(body, number.PureNumber...)
	body = append(body, `","countryCode":"`...)
	body = append(body, number.CountryCode...)
	body = append(body, `","watermark":{"timestamp":`...)
	body = strconv.AppendInt(body, number.TappedAt.Unix(), 10)
	body = append(body, `,"appid":"`...)
	body = append(body, caller.App()...)
	return answer{body: append(body, `"}}}`...), effects: number.Effects}
}
