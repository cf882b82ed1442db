package stack

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/server"
)

// intercept makes the proxy of a simulation, and the place for the files of its clients.
func (s *simulation) intercept(o Options, url string) (err error) {
	s.files = intercept.TemporaryFiles(s.ca)
	s.clients = intercept.NewClients(s.files, url, o.Mock.Env)
	if o.Mock.CADir != "" {
		// The directory gets the certificate and nothing else: the other files are good for this run only.
		if _, err = intercept.KeepFiles(o.Mock.CADir, s.ca); err != nil {
			return err
		}
	}
	s.proxy, err = intercept.New(intercept.Options{
		CA: s.ca, WeChat: server.Unnamed(server.Limited(s.counted(s.api))), Journal: s.kept, Logger: o.Logger, Now: s.clock.Now,
		Names: o.Hosts, Offline: o.Mock.Offline, Upstream: o.Mock.Upstream,
	})
	return err
}

// leaves has the certificates of WeChat's hosts, under which a simulation answers clients that come for them over TLS straight to the port.
// Against the real WeChat there are none.
func (s *Stack) leaves() func(name string) (*tls.Certificate, error) {
	if s.mock == nil {
		return nil
	}
	return s.mock.ca.Leaf
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

// settleLimit is for connections that a program has left to others, which may say nothing for long.
const settleLimit = 5 * time.Second

// Settle waits until [Stack.Traffic] knows what became of the connections of a program that has ended.
func (s *Stack) Settle() {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	s.mock.proxy.Settle(ctx)
}

// CA returns the certificate authority of a simulation; nil against the real WeChat.
func (s *Stack) CA() *intercept.CA {
	if s.mock == nil {
		return nil
	}
	return s.mock.ca
}

// Journal returns the records of a simulation.
func (s *Stack) Journal() journal.View { return s.mock.kept.Since(0) }

// Environment returns the variables that lead a program to a simulation, for a user whose environment is given; goos is as
// [runtime.GOOS]. The files that they name are there until the run begins to stop. The error is an [*intercept.FilesError], as a rule.
func (s *Stack) Environment(user intercept.Lookup, goos string) ([]intercept.Variable, error) {
	files, err := s.mock.clients.Written()
	if err != nil {
		return nil, err
	}
	secret, _ := s.mock.app.PublicSecret()
	return intercept.Environment(intercept.Simulation{URL: s.url, AppID: s.mock.app.ID, Secret: secret, Files: files}, user, goos), nil
}

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
