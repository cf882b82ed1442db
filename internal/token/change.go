package token

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Errors of changes, beside [*FileError] and [*UnknownKeyError].
var (
	ErrActiveKey  = errors.New("the active key cannot be taken away: rotate first")
	ErrStorageKey = errors.New("that is the storage key, which seals saved sessions and no tokens")
)

// lateIssue is for how long after a rotation other servers may go on with the old key: longer than any takes to look at the
// file, or than a mounted file takes to be brought up to date.
const lateIssue = time.Hour

// A Rotation tells what became of the keys.
type Rotation struct {
	Active  KeyInfo
	Retired *KeyInfo  // the key that was active; nil where there was no ring
	Dropped []KeyInfo // retired keys whose tokens have all expired
}

// Rotate makes another key of the ring file active: the newest one that was prepared, else a fresh one. The key that was active
// goes on opening the tokens that it made. Retired keys are dropped once the longest life of a token has passed. Where there is no
// file, Rotate makes one.
func Rotate(path string, now time.Time, longest time.Duration) (Rotation, error) {
	var done Rotation
	err := change(path, now, func(set *keySet, isNew bool) (*keySet, error) {
		if isNew {
			done.Active = set.active.info
			return set, nil
		}
		next := set.prepared()
		if next == nil {
			fresh, err := freshKey("", Prepared, now)
			if err != nil {
				return nil, err
			}
			next = fresh
		}
		tokens := []*tokenKey{next.as(Active, time.Time{})}
		for _, key := range set.tokens {
			switch {
			case key == set.active:
				old := key.as(Retired, now)
				done.Retired = &old.info
				tokens = append(tokens, old)
			case key.info.ID == next.info.ID:
			case key.info.State == Retired && !key.info.RetiredAt.Add(longest+lateIssue).After(now):
				done.Dropped = append(done.Dropped, key.info)
			default:
				tokens = append(tokens, key)
			}
		}
		done.Active = tokens[0].info
		return newSet(set.storage, tokens)
	})
	return done, err
}

// Prepare adds a fresh key that opens tokens and waits for the next [Rotate]: where each server has a file of its own, all of them
// get to know the key before one of them uses it.
func Prepare(path string, now time.Time) (KeyInfo, error) {
	fresh, err := freshKey("", Prepared, now)
	if err != nil {
		return KeyInfo{}, err
	}
	return fresh.info, change(path, now, func(set *keySet, _ bool) (*keySet, error) {
		return newSet(set.storage, append(slices.Clone(set.tokens), fresh))
	})
}

// Retire takes a key out of the ring file at once. The tokens that it made open no more. The active key is refused with
// [ErrActiveKey], the storage key with [ErrStorageKey], and what is not there with an [*UnknownKeyError].
func Retire(path, id string, now time.Time) (KeyInfo, error) {
	var gone KeyInfo
	err := change(path, now, func(set *keySet, _ bool) (*keySet, error) {
		key, found := set.byID[id]
		switch {
		case id == set.storage.id:
			return nil, ErrStorageKey
		case !found:
			return nil, &UnknownKeyError{KeyID: id}
		case key == set.active:
			return nil, ErrActiveKey
		}
		gone = key.info
		rest := slices.DeleteFunc(slices.Clone(set.tokens), func(k *tokenKey) bool { return k == key })
		return newSet(set.storage, rest)
	})
	return gone, err
}

// Import adds keys to the ring file. They open tokens; prepared ones wait for the next [Rotate], others count as retired from now
// on. A key that is there already is skipped, and one of the same id with other bytes refused.
func Import(path string, keys Imported, prepared bool, now time.Time) (added []KeyInfo, err error) {
	state, retiredAt := Retired, now
	if prepared {
		state, retiredAt = Prepared, time.Time{}
	}
	err = change(path, now, func(set *keySet, _ bool) (*keySet, error) {
		tokens := slices.Clone(set.tokens)
		for _, id := range slices.Sorted(maps.Keys(keys.byID)) {
			info := KeyInfo{ID: id, Use: UseToken, State: state, Created: now.UTC().Truncate(time.Second)}
			key, err := newTokenKey(info, keys.byID[id])
			if err != nil {
				return nil, err
			}
			key = key.as(state, retiredAt)
			if known, found := set.byID[id]; found {
				if string(known.bytes) != string(key.bytes) {
					return nil, fmt.Errorf("the ring has another key %q", id)
				}
				continue
			}
			if id == set.storage.id {
				return nil, fmt.Errorf("the ring's storage key has the id %q", id)
			}
			added = append(added, key.info)
			tokens = append(tokens, key)
		}
		return newSet(set.storage, tokens)
	})
	return added, err
}

// prepared returns the newest key that waits for its turn, or nil.
func (s *keySet) prepared() *tokenKey {
	i := slices.IndexFunc(s.tokens, func(key *tokenKey) bool { return key.info.State == Prepared })
	if i < 0 {
		return nil
	}
	return s.tokens[i]
}

// as returns the key in another state.
func (k *tokenKey) as(state State, retiredAt time.Time) *tokenKey {
	changed := *k
	changed.info.State, changed.info.RetiredAt = state, time.Time{}
	if !retiredAt.IsZero() {
		changed.info.RetiredAt = retiredAt.UTC().Truncate(time.Second)
	}
	return &changed
}

// change reads the file, or starts with a fresh ring where there is none, and writes what becomes of it: whole or not at all, one
// process at a time, and with the mode that the file has.
func change(path string, now time.Time, edit func(set *keySet, isNew bool) (*keySet, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &FileError{Path: path, Reason: "cannot be made", Err: bare(err)}
	}
	lock, err := lockedfile.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return &FileError{Path: path, Reason: "cannot be locked", Err: bare(err)}
	}
	defer func() { _ = lock.Close() }()
	mode := fs.FileMode(0o600)
	set, err := readForChange(path, &mode)
	isNew := errors.Is(err, fs.ErrNotExist)
	if isNew {
		set, err = freshSet("", now)
	}
	if err != nil {
		return err
	}
	if set, err = edit(set, isNew); err != nil {
		return err
	}
	if err := replace(path, set, mode); err != nil {
		return &FileError{Path: path, Reason: "cannot be written", Err: bare(err)}
	}
	return nil
}

// readForChange reads a file that may be written: not one behind a link, whose place is somebody else's to decide.
func readForChange(path string, mode *fs.FileMode) (*keySet, error) {
	stat, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, &FileError{Path: path, Reason: "cannot be read", Err: bare(err)}
	case stat.Mode()&fs.ModeSymlink != 0:
		return nil, &FileError{Path: path, Reason: "is a symbolic link; change the file that it is made from"}
	}
	*mode = stat.Mode().Perm()
	data, err := readMounted(path)
	if err != nil {
		return nil, err
	}
	return parseNamed(path, data)
}

// replace puts a new file in the place of the old one.
func replace(path string, set *keySet, mode fs.FileMode) error {
	data, err := encodeFile(set)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, data)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temp, mode), os.Rename(temp, path)); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}
