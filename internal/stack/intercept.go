package stack

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/server"
)

// intercept makes the proxy of a simulation, and the place for the files of its clients.
func (s *simulation) intercept(o Options) (err error) {
	if o.Mock.CADir != "" {
		s.files, err = intercept.KeepFiles(o.Mock.CADir, s.ca)
	} else {
		s.files = intercept.TemporaryFiles(s.ca)
	}
	if err != nil {
		return err
	}
	s.proxy, err = intercept.New(intercept.Options{
		CA: s.ca, WeChat: server.Limited(s.counted(s.api)), Journal: s.kept, Logger: o.Logger, Now: s.clock.Now,
		Names: o.Hosts, Offline: o.Mock.Offline, Upstream: o.Mock.Upstream,
	})
	return err
}

// counted counts calls to WeChat's API.
func (s *simulation) counted(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		api.ServeHTTP(w, r)
	})
}

// Traffic is what went on in a run.
type Traffic struct {
	Calls uint64 // to WeChat's API, intercepted or sent to us, those of the login server included
	intercept.Counts
}

// Traffic returns what went on so far. There is none against the real WeChat.
func (s *Stack) Traffic() Traffic {
	if s.mock == nil {
		return Traffic{}
	}
	return Traffic{Calls: s.mock.calls.Load(), Counts: s.mock.proxy.Counts()}
}

// CA returns the certificate authority of a simulation; nil against the real WeChat.
func (s *Stack) CA() *intercept.CA {
	if s.mock == nil {
		return nil
	}
	return s.mock.ca
}

// Files returns the place for the files of a simulation's clients, in which ca.pem stands. It is made when it is first asked for, and
// gone when the run begins to stop, unless it is the user's own.
func (s *Stack) Files() *intercept.Files { return s.mock.files }

// removeFiles removes the files when ctx is done: already when the stop begins, because a second signal would leave no time for it. The
// returned function does it at the latest, and waits for it.
func (s *simulation) removeFiles(ctx context.Context, logger *slog.Logger) (wait func()) {
	removed := make(chan struct{})
	remove := func() {
		defer close(removed)
		if err := s.files.Remove(); err != nil {
			logger.Warn("files left behind", "cause", err.Error())
		}
	}
	stop := context.AfterFunc(ctx, remove)
	return func() {
		if stop() {
			remove()
		}
		<-removed
	}
}
