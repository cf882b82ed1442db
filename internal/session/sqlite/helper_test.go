package sqlite_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"net/url"
	"testing"
)

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

// database opens a file beside the store.
func database(t testing.TB, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = db.Close()
	})
	return conn
}

func execute(t testing.TB, path, statement string) {
	t.Helper()
	conn := database(t, path)
	if _, err := conn.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
