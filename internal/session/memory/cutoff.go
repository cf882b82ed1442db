package memory

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
)

// CutOff implements [session.Store].
func (s *Store) CutOff(ctx context.Context, c session.Cutoff) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	part := s.shard(c.ID)
	part.mu.Lock()
	defer part.mu.Unlock()
	part.cutoffs[c.ID] = c.After(part.cutoffs[c.ID])
	return nil
}

// Cutoffs implements [session.Store].
func (s *Store) Cutoffs(ctx context.Context, user session.ID) ([]session.Cutoff, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	var list []session.Cutoff
	everybody := user
	everybody.OpenID = ""
	for _, id := range []session.ID{everybody, user} {
		part := s.shard(id)
		part.mu.RLock()
		c, found := part.cutoffs[id]
		part.mu.RUnlock()
		if found {
			list = append(list, c)
		}
	}
	return list, nil
}

// ForgetCutoffs drops the cutoffs that were made after a moment, which the clock of a simulation has gone back to.
func (s *Store) ForgetCutoffs(ctx context.Context, after time.Time) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	for i := range s.shards {
		part := &s.shards[i]
		part.mu.Lock()
		maps.DeleteFunc(part.cutoffs, func(_ session.ID, c session.Cutoff) bool { return c.At.After(after) })
		part.mu.Unlock()
	}
	return nil
}
