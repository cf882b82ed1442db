package redis_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) session.Store { return open(t, server.Address()) })
}

func open(t testing.TB, address string) *redis.Store {
	t.Helper()
	return openWith(t, address, "", storetest.Sealer('k'))
}

func openWith(t testing.TB, address, password string, sealer session.Sealer) *redis.Store {
	t.Helper()
	s, err := dial(t, address, password, sealer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func dial(t testing.TB, address, password string, sealer session.Sealer) (*redis.Store, error) {
	t.Helper()
	a, err := redis.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return redis.Open(t.Context(), a, redact.NewSecret(password), sealer)
}

// noPassword is for a Redis that asks for none.
var noPassword redact.Secret

var noon = time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)
