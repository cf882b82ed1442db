package world

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Exchange is a call of code2Session. A parameter that is empty counts as missing (our choice: no report tells the two apart).
type Exchange struct {
	AppID  wechat.AppID
	Secret wechat.AppSecret
	Code   wechat.Code
	Peer   netip.AddrPort // who calls; the zero value for a caller inside this process
}

// Identity is what an exchange gives, and the name of the simulated user.
type Identity struct {
	User       string
	OpenID     wechat.OpenID
	UnionID    wechat.UnionID // empty when the app is bound to no Open Platform account
	SessionKey wechat.SessionKey
	Effects    []Hit // of a magic code, on the way to the caller
}

// Exchange is code2Session. It checks the appid, the secret and the code, in this order; the order is seen in the wild except
// that a wrong secret goes before a missing code, which is our choice.
//
// The key is the user's current one, so a code that is exchanged after a later wx.login gives the later key. A code of another app
// is refused and consumed nevertheless: 40029, and 40163 from then on, as three independent reports have it. After its life a code is
// 40029 whether or not it was used.
func (w *World) Exchange(x Exchange) (Identity, *Refusal) {
	a, refusal := w.authenticate(x)
	if refusal != nil {
		return Identity{}, refusal
	}
	if x.Code == "" {
		return Identity{}, w.Refuse(wechat.CodeMissing, "missing code", "no js_code in the query")
	}
	if o, is := a.magicCall(w, x.Code, x.Peer); is {
		return a.exchangeMagic(w, o)
	}
	owner, serial, marked := w.minter(x.Code)
	var o outcome
	switch {
	case owner != nil:
		o = owner.claim(w, serial, a, x.Peer)
	case marked:
		o = outcome{code: wechat.CodeInvalidCode, reason: "code of another simulation, or of an app that this one does not know"}
	case !w.adopt:
		o = outcome{code: wechat.CodeInvalidCode, reason: unknownCode(x.Code)}
	default:
		o = a.adopt(w, x.Code)
	}
	if o.code != 0 {
		refusal := w.Refuse(o.code, codeMessage(o.code), o.reason)
		refusal.User = o.user
		return Identity{}, refusal
	}
	return Identity{
		User: o.user, OpenID: a.openIDOf(o.user, o.described), UnionID: a.unionIDOf(o.user, o.described), SessionKey: sessionKey(o.key),
	}, nil
}

// outcome is what became of a code: an errcode with its reason, or a user with the current key.
type outcome struct {
	code   wechat.ErrCode // 0: granted
	reason string
	user   string
	key    [wechat.SessionKeySize]byte

	described *User // what somebody said of the user; mostly nothing
}

// codeMessage is the errmsg, as seen in the wild.
func codeMessage(code wechat.ErrCode) string {
	if code == wechat.CodeUsed {
		return "code been used"
	}
	return "invalid code"
}

// authenticate finds the app that appid and secret belong to.
func (w *World) authenticate(x Exchange) (*app, *Refusal) {
	if x.AppID == "" {
		return nil, w.Refuse(wechat.CodeAppIDMissing, "appid missing", "no appid in the query")
	}
	a := w.lookup(x.AppID)
	if a == nil && w.adopt && x.AppID.Check() == nil && x.Secret.Check() == nil {
		a = w.adoptApp(x)
	}
	if a == nil {
		return nil, w.Refuse(wechat.CodeInvalidAppID, "invalid appid", w.unknownApp(x))
	}
	if x.Secret.IsZero() {
		return nil, w.Refuse(wechat.CodeSecretMissing, "appsecret missing", "no secret in the query")
	}
	if w.faults.lasting(EffectSecretReset, a.ID) {
		return nil, w.Refuse(wechat.CodeInvalidSecret, "invalid appsecret", "a fault has reset the secret of this appid")
	}
	if !x.Secret.Equal(a.Secret.Secret) {
		reason := "not the secret of this appid"
		if a.adopted {
			reason = "not the secret that this appid was adopted with"
		}
		return nil, w.Refuse(wechat.CodeInvalidSecret, "invalid appsecret", reason)
	}
	return a, nil
}

// minter finds the app that minted a code. marked is true when a simulation of wxlogin did, whichever.
func (w *World) minter(code wechat.Code) (owner *app, serial uint64, marked bool) {
	tag, serial, marked := readCode(code)
	if !marked {
		return nil, 0, false
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.tags[tag] {
		if mintCode(a.root, tag, serial) == code {
			return a, serial, true
		}
	}
	return nil, 0, true
}

// claim uses up a code that a minted, for an exchange by the app caller. Of many claims of one code exactly one is granted.
func (a *app) claim(w *World, serial uint64, caller *app, peer netip.AddrPort) outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	a.state.codes.expire(now)
	record := a.state.codes.at(serial)
	if record == nil {
		return outcome{code: wechat.CodeInvalidCode, reason: a.state.codes.absence(serial, now)}
	}
	u := a.state.users[record.user]
	switch {
	case u.name == "":
		return outcome{code: wechat.CodeInvalidCode, reason: "code of a user who was removed"}
	case record.used != 0:
		return outcome{code: wechat.CodeUsed, reason: record.usage(now), user: u.name}
	case a != caller:
		record.use(now, peer, true)
		return outcome{code: wechat.CodeInvalidCode, reason: fmt.Sprintf("code belongs to %s, and is consumed now", a.ID), user: u.name}
	}
	record.use(now, peer, false)
	return outcome{user: u.name, key: u.key, described: a.state.described(u.name)}
}

// absence says why there is no record of a code that bears the app's salt.
func (q *codeQueue) absence(serial uint64, now int64) string {
	expired, known := q.lapsedAt(serial)
	switch {
	case known:
		return "code expired " + ago(time.Duration(now-expired))
	case serial < q.first:
		return "code expired long ago"
	}
	return "code from before a reset"
}

// usage says who used the code and when.
func (r *codeRecord) usage(now int64) string {
	text := "code used " + ago(time.Duration(now-r.used))
	if peer := r.peer(); peer.IsValid() {
		text += " by " + peer.String()
	} else {
		text += " from inside this process"
	}
	if r.foreign {
		text += ", with the appid of another app"
	}
	return text
}

func sessionKey(key [wechat.SessionKeySize]byte) wechat.SessionKey {
	return wechat.NewSessionKey(encodeBlock(key))
}
