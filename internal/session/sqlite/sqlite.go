// Package sqlite is the [session.Store] in a file: durable, sealed, and open to several processes at a time.
//
// The file is SQLite in WAL mode with synchronous=FULL: what was acknowledged survives a power cut. One goroutine writes, in
// groups (see writer.go); reads go beside it on connections of their own. The file belongs to its owner alone (mode 0600), is
// never reached through a symbolic link, and is created and migrated under a lock file beside it. A damaged file, or one of a
// newer version, is refused and left as it is.
package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxReaders bounds the reading connections. A read takes microseconds of one core, so more would only take memory.
const maxReaders = 4

// Store is one opened file. It starts a goroutine that ends with [Store.Close].
type Store struct {
	path     string
	sealer   session.Sealer
	patience time.Duration // with other processes
	writer   *writer
	writing  *sql.DB
	reading  *sql.DB

	get, list, revoked, cutoffs, exchanges, token *sql.Stmt

	closed atomic.Bool
	close  sync.Once
}

var _ session.Store = (*Store)(nil)

// Open opens the store in the file at path, and makes the file and its directory when there is none. Session keys are sealed
// with sealer. What is wrong with the file is told by a [*FileError].
func Open(ctx context.Context, path string, sealer session.Sealer) (*Store, error) {
	return OpenPatiently(ctx, path, sealer, patience)
}

// OpenPatiently is [Open] of a store that waits so long for other processes, when it is opened and in each operation.
func OpenPatiently(ctx context.Context, path string, sealer session.Sealer, patience time.Duration) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "has no absolute path", Err: err}
	}
	if err := prepareDirectory(path); err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, path, patience)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	s := &Store{path: path, sealer: sealer, patience: patience}
	if err := s.open(ctx); err != nil {
		_ = s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	// The busy timeout of the readers is the driver's to end with their context; the writer waits in slices.
	if s.writing, err = sql.Open("sqlite", dataSource(s.path, pragma("busy_timeout", busySlice.Milliseconds()), "synchronous(FULL)")); err != nil {
		return err
	}
	if s.reading, err = sql.Open("sqlite", dataSource(s.path, pragma("busy_timeout", s.patience.Milliseconds()), "query_only(1)")); err != nil {
		return err
	}
	s.reading.SetMaxOpenConns(maxReaders)
	s.reading.SetMaxIdleConns(maxReaders)
	var conn *sql.Conn
	var st *statements
	// Another process that recovers or closes the file holds it for a moment, which SQLite's own waiting does not always cover.
	err = s.untilFree(ctx, func() error {
		if conn != nil {
			_ = conn.Close()
		}
		if conn, err = s.writing.Conn(ctx); err != nil {
			return err
		}
		if err := migrate(ctx, conn, s.path); err != nil {
			return err
		}
		st, err = prepareStatements(ctx, conn)
		return err
	})
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return err
	}
	s.writer = newWriter(conn, st, s.patience)
	return s.prepareReads(ctx)
}

func (s *Store) prepareReads(ctx context.Context) error {
	for _, r := range []struct {
		to    **sql.Stmt
		query string
	}{{&s.get, selectOne}, {&s.list, selectList}, {&s.revoked, selectRevoked}, {&s.cutoffs, selectCutoffs}, {&s.exchanges, selectExchanges}, {&s.token, selectToken}} {
		err := s.untilFree(ctx, func() (err error) {
			*r.to, err = s.reading.PrepareContext(ctx, r.query)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func pragma(name string, value int64) string { return fmt.Sprintf("%s(%d)", name, value) }

// untilFree repeats work while another process is in its way, up to patience.
func (s *Store) untilFree(ctx context.Context, work func() error) error {
	for start := time.Now(); ; {
		err := work()
		if !isBusy(err) || time.Since(start) > s.patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond): // a close or a recovery takes about so long
		}
	}
}

// write runs a job and explains its error.
func (s *Store) write(ctx context.Context, j *job) error { return s.explain(s.writer.do(ctx, j)) }

// read runs work and explains its error.
func (s *Store) read(ctx context.Context, work func() error) error {
	if s.closed.Load() {
		return session.ErrClosed
	}
	err := s.untilFree(ctx, work)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case s.closed.Load():
		return session.ErrClosed
	}
	return s.explain(err)
}

// Save implements [session.Store].
func (s *Store) Save(ctx context.Context, l session.Login) (saved session.Session, err error) {
	if err := l.Check(); err != nil {
		return session.Session{}, fmt.Errorf("save session: %w", err)
	}
	err = s.write(ctx, &job{durable: true, run: func(st *statements) (err error) {
		saved, err = st.save(s.sealer, l)
		return err
	}})
	if err != nil {
		return session.Session{}, err
	}
	return saved, nil
}

// Get implements [session.Store].
func (s *Store) Get(ctx context.Context, id session.ID) (found session.Session, err error) {
	err = s.read(ctx, func() error {
		found, err = scanOpen(s.sealer, s.get.QueryRowContext(ctx, string(id.Origin), string(id.AppID), string(id.OpenID)))
		return err
	})
	return found, err
}

// Newest implements [session.Store].
func (s *Store) Newest(ctx context.Context, origin wechat.Origin, app wechat.AppID) (found session.Session, err error) {
	err = s.read(ctx, func() error {
		found, err = scanOpen(s.sealer, s.list.QueryRowContext(ctx, string(origin), string(app), 1))
		return err
	})
	return found, err
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, f session.Filter) (list []session.Session, err error) {
	limit := -1
	if f.Limit > 0 {
		limit = f.Limit
	}
	err = s.read(ctx, func() error {
		list = nil
		rows, err := s.list.QueryContext(ctx, string(f.Origin), string(f.AppID), limit)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			v, _, err := scan(rows)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Delete implements [session.Store].
func (s *Store) Delete(ctx context.Context, id session.ID) error {
	return s.write(ctx, &job{durable: true, run: func(st *statements) error {
		found, err := changed(st.delete, string(id.Origin), string(id.AppID), string(id.OpenID))
		if err == nil && !found {
			return session.ErrNotFound
		}
		return err
	}})
}

// Claim implements [session.Store].
func (s *Store) Claim(ctx context.Context, codeHash [sha256.Size]byte, now, until time.Time) (claimed bool, err error) {
	err = s.write(ctx, &job{run: func(st *statements) (err error) {
		claimed, err = changed(st.claim, codeHash[:], session.Instant(until).UnixMicro(), session.Instant(now).UnixMicro())
		return err
	}})
	return claimed && err == nil, err
}

// Release implements [session.Store].
func (s *Store) Release(ctx context.Context, codeHash [sha256.Size]byte) error {
	return s.write(ctx, &job{run: func(st *statements) error {
		_, err := changed(st.unclaim, codeHash[:])
		return err
	}})
}

// Revoke implements [session.Store].
func (s *Store) Revoke(ctx context.Context, r session.Revocation) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return s.write(ctx, &job{durable: true, run: func(st *statements) error {
		_, err := changed(st.revoke, r.TokenID, session.Instant(r.At).UnixMicro(), session.Instant(r.Until).UnixMicro(), r.Reason)
		return err
	}})
}

// Revoked implements [session.Store].
func (s *Store) Revoked(ctx context.Context, tokenID string) (*session.Revocation, error) {
	found := &session.Revocation{TokenID: tokenID}
	err := s.read(ctx, func() error {
		var at, until int64
		err := s.revoked.QueryRowContext(ctx, tokenID).Scan(&at, &until, &found.Reason)
		found.At, found.Until = moment(at), moment(until)
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return found, nil
}

// Expire implements [session.Store].
func (s *Store) Expire(ctx context.Context, now, sessionsBefore time.Time) error {
	return s.write(ctx, &job{durable: true, several: true, run: func(st *statements) error {
		moment := session.Instant(now).UnixMicro()
		for _, step := range []struct {
			statement *sql.Stmt
			until     int64
		}{
			{st.expireSessions, session.Instant(sessionsBefore).UnixMicro()},
			{st.expireClaims, moment},
			{st.expireRevocations, moment},
			{st.expireCutoffs, moment},
			{st.expireExchanges, session.Instant(now.Add(-session.LedgerLife)).UnixMicro()},
			{st.expireTokens, moment},
		} {
			if _, err := step.statement.Exec(step.until); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Ping implements [session.Store]. It reads the file's header.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func() error {
		var version int
		return s.reading.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	})
}

// Close implements [session.Store]. What was accepted is committed first.
func (s *Store) Close() (err error) {
	s.close.Do(func() {
		s.closed.Store(true)
		if s.writer != nil {
			s.writer.close()
			err = errors.Join(s.writer.st.close(), s.writer.conn.Close())
		}
		for _, stmt := range []*sql.Stmt{s.get, s.list, s.revoked, s.cutoffs, s.exchanges, s.token} {
			if stmt != nil {
				err = errors.Join(err, stmt.Close())
			}
		}
		// The readers first: the connection that closes last moves the WAL into the file, which theirs may not.
		for _, db := range []*sql.DB{s.reading, s.writing} {
			if db != nil {
				err = errors.Join(err, db.Close())
			}
		}
	})
	return err
}
