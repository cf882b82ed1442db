package accesstoken_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	servers   = 3
	perServer = 8
)

// TestOneFetchOfManyServers has three servers, each with a connection of its own to one store, want a token at once: first when there is
// none, then when all of them are refused the one that they have. WeChat is asked once each time.
func TestOneFetchOfManyServers(t *testing.T) {
	t.Parallel()
	ring, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	for name, opener := range map[string]func(t *testing.T) func() (session.Store, error){
		"sqlite": func(t *testing.T) func() (session.Store, error) {
			path := filepath.Join(t.TempDir(), "wxlogin.db")
			return func() (session.Store, error) { return sqlite.Open(t.Context(), path, ring) }
		},
		"redis": func(t *testing.T) func() (session.Store, error) {
			address, err := redis.ParseAddress(redistest.Start(t).Address())
			if err != nil {
				t.Fatal(err)
			}
			return func() (session.Store, error) { return redis.Open(t.Context(), address, redact.Secret{}, ring) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := opener(t)
			var stores [servers]session.Store
			for i := range stores {
				store, err := open()
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = store.Close() }()
				stores[i] = store
			}
			for number := range 2 {
				w := &slowWeChat{number: number, waiting: make(chan struct{})}
				all(t, w, stores)
				if got := w.asked.Load(); got != 1 {
					t.Errorf("token %d: WeChat was asked %d times", number, got)
				}
			}
		})
	}
}

// all has every server make calls at once. WeChat takes no token but that of its number.
func all(t *testing.T, w *slowWeChat, stores [servers]session.Store) {
	t.Helper()
	now := time.Now() // stands still: a claim does not run out however slow the machine is
	var group sync.WaitGroup
	for i := range servers * perServer {
		source := accesstoken.Source{WeChat: w, Store: &turnedAway{Store: stores[i%servers], w: w}, Origin: origin, AppID: appID, Now: func() time.Time { return now }}
		group.Go(func() {
			calls := 0
			err := source.Call(t.Context(), func(_ context.Context, value redact.Secret) error {
				calls++
				if value.Reveal() != w.token() {
					return &wechat.Error{Code: wechat.CodeTokenNotLatest}
				}
				return nil
			})
			if err != nil || calls > 2 {
				t.Errorf("Call: %v after %d calls", err, calls)
			}
		})
	}
	group.Wait()
}

// slowWeChat gives its token when all who did not get the claim have been turned away, so that a second fetch would be seen.
type slowWeChat struct {
	number  int
	asked   atomic.Int32
	away    atomic.Int32
	waiting chan struct{} // closed when everybody else waits
}

func (w *slowWeChat) token() string { return fmt.Sprint("token ", w.number) }

func (w *slowWeChat) StableToken(ctx context.Context) (wxapi.AccessToken, error) {
	if w.asked.Add(1) > 1 {
		return wxapi.AccessToken{}, &wechat.Error{Code: 45009}
	}
	select {
	case <-w.waiting:
		return wxapi.AccessToken{Value: redact.NewSecret(w.token()), ExpiresIn: 2 * time.Hour}, nil
	case <-ctx.Done():
		return wxapi.AccessToken{}, ctx.Err()
	}
}

// turnedAway is the store of one caller, which reports when it did not get the claim for the first time.
type turnedAway struct {
	session.Store
	w    *slowWeChat
	once sync.Once
}

func (s *turnedAway) Claim(ctx context.Context, hash [sha256.Size]byte, now, until time.Time) (claimed bool, err error) {
	claimed, err = s.Store.Claim(ctx, hash, now, until)
	if err == nil && !claimed {
		s.once.Do(func() {
			if s.w.away.Add(1) == servers*perServer-1 {
				close(s.w.waiting)
			}
		})
	}
	return claimed, err
}
