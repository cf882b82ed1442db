package world

import (
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// foreignCodes are the codes that were adopted, with the time until which they count as used. The zero value has none.
type foreignCodes struct {
	until   map[wechat.Code]int64
	cleanAt int // how many there must be for the next cleaning
}

// cleanFirst keeps small worlds from cleaning at all.
const cleanFirst = 64

// use marks a code as used until the time given. It cleans when the map has doubled, so each code is looked at a few times.
func (f *foreignCodes) use(code wechat.Code, now, until int64) {
	if f.until == nil {
		f.until = make(map[wechat.Code]int64)
		f.cleanAt = cleanFirst
	}
	if len(f.until) >= f.cleanAt {
		for old, end := range f.until {
			if end <= now {
				delete(f.until, old)
			}
		}
		f.cleanAt = max(cleanFirst, 2*len(f.until))
	}
	f.until[wechat.Code(strings.Clone(string(code)))] = until // the code is part of a whole query, secret included
}

// adoptApp admits an app that nobody configured; nil when there are too many.
func (w *World) adoptApp(x Exchange) *app {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.apps[x.AppID]; a != nil {
		return a // another call was faster
	}
	if w.adopted >= maxAdopted {
		return nil
	}
	w.adopted++
	return w.add(App{ID: x.AppID, Secret: x.Secret}, true)
}

// adopt logs the default user in for a code that no simulation minted. The literal of DevTools works any number of times, because
// DevTools knows no other; a real code works once, and is forgotten after a code's life.
func (a *app) adopt(w *World, code wechat.Code) outcome {
	literal := code == wechat.MockCode
	if !literal && wechat.ShapeOf(string(code)) != wechat.ShapeLoginCode {
		return outcome{code: wechat.CodeInvalidCode, reason: unknownCode(code)}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	if until, used := a.state.foreign.until[code]; used && until > now {
		return outcome{code: wechat.CodeUsed, reason: "adopted code used " + ago(time.Duration(now-until)+wechat.CodeLife), user: DefaultUser}
	}
	index, err := a.state.user(DefaultUser)
	if err != nil {
		return outcome{code: wechat.CodeInvalidCode, reason: err.Error()}
	}
	a.refreshKey(index, now)
	if !literal {
		a.state.foreign.use(code, now, now+int64(wechat.CodeLife))
	}
	return outcome{user: DefaultUser, key: a.state.users[index].key, described: a.state.described(DefaultUser)}
}

// unknownApp says why an appid is not known, and whether adopting it would help.
func (w *World) unknownApp(x Exchange) string {
	switch {
	case x.AppID.Check() != nil:
		return "malformed appid"
	case !w.adopt:
		return "unknown appid; --adopt would admit it"
	case x.Secret.Check() != nil:
		return "unknown appid, and no well-shaped secret to adopt it with"
	}
	return "unknown appid, and too many were adopted already"
}

// unknownCode says what a code is that no simulation minted, and whether adopting it would help.
func unknownCode(code wechat.Code) string {
	switch wechat.ShapeOf(string(code)) {
	case wechat.ShapeMockLiteral:
		return "the literal of a DevTools project without appid; --adopt would log " + DefaultUser + " in"
	case wechat.ShapeLoginCode:
		return "unknown code, perhaps of the real WeChat; --adopt would log " + DefaultUser + " in"
	case wechat.ShapePhoneCode:
		return "a code of the getPhoneNumber button, not of wx.login"
	}
	return "unknown and malformed code"
}
