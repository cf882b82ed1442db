//go:build unix

package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// TestPause: a Redis that hangs holds a caller no longer than it wants to wait, and afterwards all is as before.
func TestPause(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.Address())
	storetest.Save(t, s, storetest.Login(1, noon))
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Save(ctx, storetest.Login(2, noon)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save while Redis hangs: %v", err)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	storetest.Save(t, s, storetest.Login(3, noon))
	if _, err := s.Get(t.Context(), storetest.Login(1, noon).ID); err != nil {
		t.Error(err)
	}
}
