package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// SetAside is the command for a POSIX shell that moves a damaged database away, "" if it is not damaged. The files beside it go with it and
// all keep their names, as tools that recover what is in them want it; the directory that they go into is not there yet.
//
// It is a command and not a deed of ours: another process may have the file open, and would go on writing to it where nobody looks; and with
// the file go the revocations in it, which nobody but the owner may forget.
func (e *FileError) SetAside() string {
	if !errors.Is(e, ErrDamaged) {
		return ""
	}
	aside := e.Path + ".damaged"
	for n := 2; exists(aside); n++ {
		aside = fmt.Sprintf("%s.damaged-%d", e.Path, n)
	}
	words := []string{"mkdir", quote(aside), "&&", "mv", quote(e.Path)}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if exists(e.Path + suffix) {
			words = append(words, quote(e.Path+suffix))
		}
	}
	return strings.Join(append(words, quote(aside)), " ")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// quote makes one word of an absolute path.
func quote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
