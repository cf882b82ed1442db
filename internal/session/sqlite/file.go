package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Kinds of [FileError], to be tested with errors.Is.
var (
	ErrOpen    = errors.New("database file that other users can read")
	ErrDamaged = errors.New("damaged database file")
	ErrNewer   = errors.New("database file of a newer version")
	ErrLocked  = errors.New("database file that another process holds")
)

// A FileError says why a database file cannot be used. The file is left as it is.
type FileError struct {
	Path   string
	Reason string // completes the sentence "session database PATH …"
	Err    error  // [ErrOpen], [ErrDamaged], [ErrNewer], [ErrLocked] or the operating system's or SQLite's error; may be nil
}

func (e *FileError) Error() string {
	if e.Err == nil || errors.Is(e.Err, ErrOpen) || errors.Is(e.Err, ErrNewer) || errors.Is(e.Err, ErrDamaged) || errors.Is(e.Err, ErrLocked) {
		return fmt.Sprintf("session database %s %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("session database %s %s: %v", e.Path, e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// prepareDirectory makes the directory where there is none, and refuses to work beside links and the like: SQLite's own files
// take the database's name and mode.
func prepareDirectory(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &FileError{Path: path, Reason: "cannot be made", Err: err}
	}
	for _, name := range []string{path + "-wal", path + "-shm", path + "-journal", lockPath(path)} {
		if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
			return &FileError{Path: name, Reason: "is not a regular file"}
		}
	}
	return nil
}

// prepareFile makes sure that path is a private regular file that SQLite may open: it makes an empty one where there is none,
// and refuses symbolic links, what other users can read, and what is no database. The caller holds the file's lock.
func prepareFile(path string) error {
	// O_EXCL does not follow a link, not even one that points nowhere.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		return file.Close()
	case !errors.Is(err, fs.ErrExist):
		return &FileError{Path: path, Reason: "cannot be made", Err: err}
	}
	return checkFile(path)
}

func checkFile(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return &FileError{Path: path, Reason: "cannot be read", Err: err}
	}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return &FileError{Path: path, Reason: "is a symbolic link; name the file itself"}
	case !mode.IsRegular():
		return &FileError{Path: path, Reason: "is not a regular file"}
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0:
		return &FileError{Path: path, Reason: fmt.Sprintf("can be read by other users (mode %04o); run chmod 600", mode.Perm()), Err: ErrOpen}
	case info.Size() == 0:
		return nil // made, and never written to
	}
	return checkHeader(path)
}

// The file format of SQLite (sqlite.org/fileformat2.html, section 1.3): a header of 100 bytes that starts with magic, with the
// size of a page at 16, where 1 stands for 65536, and the number of pages at 28.
const (
	magic      = "SQLite format 3\x00"
	headerSize = 100
)

// checkHeader finds out what SQLite would not: a file that is cut off within its first page is an empty database to it, which
// it would write to. The number of pages counts only where no WAL is, in which pages may wait to be added; nobody else starts
// one while we hold the lock.
func checkHeader(path string) error {
	damaged := func(how string) error {
		return &FileError{Path: path, Reason: "is damaged: it is " + how + "; it is left as it is", Err: ErrDamaged}
	}
	wal, err := os.Stat(path + "-wal")
	atRest := errors.Is(err, fs.ErrNotExist) || (err == nil && wal.Size() == 0)
	file, err := os.Open(path)
	if err != nil {
		return &FileError{Path: path, Reason: "cannot be read", Err: err}
	}
	defer func() { _ = file.Close() }()
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(file, header); err != nil || string(header[:len(magic)]) != magic {
		return damaged("not a SQLite database")
	}
	pageSize := int64(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	pages := int64(1)
	if atRest {
		pages = max(1, int64(binary.BigEndian.Uint32(header[28:])))
	}
	info, err := file.Stat() // after looking for the WAL: who closes the file lets it grow first, and then removes the WAL
	if err == nil && info.Size() < pages*pageSize {
		return damaged(fmt.Sprintf("cut off at %d bytes", info.Size()))
	}
	return nil
}

func lockPath(path string) string { return path + ".lock" }

// lock waits until no other process creates or migrates the file, up to patience.
func lock(ctx context.Context, path string, patience time.Duration) (unlock func(), err error) {
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	made, err := os.OpenFile(lockPath(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be locked", Err: err}
	}
	_ = made.Close()
	type result struct {
		file *lockedfile.File
		err  error
	}
	locked := make(chan result, 1)
	go func() {
		file, err := lockedfile.OpenFile(lockPath(path), os.O_RDWR, 0) // and makes none: it may be left behind, and the directory removed
		locked <- result{file, err}
	}()
	select {
	case r := <-locked:
		if r.err != nil {
			return nil, &FileError{Path: path, Reason: "cannot be locked", Err: r.err}
		}
		return func() { _ = r.file.Close() }, nil
	case <-waiting.Done():
		go func() { // the wait itself cannot be ended
			if r := <-locked; r.err == nil {
				_ = r.file.Close()
			}
		}()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("has been locked by another process for %s", patience), Err: ErrLocked}
	}
}

// dataSource is the URI by which the driver opens path: an existing file only, with the pragmas given.
func dataSource(path string, pragmas ...string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	query := url.Values{"mode": {"rw"}, "_dqs": {"0"}, "_pragma": pragmas}
	return "file://" + (&url.URL{Path: slashed}).EscapedPath() + "?" + query.Encode()
}
