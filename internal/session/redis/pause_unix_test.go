//go:build unix

package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
)

// TestPause: a Redis that hangs holds a caller no longer than it wants to wait, and afterwards all is as before.
func TestPause(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.Address())
	save(t, s, login(1, noon))
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Save(ctx, login(2, noon)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save while Redis hangs: %v", err)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	save(t, s, login(3, noon))
	if _, err := s.Get(t.Context(), login(1, noon).ID); err != nil {
		t.Error(err)
	}
}
