package stack

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// newFollowed returns a simulation with sessions of two apps, one each minute from the clock's time on.
func newFollowed(t *testing.T, sessions int) *simulation {
	t.Helper()
	s, err := newSimulation(Options{Logger: slog.New(slog.DiscardHandler), Mock: &Mock{}}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for i := range sessions {
		_, err := s.store.Save(t.Context(), session.Login{
			ID:  session.ID{Origin: insideURL, AppID: s.app.ID, OpenID: wechat.OpenID(fmt.Sprint("o", i))},
			Key: wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), At: s.clock.Now().Add(time.Duration(i) * time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *simulation) count(t *testing.T) int {
	t.Helper()
	list, err := s.store.List(t.Context(), session.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestFollow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		move   time.Duration
		change wxhttp.Change
		want   int // of ten sessions
	}{
		{"clock at the first login", 0, wxhttp.Change{}, 1},
		{"clock in the middle", 4*time.Minute + time.Second, wxhttp.Change{}, 5},
		{"clock after all", time.Hour, wxhttp.Change{}, 10},
		{"clock before all", -time.Hour, wxhttp.Change{}, 0},
		{"reset of the app", time.Hour, wxhttp.Change{Reset: true, AppID: world.DemoAppID}, 0},
		{"user removed", time.Hour, wxhttp.Change{AppID: world.DemoAppID, OpenID: "o3"}, 9},
		{"stranger removed", time.Hour, wxhttp.Change{AppID: world.DemoAppID, OpenID: "o99"}, 10},
		{"reset of another app", time.Hour, wxhttp.Change{Reset: true, AppID: "wx0000000000000002"}, 10},
		{"reset of all", time.Hour, wxhttp.Change{Reset: true}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newFollowed(t, 10)
			s.clock.Move(tt.move)
			if err := s.follow(t.Context(), tt.change); err != nil {
				t.Fatal(err)
			}
			if got := s.count(t); got != tt.want {
				t.Errorf("%d sessions are left, want %d", got, tt.want)
			}
		})
	}
}

// Tests that run side by side reset as they like; none of them may take the other for a failure.
func TestFollowAtOnce(t *testing.T) {
	t.Parallel()
	s := newFollowed(t, 5000)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := s.follow(t.Context(), wxhttp.Change{Reset: true}); err != nil {
				t.Errorf("follow: %v", err)
			}
		})
	}
	wg.Wait()
	if got := s.count(t); got != 0 {
		t.Errorf("%d sessions are left", got)
	}
}
