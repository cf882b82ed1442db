package config

import (
	"errors"
	"io/fs"
	"os"
	"runtime"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// The permissions of other users on a directory. Whoever may write in it can replace the key ring; whoever may only read or
// enter it learns no more than names and sizes, because the files themselves are of mode 0600.
const (
	othersWrite = 0o022
	othersEnter = 0o055
)

// SecureState looks at the state directory before anything in it is used. One that others can write in is refused with an
// [*Error]. One that others can merely read or enter is made private (0700) when it is the default one, which nobody else has
// any business in; a directory that WXLOGIN_STATE_DIR names may have other tenants and is left as it is, and
// [Config.Validate] warns of it. A missing one is fine: what makes it makes it 0700. On Windows, where modes say nothing, the
// profile of the user protects it.
func (p Paths) SecureState() error {
	if p.StateDir == "" || runtime.GOOS == "windows" {
		return nil
	}
	stat, err := os.Stat(p.StateDir)
	if err != nil || !stat.IsDir() {
		return nil // missing, or what opens a file in it says what is wrong
	}
	switch mode := stat.Mode(); {
	case mode.Perm()&othersWrite != 0:
		return &Error{File: p.StateDir, Reason: textStateWritable.With(mode.Perm()), Fixes: []lang.Message{textFixDirMode.With(p.StateDir)}}
	case mode.Perm()&othersEnter != 0 && !p.StateNamed:
		// A directory that is not ours cannot be changed and stays readable, as whoever made it wants.
		_ = os.Chmod(p.StateDir, 0o700) //nolint:gosec // G302 means files; a directory needs x
	}
	return nil
}

// validateState tells what [Paths.SecureState] refuses and what it leaves to the user.
func (c *Config) validateState() []Finding {
	dir := c.Paths.StateDir
	if dir == "" || c.options.GOOS == "windows" {
		return nil
	}
	stat, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return []Finding{{LevelFail, "", fileError(dir, err).Message(), textFixStateDir.With()}}
	case !stat.IsDir():
		return []Finding{{LevelFail, "", textStateNoDir.With(dir), textFixStateDir.With()}}
	}
	switch mode := stat.Mode().Perm(); {
	case mode&othersWrite != 0:
		return []Finding{{LevelFail, "", textAt.With(dir+": ", textStateWritable.With(mode)), textFixDirMode.With(dir)}}
	case mode&othersEnter != 0:
		return []Finding{{LevelWarn, "", textModeOpen.With(dir, mode), textFixDirMode.With(dir)}}
	}
	return []Finding{{Level: LevelOK, Message: textModeOK.With(dir)}}
}
