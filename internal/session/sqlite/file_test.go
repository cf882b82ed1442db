package sqlite_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

func wantFileError(t *testing.T, err error, reason string) {
	t.Helper()
	if got, ok := errors.AsType[*sqlite.FileError](err); !ok || !strings.Contains(got.Reason, reason) {
		t.Errorf("err = %v, want a FileError with %q", err, reason)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	made := newPath(t)
	s := open(t, made)
	storetest.Save(t, s, storetest.Login(1, noon))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	garbage := bytes.Clone(database)
	copy(garbage[100:], bytes.Repeat([]byte("garbage!"), 200)) // after the header: the schema's own page
	for _, tt := range []struct {
		name, statement string // executed after writing
		data            []byte
		mode            os.FileMode
		reason          string
		is              error
	}{
		{name: "not a database", data: []byte("hello, this is not a database"), reason: "is damaged", is: sqlite.ErrDamaged},
		{name: "shorter than a header", data: []byte("SQLite"), reason: "is damaged", is: sqlite.ErrDamaged},
		{name: "only the magic", data: database[:16], reason: "is damaged", is: sqlite.ErrDamaged},
		{name: "cut", data: database[:3000], reason: "is damaged", is: sqlite.ErrDamaged},
		{name: "garbage in the schema", data: garbage, reason: "is damaged", is: sqlite.ErrDamaged},
		{name: "newer", data: database, statement: "PRAGMA user_version = 7", reason: "is of version 7, this program knows versions up to ", is: sqlite.ErrNewer},
		{name: "another program's", data: database, statement: "PRAGMA application_id = 1", reason: "is a database of another program"},
		{name: "nobody's, with tables", data: nil, statement: "CREATE TABLE x (y)", reason: "is a database of another program"},
		{name: "readable by the group", data: database, mode: 0o640, reason: "can be read by other users (mode 0640); run chmod 600"},
		{name: "readable by all", data: database, mode: 0o604, reason: "can be read by other users (mode 0604); run chmod 600"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.mode != 0 && runtime.GOOS == "windows" {
				t.Skip("modes say nothing on Windows")
			}
			path := filepath.Join(t.TempDir(), "wxlogin.db")
			if err := os.WriteFile(path, tt.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if tt.statement != "" {
				execute(t, path, tt.statement)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if tt.mode != 0 {
				if err := os.Chmod(path, tt.mode); err != nil {
					t.Fatal(err)
				}
			}
			s, err := sqlite.Open(t.Context(), path, storetest.Sealer('k'))
			if err == nil {
				_ = s.Close()
			}
			wantFileError(t, err, tt.reason)
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("errors.Is(%v, %v) is false", err, tt.is)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %d bytes, now %d", len(before), len(after))
			}
		})
	}
}

func TestOpenRefusesLinks(t *testing.T) {
	t.Parallel()
	target := newPath(t)
	if err := open(t, target).Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		for _, to := range []string{target, filepath.Join(t.TempDir(), "nothing")} {
			path := filepath.Join(t.TempDir(), "wxlogin.db")
			if err := os.Symlink(to, path+suffix); err != nil {
				t.Skip(err)
			}
			s, err := sqlite.Open(t.Context(), path, storetest.Sealer('k'))
			if err == nil {
				_ = s.Close()
			}
			if _, ok := errors.AsType[*sqlite.FileError](err); !ok {
				t.Errorf("a link at %q: %v", suffix, err)
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(to), "nothing")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a link at %q was written through", suffix)
			}
		}
	}
	_, err := sqlite.Open(t.Context(), filepath.Dir(target), storetest.Sealer('k'))
	wantFileError(t, err, "is not a regular file")
}

// TestDamageInUse overwrites the pages of the tables in an existing file: opening may work, reading tells the damage.
func TestDamageInUse(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, path)
	for i := range 200 {
		storetest.Save(t, s, storetest.Login(i, noon))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(data); i++ { // the schema is on the first page
		data[i] = 0xA5
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	_, err = s.Get(t.Context(), storetest.Login(1, noon).ID)
	wantFileError(t, err, "is damaged")
	_, err = s.Save(t.Context(), storetest.Login(1, noon))
	wantFileError(t, err, "is damaged")
	if !errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("%v is not ErrDamaged", err)
	}
}

// TestOddPaths opens files whose names mean something in URIs, SQL and shells.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "50%.db", "%41.db", "what?mode=memory.db", "a#b.db", "a&_pragma=x.db", "it's.db", `say "hi".db`, "微信.db", ":memory:", "file:x.db"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, `?":`) {
			continue
		}
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path)
		storetest.Save(t, s, storetest.Login(1, noon))
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: %v", name, err)
		}
	}
}
