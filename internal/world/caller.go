package world

import (
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Texts of WeChat's that more than one refusal uses, as seen in public reports of 2023 to 2025.
const (
	stableHint         = ", could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
	minuteQuotaMessage = "api minute-quota reach limit  mustslower  retry next minute" // the double blanks are WeChat's
)

// A Caller is an app that showed a valid access token.
type Caller struct {
	world *World
	app   *app
}

// App returns the caller's appid.
func (c Caller) App() wechat.AppID { return c.app.ID }

// Caller finds the app that an access token belongs to. A token without WeChat's shape is 40014, one past its two hours 42001, and
// one that a newer token replaced, or that this world did not issue, 40001.
func (w *World) Caller(token redact.Secret) (Caller, *Refusal) {
	text := token.Reveal()
	if text == "" {
		return Caller{}, w.Refuse(wechat.CodeTokenMissing, "access_token missing", "no access_token in the query")
	}
	if wechat.ShapeOf(text) != wechat.ShapeAccessToken {
		reason := lang.Count("malformed access_token of %d characters", len(text))
		return Caller{}, w.Refuse(wechat.CodeInvalidToken, "invalid access_token", reason)
	}
	a, kind, serial := w.tokenOwner(text)
	if a == nil {
		return Caller{}, w.notLatest("access_token of another simulation, of the real WeChat, or mangled")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	line := &a.state.tokens.lines[kind]
	line.expire(now)
	switch {
	case serial >= line.next():
		return Caller{}, w.notLatest("access_token from before a reset")
	case serial < line.first:
		return Caller{}, w.Refuse(wechat.CodeTokenExpired, "access_token expired", "access_token is older than two hours")
	}
	if record := line.records[serial-line.first]; record.end <= now {
		replaced := ago(time.Duration(now - record.end))
		return Caller{}, w.notLatest(fmt.Sprintf("access_token was replaced by a newer one of %s, and ended %s", kind, replaced))
	}
	return Caller{world: w, app: a}, nil
}

func (w *World) notLatest(reason string) *Refusal {
	return w.Refuse(wechat.CodeTokenNotLatest, "invalid credential, access_token is invalid or not latest"+stableHint, reason)
}
