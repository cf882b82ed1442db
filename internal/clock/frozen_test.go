package clock_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/clock"
)

// TestFrozen walks one clock through its states; the bubble starts at 2000-01-01T00:00:00Z.
func TestFrozen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var c clock.Movable
		at := func(d time.Duration) func() { return func() { c.Set(start.Add(d)) } }
		pass := func(d time.Duration) func() { return func() { time.Sleep(d) } }
		move := func(d time.Duration) func() { return func() { c.Move(d) } }
		steps := []struct {
			name         string
			do           func()
			now, offset  time.Duration // now: since the start
			frozen       bool
			systemPassed time.Duration
		}{
			{"set", at(time.Hour), time.Hour, time.Hour, false, 0},
			{"runs on", pass(time.Minute), 61 * time.Minute, time.Hour, false, time.Minute},
			{"freeze", c.Freeze, 61 * time.Minute, time.Hour, true, time.Minute},
			{"stands still", pass(time.Minute), 61 * time.Minute, 59 * time.Minute, true, 2 * time.Minute},
			{"freeze again", c.Freeze, 61 * time.Minute, 59 * time.Minute, true, 2 * time.Minute},
			{"move when frozen", move(9 * time.Minute), 70 * time.Minute, 68 * time.Minute, true, 2 * time.Minute},
			{"set when frozen", at(-time.Hour), -time.Hour, -62 * time.Minute, true, 2 * time.Minute},
			{"stands still there", pass(time.Second), -time.Hour, -62*time.Minute - time.Second, true, 2*time.Minute + time.Second},
			{"reset", c.Reset, 2*time.Minute + time.Second, 0, false, 2*time.Minute + time.Second},
			{"runs again", pass(time.Second), 2*time.Minute + 2*time.Second, 0, false, 2*time.Minute + 2*time.Second},
			{"freeze at the system's time", c.Freeze, 2*time.Minute + 2*time.Second, 0, true, 2*time.Minute + 2*time.Second},
		}
		for _, step := range steps {
			step.do()
			if got := c.Now().Sub(start); got != step.now {
				t.Errorf("%s: %v after the start, want %v", step.name, got, step.now)
			}
			if got := c.Offset(); got != step.offset {
				t.Errorf("%s: offset %v, want %v", step.name, got, step.offset)
			}
			if got := c.Frozen(); got != step.frozen {
				t.Errorf("%s: frozen %v", step.name, got)
			}
			if passed := time.Since(start); passed != step.systemPassed {
				t.Errorf("%s: %v passed, want %v", step.name, passed, step.systemPassed)
			}
		}
	})
}

// TestNowIsPlain: a monotonic reading would make differences ignore the moves.
func TestNowIsPlain(t *testing.T) {
	t.Parallel()
	var c clock.Movable
	for name, do := range map[string]func(){
		"system": func() {}, "set": func() { c.Set(time.Now()) }, "frozen": c.Freeze, "set when frozen": func() { c.Set(time.Now()) },
	} {
		do()
		if now := c.Now(); now != now.Round(0).UTC() {
			t.Errorf("%s: %v has a monotonic reading or is not in UTC", name, now)
		}
	}
}

// TestConcurrentMoves: no move is lost.
func TestConcurrentMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var c clock.Movable
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				c.Move(time.Second)
				_, _ = c.Now(), c.Offset()
			})
		}
		wg.Wait()
		if got := c.Now().Sub(start); got != 50*time.Second {
			t.Errorf("moved by %v", got)
		}
	})
}
