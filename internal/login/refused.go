package login

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/session"
)

// A Diagnoser finds out why open data was refused. It is handed the user's keys and gives back nothing but names.
type Diagnoser interface {
	Diagnose(Refused) []Cause
}

// Refused is open data that did not decrypt or verify, with what it was held against.
type Refused struct {
	Envelope opendata.Envelope
	Session  session.Session
	Policy   opendata.Policy
}

// A Cause names a diagnosis: "D01", "plus-to-space".
type Cause struct{ ID, Name string }

// A Diagnosis is what was found out about one refusal.
type Diagnosis struct {
	At     time.Time
	Causes []Cause // likeliest first; empty when nothing was confirmed
	Count  uint64  // of the refusals with this first cause so far, this one included
}

// maxWaiting bounds how many refusals wait to be looked at. A server that refuses more at a time than this has one cause for all.
const maxWaiting = 32

// The keys of [Service.Diagnoses] that are no id.
const (
	Unexplained = "none"    // no diagnosis was confirmed
	NotLookedAt = "skipped" // too many were waiting
)

// refusals is where refused data waits for the diagnosis. It is looked at after the answer and by another goroutine: how long that takes
// depends on what is wrong with the data, and who could measure it would have a padding oracle.
type refusals struct {
	waiting chan Refused

	mu     sync.Mutex
	counts map[string]uint64
}

func newRefusals() *refusals {
	return &refusals{waiting: make(chan Refused, maxWaiting), counts: map[string]uint64{}}
}

func (r *refusals) count(id string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[id]++
	return r.counts[id]
}

// refuse keeps what failed for the diagnosis, and never waits.
func (s *Service) refuse(refused Refused, err error) error {
	if s.Diagnoser != nil {
		select {
		case s.refusals.waiting <- refused:
		default:
			s.refusals.count(NotLookedAt)
		}
	}
	return &DataError{err}
}

// Diagnose looks at refused data, one after the other, and tells each result, until ctx is done and nothing waits any more. It is for
// one goroutine.
func (s *Service) Diagnose(ctx context.Context, tell func(Diagnosis)) {
	for {
		select {
		case <-ctx.Done():
			for {
				select {
				case refused := <-s.refusals.waiting:
					tell(s.diagnose(refused))
				default:
					return
				}
			}
		case refused := <-s.refusals.waiting:
			tell(s.diagnose(refused))
		}
	}
}

func (s *Service) diagnose(refused Refused) Diagnosis {
	d := Diagnosis{At: refused.Policy.Now, Causes: s.Diagnoser.Diagnose(refused)}
	id := Unexplained
	if len(d.Causes) > 0 {
		id = d.Causes[0].ID
	}
	d.Count = s.refusals.count(id)
	return d
}

// Diagnoses returns how often each first cause was found, by its id, and beside them [Unexplained] and [NotLookedAt].
func (s *Service) Diagnoses() map[string]uint64 {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	return maps.Clone(s.refusals.counts)
}
