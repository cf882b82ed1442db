// Package memory is a [session.Store] that lives and dies with its process: the store of a simulation and of tests.
//
// It writes nothing, so it seals nothing.
package memory

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// shardCount is how many parts the sessions lie in, each under its own lock, so that logins of different users do not wait for
// one another, and a sweep holds up a small part of them at a time.
const shardCount = 64

// Store keeps everything in maps.
type Store struct {
	seed   maphash.Seed
	shards [shardCount]shard
	closed atomic.Bool

	mu          sync.Mutex // guards what follows, of which there is little
	claims      map[[sha256.Size]byte]time.Time
	revocations map[string]session.Revocation
	ledger      ledger
	tokens      map[app]session.AccessToken
}

type shard struct {
	mu       sync.RWMutex
	sessions map[session.ID]session.Session
	cutoffs  map[session.ID]session.Cutoff
}

var _ session.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := NewWithoutLedger()
	s.ledger.codes = map[sentCode][]session.Exchange{}
	return s
}

// NewWithoutLedger returns an empty store that forgets what became of codes: the store of a simulation, whose world remembers them.
func NewWithoutLedger() *Store {
	s := &Store{
		seed:        maphash.MakeSeed(),
		claims:      map[[sha256.Size]byte]time.Time{},
		revocations: map[string]session.Revocation{},
		tokens:      map[app]session.AccessToken{},
	}
	for i := range s.shards {
		s.shards[i].sessions, s.shards[i].cutoffs = map[session.ID]session.Session{}, map[session.ID]session.Cutoff{}
	}
	return s
}

func (s *Store) shard(id session.ID) *shard {
	return &s.shards[maphash.Comparable(s.seed, id)%shardCount]
}

// ready reports what keeps an operation from starting.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return session.ErrClosed
	}
	return ctx.Err()
}

// own returns a copy that shares no memory with the store.
func own(v session.Session) session.Session {
	v.Previous = slices.Clone(v.Previous)
	return v
}

// Save implements [session.Store].
func (s *Store) Save(ctx context.Context, l session.Login) (session.Session, error) {
	if err := s.ready(ctx); err != nil {
		return session.Session{}, err
	}
	if err := l.Check(); err != nil {
		return session.Session{}, fmt.Errorf("save session: %w", err)
	}
	return s.save(l), nil
}

func (s *Store) save(l session.Login) session.Session {
	part := s.shard(l.ID)
	part.mu.Lock()
	defer part.mu.Unlock()
	next := part.sessions[l.ID].After(l)
	part.sessions[l.ID] = next
	return own(next)
}

// Get implements [session.Store].
func (s *Store) Get(ctx context.Context, id session.ID) (session.Session, error) {
	if err := s.ready(ctx); err != nil {
		return session.Session{}, err
	}
	part := s.shard(id)
	part.mu.RLock()
	defer part.mu.RUnlock()
	found, ok := part.sessions[id]
	if !ok {
		return session.Session{}, session.ErrNotFound
	}
	return own(found), nil
}

// Newest implements [session.Store]. It looks at every session.
func (s *Store) Newest(ctx context.Context, origin wechat.Origin, app wechat.AppID) (session.Session, error) {
	if err := s.ready(ctx); err != nil {
		return session.Session{}, err
	}
	filter := session.Filter{Origin: origin, AppID: app}
	var newest session.Session
	s.each(func(v session.Session) {
		if filter.Match(v.ID) && (newest.Created.IsZero() || session.Compare(v, newest) < 0) {
			newest = v
		}
	})
	if newest.Created.IsZero() {
		return session.Session{}, session.ErrNotFound
	}
	return own(newest), nil
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, f session.Filter) ([]session.Session, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	var list []session.Session
	s.each(func(v session.Session) {
		if f.Match(v.ID) {
			v.Key, v.Previous = wechat.SessionKey{}, nil
			list = append(list, v)
		}
	})
	slices.SortFunc(list, session.Compare)
	if f.Limit > 0 {
		list = list[:min(f.Limit, len(list))]
	}
	return list, nil
}

func (s *Store) each(visit func(session.Session)) {
	for i := range s.shards {
		part := &s.shards[i]
		part.mu.RLock()
		for _, v := range part.sessions {
			visit(v)
		}
		part.mu.RUnlock()
	}
}

// Delete implements [session.Store].
func (s *Store) Delete(ctx context.Context, id session.ID) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	part := s.shard(id)
	part.mu.Lock()
	defer part.mu.Unlock()
	if _, found := part.sessions[id]; !found {
		return session.ErrNotFound
	}
	delete(part.sessions, id)
	return nil
}

// Clear deletes all sessions and cutoffs, in a time that does not depend on how many there are.
func (s *Store) Clear(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	for i := range s.shards {
		part := &s.shards[i]
		part.mu.Lock()
		part.sessions, part.cutoffs = map[session.ID]session.Session{}, map[session.ID]session.Cutoff{} // emptying the old ones would walk over them
		part.mu.Unlock()
	}
	return nil
}

// Claim implements [session.Store].
func (s *Store) Claim(ctx context.Context, codeHash [sha256.Size]byte, now, until time.Time) (bool, error) {
	if err := s.ready(ctx); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claim(codeHash, now, until), nil
}

// claim needs the lock.
func (s *Store) claim(codeHash [sha256.Size]byte, now, until time.Time) bool {
	if end, claimed := s.claims[codeHash]; claimed && end.After(session.Instant(now)) {
		return false
	}
	s.claims[codeHash] = session.Instant(until)
	return true
}

// Release implements [session.Store].
func (s *Store) Release(ctx context.Context, codeHash [sha256.Size]byte) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claims, codeHash)
	return nil
}

// Revoke implements [session.Store].
func (s *Store) Revoke(ctx context.Context, r session.Revocation) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, revoked := s.revocations[r.TokenID]; !revoked {
		r.At, r.Until = session.Instant(r.At), session.Instant(r.Until)
		s.revocations[r.TokenID] = r
	}
	return nil
}

// Revoked implements [session.Store].
func (s *Store) Revoked(ctx context.Context, tokenID string) (*session.Revocation, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, revoked := s.revocations[tokenID]; revoked {
		return &r, nil
	}
	return nil, nil
}

// Expire implements [session.Store].
func (s *Store) Expire(ctx context.Context, now, sessionsBefore time.Time) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	now, sessionsBefore = session.Instant(now), session.Instant(sessionsBefore)
	for i := range s.shards {
		part := &s.shards[i]
		part.mu.Lock()
		maps.DeleteFunc(part.sessions, func(_ session.ID, v session.Session) bool { return v.Refreshed.Before(sessionsBefore) })
		maps.DeleteFunc(part.cutoffs, func(_ session.ID, c session.Cutoff) bool { return !c.Until.After(now) })
		part.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.claims, func(_ [sha256.Size]byte, until time.Time) bool { return !until.After(now) })
	maps.DeleteFunc(s.revocations, func(_ string, r session.Revocation) bool { return !r.Until.After(now) })
	maps.DeleteFunc(s.tokens, func(_ app, t session.AccessToken) bool { return !t.Expires.After(now) })
	s.ledger.expire(now.Add(-session.LedgerLife))
	return nil
}

// Ping implements [session.Store].
func (s *Store) Ping(ctx context.Context) error { return s.ready(ctx) }

// Close implements [session.Store].
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}
