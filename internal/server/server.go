// Package server is a listener with a life cycle, and what every request passes on its way to a handler: a record and a log
// line, the Host rule, limits, readiness. It is handed handlers and knows none of them.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
)

// The limits of what comes in. A login is small and quick; anything that is neither is an accident or an attack.
const (
	maxHeader       = 16 << 10         // bytes; a login token is at most 8 KiB, Go adds 4 of slack
	maxConcurrent   = 1024             // requests; each may hold a call to WeChat for its whole timeout
	queueLimit      = time.Second      // a request waits so long for its turn; then its client is better told to come later
	readHeaderLimit = 5 * time.Second  // a slow loris gives up here
	readLimit       = 15 * time.Second // bodies are at most 64 KiB
	writeLimit      = 60 * time.Second // longer than any call to WeChat that a handler waits for
	idleLimit       = 2 * time.Minute
	drainLimit      = 5 * time.Second // a graceful stop; then connections are cut
)

// textFull tells who is refused for want of a place.
const textFull = "1024 requests are in flight already"

// Options of a [Server].
type Options struct {
	Handler http.Handler // answers what the server does not answer itself
	Logger  *slog.Logger
	Now     func() time.Time
	Hosts   []string // names, besides localhost and IP literals, that a Host header may carry

	// Journal, if not nil, keeps the records of API calls. A stop of the server closes it, so that nobody who follows it holds the stop up.
	Journal *journal.Journal
	// Proxy, if not nil, is put around the handler of all requests, outside the Host rule: it answers those that are meant for
	// another host, and hands on the others.
	Proxy func(direct http.Handler) http.Handler
	// Watch, if not nil, is told what becomes of connections, as [http.Server.ConnState] is.
	Watch func(net.Conn, http.ConnState)
	// Checks are what /readyz asks for, in this order.
	Checks []Check
	// Metrics, if not nil, count, and are shown at /metrics.
	Metrics *Metrics
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// StopDelay is how long a server that stops goes on as before except that it is not ready, so that those who send it requests notice.
	StopDelay time.Duration
	// Mark, if not nil, sees each request to this server before anything else answers it. It may set headers, which refusals then carry as well.
	Mark func(w http.ResponseWriter, r *http.Request)
}

// Server serves one handler.
type Server struct {
	http      *http.Server
	logger    *slog.Logger
	ready     readiness
	metrics   *Metrics
	stopDelay time.Duration
	inFlight  atomic.Int64 // requests whose line is not in the log yet
}

// New returns a server that is not ready: /readyz answers 503 until [Server.Ready].
func New(o Options) *Server {
	s := &Server{logger: o.Logger, metrics: o.Metrics, stopDelay: o.StopDelay}
	s.ready.checks, s.ready.logger = o.Checks, o.Logger
	places := newGate(maxConcurrent, maxConcurrent, o.Metrics.limited("server"), fmt.Sprintf("%d requests are in flight already", maxConcurrent))
	handler := checkHost(o.Hosts, s.probed(places.around(o.Handler)))
	if o.Mark != nil {
		handler = marked(o.Mark, handler)
	}
	if o.Proxy != nil {
		handler = o.Proxy(handler)
	}
	s.http = &http.Server{
		Handler:           s.counted(recorder{kept: o.Journal, logger: o.Logger, now: o.Now, front: true, trusted: o.Trusted, metrics: o.Metrics}.around(lastOfUncertain(handler))),
		ReadHeaderTimeout: readHeaderLimit,
		ReadTimeout:       readLimit,
		WriteTimeout:      writeLimit,
		IdleTimeout:       idleLimit,
		ConnState:         o.Watch,
		MaxHeaderBytes:    maxHeader - 4<<10, // net/http adds 4 KiB of slack
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	if o.Metrics != nil {
		o.Metrics.gauge("wxlogin_requests_in_flight", func() float64 { return float64(s.inFlight.Load()) })
		o.Metrics.gauge("wxlogin_requests_waiting", func() float64 { return float64(len(places.queue)) })
	}
	s.http.RegisterOnShutdown(o.Journal.Close)
	return s
}

// probed answers the probes of health. It spares all other requests a second [http.ServeMux].
func (s *Server) probed(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.Handle("GET /readyz", &s.ready)
	if s.metrics != nil {
		mux.HandleFunc("GET /metrics", s.metrics.answer)
	}
	mux.Handle("/", next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isProbe(r) {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isProbe(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics"
}

// counted counts the requests that are being answered.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// lastOfUncertain closes the connection behind a request whose end somebody in front of the server may see in another place than net/http, which
// takes the chunks where there is also a length: what that one took for a part of the body is then not executed as a request of its own.
func lastOfUncertain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		old := r.ProtoMajor == 1 && r.ProtoMinor == 0 // here net/http drops an encoding unseen
		if r.TransferEncoding != nil || old && r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func marked(mark func(http.ResponseWriter, *http.Request), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mark(w, r)
		next.ServeHTTP(w, r)
	})
}

// A ListenError says that an address cannot be listened on.
type ListenError struct {
	Addr  string
	InUse bool // somebody else listens there
	Err   error
}

func (e *ListenError) Error() string {
	if e.InUse {
		return fmt.Sprintf("address %s is already in use", e.Addr)
	}
	return fmt.Sprintf("cannot listen on %s: %v", e.Addr, e.Err)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// Listen opens addr ("127.0.0.1:8420"; port 0 picks a free one). The error is a [*ListenError].
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		cause := err
		if op, ok := errors.AsType[*net.OpError](err); ok {
			cause = op.Err
		}
		return nil, &ListenError{Addr: addr, InUse: errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse), Err: cause}
	}
	return listener, nil
}

// wsaAddrInUse is EADDRINUSE on Windows, where package syscall's constant of that name is an invention of Go's.
const wsaAddrInUse = syscall.Errno(10048)

// Ready lets /readyz answer 200.
func (s *Server) Ready() { s.ready.started.Store(true) }

// Limited answers 503 when more requests than a server takes are in the handler: for one that a proxy answers beside the server's own.
func Limited(next http.Handler) http.Handler {
	return newGate(maxConcurrent, maxConcurrent, func() {}, textFull).around(next)
}

// Serve answers on the listeners until ctx is done, then stops gracefully: readiness goes first, new requests are answered for the stop
// delay, requests in flight finish within five seconds, what is left is cut.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	ended := make(chan error, len(listeners))
	for _, listener := range listeners {
		go func() {
			if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				ended <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
				return
			}
			ended <- nil
		}()
	}
	var failed error
	select {
	case failed = <-ended: // the others must not go on without it
		ended <- nil
	case <-ctx.Done():
	}
	s.ready.started.Store(false)
	if failed == nil && s.stopDelay > 0 {
		select {
		case failed = <-ended:
			ended <- nil
		case <-time.After(s.stopDelay):
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	err := s.http.Shutdown(drain)
	if err != nil {
		s.logger.Warn("requests cut at the stop", "count", s.inFlight.Load())
		err = s.http.Close()
	}
	for range listeners {
		err = errors.Join(err, <-ended)
	}
	return errors.Join(failed, err)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a client that went away has nobody to tell
}
