package sqlite_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		os.Exit(child(path))
	}
	if path := os.Getenv(busyVariable); path != "" {
		os.Exit(keepBusy(path))
	}
	if code, isChild := otherChildren(); isChild {
		os.Exit(code)
	}
	if path := os.Getenv(openVariable); path != "" {
		os.Exit(openOnce(path))
	}
	goleak.VerifyTestMain(m)
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) session.Store { return open(t, newPath(t)) })
}

func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "state", "wxlogin.db")
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	return openWith(t, path, storetest.Sealer('k'))
}

func openWith(t testing.TB, path string, sealer session.Sealer) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sealer)
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

var noon = time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)

func TestReopen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first := open(t, path)
	storetest.Save(t, first, storetest.Login(1, noon))
	again := storetest.Login(1, noon.Add(time.Hour))
	again.Key = wechat.NewSessionKey("AAAAAAAAAAAAAAAAAAAAAA==")
	storetest.Save(t, first, again)
	if err := first.Revoke(t.Context(), session.Revocation{TokenID: "j", At: noon, Until: noon.Add(time.Hour), Reason: "logout"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, path)
	got, err := second.Get(t.Context(), again.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Key.Equal(again.Key.Secret) || len(got.Previous) != 1 || got.Previous[0].Key.Reveal() != storetest.Key || !got.Created.Equal(noon) {
		t.Errorf("after opening again: %+v", got)
	}
	if r, err := second.Revoked(t.Context(), "j"); err != nil || r == nil || r.Reason != "logout" {
		t.Errorf("Revoked = %+v, %v", r, err)
	}
}

// TestTwoStoresAreOne opens one file twice: each sees at once what the other did.
func TestTwoStoresAreOne(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	a, b := open(t, path), open(t, path)
	storetest.Shared(t, a, b)
}

// TestNoSecretInTheFiles searches every file of a store in use, and of one closed, for session keys.
func TestNoSecretInTheFiles(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, path)
	rotated := "AQIDBAUGBwgJCgsMDQ4PEA==" // the bytes 1 to 16
	const token, code = "71_accessTokenOfTheTest", "0b1SomeCodeOfATest1234567890SomeC"
	for i := range 50 {
		storetest.Save(t, s, storetest.Login(i, noon))
		l := storetest.Login(i, noon.Add(time.Minute))
		l.Key = wechat.NewSessionKey(rotated)
		storetest.Save(t, s, l)
	}
	id := storetest.Login(0, noon).ID
	if err := errors.Join(
		s.SaveAccessToken(t.Context(), session.AccessToken{Origin: id.Origin, AppID: id.AppID, Value: redact.NewSecret(token), Obtained: noon, Expires: noon.Add(time.Hour)}),
		s.Record(t.Context(), session.Exchange{Origin: id.Origin, AppID: id.AppID, CodeHash: session.HashCode(code), At: noon, Outcome: session.OutcomeExchanged}),
	); err != nil {
		t.Fatal(err)
	}
	search := func(when string) {
		files, total := 0, 0
		for _, name := range listFiles(t, filepath.Dir(path)) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, total = files+1, total+len(data)
			for _, secret := range []string{token, code} {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("%s: %s stands in %s", when, secret, name)
				}
			}
			for _, secret := range []string{storetest.Key, rotated} {
				raw, err := base64.StdEncoding.DecodeString(secret)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(data, []byte(secret)) || bytes.Contains(data, raw) || bytes.Contains(data, []byte(strings.TrimRight(secret, "="))) {
					t.Errorf("%s: a session key stands in %s", when, name)
				}
			}
		}
		if files < 2 || total < 4096 {
			t.Errorf("%s: only %d files with %d bytes were searched", when, files, total)
		}
	}
	search("in use")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search("closed")
}

func listFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	path := newPath(t)
	s := open(t, path)
	storetest.Save(t, s, storetest.Login(1, noon))
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	names := listFiles(t, filepath.Dir(path))
	if len(names) != 4 { // the database, its WAL, its index, the lock
		t.Errorf("files: %v", names)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestUnsealable reads a file with another key ring: that session fails by name, others work, and a login heals it.
func TestUnsealable(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	old := open(t, path)
	storetest.Save(t, old, storetest.Login(1, noon))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := openWith(t, path, storetest.Sealer('n'))
	storetest.Save(t, s, storetest.Login(2, noon.Add(-time.Hour)))

	_, err := s.Get(t.Context(), storetest.Login(1, noon).ID)
	got, ok := errors.AsType[*session.UnsealError](err)
	if !ok || got.ID != storetest.Login(1, noon).ID {
		t.Fatalf("Get: %v", err)
	}
	want := `session of openid "o000000000000000000000000001" of appid "wx4f4bc4dec97d474b" at https://api.weixin.qq.com cannot be unsealed, the key ring has changed since it was saved: `
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error reads\n%s\nwant\n%s", err, want)
	}
	if _, err := s.Newest(t.Context(), storetest.Login(1, noon).Origin, ""); !errors.As(err, &got) {
		t.Errorf("Newest: %v", err)
	}
	if found, err := s.Get(t.Context(), storetest.Login(2, noon).ID); err != nil || found.Key.Reveal() != storetest.Key {
		t.Errorf("the other session: %v", err)
	}
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) != 2 {
		t.Errorf("List: %v, %v", list, err)
	}
	healed, err := s.Save(t.Context(), storetest.Login(1, noon.Add(time.Hour)))
	if err != nil || healed.Key.Reveal() != storetest.Key || len(healed.Previous) != 0 || !healed.Created.Equal(noon) || !healed.KeyObtained.Equal(noon.Add(time.Hour)) {
		t.Errorf("after a login: %+v, %v", healed, err)
	}
	if err := s.Delete(t.Context(), storetest.Login(1, noon).ID); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

// TestMovedRow puts the sealed key of one user into the row of another.
func TestMovedRow(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, path)
	storetest.Save(t, s, storetest.Login(1, noon))
	storetest.Save(t, s, storetest.Login(2, noon))
	execute(t, path, `UPDATE sessions SET keys = (SELECT keys FROM sessions WHERE openid LIKE '%1') WHERE openid LIKE '%2'`)
	_, err := s.Get(t.Context(), storetest.Login(2, noon).ID)
	if _, ok := errors.AsType[*session.UnsealError](err); !ok {
		t.Errorf("user 2 has the key of user 1: %v", err)
	}
}

func TestCancelledOpen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Open(ctx, newPath(t), storetest.Sealer('k')); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}
