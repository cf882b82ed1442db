package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// A Check is something that a server needs in order to be of use.
type Check struct {
	Name string // one word, which /readyz shows
	Run  func(ctx context.Context) error
}

const (
	checkLimit = 2 * time.Second // a probe waits no longer
	checkEvery = time.Second     // so that nobody who asks often burdens what is checked
)

// readiness is what /readyz answers.
type readiness struct {
	checks  []Check
	logger  *slog.Logger
	started atomic.Bool // and not stopping

	mu     sync.Mutex
	at     time.Time
	failed string // name of the check that failed last time, "" for none
}

func (s *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.started.Load() {
		plain(w, http.StatusServiceUnavailable, "not ready\n")
		return
	}
	if failed := s.check(r.Context()); failed != "" {
		plain(w, http.StatusServiceUnavailable, "not ready: "+failed+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

// check runs the checks, unless they ran a moment ago, and returns the name of the first that fails. The cause goes to the log when
// the answer changes.
func (s *readiness) check(ctx context.Context) (failed string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.at.IsZero() && now.Sub(s.at) < checkEvery {
		return s.failed
	}
	// Who asked may go away; the answer is for the next one as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkLimit)
	defer cancel()
	for _, check := range s.checks {
		if err := check.Run(ctx); err != nil {
			failed = check.Name
			if s.failed != failed {
				s.logger.Error("not ready", "check", failed, "cause", redact.Clean(err.Error()))
			}
			break
		}
	}
	if failed == "" && s.failed != "" {
		s.logger.Info("ready again", "check", s.failed)
	}
	s.at, s.failed = now, failed
	return failed
}
