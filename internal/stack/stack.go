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
	"os"
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

	Trace func(wxapi.Trace) // of the calls to WeChat; nil: nobody looks

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
	store session.Store // likewise

	ring    *token.Ring  // that others may change; nil under --mock
	journal *journalFile // nil: none is wanted
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
	s := &Stack{url: urlOf(listener.Addr()), done: make(chan struct{}), ring: o.Ring}
	mux := http.NewServeMux()
	mux.HandleFunc("/", notFound)
	service, now, err := s.assemble(o, mux)
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
	options := server.Options{Handler: mux, Logger: o.Logger, Now: now, Hosts: o.Hosts}
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
func (s *Stack) assemble(o Options, mux *http.ServeMux) (*login.Service, func() time.Time, error) {
	options := login.Options{AppID: o.AppID, TokenTTL: o.TokenTTL, SessionTTL: o.SessionTTL, Policy: o.Policy, Diagnoser: diagnoser{}}
	if o.Mock != nil {
		mock, err := newSimulation(o, s.url)
		if err != nil {
			return nil, nil, err
		}
		s.mock = mock
		options.WeChat, options.Phones, options.Store, options.Tokens = mock.client, mock.client, mock.store, mock.ring
		options.Now, options.Origin, options.Issuer, options.AppID = mock.clock.Now, mock.client.Origin(), MockIssuer, mock.app.ID
	} else {
		client, err := wxapi.New(wxapi.Options{Base: o.APIBase, AppID: o.AppID, Secret: o.Secret, Timeout: o.Timeout, Trace: o.Trace})
		if err != nil {
			return nil, nil, err
		}
		s.api, s.store = client, o.Store
		options.WeChat, options.Phones, options.Store, options.Tokens = client, client, o.Store, o.Ring
		options.Ledger = o.Store // a simulation's codes are the world's to remember
		options.Now, options.Origin, options.Issuer = time.Now, client.Origin(), Issuer
	}
	options.AccessTokens = s.accessTokens(options)
	service := login.New(options)
	api := loginhttp.New(service, loginhttp.Options{Introspection: o.Introspection})
	for _, path := range api.Paths() {
		mux.Handle(path, api)
	}
	if s.mock != nil {
		s.mock.mount(mux, service, o.Mock.Token)
	}
	return service, options.Now, nil
}

// accessTokens are kept where the sessions are.
func (s *Stack) accessTokens(o login.Options) *accesstoken.Source {
	source := &accesstoken.Source{WeChat: s.api, Origin: o.Origin, AppID: o.AppID, Now: o.Now}
	if s.mock != nil {
		source.WeChat, source.Store = s.mock.client, s.mock.store
		return source
	}
	source.Store = s.store
	return source
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
func urlOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://127.0.0.1" // a pipe, which nobody dials by name
	}
	host := tcp.IP
	if host.IsUnspecified() {
		host = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + net.JoinHostPort(host.String(), strconv.Itoa(tcp.Port))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, problem.Problem{
		Title: "not found", Status: http.StatusNotFound, Reason: "bad_request",
		Detail: fmt.Sprintf("there is nothing at %s; the login API is /onLogin, /decrypt, /phone, /session and /logout", redact.Path(r.URL.Path, 120)),
	})
}
