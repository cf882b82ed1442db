package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/clock"
)

func TestMovable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var c clock.Movable
		steps := []struct {
			do   func()
			want time.Duration
		}{
			{func() {}, 0},
			{func() { c.Move(6 * time.Minute) }, 6 * time.Minute},
			{func() { time.Sleep(time.Minute) }, 7 * time.Minute},
			{func() { c.Move(-2 * time.Minute) }, 5 * time.Minute},
			{c.Reset, time.Minute},
		}
		for i, step := range steps {
			step.do()
			if got := c.Now().Sub(start); got != step.want {
				t.Errorf("step %d: %v after the start, want %v", i, got, step.want)
			}
		}
		if c.Offset() != 0 {
			t.Errorf("Offset() = %v after Reset", c.Offset())
		}
	})
}
