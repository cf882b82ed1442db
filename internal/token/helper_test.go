package token_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/token"
)

var (
	issuedAt = time.Unix(1770000000, 0).UTC()

	// Two keys of 32 bytes: 0x00…1f and 0x20…3f.
	keyA       = sequence(0)
	keyB       = sequence(32)
	keyStorage = sequence(64)
)

func sequence(start byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = start + byte(i)
	}
	return key
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func jwk(kid string, key []byte) string {
	return fmt.Sprintf(`{"kty":"oct","kid":%q,"k":%q}`, kid, b64(key))
}

// twoKeys is a key ring file with an active key "a" and a retired key "b".
func twoKeys() string {
	return fmt.Sprintf(`{"version":1,"storage":%s,"tokens":[
		{"key":%s,"state":"retired","created":"2026-01-01T00:00:00Z","retired_at":"2026-02-01T00:00:00Z"},
		{"key":%s,"state":"active","created":"2026-02-01T00:00:00Z"}]}`,
		jwk("s", keyStorage), jwk("b", keyB), jwk("a", keyA))
}

func writeRing(t testing.TB, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadTwoKeys(t testing.TB) *token.Ring {
	t.Helper()
	ring, err := token.Load(writeRing(t, twoKeys(), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

const (
	plainHeader = `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT"}`
	plainClaims = `{"iss":"wxlogin","sub":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","aud":"wx4f4bc4dec97d474b","iat":1770000000,"exp":1770086400,"jti":"j1"}`
)

// forge seals any header and plaintext by hand, as whoever holds the key could.
func forge(t testing.TB, header, plain string, key []byte) string {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv := []byte("twelve bytes")
	aad := b64([]byte(header))
	sealed := gcm.Seal(nil, iv, []byte(plain), []byte(aad))
	split := len(sealed) - gcm.Overhead()
	return strings.Join([]string{aad, "", b64(iv), b64(sealed[:split]), b64(sealed[split:])}, ".")
}

// require skips a test that needs what is not there, or fails it where everything has to be there.
func require(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("WXLOGIN_REQUIRE") == "all":
		t.Fatalf("WXLOGIN_REQUIRE=all: %v", err)
	default:
		t.Skip(err)
	}
}
