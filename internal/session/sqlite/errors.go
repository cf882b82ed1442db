package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A brokenError is a failure after which a transaction cannot go on.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// resultCode returns SQLite's primary result code (sqlite.org/rescode.html), 0 for other errors.
func resultCode(err error) int {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		return failure.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool {
	code := resultCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// endsTransaction reports whether SQLite may have rolled back the whole transaction with the error, or cannot be trusted with
// the rest of it. Other errors undo their own statement only (sqlite.org/lang_transaction.html, section 2.2).
func endsTransaction(err error) bool {
	if _, broken := errors.AsType[*brokenError](err); broken {
		return true
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_INTERNAL, sqlite3.SQLITE_MISUSE:
		return true
	}
	return false
}

// explain says in a sentence what SQLite says in a code.
func (s *Store) explain(err error) error {
	path := s.path
	switch resultCode(err) {
	case 0:
		return err
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &FileError{Path: path, Reason: fmt.Sprintf("is damaged (%v); it is left as it is", err), Err: errors.Join(ErrDamaged, err)}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &FileError{Path: path, Reason: fmt.Sprintf("has been locked by another process for %s", s.patience), Err: errors.Join(ErrLocked, err)}
	case sqlite3.SQLITE_FULL:
		return &FileError{Path: path, Reason: "cannot grow, the disk is full", Err: err}
	}
	return &FileError{Path: path, Reason: "failed", Err: err}
}
