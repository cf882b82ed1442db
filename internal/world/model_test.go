package world_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// model is the world as a page of prose would have it: maps, walked over for every step.
type model struct {
	apps   map[wechat.AppID]*modelApp
	owners map[wechat.Code]wechat.AppID
}

type modelApp struct {
	codes map[wechat.Code]*modelCode
	keys  map[string]*modelKey

	phones        map[wechat.Code]*modelCode
	plain, stable modelTokens
	force         modelForce
}

type modelCode struct {
	user    string
	expires time.Time
	used    bool
}

type modelKey struct {
	since   time.Time
	number  int
	text    string // as the world showed it; empty until then
	expires time.Time
}

func newModelApp() *modelApp {
	return &modelApp{codes: map[wechat.Code]*modelCode{}, keys: map[string]*modelKey{}, phones: map[wechat.Code]*modelCode{}}
}

// tick is what the passing of time does to codes: no code has more than a code's life before it, and the dead are gone.
func (a *modelApp) tick(now time.Time) {
	for code, c := range a.codes {
		if limit := now.Add(wechat.CodeLife); c.expires.After(limit) {
			c.expires = limit
		}
		if !c.expires.After(now) {
			delete(a.codes, code)
		}
	}
}

func (a *modelApp) login(now time.Time, user string, code wechat.Code) {
	a.tick(now)
	a.codes[code] = &modelCode{user: user, expires: now.Add(wechat.CodeLife)}
	key := a.keys[user]
	if key == nil {
		a.keys[user] = &modelKey{since: now, number: 1, expires: now.Add(world.KeyLife)}
	} else if age := now.Sub(key.since); age < 0 || age >= world.KeyMinLife || !now.Before(key.expires) {
		a.keys[user] = &modelKey{since: now, number: key.number + 1, expires: now.Add(world.KeyLife)}
	}
}

// exchange returns the errcode and, for 0, the user. Every code belongs to the app that minted it, for ever.
func (m *model) exchange(now time.Time, caller wechat.AppID, code wechat.Code) (wechat.ErrCode, string) {
	owner := m.apps[m.owners[code]]
	owner.tick(now)
	c := owner.codes[code]
	switch {
	case c == nil:
		return wechat.CodeInvalidCode, ""
	case c.used:
		return wechat.CodeUsed, ""
	}
	c.used = true
	if m.owners[code] != caller {
		return wechat.CodeInvalidCode, ""
	}
	return 0, c.user
}

// run is one sequence of steps in the world and in the model.
type run struct {
	w      *world.World
	m      *model
	issued []wechat.Code
	keys   map[string]string // session key to whose it is

	tokens  []issuedToken
	taps    []tapped
	signers []signer
}

// timeless hides the test's deadline, which a bubble may not ask for.
type timeless struct{ rapid.TB }

func TestWorldIsLikeTheModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that only the moves pass time
		rapid.Check(timeless{t}, func(t *rapid.T) {
			w, err := world.New(world.Options{Seed: 3, Apps: apps()})
			if err != nil {
				t.Fatal(err)
			}
			r := &run{w: w, m: &model{apps: map[wechat.AppID]*modelApp{}, owners: map[wechat.Code]wechat.AppID{}}, keys: map[string]string{}}
			for _, a := range apps() {
				r.m.apps[a.ID] = newModelApp()
			}
			t.Repeat(map[string]func(*rapid.T){
				"login": r.login, "exchange": r.exchange, "clock": r.moveClock, "reset": r.reset, "reset all": r.resetAll,
				"token": r.askToken, "use token": r.useToken, "tap": r.tap, "redeem": r.redeem, "rotate": r.rotate, "check": r.check,
			})
		})
	})
}

func (r *run) login(t *rapid.T) {
	app := rapid.SampledFrom(apps()).Draw(t, "app").ID
	user := rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(t, "user")
	l, err := r.w.Login(app, user)
	if err != nil {
		t.Fatal(err)
	}
	if want := r.w.Clock().Now().Add(wechat.CodeLife); !l.ExpiresAt.Equal(want) {
		t.Fatalf("the code expires at %v, want %v", l.ExpiresAt, want)
	}
	if r.m.apps[app].codes[l.Code] != nil {
		t.Fatalf("%s was minted twice", l.Code)
	}
	r.m.apps[app].login(r.w.Clock().Now(), user, l.Code)
	r.m.owners[l.Code] = app
	r.issued = append(r.issued, l.Code)
}

func (r *run) exchange(t *rapid.T) {
	if len(r.issued) == 0 {
		t.Skip("no code yet")
	}
	code := rapid.SampledFrom(r.issued).Draw(t, "code")
	caller := rapid.SampledFrom(apps()).Draw(t, "caller")
	id, refusal := r.w.Exchange(world.Exchange{AppID: caller.ID, Secret: caller.Secret, Code: code})
	want, user := r.m.exchange(r.w.Clock().Now(), caller.ID, code)
	if got := errCode(refusal); got != want {
		t.Fatalf("errcode %d (%v), the model says %d", got, refusal, want)
	}
	if refusal != nil {
		return
	}
	if id.User != user {
		t.Fatalf("the code logged %q in, the model says %q", id.User, user)
	}
	key := r.m.apps[caller.ID].keys[user]
	if key.text == "" {
		key.text = id.SessionKey.Reveal()
	}
	if id.SessionKey.Reveal() != key.text {
		t.Fatalf("key %d of %s changed", key.number, user)
	}
	whose := string(caller.ID) + " " + user
	if old, found := r.keys[key.text]; found && old != whose {
		t.Fatalf("one key for %s and %s", old, whose)
	}
	r.keys[key.text] = whose
	r.signers = append(r.signers, signer{caller.ID, user, id.OpenID, key.text, key.number})
}

func errCode(refusal *world.Refusal) wechat.ErrCode {
	if refusal == nil {
		return 0
	}
	return refusal.Code
}

func (r *run) moveClock(t *rapid.T) {
	moves := []time.Duration{
		time.Second, time.Minute, wechat.CodeLife - 1, wechat.CodeLife, 6 * time.Minute, time.Hour, 24 * time.Hour, world.KeyLife,
		-time.Second, -time.Minute, -6 * time.Minute, -24 * time.Hour,
	}
	if i := rapid.IntRange(0, len(moves)).Draw(t, "move"); i < len(moves) {
		r.w.Clock().Move(moves[i])
		return
	}
	r.w.Clock().Reset()
}

func (r *run) reset(t *rapid.T) {
	app := rapid.SampledFrom(apps()).Draw(t, "app").ID
	if err := r.w.Reset(app); err != nil {
		t.Fatal(err)
	}
	r.m.apps[app] = newModelApp()
}

func (r *run) resetAll(*rapid.T) {
	r.w.ResetAll()
	for _, id := range slices.Collect(maps.Keys(r.m.apps)) {
		r.m.apps[id] = newModelApp()
	}
}
