package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// picky refuses to seal for one user.
type picky struct {
	storetest.Sealer
	refused string
}

var errRefused = errors.New("refused")

func (p picky) Seal(plain, context []byte) ([]byte, error) {
	if strings.Contains(string(context), p.refused) {
		return nil, errRefused
	}
	return p.Sealer.Seal(plain, context)
}

// holdLock lets another connection hold the write lock until the returned function is called.
func holdLock(t *testing.T, path string) (release func()) {
	t.Helper()
	conn := database(t, path)
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
	}
}

// TestErrorsStayTheirOwn holds the lock until many operations have queued up, so that they share transactions; the ones that
// fail do not take the others with them.
func TestErrorsStayTheirOwn(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := openWith(t, path, picky{storetest.Sealer('k'), string(storetest.Login(13, noon).OpenID)})
	release := holdLock(t, path)
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			_, err := s.Save(context.Background(), storetest.Login(n, noon))
			if n == 13 != errors.Is(err, errRefused) || (n != 13 && err != nil) {
				t.Errorf("login %d: %v", n, err)
			}
		})
		group.Go(func() {
			if err := s.Delete(context.Background(), storetest.Login(1000+n, noon).ID); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("delete %d: %v", n, err)
			}
		})
	}
	release()
	group.Wait()
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) != 39 {
		t.Errorf("%d sessions, %v, want 39", len(list), err)
	}
}

// TestWaitEndsWithTheContext cancels an operation that waits for another process: it must not happen afterwards.
func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, path)
	release := holdLock(t, path)
	var left atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			if _, err := s.Save(ctx, storetest.Login(n, noon)); errors.Is(err, context.Canceled) {
				left.Add(1)
			} else {
				t.Errorf("login %d: %v", n, err)
			}
		})
	}
	cancel()
	group.Wait()
	if got := left.Load(); got != 8 {
		t.Errorf("%d of 8 gave up", got)
	}
	reads := make(chan error, 1)
	go func() {
		_, err := s.List(t.Context(), session.Filter{})
		reads <- err
	}()
	if err := <-reads; err != nil {
		t.Errorf("a read waits for the writer: %v", err)
	}
	release()
	storetest.Save(t, s, storetest.Login(100, noon))
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("%v, %v: operations that were given up took effect", list, err)
	}
}

// TestCloseDrains closes a store while callers wait: all that it accepted is there afterwards.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s, err := sqlite.Open(t.Context(), path, storetest.Sealer('k'))
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int32
	var group sync.WaitGroup
	for n := range 64 {
		group.Go(func() {
			for i := range 50 {
				_, err := s.Save(context.Background(), storetest.Login(n*50+i, noon))
				if errors.Is(err, session.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				accepted.Add(1)
			}
		})
	}
	for accepted.Load() < 100 && !t.Failed() {
		if _, err := s.List(t.Context(), session.Filter{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	list, err := open(t, path).List(t.Context(), session.Filter{})
	if err != nil || len(list) != int(accepted.Load()) {
		t.Errorf("%d sessions, %v, %d were acknowledged", len(list), err, accepted.Load())
	}
}

// BenchmarkSave compares logins that share commits with logins that come one by one.
func BenchmarkSave(b *testing.B) {
	for _, clients := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := open(b, newPath(b))
			var next atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			for range clients {
				group.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						if _, err := s.Save(context.Background(), storetest.Login(int(n), noon)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
		})
	}
}

// BenchmarkLogin is what a login costs the store: the beginning of an exchange, and its end.
func BenchmarkLogin(b *testing.B) {
	s := open(b, newPath(b))
	var next atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			l := storetest.Login(int(n), noon)
			e := session.Exchange{
				Origin: l.Origin, AppID: l.AppID, CodeHash: [32]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)},
				At: noon, Outcome: session.OutcomeSending,
			}
			_, begun := s.Begin(context.Background(), e, noon.Add(time.Minute))
			e.Outcome = session.OutcomeExchanged
			_, ended := s.End(context.Background(), e, &l)
			if err := errors.Join(begun, ended); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
}

func BenchmarkGet(b *testing.B) {
	s := open(b, newPath(b))
	for n := range 1000 {
		storetest.Save(b, s, storetest.Login(n, noon))
	}
	b.ResetTimer()
	for n := range b.N {
		if _, err := s.Get(b.Context(), storetest.Login(n%1000, noon).ID); err != nil {
			b.Fatal(err)
		}
	}
}
