package accesstoken_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	origin = wechat.Origin("https://api.weixin.qq.com")
	appID  = wechat.AppID("wx4f4bc4dec97d474b")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// weChat gives tokens t1, t2, …, the next one each time that turn was called, and takes a while for it.
type weChat struct {
	mu     sync.Mutex
	number int
	life   time.Duration
	err    error
	asked  atomic.Int32
}

func (w *weChat) StableToken(ctx context.Context) (wxapi.AccessToken, error) {
	w.asked.Add(1)
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
		return wxapi.AccessToken{}, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return wxapi.AccessToken{}, w.err
	}
	return wxapi.AccessToken{Value: redact.NewSecret(fmt.Sprint("t", w.number)), ExpiresIn: w.life}, nil
}

func (w *weChat) turn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
}

// takes refuses all tokens but the latest, and counts.
func (w *weChat) takes(code wechat.ErrCode, calls *int) func(context.Context, redact.Secret) error {
	return func(_ context.Context, token redact.Secret) error {
		*calls++
		w.mu.Lock()
		defer w.mu.Unlock()
		if token.Reveal() != fmt.Sprint("t", w.number) {
			return &wechat.Error{Code: code}
		}
		return nil
	}
}

func newSource(w *weChat, store accesstoken.Store) *accesstoken.Source {
	return &accesstoken.Source{WeChat: w, Store: store, Origin: origin, AppID: appID, Now: time.Now}
}

func want(t *testing.T, s *accesstoken.Source, value string, cached bool) {
	t.Helper()
	got, fromStore, err := s.Token(t.Context())
	if err != nil || got.Value.Reveal() != value || fromStore != cached {
		t.Errorf("Token = %s, cached %v, %v, want %s, cached %v", got.Value.Reveal(), fromStore, err, value, cached)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weChat{life: 2 * time.Hour}
		s := newSource(w, memory.New())
		want(t, s, "t0", false)
		want(t, s, "t0", true)
		w.turn()
		time.Sleep(2*time.Hour - 62*time.Second)
		want(t, s, "t0", true)
		time.Sleep(2 * time.Second) // less than a minute is left
		want(t, s, "t1", false)
		if got := w.asked.Load(); got != 2 {
			t.Errorf("WeChat was asked %d times", got)
		}
	})
}

// TestCall has WeChat refuse the token in each of its ways. The call is repeated once, or not at all.
func TestCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		code  wechat.ErrCode
		turns bool // WeChat has another token
		fails bool
		calls int
		asked int32
	}{
		{"not the latest", 40001, true, false, 2, 2},
		{"no token", 40014, true, false, 2, 2},
		{"expired", 42001, true, false, 2, 2},
		{"no other one", 40001, false, true, 2, 2},
		{"not about the token", 48001, true, true, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &weChat{life: 2 * time.Hour}
				s := newSource(w, memory.New())
				want(t, s, "t0", false)
				w.turn()
				calls := 0
				call := w.takes(tt.code, &calls)
				if !tt.turns {
					w.mu.Lock()
					w.number = 0
					w.mu.Unlock()
					call = func(context.Context, redact.Secret) error { calls++; return &wechat.Error{Code: tt.code} }
				}
				err := s.Call(t.Context(), call)
				if refusal, refused := errors.AsType[*wechat.Error](err); refused != tt.fails || refused && refusal.Code != tt.code {
					t.Errorf("Call: %v", err)
				}
				if calls != tt.calls || w.asked.Load() != tt.asked {
					t.Errorf("%d calls and %d fetches, want %d and %d", calls, w.asked.Load(), tt.calls, tt.asked)
				}
			})
		})
	}
}

// TestNoLoop has WeChat refuse every token, a new one each time.
func TestNoLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weChat{life: 2 * time.Hour}
		s := newSource(w, memory.New())
		calls := 0
		err := s.Call(t.Context(), func(context.Context, redact.Secret) error {
			calls++
			w.turn()
			return &wechat.Error{Code: wechat.CodeTokenNotLatest}
		})
		if _, refused := errors.AsType[*wechat.Error](err); !refused || calls != 2 || w.asked.Load() != 2 {
			t.Errorf("%v after %d calls and %d fetches", err, calls, w.asked.Load())
		}
	})
}

// TestOneFetch lets forty callers want a token at once, first when there is none, then when theirs is refused.
func TestOneFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weChat{life: 2 * time.Hour}
		store := memory.New()
		all := func() {
			var group sync.WaitGroup
			for range 40 {
				s := newSource(w, store) // of a process of its own
				group.Go(func() {
					calls := 0
					if err := s.Call(t.Context(), w.takes(wechat.CodeTokenNotLatest, &calls)); err != nil || calls > 2 {
						t.Errorf("Call: %v after %d calls", err, calls)
					}
				})
			}
			group.Wait()
		}
		all()
		w.turn()
		all()
		if got := w.asked.Load(); got != 2 {
			t.Errorf("WeChat was asked %d times", got)
		}
	})
}

// TestKilledFetch has a process die while it holds the claim: the others wait a while and no longer.
func TestKilledFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weChat{life: 2 * time.Hour}
		store := &stubborn{Store: memory.New()}
		ctx, kill := context.WithCancel(t.Context())
		go func() { time.Sleep(100 * time.Millisecond); kill() }()
		if _, _, err := newSource(w, store).Token(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		start := time.Now()
		want(t, newSource(w, store.Store), "t0", false)
		if took := time.Since(start); took < 10*time.Second || took > 16*time.Second {
			t.Errorf("the claim of the dead was respected for %v", took)
		}
	})
}

// stubborn keeps claims, as a process does that is gone.
type stubborn struct{ *memory.Store }

func (*stubborn) Release(context.Context, [32]byte) error { return nil }

// TestFailures passes on what WeChat says, gives the claim back, and tells a store that fails from WeChat.
func TestFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weChat{life: 2 * time.Hour, err: &wechat.Error{Code: 40125}}
		store := memory.New()
		s := newSource(w, store)
		for range 2 {
			_, _, err := s.Token(t.Context())
			if refusal, refused := errors.AsType[*wechat.Error](err); !refused || refusal.Code != 40125 {
				t.Fatalf("Token: %v", err)
			}
		}
		w.err = nil
		want(t, s, "t0", false)
		_ = store.Close()
		_, _, err := s.Token(t.Context())
		if _, of := errors.AsType[*accesstoken.StoreError](err); !of || !errors.Is(err, session.ErrClosed) {
			t.Errorf("a closed store: %v", err)
		}
	})
}
