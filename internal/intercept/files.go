package intercept

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// CAFile is the name of the certificate among [Files].
const CAFile = "ca.pem"

// Files are what the clients of one run read: certificates and settings, never a private key. They stand in a temporary directory that
// nobody else can look into, made when it is first needed and removed with everything in it, or in one that the user named and keeps.
// It is safe for concurrent use.
type Files struct {
	ca *CA

	mu      sync.Mutex
	kept    bool
	dir     string // "" as long as there is none
	removed bool
}

// A FilesError says that a file for clients could not be written.
type FilesError struct {
	Path string
	Err  error
}

func (e *FilesError) Error() string { return fmt.Sprintf("cannot write %s: %v", e.Path, e.Err) }

// Unwrap returns the system's error.
func (e *FilesError) Unwrap() error { return e.Err }

// errRemoved is what comes of files that are wanted after the end.
var errRemoved = errors.New("the run is over")

// TemporaryFiles returns files that are there when they are first asked for.
func TemporaryFiles(ca *CA) *Files { return &Files{ca: ca} }

// KeepFiles returns files in a directory of the user's, which is made if it is missing, and writes the CA's certificate there. The
// error is a [*FilesError].
func KeepFiles(dir string, ca *CA) (*Files, error) {
	absolute, err := filepath.Abs(dir) // clients may work elsewhere
	if err == nil {
		err = os.MkdirAll(absolute, 0o755) //nolint:gosec // certificates are public, and other users' servers may read them
	}
	if err != nil {
		return nil, &FilesError{dir, err}
	}
	f := &Files{ca: ca, dir: absolute, kept: true}
	if _, err := f.write(CAFile, ca.PEM()); err != nil {
		return nil, err
	}
	return f, nil
}

// Dir returns the absolute path of the directory, in which at least [CAFile] stands. The error is a [*FilesError].
func (f *Files) Dir() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made()
}

// Write writes a file, whole or not at all, and returns its path. The error is a [*FilesError].
func (f *Files) Write(name string, data []byte) (path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.made(); err != nil {
		return "", err
	}
	return f.write(name, data)
}

// made makes the directory unless it is there.
func (f *Files) made() (string, error) {
	if f.removed {
		return "", &FilesError{CAFile, errRemoved}
	}
	if f.dir != "" {
		return f.dir, nil
	}
	parent, err := filepath.Abs(os.TempDir()) // TMPDIR may be relative, and clients may work elsewhere
	if err != nil {
		return "", &FilesError{os.TempDir(), err}
	}
	dir, err := os.MkdirTemp(parent, "wxlogin-") // 0700
	if err != nil {
		return "", &FilesError{os.TempDir(), err}
	}
	f.dir = dir
	if _, err := f.write(CAFile, f.ca.PEM()); err != nil {
		_ = os.RemoveAll(dir)
		f.dir = ""
		return "", err
	}
	return dir, nil
}

// write goes by way of another name, which takes the place of what is there: a link is replaced, not followed.
func (f *Files) write(name string, data []byte) (string, error) {
	path := filepath.Join(f.dir, name)
	temporary, err := os.CreateTemp(f.dir, ".wxlogin-*")
	if err != nil {
		return "", &FilesError{path, err}
	}
	_, err = temporary.Write(data)
	if err == nil {
		err = temporary.Chmod(0o644) // public, and in a directory of ours behind 0700
	}
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return "", &FilesError{path, err}
	}
	return path, nil
}

// Remove removes the directory if it is temporary. Afterwards there are no files.
func (f *Files) Remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = true
	if f.kept || f.dir == "" {
		return nil
	}
	dir := f.dir
	f.dir = ""
	if err := os.RemoveAll(dir); err != nil {
		return &FilesError{dir, err}
	}
	return nil
}
