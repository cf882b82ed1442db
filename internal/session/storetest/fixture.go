package storetest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Sealer is AES-256-GCM under a key of one repeated byte: a [session.Sealer] for the tests of stores that keep what they seal.
type Sealer byte

func (s Sealer) aead() cipher.AEAD {
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

// Seal encrypts plain.
func (s Sealer) Seal(plain, context []byte) ([]byte, error) {
	return s.aead().Seal(nil, nil, plain, context), nil
}

// Unseal decrypts what [Sealer.Seal] gave for the same context.
func (s Sealer) Unseal(sealed, context []byte) ([]byte, error) {
	return s.aead().Open(nil, nil, sealed, context)
}

// Key is the session_key of every [Login].
const Key = "tiihtNczf5v6AKRyjwEUhQ=="

// Login is that of user n.
func Login(n int, at time.Time) session.Login {
	return session.Login{
		ID:  session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx4f4bc4dec97d474b", OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n))},
		Key: wechat.NewSessionKey(Key), At: at,
	}
}

// Save saves a login, which must not fail.
func Save(t testing.TB, s session.Store, l session.Login) session.Session {
	t.Helper()
	saved, err := s.Save(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// Shared holds that two stores over the same place are one: each sees at once what the other did.
func Shared(t *testing.T, a, b session.Store) {
	t.Helper()
	at := time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)
	for i := range 20 {
		Save(t, a, Login(i, at))
		if _, err := b.Get(t.Context(), Login(i, at).ID); err != nil {
			t.Fatalf("login %d: %v", i, err)
		}
		code := [32]byte{byte(i)}
		first, err1 := b.Claim(t.Context(), code, at, at.Add(time.Minute))
		second, err2 := a.Claim(t.Context(), code, at, at.Add(time.Minute))
		if err := errors.Join(err1, err2); err != nil || !first || second {
			t.Fatalf("code %d: %v, %v, %v", i, first, second, err)
		}
	}
}
