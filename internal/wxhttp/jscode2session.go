package wxhttp

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// jscode2session is code2Session. WeChat reads the query whatever the method, and never the body. grant_type is not checked:
// calls without it succeed in public reports.
func (h *handler) jscode2session(w http.ResponseWriter, r *http.Request) {
	query := r.URL.RawQuery
	appID := parameter(query, "appid")
	// The peer of a connection inside this process has no address, and stays the zero value.
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	record := journal.From(r.Context())
	record.AppID = journalled(appID)
	identity, refusal := h.world.Exchange(world.Exchange{
		AppID:  wechat.AppID(appID),
		Secret: wechat.NewAppSecret(parameter(query, "secret")),
		Code:   wechat.Code(parameter(query, "js_code")),
		Peer:   peer,
	})
	if refusal != nil {
		record.ErrCode, record.User, record.Reason = int(refusal.Err.Code), refusal.User, refusal.Reason
		if refusal.Err.Code == wechat.CodeAppIDMissing && r.ContentLength != 0 {
			record.Reason += "; parameters in a body are not read"
		}
		writeError(w, typeSNS, refusal.Err.Code, refusal.Err.Msg.Raw())
		return
	}
	record.User = identity.User
	write(w, typeSNS, appendIdentity(make([]byte, 0, 160), identity))
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
