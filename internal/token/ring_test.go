package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/token"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	january, february := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	want := []token.KeyInfo{
		{ID: "a", Use: token.UseToken, State: token.Active, Created: february},
		{ID: "b", Use: token.UseToken, State: token.Retired, Created: january, RetiredAt: february},
		{ID: "s", Use: token.UseStorage, State: token.Active},
	}
	got := loadTwoKeys(t).Keys()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Keys() (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON := `[{"id":"a","use":"token","state":"active","created":"2026-02-01T00:00:00Z"},` +
		`{"id":"b","use":"token","state":"retired","created":"2026-01-01T00:00:00Z","retired_at":"2026-02-01T00:00:00Z"},` +
		`{"id":"s","use":"storage","state":"active"}]`
	if string(text) != wantJSON {
		t.Errorf("JSON\n got %s\nwant %s", text, wantJSON)
	}
}

func TestLoadOrCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "state", "keys.json")
	if _, err := token.Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of nothing: %v, want os.ErrNotExist", err)
	}
	created, err := token.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
			}
		}
	}
	again, err := token.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := again.Open(issue(t, created, sampleClaims()), issuedAt); err != nil {
		t.Errorf("the ring that was read does not open the created ring's token: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%v remain beside the ring", entries)
	}
}

func TestFileHasTheDocumentedForm(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := token.LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	type jwk struct{ Kty, Kid, K, Alg, Use string }
	var file struct {
		Version int
		Storage jwk
		Tokens  []struct {
			Key     jwk
			State   string
			Created time.Time
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatalf("%v in %d bytes", err, len(data))
	}
	if file.Version != 1 || len(file.Tokens) != 1 || file.Tokens[0].State != "active" || file.Tokens[0].Created.IsZero() {
		t.Errorf("version %d, %d tokens", file.Version, len(file.Tokens))
	}
	for _, key := range []jwk{file.Storage, file.Tokens[0].Key} {
		if key.Kty != "oct" || key.Alg != "A256GCM" || key.Use != "enc" || len(key.K) != 43 || len(key.Kid) < 26 { // 43 characters carry 32 bytes
			t.Errorf("the JWK %q is not a 256-bit key", key.Kid)
		}
	}
	if file.Storage.K == file.Tokens[0].Key.K {
		t.Error("storage and token key are the same")
	}
}

func TestConcurrentCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "keys.json")
	var group sync.WaitGroup
	rings := make([]*token.Ring, 32)
	for i := range rings {
		group.Go(func() {
			ring, err := token.LoadOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			rings[i] = ring
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for i := range rings {
		if diff := cmp.Diff(rings[0].Keys(), rings[i].Keys()); diff != "" {
			t.Fatalf("ring %d differs:\n%s", i, diff)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := twoKeys()
	for _, tt := range []struct{ name, text, reason string }{
		{"empty", "", "is not a JSON object with a version"},
		{"not JSON", "keys", "is not a JSON object with a version"},
		{"no version", "{}", "has no version"},
		{"newer", strings.Replace(good, `"version":1`, `"version":2`, 1), "is of version 2, this program reads up to 1: use a newer wxlogin"},
		{"a JWK set", `{"keys":[]}`, "has no version"},
		{"unknown member", strings.Replace(good, `"version":1`, `"version":1,"x":1`, 1), "is malformed: it is not the JSON that version 1 has"},
		{"cut", good[:len(good)-1], "is not a JSON object with a version"},
		{"short key", strings.Replace(good, b64(keyA), b64(keyA[:16]), 1), `is malformed: key "a" has 16 bytes, not 32`},
		{"short storage key", strings.Replace(good, b64(keyStorage), b64(keyStorage[:31]), 1), `is malformed: key "s" has 31 bytes, not 32`},
		{"same id", strings.ReplaceAll(good, `"kid":"b"`, `"kid":"a"`), `is malformed: key "a" stands twice`},
		{"bad id", strings.ReplaceAll(good, `"kid":"b"`, `"kid":"b/b"`), `is malformed: a kid is not 1 to 64 characters of A-Z a-z 0-9 _ -`},
		{"two active", strings.ReplaceAll(good, `"retired"`, `"active"`), "is malformed: more than one token key is active"},
		{"none active", strings.ReplaceAll(good, `"active"`, `"retired"`), "is malformed: no token key is active"},
		{"other state", strings.ReplaceAll(good, `"retired"`, `"old"`), `is malformed: the state of a key is neither "active" nor "retired"`},
		{"no storage key", `{"version":1,"tokens":[]}`, `is malformed: a key is not of kty "oct"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := writeRing(t, tt.text, 0o600)
			_, err := token.Load(path)
			got, ok := errors.AsType[*token.FileError](err)
			if !ok || got.Path != path || got.Reason != tt.reason {
				t.Fatalf("err = %v, want %q", err, tt.reason)
			}
			if newer := strings.Contains(tt.reason, "newer"); errors.Is(err, token.ErrNewer) != newer || errors.Is(err, token.ErrDamaged) == newer {
				t.Errorf("the kind of %v", err)
			}
			for _, key := range [][]byte{keyA, keyB, keyStorage} {
				if strings.Contains(err.Error(), b64(key)) {
					t.Errorf("the error %q holds a key", err)
				}
			}
			if _, err := token.LoadOrCreate(path); err == nil {
				t.Error("LoadOrCreate took it")
			}
			if after, _ := os.ReadFile(path); string(after) != tt.text {
				t.Error("the file was changed")
			}
		})
	}
}

func TestLoadRefusesWhatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o666, 0o601} {
		_, err := token.Load(writeRing(t, twoKeys(), mode))
		if got, ok := errors.AsType[*token.FileError](err); !ok || !strings.Contains(got.Reason, "run chmod 600") || !errors.Is(err, token.ErrOpen) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	if _, err := token.Load(writeRing(t, twoKeys(), 0o400)); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestLoadRefusesSymlinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, target := range map[string]string{"to-file": writeRing(t, twoKeys(), 0o600), "to-nothing": filepath.Join(dir, "nothing")} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
		_, err := token.LoadOrCreate(link)
		if got, ok := errors.AsType[*token.FileError](err); !ok || !strings.Contains(got.Reason, "symbolic link") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a key ring was written through the link")
	}
	if _, err := token.Load(dir); err == nil {
		t.Error("a directory was taken for a key ring")
	}
}

func TestSealAndUnseal(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	plain, place := []byte("tiihtNczf5v6AKRyjwEUhQ=="), []byte("row 1")
	sealed, err := ring.Seal(plain, place)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, plain) {
		t.Error("the plaintext stands in the sealed value")
	}
	if got, err := ring.Unseal(sealed, place); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Unseal = %q, %v", got, err)
	}
	if again, _ := ring.Seal(plain, place); bytes.Equal(again, sealed) {
		t.Error("two seals are equal: the nonce repeats")
	}
	if _, err := ring.Unseal(sealed, []byte("row 2")); !errors.Is(err, token.ErrTampered) {
		t.Errorf("in another place: %v, want ErrTampered", err)
	}
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := ring.Unseal(changed, place); err == nil {
				t.Fatalf("bit %d of byte %d does not count", bit, i)
			}
		}
		if _, err := ring.Unseal(sealed[:i], place); err == nil {
			t.Fatalf("%d of %d bytes unsealed", i, len(sealed))
		}
	}
	other, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Unseal(sealed, place)
	if got, ok := errors.AsType[*token.UnknownKeyError](err); !ok || got.KeyID != "s" {
		t.Errorf("another ring: %v, want the unknown key s", err)
	}
}

// TestKeysNeverPrint formats a ring: no verb and no encoder may show key bytes.
func TestKeysNeverPrint(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	text, err := json.Marshal(map[string]any{"ring": ring})
	if err != nil || string(text) != `{"ring":{}}` {
		t.Errorf("a ring as JSON: %s, %v", text, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		out := fmt.Sprintf(verb, ring)
		if strings.Contains(out, "00 01 02 03") || strings.Contains(out, "0 1 2 3 4") || strings.Contains(out, "000102030405") || strings.Contains(out, "0x0, 0x1, 0x2") {
			t.Errorf("%s prints a key: %s", verb, out)
		}
	}
}
