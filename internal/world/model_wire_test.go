package world_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// The part of the model that is about access tokens, phone codes and signatures.

type modelTokens struct {
	byText map[string]*modelToken
	order  []*modelToken
}

type modelToken struct {
	text    string
	expires time.Time
	end     time.Time // zero: not replaced
	expired bool      // for good, wherever the clock goes
}

// force is what decides on force_refresh.
type modelForce struct {
	last  time.Time
	day   string
	count int
}

func (f *modelForce) grants(now time.Time) bool {
	if since := now.Sub(f.last); !f.last.IsZero() && since >= 0 && since < 30*time.Second {
		return false
	}
	if day := now.In(time.FixedZone("China", 8*60*60)).Format(time.DateOnly); day != f.day {
		f.day, f.count = day, 0
	}
	if f.count == 20 {
		return false
	}
	f.count++
	f.last = now
	return true
}

// tick is the passing of time: no token has more than a life before it, nor a replaced one more than the overlap.
func (m *modelTokens) tick(now time.Time) {
	for _, t := range m.order {
		if limit := now.Add(2 * time.Hour); t.expires.After(limit) {
			t.expires = limit
		}
		if limit := now.Add(5 * time.Minute); !t.end.IsZero() && t.end.After(limit) {
			t.end = limit
		}
		t.expired = t.expired || !t.expires.After(now)
	}
}

func (m *modelTokens) issue(now time.Time, text string, overlap time.Duration) {
	for _, t := range m.order {
		if end := now.Add(overlap); t.end.IsZero() || t.end.After(end) {
			t.end = end
		}
	}
	t := &modelToken{text: text, expires: now.Add(2 * time.Hour)}
	if m.byText == nil {
		m.byText = map[string]*modelToken{}
	}
	m.byText[text] = t
	m.order = append(m.order, t)
}

// newest returns the newest token unless it is dead.
func (m *modelTokens) newest(now time.Time) *modelToken {
	if len(m.order) == 0 {
		return nil
	}
	t := m.order[len(m.order)-1]
	if t.expired || !t.end.IsZero() && !t.end.After(now) {
		return nil
	}
	return t
}

// check is the errcode that a caller with the token gets.
func (m *modelTokens) check(now time.Time, text string) wechat.ErrCode {
	m.tick(now)
	t := m.byText[text]
	switch {
	case t == nil:
		return wechat.CodeTokenNotLatest
	case t.expired:
		return wechat.CodeTokenExpired
	case !t.end.IsZero() && !t.end.After(now):
		return wechat.CodeTokenNotLatest
	}
	return 0
}

// An issuedToken is a token that the world gave out at some time.
type issuedToken struct {
	app    wechat.AppID
	stable bool
	text   string
}

func (a *modelApp) tokens(stable bool) *modelTokens {
	if stable {
		return &a.stable
	}
	return &a.plain
}

// askToken fetches a token of either kind.
func (r *run) askToken(t *rapid.T) {
	app := rapid.SampledFrom(apps()).Draw(t, "app")
	stable, force := rapid.Bool().Draw(t, "stable"), rapid.Bool().Draw(t, "force")
	m, now := r.m.apps[app.ID], r.w.Clock().Now()
	tokens := m.tokens(stable)
	tokens.tick(now)
	ask := r.w.Token
	if stable {
		ask = r.w.StableToken
	}
	got, refusal := ask(world.TokenRequest{AppID: app.ID, Secret: app.Secret, GrantType: "client_credential", Force: force})
	if refusal != nil {
		t.Fatal(refusal)
	}
	text := got.Token.Reveal()
	r.tokens = append(r.tokens, issuedToken{app.ID, stable, text})
	wantLife := 2 * time.Hour
	old := tokens.newest(now)
	switch forced := stable && force && m.force.grants(now); {
	case forced:
		tokens.issue(now, text, 0)
	case stable && old != nil && old.expires.Sub(now) >= 5*time.Minute:
		if text != old.text {
			t.Fatal("stable_token gave another token before its time")
		}
		wantLife = old.expires.Sub(now).Truncate(time.Second)
	default:
		tokens.issue(now, text, 5*time.Minute)
	}
	if got.ExpiresIn != wantLife {
		t.Fatalf("expires_in %v, the model says %v", got.ExpiresIn, wantLife)
	}
}

// caller draws a token that was issued once, and returns who may call with it; ok is false when the token is refused, as it should be.
func (r *run) caller(t *rapid.T) (world.Caller, bool) {
	if len(r.tokens) == 0 {
		t.Skip("no token yet")
	}
	issued := rapid.SampledFrom(r.tokens).Draw(t, "token")
	caller, refusal := r.w.Caller(redact.NewSecret(issued.text))
	want := r.m.apps[issued.app].tokens(issued.stable).check(r.w.Clock().Now(), issued.text)
	if got := errCode(refusal); got != want {
		t.Fatalf("errcode %d (%v), the model says %d", got, refusal, want)
	}
	return caller, refusal == nil
}

func (r *run) useToken(t *rapid.T) { r.caller(t) }

// tickPhones is [modelApp.tick] for phone codes.
func (a *modelApp) tickPhones(now time.Time) {
	for code, c := range a.phones {
		if limit := now.Add(wechat.CodeLife); c.expires.After(limit) {
			c.expires = limit
		}
		if !c.expires.After(now) {
			delete(a.phones, code)
		}
	}
}

// tap is the getPhoneNumber button.
func (r *run) tap(t *rapid.T) {
	app := rapid.SampledFrom(apps()).Draw(t, "app").ID
	user := rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(t, "user")
	m, now := r.m.apps[app], r.w.Clock().Now()
	p, err := r.w.Phone(app, user)
	if key := m.keys[user]; key == nil || !now.Before(key.expires) {
		if _, ok := errors.AsType[*world.NotLoggedInError](err); !ok {
			t.Fatalf("%v, and the model has no live key", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.tickPhones(now)
	if m.phones[p.Code] != nil {
		t.Fatalf("%s was minted twice", p.Code)
	}
	m.phones[p.Code] = &modelCode{user: user, expires: now.Add(wechat.CodeLife)}
	r.taps = append(r.taps, tapped{app, p.Code})
}

// A tapped is a phone code that the world gave out at some time.
type tapped struct {
	app  wechat.AppID
	code wechat.Code
}

func (r *run) redeem(t *rapid.T) {
	if len(r.taps) == 0 {
		t.Skip("no phone code yet")
	}
	tap := rapid.SampledFrom(r.taps).Draw(t, "phone code")
	caller, ok := r.caller(t)
	if !ok {
		return
	}
	m := r.m.apps[tap.app]
	m.tickPhones(r.w.Clock().Now())
	openID := rapid.SampledFrom([]wechat.OpenID{"", "", "oFviJ5eTtaGJqSSu4_yJsPeMrvKz"}).Draw(t, "openid")
	got, refusal := caller.PhoneNumber(world.PhoneNumberRequest{Code: tap.code, OpenID: openID})
	c := m.phones[tap.code]
	want := wechat.CodeInvalidCode
	switch {
	case c == nil:
	case caller.App() != tap.app:
		want = wechat.CodeInvalidAppID
	case !c.used && openID == "":
		want, c.used = 0, true
	}
	if code := errCode(refusal); code != want {
		t.Fatalf("errcode %d (%v), the model says %d", code, refusal, want)
	}
	if refusal == nil && got.User != c.user {
		t.Fatalf("the number of %q, the model says %q", got.User, c.user)
	}
}

func (r *run) rotate(t *rapid.T) {
	app := rapid.SampledFrom(apps()).Draw(t, "app").ID
	user := rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(t, "user")
	m, now := r.m.apps[app], r.w.Clock().Now()
	key := m.keys[user]
	if err := r.w.RotateKey(app, user); (err == nil) != (key != nil) {
		t.Fatalf("%v, and the model has the key %v", err, key)
	}
	if key != nil {
		m.keys[user] = &modelKey{since: now, number: key.number + 1, expires: now.Add(world.KeyLife)}
	}
}

// check signs with a key that some user had at some time, and calls checksession or resetusersessionkey.
func (r *run) check(t *rapid.T) {
	if len(r.signers) == 0 {
		t.Skip("no key yet")
	}
	s := rapid.SampledFrom(r.signers).Draw(t, "signer")
	caller, ok := r.caller(t)
	if !ok {
		return
	}
	m, now := r.m.apps[caller.App()], r.w.Clock().Now()
	key := m.keys[s.user]
	var want wechat.ErrCode
	switch {
	case s.app != caller.App() || key == nil:
		want = wechat.CodeInvalidOpenID
	case !now.Before(key.expires):
		want = wechat.CodeNoSessionKey
	case key.number != s.number: // a key follows from the seed, the app, the user and its number
		want = wechat.CodeInvalidSignature
	}
	mac := hmac.New(sha256.New, []byte(s.key))
	x := world.SessionCheck{OpenID: s.openID, Signature: hex.EncodeToString(mac.Sum(nil)), SigMethod: "hmac_sha256"}
	if rapid.Bool().Draw(t, "reset") {
		reset, refusal := caller.ResetSession(x)
		if got := errCode(refusal); got != want {
			t.Fatalf("reset: errcode %d (%v), the model says %d", got, refusal, want)
		}
		if refusal == nil {
			text := reset.SessionKey.Reveal()
			m.keys[s.user] = &modelKey{since: now, number: key.number + 1, text: text, expires: key.expires}
			r.signers = append(r.signers, signer{s.app, s.user, s.openID, text, key.number + 1})
		}
		return
	}
	user, refusal := caller.CheckSession(x)
	if got := errCode(refusal); got != want {
		t.Fatalf("check: errcode %d (%v), the model says %d", got, refusal, want)
	}
	if refusal == nil && user != s.user {
		t.Fatalf("the signature of %q, the model says %q", user, s.user)
	}
}

// A signer is who had a session key at some time.
type signer struct {
	app    wechat.AppID
	user   string
	openID wechat.OpenID
	key    string
	number int
}
