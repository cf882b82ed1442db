package redis_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) session.Store { return open(t, server.Address()) })
}

// testSealer is AES-256-GCM under a key of one repeated byte.
type testSealer byte

func (s testSealer) aead() cipher.AEAD {
	block, err := aes.NewCipher(bytes.Repeat([]byte{byte(s)}, 32))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (s testSealer) Seal(plain, context []byte) ([]byte, error) {
	return s.aead().Seal(nil, nil, plain, context), nil
}

func (s testSealer) Unseal(sealed, context []byte) ([]byte, error) {
	return s.aead().Open(nil, nil, sealed, context)
}

func open(t testing.TB, address string) *redis.Store {
	t.Helper()
	return openWith(t, address, "", testSealer('k'))
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

const key = "tiihtNczf5v6AKRyjwEUhQ=="

var noon = time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)

func login(n int, at time.Time) session.Login {
	return session.Login{
		ID:  session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx4f4bc4dec97d474b", OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n))},
		Key: wechat.NewSessionKey(key), At: at,
	}
}
