package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// fileVersion is the version of keys.json that is written, and the newest that is read.
	fileVersion = 1

	// maxFile bounds what is read of keys.json, in bytes: some thousand keys.
	maxFile = 1 << 20
)

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

// fileJSON is keys.json. The keys are JWKs (RFC 7517) of kty "oct".
type fileJSON struct {
	Version int             `json:"version"`
	Storage jose.JSONWebKey `json:"storage"`
	Tokens  []fileToken     `json:"tokens"`
}

type fileToken struct {
	Key       jose.JSONWebKey `json:"key"`
	State     State           `json:"state"`
	Created   time.Time       `json:"created"`
	RetiredAt time.Time       `json:"retired_at,omitzero"`
}

// Load reads a key ring file. It refuses, as a [*FileError], what others than the owner may read, a symbolic link, a version
// newer than it knows, and what is malformed; a missing file is one whose Err is [fs.ErrNotExist].
func Load(path string) (*Ring, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	set, err := parseFile(data)
	if err != nil {
		kind := ErrDamaged
		if errors.Is(err, ErrNewer) {
			kind = ErrNewer
		}
		return nil, &FileError{Path: path, Reason: err.Error(), Err: kind}
	}
	return newRing(set), nil
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
	if opened, err := file.Stat(); err != nil || !os.SameFile(named, opened) {
		return nil, &FileError{Path: path, Reason: "was replaced while it was opened", Err: bare(err)}
	}
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
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".keys-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	// A link, not a rename: it fails where a file is, so the first one wins.
	if err := os.Link(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
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

// parseFile reads keys.json. Its errors complete the sentence "key ring PATH …" and quote nothing of the file but key ids.
func parseFile(data []byte) (*keySet, error) {
	var version struct {
		Version int `json:"version"`
	}
	switch err := json.Unmarshal(data, &version); {
	case err != nil:
		return nil, errors.New("is not a JSON object with a version")
	case version.Version < 1:
		return nil, errors.New("has no version")
	case version.Version > fileVersion:
		return nil, newerError(version.Version)
	}
	var file fileJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, errors.New("is malformed: it is not the JSON that version 1 has")
	}
	set, err := file.keySet()
	if err != nil {
		return nil, fmt.Errorf("is malformed: %w", err)
	}
	return set, nil
}

// A newerError is the version of a file that is newer than this program.
type newerError int

func (e newerError) Error() string {
	return fmt.Sprintf("is of version %d, this program reads up to %d: use a newer wxlogin", int(e), fileVersion)
}

func (e newerError) Is(target error) bool { return target == ErrNewer }

func (f fileJSON) keySet() (*keySet, error) {
	storageBytes, err := octets(f.Storage)
	if err != nil {
		return nil, err
	}
	storage, err := newStorageKey(f.Storage.KeyID, storageBytes)
	if err != nil {
		return nil, err
	}
	var tokens []*tokenKey
	for _, t := range f.Tokens {
		if t.State != Active && t.State != Retired {
			return nil, errors.New(`the state of a key is neither "active" nor "retired"`)
		}
		key, err := octets(t.Key)
		if err != nil {
			return nil, err
		}
		info := KeyInfo{ID: t.Key.KeyID, Use: UseToken, State: t.State, Created: t.Created.UTC(), RetiredAt: t.RetiredAt.UTC()}
		token, err := newTokenKey(info, key)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return newSet(storage, tokens)
}

func octets(key jose.JSONWebKey) ([]byte, error) {
	bytes, isBytes := key.Key.([]byte)
	if !isBytes {
		return nil, errors.New(`a key is not of kty "oct"`)
	}
	return bytes, nil
}

func encodeFile(set *keySet) ([]byte, error) {
	file := fileJSON{Version: fileVersion, Storage: jwk(set.storage.id, set.storage.bytes)}
	for _, key := range set.tokens {
		file.Tokens = append(file.Tokens, fileToken{
			Key: jwk(key.info.ID, key.bytes), State: key.info.State, Created: key.info.Created, RetiredAt: key.info.RetiredAt,
		})
	}
	data, err := json.MarshalIndent(file, "", "  ")
	return append(data, '\n'), err
}

func jwk(id string, key []byte) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(encryption), Use: "enc"}
}

// bare drops the path from an error of package os: a [FileError] names it already.
func bare(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}
