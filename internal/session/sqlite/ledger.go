package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Record implements [session.Store]. What is written down before a code is sent, and what became of it, must survive the process,
// which it does without an fsync, and not a power cut: a code lives five minutes, less than a machine without power takes to be
// asked about it again.
func (s *Store) Record(ctx context.Context, e session.Exchange) error {
	if err := e.Check(); err != nil {
		return fmt.Errorf("record exchange: %w", err)
	}
	return s.write(ctx, &job{run: func(st *statements) error { return st.add(e) }})
}

// add writes an entry of the ledger.
func (st *statements) add(e session.Exchange) error {
	_, err := changed(st.record, string(e.Origin), string(e.AppID), e.CodeHash[:], session.Instant(e.At).UnixMicro(), string(e.Outcome), int64(e.ErrCode))
	return err
}

// Begin implements [session.Store].
func (s *Store) Begin(ctx context.Context, e session.Exchange, until time.Time) (begun bool, err error) {
	if err := e.Check(); err != nil {
		return false, fmt.Errorf("begin exchange: %w", err)
	}
	hash := e.Claim()
	err = s.write(ctx, &job{several: true, run: func(st *statements) (err error) {
		begun, err = changed(st.claim, hash[:], session.Instant(until).UnixMicro(), session.Instant(e.At).UnixMicro())
		if err != nil || !begun {
			return err
		}
		return st.add(e)
	}})
	return begun && err == nil, err
}

// End implements [session.Store].
func (s *Store) End(ctx context.Context, e session.Exchange, l *session.Login) (saved session.Session, err error) {
	if err := e.CheckEnd(l); err != nil {
		return session.Session{}, fmt.Errorf("end exchange: %w", err)
	}
	hash := e.Claim()
	err = s.write(ctx, &job{durable: l != nil, several: true, run: func(st *statements) (err error) {
		if l != nil {
			if saved, err = st.save(s.sealer, *l); err != nil {
				return err
			}
		}
		if err := st.add(e); err != nil {
			return err
		}
		_, err = changed(st.unclaim, hash[:])
		return err
	}})
	if err != nil {
		return session.Session{}, err
	}
	return saved, nil
}

// Exchanges implements [session.Store].
func (s *Store) Exchanges(ctx context.Context, origin wechat.Origin, codeHash [sha256.Size]byte) (history []session.Exchange, err error) {
	err = s.read(ctx, func() error {
		history = nil
		rows, err := s.exchanges.QueryContext(ctx, codeHash[:], string(origin))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			e := session.Exchange{Origin: origin, CodeHash: codeHash}
			var at int64
			if err := rows.Scan(&e.AppID, &at, &e.Outcome, &e.ErrCode); err != nil {
				return err
			}
			e.At = moment(at)
			history = append(history, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return history, nil
}

// SaveAccessToken implements [session.Store].
func (s *Store) SaveAccessToken(ctx context.Context, t session.AccessToken) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("save access token: %w", err)
	}
	sealed, err := session.SealToken(s.sealer, t)
	if err != nil {
		return err
	}
	return s.write(ctx, &job{durable: true, run: func(st *statements) error {
		_, err := changed(st.saveToken, string(t.Origin), string(t.AppID), sealed, session.Instant(t.Obtained).UnixMicro(), session.Instant(t.Expires).UnixMicro())
		return err
	}})
}

// AccessToken implements [session.Store].
func (s *Store) AccessToken(ctx context.Context, origin wechat.Origin, app wechat.AppID) (*session.AccessToken, error) {
	found := &session.AccessToken{Origin: origin, AppID: app}
	var sealed []byte
	err := s.read(ctx, func() error {
		var obtained, expires int64
		err := s.token.QueryRowContext(ctx, string(origin), string(app)).Scan(&sealed, &obtained, &expires)
		found.Obtained, found.Expires = moment(obtained), moment(expires)
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case !session.UnsealToken(s.sealer, found, sealed):
		return nil, nil
	}
	return found, nil
}
