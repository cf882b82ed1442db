package world_test

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

func demoToken() world.TokenRequest {
	return world.TokenRequest{AppID: world.DemoAppID, Secret: wechat.NewAppSecret(world.DemoSecret), GrantType: "client_credential"}
}

// granted fails the test unless the token is given.
func granted(t testing.TB, token world.AccessToken, refusal *world.Refusal) world.AccessToken {
	t.Helper()
	if refusal != nil {
		t.Fatal(refusal)
	}
	return token
}

func plainToken(t testing.TB, w *world.World) redact.Secret {
	t.Helper()
	token, refusal := w.Token(demoToken())
	return granted(t, token, refusal).Token
}

func stableToken(t testing.TB, w *world.World, force bool) world.AccessToken {
	t.Helper()
	request := demoToken()
	request.Force = force
	token, refusal := w.StableToken(request)
	return granted(t, token, refusal)
}

func callerCode(w *world.World, token redact.Secret) wechat.ErrCode {
	_, refusal := w.Caller(token)
	return errCode(refusal)
}

// TestTokenShape: a number, "_" and base64url, 136 characters in all, as five public tokens of 2022 to 2025.
func TestTokenShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	shape := regexp.MustCompile(`^\d+_[0-9A-Za-z_-]+$`)
	seen := map[string]bool{}
	for range 50 {
		text := plainToken(t, w).Reveal()
		if len(text) != 136 || !shape.MatchString(text) || seen[text] {
			t.Fatalf("token %s", text)
		}
		seen[text] = true
	}
	first, second := newWorld(t, world.Options{Seed: 8}), newWorld(t, world.Options{Seed: 8})
	if plainToken(t, first).Reveal() != plainToken(t, second).Reveal() {
		t.Error("two worlds of one seed give different tokens")
	}
}

// TestTokenOverlap walks the life of two tokens, by the documentation of getAccessToken.
func TestTokenOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		clock := w.Clock()
		old := plainToken(t, w)
		stable := stableToken(t, w, false).Token
		clock.Move(time.Hour)
		fresh := plainToken(t, w)
		for _, step := range []struct {
			move                  time.Duration
			wantOld, wantNew, stb wechat.ErrCode
		}{
			{0, 0, 0, 0},
			{5*time.Minute - 1, 0, 0, 0},
			{1, 40001, 0, 0},
			{54 * time.Minute, 40001, 0, 0},
			{time.Minute, 42001, 0, 42001}, // two hours after the first two
			{time.Hour - 1, 42001, 0, 42001},
			{1, 42001, 42001, 42001},
			{-time.Hour, 42001, 42001, 42001}, // what has expired stays so
		} {
			clock.Move(step.move)
			if a, b, c := callerCode(w, old), callerCode(w, fresh), callerCode(w, stable); a != step.wantOld || b != step.wantNew || c != step.stb {
				t.Errorf("after %v: %d, %d and %d, want %d, %d and %d", step.move, a, b, c, step.wantOld, step.wantNew, step.stb)
			}
		}
	})
}

// TestStableToken walks the renewal, by the documentation of getStableAccessToken: the last five minutes bring a new token beside the old
// one, so expires_in is never below 300.
func TestStableToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		first := stableToken(t, w, false)
		w.Clock().Move(2*time.Hour - 5*time.Minute)
		again := stableToken(t, w, false)
		if !again.Token.Equal(first.Token) || again.ExpiresIn != 300*time.Second {
			t.Errorf("five minutes before the end: another token, or %v", again.ExpiresIn)
		}
		w.Clock().Move(time.Second)
		second := stableToken(t, w, false)
		if second.Token.Equal(first.Token) || second.ExpiresIn != 2*time.Hour {
			t.Errorf("in the last five minutes: the same token, or %v", second.ExpiresIn)
		}
		w.Clock().Move(4 * time.Minute)
		if a, b := callerCode(w, first.Token), callerCode(w, second.Token); a != 0 || b != 0 {
			t.Errorf("in the overlap: %d and %d", a, b)
		}
		forced := stableToken(t, w, true)
		if a, b, c := callerCode(w, first.Token), callerCode(w, second.Token), callerCode(w, forced.Token); a != 40001 || b != 40001 || c != 0 {
			t.Errorf("after a forced refresh: %d, %d and %d", a, b, c)
		}
	})
}

// TestReplacedTokenAfterClockMovedBack: the five minutes count from the time that it is now.
func TestReplacedTokenAfterClockMovedBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		old := plainToken(t, w)
		plainToken(t, w)
		w.Clock().Move(-time.Hour)
		if code := callerCode(w, old); code != 0 {
			t.Errorf("in the overlap: %d", code)
		}
		w.Clock().Move(5 * time.Minute)
		if code := callerCode(w, old); code != 40001 {
			t.Errorf("after the overlap: %d", code)
		}
	})
}

func TestForceRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		last := stableToken(t, w, true)
		w.Clock().Move(30*time.Second - 1)
		if soon := stableToken(t, w, true); !soon.Token.Equal(last.Token) || !strings.Contains(soon.Note, "30 s ago") {
			t.Errorf("after less than 30 s: a new token, or the note %q", soon.Note)
		}
		w.Clock().Move(1)
		for i := 2; i <= 20; i++ {
			fresh := stableToken(t, w, true)
			if fresh.Token.Equal(last.Token) || fresh.Note != "" {
				t.Fatalf("forced refresh %d of the day was ignored: %q", i, fresh.Note)
			}
			last = fresh
			w.Clock().Move(time.Minute)
		}
		if more := stableToken(t, w, true); !more.Token.Equal(last.Token) || !strings.Contains(more.Note, "20 today") {
			t.Errorf("the 21st forced refresh was not ignored: %q", more.Note)
		}
		// The bubble begins at 08:00 in China: midnight is 16 hours away.
		w.Clock().Move(16 * time.Hour)
		if fresh := stableToken(t, w, true); fresh.Token.Equal(last.Token) {
			t.Error("the next day is no new one")
		}
	})
}

func TestTokenQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		for range 2000 {
			plainToken(t, w)
		}
		_, refusal := w.Token(demoToken())
		if errCode(refusal) != 45009 {
			t.Errorf("call 2001 of a day: %v", refusal)
		}
		if stable := stableToken(t, w, false); callerCode(w, stable.Token) != 0 {
			t.Error("the quota of one kind is that of the other")
		}
		w.Clock().Move(16*time.Hour - 1)
		if _, refusal := w.Token(demoToken()); errCode(refusal) != 45009 {
			t.Errorf("before midnight in China: %v", refusal)
		}
		w.Clock().Move(1)
		plainToken(t, w)
	})
}

// TestTokensOfOthers: a token names its app; one of another world, or with a letter changed, names none.
func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	token, refusal := w.Token(world.TokenRequest{AppID: otherApp, Secret: wechat.NewAppSecret(otherSecret), GrantType: "client_credential"})
	text := granted(t, token, refusal).Token.Reveal()
	caller, refusal := w.Caller(redact.NewSecret(text))
	if refusal != nil || caller.App() != otherApp {
		t.Errorf("the token is of %q, %v", caller.App(), refusal)
	}
	for i := range text {
		changed := []byte(text)
		if changed[i]++; changed[i] == '_'+1 || changed[i] == '-'+1 || changed[i] == '9'+1 || changed[i] == 'Z'+1 || changed[i] == 'z'+1 {
			changed[i] = 'A'
		}
		if code := callerCode(w, redact.NewSecret(string(changed))); code != 40001 && code != 40014 {
			t.Errorf("character %d changed: errcode %d", i, code)
		}
	}
	if code := callerCode(newWorld(t, world.Options{}), token.Token); code != 40001 {
		t.Errorf("in another world: errcode %d", code)
	}
	if err := w.Reset(otherApp); err != nil {
		t.Fatal(err)
	}
	if code := callerCode(w, token.Token); code != 40001 {
		t.Errorf("after a reset: errcode %d", code)
	}
}

// TestConcurrentTokens: at any moment one token is the newest, and none is given twice.
func TestConcurrentTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	var seen sync.Map
	var group sync.WaitGroup
	var doubles atomic.Int32
	for range 8 {
		group.Go(func() {
			for range 50 {
				token, refusal := w.Token(demoToken())
				if refusal != nil {
					t.Error(refusal)
					return
				}
				if _, twice := seen.LoadOrStore(token.Token.Reveal(), true); twice {
					doubles.Add(1)
				}
				if _, refusal := w.Caller(token.Token); refusal != nil {
					t.Error(refusal)
				}
				request := demoToken()
				request.Force = true
				if _, refusal := w.StableToken(request); refusal != nil {
					t.Error(refusal)
				}
			}
		})
	}
	group.Wait()
	if n := doubles.Load(); n != 0 {
		t.Errorf("%d tokens were given twice", n)
	}
}

func FuzzCaller(f *testing.F) {
	w := newWorld(f, world.Options{Seed: 1})
	f.Add(plainToken(f, w).Reveal())
	f.Add("92_" + strings.Repeat("A", 133))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		caller, refusal := w.Caller(redact.NewSecret(text))
		if refusal == nil && caller.App() != world.DemoAppID {
			t.Errorf("%q is of %q", text, caller.App())
		}
	})
}

func BenchmarkCaller(b *testing.B) {
	w := newWorld(b, world.Options{})
	token := plainToken(b, w)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := w.Caller(token); refusal != nil {
			b.Fatal(refusal)
		}
	}
}
