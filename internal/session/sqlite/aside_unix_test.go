//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// TestSetAside has a shell run the command that comes with a damaged file, twice: all files are aside as they were, and the store starts anew.
func TestSetAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "it's a database.db")
	for _, aside := range []string{path + ".damaged", path + ".damaged-2"} {
		content := map[string]string{"": "no database, for " + aside, "-wal": "pages"}
		for suffix, text := range content {
			if err := os.WriteFile(path+suffix, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := sqlite.Open(t.Context(), path, storetest.Sealer('k'))
		damage, ok := errors.AsType[*sqlite.FileError](err)
		if !ok {
			t.Fatalf("Open: %v", err)
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", damage.SetAside()).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", damage.SetAside(), err, out)
		}
		for suffix, want := range content {
			if got, err := os.ReadFile(filepath.Join(aside, filepath.Base(path)+suffix)); string(got) != want {
				t.Errorf("%q is aside as %q, %v, want %q", suffix, got, err, want)
			}
		}
		s := open(t, path)
		storetest.Save(t, s, storetest.Login(1, noon))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if command := (&sqlite.FileError{Path: path, Err: sqlite.ErrNewer}).SetAside(); command != "" {
		t.Errorf("a newer file is to be set aside: %s", command)
	}
}
