// Package session keeps what a login brought: one current session key per API host, mini program and user, and the last few
// keys before it.
//
// The package holds the types, the rules by which a [Session] changes ([Session.After]) and the sealing of keys, so that every
// [Store] behaves alike; memory, sqlite and redis are stores, storetest is the suite that they pass. Nothing here reads a clock:
// each operation is told the time. A session key is written nowhere but sealed, a code nowhere but as its SHA-256.
package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// MaxPrevious is how many replaced keys a session remembers. They only serve to name the key of a payload that arrives
// late, minutes after the change; a user who logs in every few seconds still has half a minute of history with eight.
const MaxPrevious = 8

// An ID names a session: a user of a mini program at an API host.
type ID struct {
	Origin wechat.Origin
	AppID  wechat.AppID
	OpenID wechat.OpenID
}

// Check returns an error that names the first empty part.
func (id ID) Check() error {
	switch {
	case id.Origin == "":
		return errors.New("session has no origin")
	case id.AppID == "":
		return errors.New("session has no appid")
	case id.OpenID == "":
		return errors.New("session has no openid")
	}
	return nil
}

// String names the session in errors and logs.
func (id ID) String() string {
	return fmt.Sprintf("openid %q of appid %q at %s", redact.Shorten(string(id.OpenID), 64), redact.Shorten(string(id.AppID), 64),
		redact.Shorten(string(id.Origin), 128))
}

// A Session is what is known of a user. Times are in UTC with microseconds ([Instant]).
type Session struct {
	ID
	UnionID     wechat.UnionID // the latest that WeChat gave; empty when it never gave one
	Key         wechat.SessionKey
	KeyObtained time.Time // when Key was first seen
	Created     time.Time // of the first login
	Refreshed   time.Time // of the latest login
	Previous    []PreviousKey
}

// A PreviousKey was a session's key from Obtained to Replaced. A session's Previous has the newest first, at most
// [MaxPrevious] of them, without repetition and without the current key.
type PreviousKey struct {
	Key      wechat.SessionKey
	Obtained time.Time
	Replaced time.Time
}

// A Login is what one exchange brought.
type Login struct {
	ID
	UnionID wechat.UnionID // empty when WeChat gave none
	Key     wechat.SessionKey
	At      time.Time // when the answer came

	// Reset tells that nobody logged in: resetusersessionkey gave the key, and the session ends when it would have ended.
	Reset bool
}

// Check returns an error that names what is missing.
func (l Login) Check() error {
	switch {
	case l.Key.IsZero():
		return errors.New("login has no session key")
	case l.At.IsZero():
		return errors.New("login has no time")
	}
	return l.ID.Check()
}

// Instant returns t as every store keeps it: in UTC, cut to microseconds, without a monotonic reading.
func Instant(t time.Time) time.Time { return t.Truncate(time.Microsecond).UTC() }

// After returns the session as it stands once l is saved; after the zero Session that is a new one. Logins may arrive out of
// order: one that is older than the latest known login never replaces the key, and its own key joins the previous ones. The
// result shares no memory with s.
func (s Session) After(l Login) Session {
	at := Instant(l.At)
	next := s
	next.ID = l.ID
	next.Previous = slices.Clone(s.Previous)
	if s.Created.IsZero() || at.Before(s.Created) {
		next.Created = at
	}
	late := at.Before(later(s.Refreshed, s.KeyObtained)) // a reset changes the key without a login
	if !at.Before(s.Refreshed) && (!l.Reset || s.Refreshed.IsZero()) {
		next.Refreshed = at
	}
	if l.UnionID != "" && (!late || s.UnionID == "") {
		next.UnionID = l.UnionID
	}
	switch {
	case s.Key.IsZero():
		next.Key, next.KeyObtained = l.Key, at
	case s.Key.Equal(l.Key.Secret):
	case late:
		next.remember(PreviousKey{Key: l.Key, Obtained: at, Replaced: later(at, s.KeyObtained)})
	default:
		next.Key, next.KeyObtained = l.Key, at
		next.forget(l.Key)
		next.remember(PreviousKey{Key: s.Key, Obtained: s.KeyObtained, Replaced: at})
	}
	return next
}

// remember files p among the previous keys unless its key is there.
func (s *Session) remember(p PreviousKey) {
	if slices.ContainsFunc(s.Previous, func(q PreviousKey) bool { return q.Key.Equal(p.Key.Secret) }) {
		return
	}
	place := slices.IndexFunc(s.Previous, func(q PreviousKey) bool { return !q.Obtained.After(p.Obtained) })
	if place < 0 {
		place = len(s.Previous)
	}
	s.Previous = slices.Insert(s.Previous, place, p)
	s.Previous = s.Previous[:min(len(s.Previous), MaxPrevious)]
}

// forget removes a key that has become current again, so that no key stands twice.
func (s *Session) forget(key wechat.SessionKey) {
	s.Previous = slices.DeleteFunc(s.Previous, func(q PreviousKey) bool { return q.Key.Equal(key.Secret) })
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
