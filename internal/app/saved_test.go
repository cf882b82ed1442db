package app_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestSavedMakesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "memory"} {
		dir := t.TempDir()
		a, _, _ := newApp(at(dir, "WXLOGIN_STORE", kind))
		if ring, found, err := a.SavedKeys(); ring != nil || found || err != nil {
			t.Errorf("%q: SavedKeys = %v, %v, %v", kind, ring, found, err)
		}
		if store, found, err := a.SavedStore(t.Context()); store != nil || found || err != nil {
			t.Errorf("%q: SavedStore = %v, %v, %v", kind, store, found, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
			t.Errorf("%q: written: %v, %v", kind, entries, err)
		}
	}
}

func TestSavedFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	id := session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx4f4bc4dec97d474b", OpenID: "oGZUI0egBJY1zhBYw2KhdUfwVJJE"}
	login := session.Login{ID: id, Key: wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), At: time.Unix(1477314187, 0)}
	writer, _, _ := newApp(at(dir))
	store, err := writer.Store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Save(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	if again, found, err := writer.SavedStore(t.Context()); again != store || !found || err != nil {
		t.Errorf("in the same run: %v, %v", found, err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	reader, _, _ := newApp(at(dir))
	ring, found, err := reader.SavedKeys()
	if err != nil || !found || len(ring.Keys()) != 2 {
		t.Fatalf("SavedKeys = %v, %v", found, err)
	}
	store, found, err = reader.SavedStore(t.Context())
	if err != nil || !found {
		t.Fatalf("SavedStore = %v, %v", found, err)
	}
	if got, err := store.Newest(t.Context(), id.Origin, ""); err != nil || got.ID != id || !got.Key.Equal(login.Key.Secret) {
		t.Errorf("Newest = %v, %v", got.ID, err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	if err := store.Ping(t.Context()); !errors.Is(err, session.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A store without its key ring is not the same as no store: somebody wants to hear that the sessions are lost.
func TestSavedStoreWithoutKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writer, _, _ := newApp(at(dir))
	if _, err := writer.Store(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "state", "keys.json")
	if err := errors.Join(writer.Close(), os.Remove(keys)); err != nil {
		t.Fatal(err)
	}
	reader, _, _ := newApp(at(dir))
	_, found, err := reader.SavedStore(t.Context())
	if e, isFile := errors.AsType[*token.FileError](err); found || !isFile || e.Path != keys {
		t.Errorf("SavedStore = %v, %v", found, err)
	}
	if _, err := os.Stat(keys); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ring was made: %v", err)
	}
	if err := os.WriteFile(keys, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found, err := reader.SavedKeys(); found || err == nil {
		t.Errorf("a broken ring: %v, %v", found, err)
	}
}

func TestStateDirectoryIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	home := t.TempDir()
	state := filepath.Join(home, ".local", "state", "wxlogin")
	if runtime.GOOS == "darwin" {
		state = filepath.Join(home, "Library", "Application Support", "wxlogin")
	}
	for _, mode := range []os.FileMode{0, 0o755, 0o777} { // 0: not there yet
		if mode != 0 {
			if err := os.Chmod(state, mode); err != nil {
				t.Fatal(err)
			}
		}
		a, _, _ := newApp(map[string]string{"HOME": home})
		_, err := a.Store(t.Context())
		stat, statErr := os.Stat(state)
		if statErr != nil {
			t.Fatal(statErr)
		}
		if e, refused := errors.AsType[*config.Error](err); mode == 0o777 {
			_, _, keysErr := a.SavedKeys()
			_, _, storeErr := a.SavedStore(t.Context())
			if !refused || e.File != state || keysErr == nil || storeErr == nil {
				t.Errorf("open to all: %v, %v, %v", err, keysErr, storeErr)
			}
		} else if err != nil || stat.Mode().Perm() != 0o700 {
			t.Errorf("from %v: mode %v, %v", mode, stat.Mode(), err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
