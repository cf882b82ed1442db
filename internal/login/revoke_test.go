package login_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// wantVerdict inspects a token.
func (b *bench) wantVerdict(t *testing.T, what, text string, want login.Verdict) login.Inspection {
	t.Helper()
	got, err := b.Inspect(t.Context(), text)
	if err != nil || got.Verdict != want {
		t.Errorf("%s: %s (%s), %v, want %s", what, got.Verdict, got.Reason, err, want)
	}
	return got
}

// user answers with a session of another user for each code.
func user(_ context.Context, code wechat.Code) (wxapi.Session, error) {
	return wxapi.Session{OpenID: "o" + wechat.OpenID(code), SessionKey: wechat.NewSessionKey(keyText)}, nil
}

func (b *bench) loginAs(t testing.TB, code string) string {
	t.Helper()
	issued, err := b.Login(t.Context(), wechat.Code(code))
	if err != nil {
		t.Fatal(err)
	}
	return issued.Value.Reveal()
}

func TestSingle(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	b.Policy = login.Single
	other := b.loginAs(t, "bob")
	first := b.loginAs(t, "alice")
	b.wantVerdict(t, "the only one", first, login.Valid)
	second := b.loginAs(t, "alice") // within the same second
	got := b.wantVerdict(t, "the older one", first, login.Revoked)
	if r := got.Revocation; r == nil || r.Scope != login.ScopeUser || r.Reason != "new login" || r.OpenID != "oalice" || !r.At.Equal(b.watch.Now()) {
		t.Errorf("revocation: %+v", r)
	}
	b.wantVerdict(t, "the newer one", second, login.Valid)
	b.watch.Move(time.Hour)
	third := b.loginAs(t, "alice")
	b.wantVerdict(t, "the second", second, login.Revoked)
	b.wantVerdict(t, "the third", third, login.Valid)
	b.wantVerdict(t, "another user's", other, login.Valid)

	// A server whose clock is behind logs the user in: its token is the one that is good.
	b.watch.Move(-30 * time.Second)
	fourth := b.loginAs(t, "alice")
	b.wantVerdict(t, "the third", third, login.Revoked)
	b.wantVerdict(t, "of the slow clock", fourth, login.Valid)

	// Back to any number: the newest goes on, and so does the next one.
	b.Policy = login.Multi
	fifth := b.loginAs(t, "alice")
	b.wantVerdict(t, "of before the change", fourth, login.Valid)
	b.wantVerdict(t, "of after the change", fifth, login.Valid)
	b.wantVerdict(t, "the first, still", first, login.Revoked)
}

func TestMulti(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	first, second := b.loginAs(t, "alice"), b.loginAs(t, "alice")
	b.wantVerdict(t, "first", first, login.Valid)
	b.wantVerdict(t, "second", second, login.Valid)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	first, second := b.loginAs(t, "alice"), b.loginAs(t, "alice")
	done, err := b.Revoke(t.Context(), first, "stolen")
	if err != nil || done.Scope != login.ScopeToken || done.OpenID != "oalice" || done.JTI == "" || done.Reason != "stolen" {
		t.Errorf("Revoke = %+v, %v", done, err)
	}
	got := b.wantVerdict(t, "first", first, login.Revoked)
	if got.Revocation.Scope != login.ScopeToken || got.Reason != "revoked at 2026-11-23T08:00:00Z (stolen)" {
		t.Errorf("%+v", got.Revocation)
	}
	b.wantVerdict(t, "second", second, login.Valid)
	b.watch.Move(time.Minute)
	again, err := b.Revoke(t.Context(), first, "again")
	if err != nil || again.Reason != "stolen" || again.At.Equal(b.watch.Now()) {
		t.Errorf("once more: %+v, %v: the first revocation stands", again, err)
	}
	for _, text := range []string{"", "nonsense", tamper(second, 3)} {
		_, err := b.Revoke(t.Context(), text, "")
		if _, ok := errors.AsType[*login.TokenError](err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	b.store.broken.Store("revoke")
	if _, err := b.Revoke(t.Context(), second, ""); !errors.Is(err, errBroken) {
		t.Errorf("a broken store: %v", err)
	}
}

func TestRevokeUser(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	first := b.loginAs(t, "alice")
	bob := b.loginAs(t, "bob")
	b.watch.Move(10 * time.Minute)
	second := b.loginAs(t, "alice")
	done, err := b.RevokeBefore(t.Context(), "oalice", b.watch.Now().Add(-time.Minute), "phone lost")
	if err != nil || done.Scope != login.ScopeUser || done.OpenID != "oalice" || done.Before == nil {
		t.Errorf("RevokeBefore = %+v, %v", done, err)
	}
	got := b.wantVerdict(t, "of before", first, login.Revoked)
	if r := got.Revocation; r.Scope != login.ScopeUser || r.Reason != "phone lost" || r.Before == nil {
		t.Errorf("%+v", r)
	}
	b.wantVerdict(t, "of after", second, login.Valid)

	if _, err := b.RevokeBefore(t.Context(), "oalice", time.Time{}, ""); err != nil {
		t.Fatal(err)
	}
	b.wantVerdict(t, "of now", second, login.Revoked)
	third := b.loginAs(t, "alice") // within the same second: it comes after
	b.wantVerdict(t, "of the login after", third, login.Valid)
	b.wantVerdict(t, "bob's", bob, login.Valid)
	b.watch.Move(tokenTTL - time.Second)
	b.wantVerdict(t, "of the login after, in its last second", third, login.Valid)
}

func TestRevokeEverybody(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	alice, bob := b.loginAs(t, "alice"), b.loginAs(t, "bob")
	done, err := b.RevokeBefore(t.Context(), "", time.Time{}, "leak")
	if err != nil || done.Scope != login.ScopeEverybody || done.Before != nil {
		t.Errorf("RevokeBefore = %+v, %v", done, err)
	}
	if got := b.wantVerdict(t, "alice", alice, login.Revoked); got.Revocation.Scope != login.ScopeEverybody {
		t.Errorf("%+v", got.Revocation)
	}
	b.wantVerdict(t, "bob", bob, login.Revoked)
	b.wantVerdict(t, "a new login", b.loginAs(t, "alice"), login.Valid)

	// It holds as long as a token lives that it ended, and no longer: the sweep takes it then.
	b.watch.Move(token.MaxLife - time.Second)
	if err := b.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := b.store.Cutoffs(t.Context(), b.id())
	if err != nil || len(list) != 1 {
		t.Errorf("Cutoffs = %v, %v", list, err)
	}
	b.watch.Move(2 * time.Minute)
	if err := b.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err = b.store.Cutoffs(t.Context(), b.id()); err != nil || len(list) != 0 {
		t.Errorf("Cutoffs after the longest life: %v, %v", list, err)
	}
}

// What had expired was not revoked afterwards.
func TestRevokeAfterExpiry(t *testing.T) {
	t.Parallel()
	b := newBench(t, user)
	text := b.loginAs(t, "alice")
	b.watch.Move(tokenTTL + time.Second)
	if _, err := b.RevokeBefore(t.Context(), "oalice", time.Time{}, ""); err != nil {
		t.Fatal(err)
	}
	b.wantVerdict(t, "expired", text, login.Expired)
}

func TestLoginStoreFailsAtCutoffs(t *testing.T) {
	t.Parallel()
	for operation, policy := range map[string]login.Policy{"cutoffs": login.Multi, "cut off": login.Single} {
		b := newBench(t, user)
		b.Policy = policy
		b.store.broken.Store(operation)
		_, err := b.Login(t.Context(), "alice")
		if _, ok := errors.AsType[*login.StoreError](err); !ok {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

// TestRevocationModel plays logins, revocations and a moving clock against a list of who must be let in.
func TestRevocationModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, user)
		if b.Policy = login.Multi; rapid.Bool().Draw(rt, "single") {
			b.Policy = login.Single
		}
		type issued struct {
			user, text string
			good       bool
			expires    time.Time
		}
		var out []*issued
		end := func(pick func(*issued) bool) {
			for _, one := range out {
				if pick(one) {
					one.good = false
				}
			}
		}
		names := rapid.SampledFrom([]string{"alice", "bob"})
		rt.Repeat(map[string]func(*rapid.T){
			"login": func(rt *rapid.T) {
				name := names.Draw(rt, "user")
				if b.Policy == login.Single {
					end(func(one *issued) bool { return one.user == name })
				}
				out = append(out, &issued{name, b.loginAs(t, name), true, b.watch.Now().Add(tokenTTL)})
			},
			"revoke one": func(rt *rapid.T) {
				if len(out) == 0 {
					rt.Skip("nobody is logged in")
				}
				one := rapid.SampledFrom(out).Draw(rt, "token")
				if _, err := b.Revoke(t.Context(), one.text, "x"); err == nil {
					one.good = false
				}
			},
			"revoke a user": func(rt *rapid.T) {
				name := names.Draw(rt, "user")
				if _, err := b.RevokeBefore(t.Context(), wechat.OpenID("o"+name), time.Time{}, "x"); err != nil {
					rt.Fatal(err)
				}
				end(func(one *issued) bool { return one.user == name })
			},
			"revoke everybody": func(rt *rapid.T) {
				if _, err := b.RevokeBefore(t.Context(), "", time.Time{}, "x"); err != nil {
					rt.Fatal(err)
				}
				end(func(*issued) bool { return true })
			},
			"time passes": func(rt *rapid.T) {
				b.watch.Move(time.Duration(rapid.IntRange(0, int(10*time.Hour)).Draw(rt, "by")))
				if err := b.Expire(t.Context()); err != nil {
					rt.Fatal(err)
				}
			},
			"": func(rt *rapid.T) {
				for i, one := range out {
					got, err := b.Inspect(t.Context(), one.text)
					want := one.good && b.watch.Now().Before(one.expires.Truncate(time.Second))
					if err != nil || (got.Verdict == login.Valid) != want {
						rt.Fatal(fmt.Sprintf("token %d of %s: %s (%s), %v; good: %v", i, one.user, got.Verdict, got.Reason, err, want))
					}
				}
			},
		})
	})
}
