package world

import (
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// ErrFull says that an app has as many users as the simulation allows, some eight million.
var ErrFull = errors.New("the simulated app has no room for another user")

// An UnknownAppError says that the world has no such app.
type UnknownAppError struct{ App wechat.AppID }

func (e *UnknownAppError) Error() string {
	return fmt.Sprintf("the simulation knows no app %q", wechat.Shown(string(e.App), 40))
}

// A NotLoggedInError says that there is no session key to encrypt a user's data under: the user never logged in to the app, or
// the world was reset since, or the key has expired.
type NotLoggedInError struct {
	User    string
	App     wechat.AppID
	Expired bool // there was a key, until [KeyLife] was over
}

func (e *NotLoggedInError) Error() string {
	if e.Expired {
		return fmt.Sprintf("the session key of user %q for %s has expired: log in again", e.User, e.App)
	}
	return fmt.Sprintf("user %q has not logged in to %s", e.User, e.App)
}

// A Refusal is WeChat's refusal of a call, and what the simulation knows about it that WeChat would not tell.
type Refusal struct {
	Code    wechat.ErrCode
	Message string // errmsg without the request id, which each family of endpoints appends in its own way
	RID     string
	Reason  string // why, in a few words of English; names --adopt where that would have helped
	User    string // whose code it was; empty when unknown
	Effects []Hit  // of a magic code, on the way to the caller
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("errcode %d: %s (%s)", r.Code, r.Message, r.Reason)
}

// Refuse makes a refusal with a request id of its own.
func (w *World) Refuse(code wechat.ErrCode, message, reason string) *Refusal {
	return &Refusal{Code: code, Message: message, RID: w.RID(), Reason: reason}
}

// RID mints a request id: three groups of eight hexadecimal digits, the first of which is the time in seconds.
func (w *World) RID() string {
	noise := w.root.derive(labelRID, "", w.rids.Add(1))
	return fmt.Sprintf("%08x-%x-%x", uint32(w.clock.Now().Unix()), noise[:4], noise[4:8])
}

// ago says how long d is, coarser the longer: "3.2 s", "61 s", "1h2m3s".
func ago(d time.Duration) string {
	d = max(d, 0) // a clock moved back
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s ago", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s ago", d.Seconds())
	}
	return d.Round(time.Second).String() + " ago"
}
