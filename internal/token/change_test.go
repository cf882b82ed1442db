package token_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/token"
)

const day = 24 * time.Hour

func rotate(t *testing.T, path string, now time.Time) token.Rotation {
	t.Helper()
	done, err := token.Rotate(path, now, day)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// states lists the token keys of a file as "id state".
func states(t *testing.T, path string) []string {
	t.Helper()
	ring, err := token.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, key := range ring.Keys() {
		if key.Use == token.UseToken {
			list = append(list, key.ID+" "+string(key.State))
		}
	}
	slices.Sort(list)
	return list
}

// TestRotateLogsNobodyOut rotates as often as a day has hours, while tokens of each key are out.
func TestRotateLogsNobodyOut(t *testing.T) {
	t.Parallel()
	path := writeRing(t, twoKeys(), 0o600)
	ring, err := token.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	type issued struct {
		text string
		at   time.Time
	}
	var out []issued
	for hour := range 60 {
		now := issuedAt.Add(time.Duration(hour) * time.Hour)
		claims := sampleClaims()
		claims.IssuedAt, claims.ExpiresAt, claims.ID = now, now.Add(day), ""
		out = append(out, issued{issue(t, ring, claims), now})
		rotate(t, path, now)
		for _, one := range out {
			_, _, err := ring.Open(one.text, now)
			_, expired := errors.AsType[*token.ExpiredError](err)
			_, dropped := errors.AsType[*token.UnknownKeyError](err)
			if alive := now.Before(one.at.Add(day)); alive && err != nil || !alive && !expired && !dropped {
				t.Fatalf("hour %d, a token of %s ago: %v", hour, now.Sub(one.at), err)
			}
		}
		if _, err := ring.Refresh(); err != nil { // unless an unknown key was looked up before
			t.Fatal(err)
		}
	}
	// A day of hourly keys, the late hour, and the active one.
	if got := len(states(t, path)); got > 27 {
		t.Errorf("%d keys remain: those whose tokens have expired are not dropped", got)
	}
}

// TestUnknownKeyIsLookedUp has two servers on one file. What one seals with a key that it has just made opens at the other at once.
func TestUnknownKeyIsLookedUp(t *testing.T) {
	t.Parallel()
	path := writeRing(t, twoKeys(), 0o600)
	other, err := token.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	rotate(t, path, issuedAt)
	ring, err := token.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Open(issue(t, ring, sampleClaims()), issuedAt); err != nil {
		t.Errorf("the other server: %v", err)
	}
	if other.Active() != ring.Active() {
		t.Error("the other server did not take up the ring")
	}
	stranger, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = other.Open(issue(t, stranger, sampleClaims()), issuedAt)
	if _, ok := errors.AsType[*token.UnknownKeyError](err); !ok {
		t.Errorf("a token of nobody's: %v", err)
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	path := writeRing(t, twoKeys(), 0o600)
	key, err := token.Prepare(path, issuedAt)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a active", "b retired", key.ID + " prepared"}
	slices.Sort(want)
	if diff := cmp.Diff(want, states(t, path)); diff != "" {
		t.Errorf("prepared (-want +got):\n%s", diff)
	}
	done := rotate(t, path, issuedAt) // b was retired a day and 2:40 h before, so its last hour has passed
	if done.Active.ID != key.ID || done.Retired == nil || done.Retired.ID != "a" || len(done.Dropped) != 1 || done.Dropped[0].ID != "b" {
		t.Errorf("Rotate = %+v, want %s to be active", done, key.ID)
	}
	later := rotate(t, path, issuedAt.Add(2*day))
	if len(later.Dropped) != 1 || later.Dropped[0].ID != "a" || later.Retired.ID != key.ID {
		t.Errorf("two days later: %+v", later)
	}
}

func TestRotateMakesARing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "keys.json")
	done := rotate(t, path, issuedAt)
	if done.Retired != nil || done.Active.State != token.Active {
		t.Errorf("%+v", done)
	}
	if diff := cmp.Diff([]string{done.Active.ID + " active"}, states(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestRetire(t *testing.T) {
	t.Parallel()
	path := writeRing(t, twoKeys(), 0o600)
	ring, err := token.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{"a": token.ErrActiveKey, "s": token.ErrStorageKey} {
		if _, err := token.Retire(path, id, issuedAt); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
	_, err = token.Retire(path, "c", issuedAt)
	if e, ok := errors.AsType[*token.UnknownKeyError](err); !ok || e.KeyID != "c" {
		t.Errorf("c: %v", err)
	}
	ofB := forge(t, strings.Replace(plainHeader, `"a"`, `"b"`, 1), plainClaims, keyB)
	if _, _, err := ring.Open(ofB, issuedAt); err != nil {
		t.Fatal(err)
	}
	if gone, err := token.Retire(path, "b", issuedAt); err != nil || gone.ID != "b" {
		t.Fatalf("Retire = %+v, %v", gone, err)
	}
	if changed, err := ring.Refresh(); !changed || err != nil {
		t.Errorf("Refresh = %v, %v", changed, err)
	}
	if _, _, err := ring.Open(ofB, issuedAt); err == nil {
		t.Error("a token of a key that is gone opens")
	}
}

// TestExportAndImport carries keys from one ring to another, which then opens the first one's tokens and keeps its own storage key.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	from := loadTwoKeys(t)
	set, err := from.Export()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"keys":[{"use":"enc","kty":"oct","kid":"a","alg":"A256GCM","k":"` + b64(keyA) + `"},{"use":"enc","kty":"oct","kid":"b","alg":"A256GCM","k":"` + b64(keyB) + `"}]}`
	if set.Reveal() != want {
		t.Errorf("export\n got %s\nwant %s", set.Reveal(), want)
	}
	one, err := from.Export("b")
	if err != nil || strings.Contains(one.Reveal(), b64(keyA)) || !strings.Contains(one.Reveal(), b64(keyB)) {
		t.Errorf("export of one: %v", err)
	}
	if _, err := from.Export("s"); !errors.Is(err, token.ErrStorageKey) {
		t.Errorf("export of the storage key: %v", err)
	}
	for name, text := range map[string]string{
		"JWK set": set.Reveal(), "JWK": jwk("a", keyA), "key ring file": twoKeys(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := token.ParseKeys(redact.NewSecret(text))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "keys.json")
			before := rotate(t, path, issuedAt)
			added, err := token.Import(path, keys, false, issuedAt)
			if err != nil || len(added) != keys.Len() || added[0].ID != "a" || added[0].State != token.Retired {
				t.Fatalf("Import = %+v, %v", added, err)
			}
			ring, err := token.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := ring.Open(issue(t, from, sampleClaims()), issuedAt); err != nil {
				t.Errorf("a token of the other ring: %v", err)
			}
			if ring.Active() != before.Active || ring.Keys()[len(ring.Keys())-1].ID == "s" {
				t.Error("the ring changed its own keys")
			}
			if again, err := token.Import(path, keys, false, issuedAt); err != nil || len(again) != 0 {
				t.Errorf("once more: %+v, %v", again, err)
			}
		})
	}
}

func TestImportPrepared(t *testing.T) {
	t.Parallel()
	path := writeRing(t, twoKeys(), 0o600)
	keys, err := token.ParseKeys(redact.NewSecret(jwk("c", keyStorage)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Import(path, keys, true, issuedAt); err != nil {
		t.Fatal(err)
	}
	if done := rotate(t, path, issuedAt); done.Active.ID != "c" {
		t.Errorf("the rotation took %s", done.Active.ID)
	}
	other, err := token.ParseKeys(redact.NewSecret(jwk("c", keyA)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Import(path, other, false, issuedAt); err == nil || !strings.Contains(err.Error(), `has another key "c"`) {
		t.Errorf("other bytes under a known id: %v", err)
	}
}

func TestParseKeysRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, reason string }{
		"nothing":           {"", "not keys"},
		"not JSON":          {"tiihtNczf5v6AKRyjwEUhQ==", "not keys"},
		"another object":    {`{"secret":"x"}`, "not keys"},
		"empty set":         {`{"keys":[]}`, "not keys"},
		"RSA":               {`{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}`, `not of kty "oct"`},
		"short":             {jwk("x", keyA[:16]), `key "x" has 16 bytes, not 32`},
		"no kid":            {jwk("", keyA), "a kid is not 1 to 64 characters"},
		"kid of a path":     {jwk("../x", keyA), "a kid is not 1 to 64 characters"},
		"twice":             {`{"keys":[` + jwk("x", keyA) + `,` + jwk("x", keyB) + `]}`, `key "x" stands twice`},
		"for a signature":   {`{"kty":"oct","kid":"x","use":"sig","k":"` + b64(keyA) + `"}`, "not for encryption"},
		"of another alg":    {`{"kty":"oct","kid":"x","alg":"HS256","k":"` + b64(keyA) + `"}`, `is for another alg than "A256GCM"`},
		"newer ring":        {strings.Replace(twoKeys(), `"version":1`, `"version":9`, 1), "version 9"},
		"ring without keys": {`{"version":1}`, "malformed"},
	} {
		_, err := token.ParseKeys(redact.NewSecret(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, want %q", name, err, tt.reason)
		}
		if err != nil && (strings.Contains(err.Error(), b64(keyA)) || strings.Contains(err.Error(), "tiiht")) {
			t.Errorf("%s: the error holds what was given: %v", name, err)
		}
	}
}

// TestChangesTakeTurns lets processes rotate and import at once. No change is lost, and a reader never sees half a file.
func TestChangesTakeTurns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	rotate(t, path, issuedAt)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 4 {
				if _, err := token.Rotate(path, issuedAt, day); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 16 {
				if _, err := token.Load(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := len(states(t, path)); got != 33 {
		t.Errorf("%d keys after 33 rotations", got)
	}
	for _, name := range []string{path, path + ".lock"} {
		if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestChangeRefusesLinks: what stands behind a link is somebody else's.
func TestChangeRefusesLinks(t *testing.T) {
	t.Parallel()
	target := writeRing(t, twoKeys(), 0o600)
	link := filepath.Join(t.TempDir(), "keys.json")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if _, err := token.Rotate(link, issuedAt, day); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("Rotate: %v", err)
	}
	if text, _ := os.ReadFile(target); string(text) != twoKeys() {
		t.Error("the file behind the link was changed")
	}
}

// TestMounted follows links as Kubernetes makes them: keys.json -> ..data/keys.json, and ..data -> a directory that is exchanged.
func TestMounted(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	put := func(version, text string) {
		t.Helper()
		dir := filepath.Join(mount, version)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "keys.json"), []byte(text), 0o400)); err != nil {
			t.Fatal(err)
		}
		next := filepath.Join(mount, "..data_tmp")
		if err := os.Symlink(version, next); err != nil {
			t.Skip(err)
		}
		if err := os.Rename(next, filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	put("..1", twoKeys())
	path := filepath.Join(mount, "keys.json")
	if err := os.Symlink(filepath.Join("..data", "keys.json"), path); err != nil {
		t.Fatal(err)
	}
	ring, err := token.LoadMounted(path)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := writeRing(t, twoKeys(), 0o600)
	done := rotate(t, elsewhere, issuedAt)
	rotated, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	put("..2", string(rotated))
	if changed, err := ring.Refresh(); !changed || err != nil || ring.Active().ID != done.Active.ID {
		t.Errorf("Refresh = %v, %v; active is %s", changed, err, ring.Active().ID)
	}
	if changed, err := ring.Refresh(); changed || err != nil {
		t.Errorf("nothing changed: %v, %v", changed, err)
	}
	put("..3", strings.Replace(string(rotated), b64(keyStorage), b64(keyB), 1))
	if changed, err := ring.Refresh(); changed || err == nil || !strings.Contains(err.Error(), "another storage key") {
		t.Errorf("another ring: %v, %v", changed, err)
	}
	if _, err := ring.Refresh(); err == nil {
		t.Error("another ring is told of once only")
	}
	if _, _, err := ring.Open(forge(t, plainHeader, plainClaims, keyA), issuedAt); err != nil {
		t.Errorf("the keys at hand do not go on: %v", err)
	}
}

func TestMountedModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	for mode, allowed := range map[os.FileMode]bool{0o400: true, 0o440: true, 0o600: true, 0o640: true, 0o444: false, 0o644: false, 0o660: false, 0o602: false} {
		_, err := token.LoadMounted(writeRing(t, twoKeys(), mode))
		if (err == nil) != allowed || err != nil && !errors.Is(err, token.ErrOpen) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	if _, err := token.LoadMounted(t.TempDir()); err == nil {
		t.Error("a directory was taken for a key ring")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	ring, err := token.Parse("WXLOGIN_KEYS", redact.NewSecret(twoKeys()))
	if err != nil || ring.Active().ID != "a" {
		t.Fatalf("Parse = %v", err)
	}
	if changed, err := ring.Refresh(); changed || err != nil {
		t.Errorf("Refresh = %v, %v", changed, err)
	}
	_, err = token.Parse("WXLOGIN_KEYS", redact.NewSecret(twoKeys()[:200]))
	if err == nil || err.Error() != "key ring WXLOGIN_KEYS is not a JSON object with a version" {
		t.Errorf("half a ring: %v", err)
	}
}

// FuzzParseKeys reads any text as keys, and as a key ring. Errors quote nothing of it but what is shaped like a key id.
func FuzzParseKeys(f *testing.F) {
	for _, seed := range []string{twoKeys(), jwk("a", keyA), `{"keys":[` + jwk("a", keyA) + `]}`, `{"kty":"RSA"}`, `{"version":2}`, "", "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := token.ParseKeys(redact.NewSecret(text))
		if (err == nil) != (keys.Len() > 0) {
			t.Errorf("%d keys, %v", keys.Len(), err)
		}
		ring, err := token.Parse("X", redact.NewSecret(text))
		if err == nil && ring.Active().State != token.Active {
			t.Errorf("a ring without an active key: %+v", ring.Keys())
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\x1b\n\r") || strings.Contains(err.Error(), b64(keyA))) {
			t.Errorf("the error %q", err)
		}
	})
}
