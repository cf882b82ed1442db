package wxhttp

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

const (
	maxRIDs      = 1024 // some 400 KiB, and days of work at a desk
	maxRIDText   = 512  // bytes of each text; an answer that refuses has 200
	maskedHead   = 6    // characters of a token: the sample of the documentation shows "50_Im7xxxx"
	maskedTail   = "xxxx"
	maxShownText = 64 // bytes of a parameter that is no secret
)

// A ridCall is a call that was refused, as /cgi-bin/openapi/rid/get tells of it.
type ridCall struct {
	rid    string
	app    wechat.AppID
	sns    bool
	at     int64 // seconds since 1970, by the world's clock
	cost   time.Duration
	query  string // masked
	answer string
	client string
}

// ridLog remembers the newest refusals. The zero value has none; successes cost it nothing.
type ridLog struct {
	mu    sync.Mutex
	calls []ridCall // a ring once it is full
	next  int       // where the next one goes in the full ring
}

func (l *ridLog) add(c ridCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) < maxRIDs {
		l.calls = append(l.calls, c)
		return
	}
	l.calls[l.next] = c
	l.next = (l.next + 1) % maxRIDs
}

// forget drops the calls of an app, or all of them for "".
func (l *ridLog) forget(app wechat.AppID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := slices.Concat(l.calls[l.next:], l.calls[:l.next]) // the oldest first
	l.calls, l.next = slices.DeleteFunc(kept, func(c ridCall) bool { return app == "" || c.app == app }), 0
}

// find looks among the newest first, because a world that is reset mints the same ids again.
func (l *ridLog) find(rid string) (ridCall, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.calls)
	for i := range n {
		if c := l.calls[(l.next+2*n-1-i)%n]; c.rid == rid {
			return c, true
		}
	}
	return ridCall{}, false
}

// noteRID remembers a refused call, if an app is known to have made it.
func (h *handler) noteRID(c *call, refusal *world.Refusal, body []byte) {
	app := c.caller
	if app == "" && refusal.Code != wechat.CodeAppIDMissing && refusal.Code != wechat.CodeInvalidAppID {
		app = wechat.AppID(c.record.AppID)
	}
	if app == "" {
		return
	}
	now, cost := h.world.Clock().Now(), time.Duration(0)
	if !c.record.Time.IsZero() {
		cost = max(0, now.Sub(c.record.Time))
	}
	client, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		client = ""
	}
	h.rids.add(ridCall{
		rid: refusal.RID, app: app, sns: c.api.family == familySNS, at: now.Unix(), cost: cost,
		query: maskedQuery(c.r.URL.RawQuery), answer: string(body[:min(len(body), maxRIDText)]), client: client,
	})
}

// maskedQuery is a query without its secrets. It goes by a list of what may be shown; of the rest it shows the names that WeChat has.
func maskedQuery(query string) string {
	var b strings.Builder
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "appid", "grant_type", "openid", "sig_method":
			if len(value) > maxShownText || url.QueryEscape(value) != value {
				value = maskedTail
			}
		case "access_token":
			value = url.QueryEscape(value[:min(len(value)/2, maskedHead)]) + maskedTail
		case "secret", "js_code", "signature":
			value = maskedTail
		default:
			continue
		}
		if b.Len()+len(name)+len(value) > maxRIDText {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + value)
	}
	return b.String()
}
