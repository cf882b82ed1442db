package world_test

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

const (
	otherApp    wechat.AppID = "wxaaaaaaaaaaaaaaaa"
	otherSecret              = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	unboundApp  wechat.AppID = "wxbbbbbbbbbbbbbbbb"
)

func apps() []world.App {
	return []world.App{
		world.DemoApp(),
		{ID: otherApp, Secret: wechat.NewAppSecret(otherSecret), OpenPlatform: world.DemoPlatform},
		{ID: unboundApp, Secret: wechat.NewAppSecret(otherSecret)},
	}
}

func newWorld(t testing.TB, options world.Options) *world.World {
	t.Helper()
	if options.Apps == nil {
		options.Apps = apps()
	}
	w, err := world.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func login(t testing.TB, w *world.World, app wechat.AppID, user string) wechat.Code {
	t.Helper()
	l, err := w.Login(app, user)
	if err != nil {
		t.Fatal(err)
	}
	return l.Code
}

func demo(code wechat.Code) world.Exchange {
	return world.Exchange{
		AppID: world.DemoAppID, Secret: wechat.NewAppSecret(world.DemoSecret), Code: code,
		Peer: netip.MustParseAddrPort("127.0.0.1:51234"),
	}
}

func other(code wechat.Code) world.Exchange {
	return world.Exchange{AppID: otherApp, Secret: wechat.NewAppSecret(otherSecret), Code: code}
}

// exchange fails the test unless the code is granted.
func exchange(t testing.TB, w *world.World, x world.Exchange) world.Identity {
	t.Helper()
	id, refusal := w.Exchange(x)
	if refusal != nil {
		t.Fatal(refusal)
	}
	return id
}

// TestExchangeRefusals walks the order of checks. The texts are those of public reports (2022 to 2025); the time in the rid is
// that of a synctest bubble, 2000-01-01.
func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	secret := wechat.NewAppSecret(world.DemoSecret)
	wrong := wechat.NewAppSecret(otherSecret)
	tests := []struct {
		name   string
		x      world.Exchange
		code   wechat.ErrCode
		msg    string
		reason string
	}{
		{"nothing", world.Exchange{}, 41002, "appid missing", "no appid in the query"},
		{"no appid", world.Exchange{Secret: secret, Code: "x"}, 41002, "appid missing", "no appid in the query"},
		{"template appid", world.Exchange{AppID: "APPID"}, 40013, "invalid appid", "malformed appid"},
		{"unknown appid", world.Exchange{AppID: "wxcccccccccccccccc", Secret: secret, Code: "x"}, 40013, "invalid appid", "unknown appid; --adopt would admit it"},
		{"no secret, no code", world.Exchange{AppID: world.DemoAppID}, 41004, "appsecret missing", "no secret in the query"},
		{"wrong secret, no code", world.Exchange{AppID: world.DemoAppID, Secret: wrong}, 40125, "invalid appsecret", "not the secret of this appid"},
		{"no code", world.Exchange{AppID: world.DemoAppID, Secret: secret}, 41008, "missing code", "no js_code in the query"},
		{"mangled code", demo("JSCODE"), 40029, "invalid code", "unknown and malformed code"},
		{"code of WeChat", demo("0c3QFUkl2dPleh4tZnol2ENl9u1QFUkI"), 40029, "invalid code", "unknown code, perhaps of the real WeChat; --adopt would log alice in"},
		{"literal of DevTools", demo(wechat.MockCode), 40029, "invalid code", "the literal of a DevTools project without appid; --adopt would log alice in"},
		{"phone code", demo(wechat.Code(strings.Repeat("0a", 32))), 40029, "invalid code", "a code of the getPhoneNumber button, not of wx.login"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, refusal := newWorld(t, world.Options{}).Exchange(tt.x)
				if refusal == nil {
					t.Fatal("granted")
				}
				if refusal.Code != tt.code || refusal.Reason != tt.reason {
					t.Errorf("%d (%s), want %d (%s)", refusal.Code, refusal.Reason, tt.code, tt.reason)
				}
				if want := regexp.MustCompile("^386d4380-[0-9a-f]{8}-[0-9a-f]{8}$"); refusal.Message != tt.msg || !want.MatchString(refusal.RID) {
					t.Errorf("errmsg %q, rid %q", refusal.Message, refusal.RID)
				}
			})
		})
	}
}

func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		code := login(t, w, "", "")
		if id := exchange(t, w, demo(code)); id.User != world.DefaultUser {
			t.Errorf("the code logged %q in", id.User)
		}
		time.Sleep(3200 * time.Millisecond)
		refused(t, w, demo(code), wechat.CodeUsed, "code used 3.2 s ago by 127.0.0.1:51234")
		w.Clock().Move(wechat.CodeLife - 3200*time.Millisecond)
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code expired 0.0 s ago")
		w.Clock().Move(61 * time.Second)
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code expired 61 s ago")
	})
}

func refused(t *testing.T, w *world.World, x world.Exchange, code wechat.ErrCode, reason string) {
	t.Helper()
	_, refusal := w.Exchange(x)
	if refusal == nil {
		t.Errorf("granted, want %d", code)
		return
	}
	if refusal.Code != code || refusal.Reason != reason {
		t.Errorf("%d (%s), want %d (%s)", refusal.Code, refusal.Reason, code, reason)
	}
}

func TestCodeOfAnotherApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		code := login(t, w, world.DemoAppID, "bob")
		refused(t, w, other(code), wechat.CodeInvalidCode, "code belongs to wx0123456789abcdef, and is consumed now")
		refused(t, w, other(code), wechat.CodeUsed, "code used 0.0 s ago from inside this process, with the appid of another app")
		refused(t, w, demo(code), wechat.CodeUsed, "code used 0.0 s ago from inside this process, with the appid of another app")
	})
}

func TestCodeOfAnotherWorld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 1})
	code := login(t, newWorld(t, world.Options{Seed: 2, Adopt: true}), "", "")
	refused(t, w, demo(code), wechat.CodeInvalidCode, "code of another simulation, or of an app that this one does not know")
	code = login(t, w, "", "")
	w.ResetAll()
	refused(t, w, demo(code), wechat.CodeInvalidCode, "code from before a reset")
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	shape := regexp.MustCompile(`^o[0-9A-Za-z_-]{27}$`)
	get := func(app wechat.AppID, secret, user string) world.Identity {
		return exchange(t, w, world.Exchange{AppID: app, Secret: wechat.NewAppSecret(secret), Code: login(t, w, app, user)})
	}
	alice, bob := get(world.DemoAppID, world.DemoSecret, "alice"), get(world.DemoAppID, world.DemoSecret, "bob")
	elsewhere, unbound := get(otherApp, otherSecret, "alice"), get(unboundApp, otherSecret, "alice")
	for _, id := range []world.Identity{alice, bob, elsewhere} {
		if !shape.MatchString(string(id.OpenID)) || !shape.MatchString(string(id.UnionID)) {
			t.Errorf("openid %s, unionid %s", id.OpenID, id.UnionID)
		}
		if _, err := id.SessionKey.Bytes(); err != nil {
			t.Error(err)
		}
	}
	switch {
	case alice.OpenID == bob.OpenID || alice.OpenID[:6] != bob.OpenID[:6] || alice.UnionID[:6] != bob.UnionID[:6]:
		t.Errorf("users of one app: %s %s, %s %s", alice.OpenID, bob.OpenID, alice.UnionID, bob.UnionID)
	case alice.OpenID[:6] == elsewhere.OpenID[:6] || alice.SessionKey.Equal(elsewhere.SessionKey.Secret):
		t.Error("two apps share an openid prefix or a session key")
	case alice.UnionID != elsewhere.UnionID || alice.UnionID == bob.UnionID:
		t.Errorf("unionids: %s and %s of alice, %s of bob", alice.UnionID, elsewhere.UnionID, bob.UnionID)
	case unbound.UnionID != "":
		t.Errorf("the app bound to nothing has unionid %s", unbound.UnionID)
	}
}

// trace runs a fixed story and returns all that it minted.
func trace(t *testing.T, w *world.World) []string {
	t.Helper()
	var out []string
	for _, user := range []string{"alice", "bob", "alice"} {
		l, err := w.Login(world.DemoAppID, user)
		if err != nil {
			t.Fatal(err)
		}
		id := exchange(t, w, demo(l.Code))
		u, err1 := w.Userinfo("", user)
		p, err2 := w.Phone("", user)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		out = append(out, string(l.Code), string(id.OpenID), string(id.UnionID), id.SessionKey.Reveal(), u.IV, u.CloudID, string(p.Code), p.IV)
	}
	return out
}

func TestSeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 7})
	first := trace(t, w)
	if diff := cmp.Diff(first, trace(t, newWorld(t, world.Options{Seed: 7}))); diff != "" {
		t.Error("two worlds of one seed differ:\n", diff)
	}
	if err := w.Reset(""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, trace(t, w)); diff != "" {
		t.Error("a reset world is not the initial one:\n", diff)
	}
	for _, options := range []world.Options{{Seed: 8}, {}} {
		for _, s := range trace(t, newWorld(t, options)) {
			if slices.Contains(first, s) {
				t.Errorf("%q comes from two seeds", s)
			}
		}
	}
}

func TestSessionKeyRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		key := func() string { return exchange(t, w, demo(login(t, w, "", ""))).SessionKey.Reveal() }
		first := key()
		w.Clock().Move(world.KeyMinLife - time.Nanosecond)
		if key() != first {
			t.Error("the key changed within its minimum life")
		}
		early := login(t, w, "", "")
		w.Clock().Move(time.Nanosecond)
		second := key()
		if second == first {
			t.Error("the key did not change after its minimum life")
		}
		if got := exchange(t, w, demo(early)).SessionKey.Reveal(); got != second {
			t.Error("an earlier code gave a key that is dead")
		}
		w.Clock().Reset()
		if key() == second {
			t.Error("a key from the future stays")
		}
	})
}

func TestContest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for round := range 20 {
		code := login(t, w, "", fmt.Sprint("user", round))
		var granted, used atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				switch _, refusal := w.Exchange(demo(code)); {
				case refusal == nil:
					granted.Add(1)
				case refusal.Code == wechat.CodeUsed:
					used.Add(1)
				}
			})
		}
		wg.Wait()
		if granted.Load() != 1 || used.Load() != 49 {
			t.Fatalf("%d winners and %d told that the code is used, want 1 and 49", granted.Load(), used.Load())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	secret := wechat.NewAppSecret(otherSecret)
	for name, apps := range map[string][]world.App{
		"malformed appid":  {{ID: "wx1", Secret: secret}},
		"malformed secret": {{ID: otherApp, Secret: wechat.NewAppSecret("canary-secret")}},
		"no secret":        {{ID: otherApp}},
		"twice":            {{ID: otherApp, Secret: secret}, {ID: otherApp, Secret: secret}},
	} {
		_, err := world.New(world.Options{Apps: apps})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Clock: new(clock.Movable)})
	for _, name := range []string{"微信", "a b", "user-000001", strings.Repeat("x", 64)} {
		if _, err := w.Login("", name); err != nil {
			t.Errorf("Login(%q): %v", name, err)
		}
	}
	for _, name := range []string{" a", "a\n", "\u202ea", "\xff", strings.Repeat("x", 65)} {
		if _, err := w.Login("", name); !isShapeError(err) {
			t.Errorf("Login(%q): %v", name, err)
		}
	}
	if _, err := w.Login("wxcccccccccccccccc", ""); !isUnknownApp(err) {
		t.Errorf("Login for an unknown app: %v", err)
	}
	if err := w.Reset("wxcccccccccccccccc"); !isUnknownApp(err) {
		t.Errorf("Reset of an unknown app: %v", err)
	}
}

func isShapeError(err error) bool { _, ok := errors.AsType[*wechat.ShapeError](err); return ok }
func isUnknownApp(err error) bool { _, ok := errors.AsType[*world.UnknownAppError](err); return ok }
