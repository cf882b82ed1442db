package memory

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// ledgerSize bounds the codes that the ledger remembers, some 20 MiB of them: a server that keeps its sessions in memory may log
// more people in within a week than memory is meant for. The oldest go first.
const ledgerSize = 1 << 16

type sentCode struct {
	origin wechat.Origin
	hash   [sha256.Size]byte
}

// ledger needs the store's lock.
type ledger struct {
	codes map[sentCode][]session.Exchange
	order []sentCode // by their first entry, oldest first; what has expired may still be listed
}

func (l *ledger) add(e session.Exchange) {
	if l.codes == nil {
		return // [NewWithoutLedger]
	}
	e.At = session.Instant(e.At)
	code := sentCode{e.Origin, e.CodeHash}
	history, known := l.codes[code]
	if !known {
		l.order = append(l.order, code)
	}
	after := slices.IndexFunc(history, func(h session.Exchange) bool { return h.At.After(e.At) })
	if after < 0 {
		after = len(history)
	}
	l.codes[code] = slices.Insert(history, after, e)
	for len(l.order) > ledgerSize {
		delete(l.codes, l.order[0])
		l.order = l.order[1:]
	}
}

// expire drops entries of until or before.
func (l *ledger) expire(until time.Time) {
	l.order = slices.DeleteFunc(l.order, func(code sentCode) bool {
		l.codes[code] = slices.DeleteFunc(l.codes[code], func(e session.Exchange) bool { return !e.At.After(until) })
		if len(l.codes[code]) > 0 {
			return false
		}
		delete(l.codes, code)
		return true
	})
}

// app names whose access token it is.
type app struct {
	origin wechat.Origin
	id     wechat.AppID
}

// Record implements [session.Store].
func (s *Store) Record(ctx context.Context, e session.Exchange) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := e.Check(); err != nil {
		return fmt.Errorf("record exchange: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.add(e)
	return nil
}

// Begin implements [session.Store].
func (s *Store) Begin(ctx context.Context, e session.Exchange, until time.Time) (bool, error) {
	if err := s.ready(ctx); err != nil {
		return false, err
	}
	if err := e.Check(); err != nil {
		return false, fmt.Errorf("begin exchange: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.claim(e.Claim(), e.At, until) {
		return false, nil
	}
	s.ledger.add(e)
	return true, nil
}

// End implements [session.Store].
func (s *Store) End(ctx context.Context, e session.Exchange, l *session.Login) (saved session.Session, err error) {
	if err := s.ready(ctx); err != nil {
		return session.Session{}, err
	}
	if err := e.CheckEnd(l); err != nil {
		return session.Session{}, fmt.Errorf("end exchange: %w", err)
	}
	if l != nil {
		saved = s.save(*l)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.add(e)
	delete(s.claims, e.Claim())
	return saved, nil
}

// Exchanges implements [session.Store].
func (s *Store) Exchanges(ctx context.Context, origin wechat.Origin, codeHash [sha256.Size]byte) ([]session.Exchange, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ledger.codes[sentCode{origin, codeHash}]), nil
}

// SaveAccessToken implements [session.Store].
func (s *Store) SaveAccessToken(ctx context.Context, t session.AccessToken) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return fmt.Errorf("save access token: %w", err)
	}
	t.Obtained, t.Expires = session.Instant(t.Obtained), session.Instant(t.Expires)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := app{t.Origin, t.AppID}
	if there, known := s.tokens[key]; !known || !there.Obtained.After(t.Obtained) {
		s.tokens[key] = t
	}
	return nil
}

// AccessToken implements [session.Store].
func (s *Store) AccessToken(ctx context.Context, origin wechat.Origin, id wechat.AppID) (*session.AccessToken, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, known := s.tokens[app{origin, id}]; known {
		return &found, nil
	}
	return nil, nil
}
