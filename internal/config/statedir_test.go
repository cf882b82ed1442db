package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestStateDirectory tries the modes that people's directories have, on the default directory and on one that they named.
func TestStateDirectory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	const missing = 0
	for _, tt := range []struct {
		name    string
		mode    os.FileMode
		named   bool
		refused bool
		after   os.FileMode
		finding string // "" for none
	}{
		{"default, missing", missing, false, false, missing, ""},
		{"default, private", 0o700, false, false, 0o700, "ok DIR is for its owner only"},
		{"default, readable", 0o755, false, false, 0o700, "warn DIR is open to other users (mode -rwxr-xr-x)"},
		{"default, enterable", 0o711, false, false, 0o700, "warn DIR is open to other users (mode -rwx--x--x)"},
		{"default, group writes", 0o770, false, true, 0o770, "fail DIR: other users can write in this directory (mode -rwxrwx---)"},
		{"default, all write", 0o777, false, true, 0o777, "fail DIR: other users can write in this directory (mode -rwxrwxrwx)"},
		{"default, all write, none deletes", 0o777 | os.ModeSticky, false, true, 0o777, "fail DIR: other users can write in this directory"},
		{"named, missing", missing, true, false, missing, ""},
		{"named, private", 0o700, true, false, 0o700, "ok DIR is for its owner only"},
		{"named, readable", 0o755, true, false, 0o755, "warn DIR is open to other users (mode -rwxr-xr-x)"},
		{"named, group writes", 0o775, true, true, 0o775, "fail DIR: other users can write in this directory"},
		{"named, others write without entering", 0o702, true, true, 0o702, "fail DIR: other users can write in this directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t).env("WXLOGIN_APPID", appID).env("WXLOGIN_SECRET", secretA)
			dir := filepath.Join(p.home, ".local", "state", "wxlogin")
			if tt.named {
				dir = filepath.Join(p.home, "mine")
				p.env("WXLOGIN_STATE_DIR", dir)
			}
			if tt.mode != missing {
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, tt.mode)); err != nil {
					t.Fatal(err)
				}
			}
			checkFinding(t, p, dir, tt.finding) // before, for the other one changes what it sees
			err := config.FindPaths(p.options()).SecureState()
			e, isConfig := errors.AsType[*config.Error](err)
			if isConfig != tt.refused || err != nil && !tt.refused {
				t.Fatalf("error %v", err)
			}
			if tt.refused && (e.File != dir || e.Usage() || len(e.Hints()) != 1 || e.Hints()[0].In(lang.English) != "run: chmod 700 "+dir) {
				t.Errorf("error %v, hints %v", e, e.Hints())
			}
			stat, err := os.Stat(dir)
			if tt.mode == missing {
				if !errors.Is(err, os.ErrNotExist) {
					t.Errorf("it was made: %v", err)
				}
			} else if err != nil || stat.Mode().Perm() != tt.after {
				t.Errorf("mode %v, want %v, %v", stat.Mode(), tt.after, err)
			}
		})
	}
}

// checkFinding wants the one finding about dir; DIR stands for it.
func checkFinding(t *testing.T, p *place, dir, want string) {
	t.Helper()
	var got []string
	for _, f := range p.load().Validate(t.Context(), config.SecretSources{}) {
		if text := f.Message.In(lang.English); strings.Contains(text, dir) {
			got = append(got, string(f.Level)+" "+strings.Replace(text, dir, "DIR", 1))
			if f.Level != config.LevelOK && f.Fix.In(lang.English) != "run: chmod 700 "+dir {
				t.Errorf("fix %q", f.Fix.In(lang.English))
			}
		}
	}
	if all := strings.Join(got, "\n"); len(got) > 1 || !strings.HasPrefix(all, want) || want == "" && all != "" {
		t.Errorf("findings %q, want %q", got, want)
	}
}

func TestStateDirectoryIsAFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	file := filepath.Join(p.home, "file")
	writeFile(t, file, "")
	for dir, want := range map[string]string{file: file + " is not a directory", filepath.Join(file, "x"): "cannot be read"} {
		p.env("WXLOGIN_STATE_DIR", dir)
		if err := config.FindPaths(p.options()).SecureState(); err != nil {
			t.Errorf("%s: %v, which opening a file in it says better", dir, err)
		}
		found := ""
		for _, f := range p.load().Validate(t.Context(), config.SecretSources{}) {
			if f.Level == config.LevelFail && strings.Contains(f.Message.In(lang.English), dir) {
				found = f.Message.In(lang.English)
			}
		}
		if !strings.Contains(found, want) {
			t.Errorf("finding %q, want %q", found, want)
		}
	}
}
