package wxhttp

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// jscode2session is code2Session. WeChat reads the query whatever the method, and never the body. grant_type is not checked:
// calls without it succeed in public reports.
func (h *handler) jscode2session(c *call) answer {
	appID := c.parameter("appid")
	// A peer without an address, of a connection inside this process, stays the zero value.
	peer, _ := netip.ParseAddrPort(c.r.RemoteAddr)
	c.record.AppID = journalled(appID)
	identity, refusal := h.world.Exchange(world.Exchange{
		AppID:  wechat.AppID(appID),
		Secret: wechat.NewAppSecret(c.parameter("secret")),
		Code:   wechat.Code(c.parameter("js_code")),
		Peer:   peer,
	})
	if refusal != nil {
		if refusal.Code == wechat.CodeAppIDMissing && c.r.ContentLength != 0 {
			refusal.Reason += "; parameters in a body are not read"
		}
		return answer{refusal: refusal, effects: refusal.Effects}
	}
	c.record.User = identity.User
	return answer{body: appendIdentity(make([]byte, 0, 160), identity), effects: identity.Effects}
}

// appendIdentity writes WeChat's answer: no errcode, the key first, no unionid where there is none. Slashes of the key are
// escaped. That is our choice: the last dump of a whole answer (November 2020, 83 bytes) is one byte longer than the same answer
// with bare slashes, answers of earlier years have the escapes, and no report says that they went away.
func appendIdentity(body []byte, identity world.Identity) []byte {
	body = append(body, `{"session_key":"`...)
	key := identity.SessionKey.Reveal()
	for i := range len(key) {
		if key[i] == '/' {
			body = append(body, '\\')
		}
		body = append(body, key[i])
	}
	body = append(body, `","openid":"`...)
	body = append(body, identity.OpenID...)
	if identity.UnionID != "" {
		body = append(body, `","unionid":"`...)
		body = append(body, identity.UnionID...)
	}
	return append(body, `"}`...)
}

// parameter returns the first value of a query parameter, "" when there is none or its escapes are broken. It spares the map
// of [url.ParseQuery] for each call.
func parameter(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err != nil || key != name {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil {
			return value
		}
	}
	return ""
}
