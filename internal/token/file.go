package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// maxFile bounds what is read of keys.json, in bytes: some thousand keys.
const maxFile = 1 << 20

// Kinds of [FileError], to be tested with errors.Is. An error that is none of them and has no Err is about what stands at the
// path: a link or a directory.
var (
	ErrOpen    = errors.New("key ring file that other users can read")
	ErrDamaged = errors.New("damaged key ring file")
	ErrNewer   = errors.New("key ring file of a newer version")
)

// A FileError says why a key ring file cannot be used. It never holds what the file contains.
type FileError struct {
	Path   string
	Reason string // completes the sentence "key ring PATH …"
	Err    error  // [ErrOpen], [ErrDamaged], [ErrNewer] or the operating system's, such as one that is [fs.ErrNotExist]; may be nil
}

func (e *FileError) Error() string {
	if e.Err != nil && !slices.Contains([]error{ErrOpen, ErrDamaged, ErrNewer}, e.Err) {
		return fmt.Sprintf("key ring %s %s: %v", e.Path, e.Reason, e.Err)
	}
	return fmt.Sprintf("key ring %s %s", e.Path, e.Reason)
}

// Unwrap returns the kind, or the operating system's error.
func (e *FileError) Unwrap() error { return e.Err }

// Load reads a key ring file. It refuses, as a [*FileError], what others than the owner may read, a symbolic link, a version
// newer than it knows, and what is malformed; a missing file is one whose Err is [fs.ErrNotExist].
func Load(path string) (*Ring, error) {
	return load(path, func() ([]byte, error) { return readPrivate(path) })
}

// LoadMounted reads a key ring file that an operator put where a server finds it. Unlike [Load] it follows symbolic links, which
// Kubernetes' volumes are made of, and lets the group read, which is how such a file reaches a process that is not root.
func LoadMounted(path string) (*Ring, error) {
	return load(path, func() ([]byte, error) { return readMounted(path) })
}

// Parse reads a key ring that is given whole, in a variable for example. The name stands in errors in place of a path.
func Parse(name string, ring redact.Secret) (*Ring, error) {
	set, err := parseNamed(name, []byte(ring.Reveal()))
	if err != nil {
		return nil, err
	}
	return newRing(set), nil
}

// load reads a ring that [Ring.Refresh] can read again.
func load(path string, read func() ([]byte, error)) (*Ring, error) {
	data, err := read()
	if err != nil {
		return nil, err
	}
	set, err := parseNamed(path, data)
	if err != nil {
		return nil, err
	}
	ring := newRing(set)
	ring.path, ring.read, ring.seen = path, read, sha256.Sum256(data)
	return ring, nil
}

// parseNamed reads the content of a file. The error is a [*FileError].
func parseNamed(path string, data []byte) (*keySet, error) {
	set, err := parseFile(data)
	if err != nil {
		kind := ErrDamaged
		if errors.Is(err, ErrNewer) {
			kind = ErrNewer
		}
		return nil, &FileError{Path: path, Reason: err.Error(), Err: kind}
	}
	return set, nil
}

// LoadOrCreate reads a key ring file, and makes one of fresh keys where there is none, with its directory. Of several
// processes that do so at once one makes the file, and all return its keys.
func LoadOrCreate(path string) (*Ring, error) {
	ring, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	set, err := freshSet("", time.Now())
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be made", Err: err}
	}
	if err := create(path, set); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &FileError{Path: path, Reason: "cannot be made", Err: err}
	}
	return Load(path)
}

// readPrivate reads a regular file that only its owner can read. On Windows, where modes say nothing, the directory of the
// user protects it.
func readPrivate(path string) ([]byte, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	}
	switch mode := named.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return nil, &FileError{Path: path, Reason: "is a symbolic link; name the file itself"}
	case !mode.IsRegular():
		return nil, &FileError{Path: path, Reason: "is not a regular file"}
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0:
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("can be read by other users (mode %04o); run chmod 600", mode.Perm()), Err: ErrOpen}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	}
	defer func() { _ = file.Close() }()
	opened, err := file.Stat()
	switch {
	case err != nil:
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	case !os.SameFile(named, opened):
		// A rename put another file here in between, as a rotation does. That one is looked at in its turn.
		return readPrivate(path)
	}
	return readAll(path, file)
}

// readMounted reads the regular file that path leads to, which others than the owner cannot change, nor others than the group read.
func readMounted(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	}
	defer func() { _ = file.Close() }()
	stat, err := file.Stat()
	switch {
	case err != nil:
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	case !stat.Mode().IsRegular():
		return nil, &FileError{Path: path, Reason: "is not a regular file"}
	case runtime.GOOS != "windows" && stat.Mode().Perm()&0o027 != 0:
		reason := fmt.Sprintf("is open to other users (mode %04o); mount it with mode 0400, or 0440 for a group", stat.Mode().Perm())
		return nil, &FileError{Path: path, Reason: reason, Err: ErrOpen}
	}
	return readAll(path, file)
}

func readAll(path string, file io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	case len(data) > maxFile:
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("has more than %d bytes", maxFile), Err: ErrDamaged}
	}
	return data, nil
}

// create writes the set to a new file, whole or not at all. The error is [fs.ErrExist] when somebody else was first.
func create(path string, set *keySet) error {
	data, err := encodeFile(set)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, data)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	// A link, not a rename: it fails where a file is, so the first one wins.
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeTemp writes data to a new file of mode 0600 beside path, whose directory it makes, and returns its name.
func writeTemp(path string, data []byte) (name string, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(dir, ".keys-*") // of mode 0600
	if err != nil {
		return "", err
	}
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp.Name()))
	}
	return temp.Name(), nil
}

// syncDir makes a new name in dir survive a power cut. Windows cannot sync a directory, nor can some network file systems.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}

// bare drops the path from an error of package os: a [FileError] names it already.
func bare(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}
