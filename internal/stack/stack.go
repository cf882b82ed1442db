// Package stack puts the rooms together: the login server against WeChat, the login server with a simulated WeChat inside, and
// the demonstration. It is the one place where the login and the world meet.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/loginhttp"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// The issuers of login tokens. No server accepts the tokens of the other kind: keys and issuer both differ.
const (
	Issuer     = "wxlogin"
	MockIssuer = "wxlogin-mock"

	// MockKeyPrefix starts the key id of every token that a mock issued.
	MockKeyPrefix = "mock-"
)

// sweepEvery is how often what has expired is dropped from the store. Expiry itself is checked on every use.
const sweepEvery = time.Minute

// Options of a stack.
type Options struct {
	Addr   string   // "127.0.0.1:8420"; port 0 picks a free one
	Hosts  []string // names that a Host header may carry, besides localhost and IP literals
	Logger *slog.Logger

	AppID    wechat.AppID
	TokenTTL time.Duration
	Timeout  time.Duration // of a call to WeChat

	SessionTTL time.Duration
	Policy     login.Policy

	// Introspection is the credential of the developer's other services; without one there is no /introspect and no /revoke.
	Introspection redact.Secret

	Trace       func(wxapi.Trace)   // of the calls to WeChat; nil: nobody looks
	Build       server.Build        // which binary this is, for /metrics
	Trusted     []netip.Prefix      // proxies whose X-Forwarded-For is believed
	Rates       server.Rates        // of logins, which cost calls to WeChat
	Certificate *server.Certificate // nil: no TLS
	StopDelay   time.Duration       // how long a server that stops says so before it does

	// Without Mock: the API host, the credentials for it, and what outlives the process.
	APIBase string
	Secret  wechat.AppSecret
	Store   session.Store
	Ring    *token.Ring

	Mock *Mock // nil: the real WeChat

	listener net.Listener                                   // in place of Addr
	tap      func(next http.RoundTripper) http.RoundTripper // sees the calls to the simulation
}

// A Stack is a running server.
type Stack struct {
	url   string
	ready Ready
	done  chan struct{}
	err   error
	mock  *simulation   // nil against the real WeChat
	api   *wxapi.Client // of the real WeChat; nil under --mock
	store session.Store // what the login server keeps

	ring    *token.Ring  // that others may change; nil under --mock
	journal *journalFile // nil: none is wanted

	metrics *server.Metrics
	checks  []server.Check
}

// Start assembles a server and lets it serve until ctx is done. When Start returns, the server is ready. The error is a
// [*server.ListenError] when the address cannot be had, an [*intercept.FilesError] or a [*JournalFileError] when a file cannot.
func Start(ctx context.Context, o Options) (*Stack, error) {
	listener := o.listener
	if listener == nil {
		opened, err := server.Listen(ctx, o.Addr)
		if err != nil {
			return nil, err
		}
		listener = opened
	}
	s := &Stack{
		url: urlOf(listener.Addr(), o.Certificate != nil), done: make(chan struct{}), ring: o.Ring, metrics: server.NewMetrics(o.Build, runtime.Version()),
	}
	s.metrics.Credential = o.Introspection
	mux := http.NewServeMux()
	mux.HandleFunc("/", notFound)
	service, err := s.assemble(o, mux)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	if o.Mock != nil && o.Mock.JournalFile != "" {
		if s.journal, err = keepJournal(o.Mock.JournalFile, s.mock.kept); err != nil {
			_ = listener.Close()
			s.mock.close()
			return nil, err
		}
	}
	options := server.Options{
		Handler: mux, Logger: o.Logger, Now: service.Now, Hosts: o.Hosts, Metrics: s.metrics, Checks: s.checks,
		Trusted: o.Trusted, StopDelay: o.StopDelay,
	}
	if o.Certificate != nil {
		listener = o.Certificate.Listen(listener, s.leaves())
	}
	listeners := []net.Listener{listener}
	if s.mock != nil {
		options.Journal = s.mock.kept
		options.Mark = mark
		options.Proxy, options.Watch = s.mock.proxy.Handler, s.mock.proxy.Watch
		listeners = []net.Listener{s.mock.proxy.Listen(listener), s.mock.proxy.Accepted()}
	}
	front := server.New(options)
	s.ready = Ready{Event: "ready", URL: s.url, AppID: service.AppID, Mock: o.Mock != nil, PID: os.Getpid()}
	front.Ready()
	go s.run(ctx, front, listeners, service, o.Logger)
	return s, nil
}

// assemble builds the login service against WeChat or against a simulation, and mounts what there is to mount.
func (s *Stack) assemble(o Options, mux *http.ServeMux) (*login.Service, error) {
	options := login.Options{AppID: o.AppID, TokenTTL: o.TokenTTL, SessionTTL: o.SessionTTL, Policy: o.Policy, Diagnoser: diagnoser{}}
	client, err := s.weChat(o)
	if err != nil {
		return nil, err
	}
	weChat := observedWeChat{client, s.metrics}
	store := observedStore{s.store, s.metrics}
	options.WeChat, options.Phones, options.Store, options.Origin = weChat, weChat, store, client.Origin()
	if mock := s.mock; mock != nil {
		options.Tokens, options.Now, options.Issuer, options.AppID = mock.ring, mock.clock.Now, MockIssuer, mock.app.ID
	} else {
		options.Tokens, options.Now, options.Issuer = o.Ring, time.Now, Issuer
	}
	options.AccessTokens = &accesstoken.Source{WeChat: weChat, Store: store, Origin: options.Origin, AppID: options.AppID, Now: options.Now}
	s.checks = checks(options, s.store.Ping)
	options.Tokens = observedTokens{options.Tokens, s.metrics}
	service := login.New(options)
	api := loginhttp.New(service, loginhttp.Options{Introspection: o.Introspection})
	limiter := server.NewLimiter(o.Rates, o.Logger, s.metrics)
	toWeChat := limiter.Around(s.metrics.Upstream(api))
	for _, path := range api.Paths() {
		if slices.Contains(loginhttp.PathsToWeChat(), path) {
			mux.Handle(path, toWeChat)
		} else {
			mux.Handle(path, api)
		}
	}
	if s.mock != nil {
		s.mock.mount(mux, service, o.Mock.Token)
	}
	return service, nil
}

// weChat returns the client of WeChat, or of a simulation that it makes.
func (s *Stack) weChat(o Options) (*wxapi.Client, error) {
	if o.Mock != nil {
		mock, err := newSimulation(o, s.url)
		if err != nil {
			return nil, err
		}
		s.mock, s.store = mock, mock.store
		return mock.client, nil
	}
	client, err := wxapi.New(wxapi.Options{Base: o.APIBase, AppID: o.AppID, Secret: o.Secret, Timeout: o.Timeout, Trace: o.Trace})
	if err != nil {
		return nil, err
	}
	s.api, s.store = client, o.Store
	return client, nil
}

// run serves until ctx is done, then drains. Meanwhile it sweeps, finds out why data was refused, and looks after the keys.
func (s *Stack) run(ctx context.Context, front *server.Server, listeners []net.Listener, service *login.Service, logger *slog.Logger) {
	defer close(s.done)
	beside, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the last request is answered
	var work sync.WaitGroup
	work.Go(func() { s.sweep(beside, service) })
	work.Go(func() { service.Diagnose(beside, logDiagnosis(logger)) })
	if s.ring != nil {
		work.Go(func() { followKeys(beside, s.ring, logger) })
	}
	if s.mock != nil {
		defer s.mock.removeFiles(ctx, logger)()
	}
	s.err = front.Serve(ctx, listeners...)
	stop()
	work.Wait()
	if s.mock != nil {
		s.mock.close()
	} else {
		s.api.Close()
	}
	if s.journal != nil {
		s.err = errors.Join(s.err, s.journal.close())
	}
}

func (s *Stack) sweep(ctx context.Context, service *login.Service) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// A sweep that fails is repeated in a minute, and nothing depends on it.
			_ = service.Expire(ctx)
		}
	}
}

// URL returns the server's address: http://host:port.
func (s *Stack) URL() string { return s.url }

// Ready returns what the server says of itself.
func (s *Stack) Ready() Ready { return s.ready }

// Wait returns when the server has stopped: nil after a graceful stop.
func (s *Stack) Wait() error {
	<-s.done
	return s.err
}

// urlOf names an address as a browser on this machine reaches it.
func urlOf(addr net.Addr, secure bool) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://127.0.0.1" // a pipe, which nobody dials by name
	}
	host := tcp.IP
	if host.IsUnspecified() {
		host = net.IPv4(127, 0, 0, 1)
	}
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host.String(), strconv.Itoa(tcp.Port))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, problem.Problem{
		Title: "not found", Status: http.StatusNotFound, Reason: "bad_request",
		Detail: fmt.Sprintf("there is nothing at %s; the login API is /onLogin, /decrypt, /phone, /session and /logout", redact.Path(r.URL.Path, 120)),
	})
}
