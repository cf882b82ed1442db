package stack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/loginhttp"
	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
	"github.com/wxlogin/wxlogin/internal/wxapi"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// Mock says how a simulation is to be.
type Mock struct {
	// The app that the simulation knows; without an ID it is the documented demo app.
	App world.App

	Adopt  bool   // admit unknown appids and codes
	Strict bool   // no magic codes
	Seed   uint64 // 0: unpredictable

	World            *worldfile.File // what the world starts with; nil: the one app
	Population       int             // of the default app; 0: what World says
	PlusSlashPercent int             // as in [world.Options]; 0: what World says

	JournalSize int    // records; 0: journal.DefaultSize
	JournalFile string // where all records stand when the run has ended, as lines of JSON; "": nowhere

	Offline bool   // the proxy refuses what is neither WeChat's nor on this machine
	CADir   string // where the CA's certificate is kept as ca.pem; "": nowhere

	// Env is the user's environment: what it says of certificates holds for clients of the simulation as well. nil: nothing.
	Env intercept.Lookup

	// Upstream says through which proxy a request that is for neither goes; nil: through none. See [http.ProxyFromEnvironment].
	Upstream func(*http.Request) (*url.URL, error)

	// Token, if not empty, is what the control API demands as a bearer token: for servers that are open to the network.
	Token redact.Secret
}

// insideURL is the simulation as its own login server calls it. The pipe leads there whatever the address is under which others
// reach the simulation, which may be one that plain http must not be used with.
const insideURL = "http://127.0.0.1"

// maxPipes is how many connections to the simulation are kept for the next login; one is a few goroutines and buffers.
const maxPipes = 64

// simulation is everything that exists only under --mock, and ends with the process.
type simulation struct {
	app     world.App
	clock   *clock.Movable
	world   *world.World
	store   *memory.Store
	ring    *token.Ring
	client  *wxapi.Client
	kept    *journal.Journal
	api     http.Handler // WeChat's API and the control API, for callers from outside
	files   *intercept.Files
	clients *intercept.Clients
	ca      *intercept.CA
	proxy   *intercept.Proxy
	calls   atomic.Uint64 // to WeChat's API, from wherever they came

	pipe   *pipe.Listener
	weChat *http.Server // the same API, for the login server
}

// newSimulation builds the world, and a WeChat in front of it that the login server reaches through a pipe.
func newSimulation(o Options, url string) (*simulation, error) {
	s := &simulation{clock: new(clock.Movable), store: memory.NewWithoutLedger(), kept: journal.New(o.Mock.JournalSize), pipe: pipe.Listen("login-server")}
	var err error
	if s.ring, err = token.NewRing(MockKeyPrefix); err != nil {
		return nil, err
	}
	if s.world, err = newWorld(o.Mock, s.clock); err != nil {
		return nil, err
	}
	s.app = s.world.Default()
	if s.ca, err = intercept.NewCA(time.Now); err != nil { // clients know no time but the machine's
		return nil, err
	}
	s.api = wxhttp.New(s.world, wxhttp.Options{
		URL: url, OnChange: s.follow, Journal: s.kept, CA: wxhttp.Authority{PEM: s.ca.PEM(), NotAfter: s.ca.NotAfter()},
		Files: func() (any, error) { return s.clients.Written() },
	})
	s.weChat = &http.Server{
		Handler:           server.RecordIn(s.kept, s.counted(s.api), o.Logger, s.clock.Now),
		ReadHeaderTimeout: time.Minute, // its only client is ours
	}
	// By itself net/http keeps two idle connections, and more logins at once than that would dial anew each time.
	transport := http.RoundTripper(&http.Transport{DialContext: s.pipe.DialContext, DisableCompression: true, MaxIdleConnsPerHost: maxPipes})
	if o.tap != nil {
		transport = o.tap(transport)
	}
	s.client, err = wxapi.New(wxapi.Options{Base: insideURL, AppID: s.app.ID, Secret: s.app.Secret, HTTP: transport, Timeout: o.Timeout, Trace: o.Trace})
	if err != nil {
		return nil, err
	}
	if err := s.intercept(o, url); err != nil {
		return nil, err
	}
	go func() { _ = s.weChat.Serve(s.pipe) }() // ends with close
	return s, nil
}

// mount puts WeChat's paths and the control API beside the login API.
func (s *simulation) mount(mux *http.ServeMux, service *login.Service, controlToken redact.Secret) {
	for _, root := range []string{"/sns/", "/cgi-bin/", "/wxa/"} {
		mux.Handle(root, server.Unnamed(s.counted(s.api)))
	}
	control := http.NewServeMux()
	control.Handle("/_mock/", s.api)
	control.Handle("/_mock/inspect", loginhttp.Inspect(service))
	control.Handle("/_mock/revoke", loginhttp.Revoke(service))
	guarded := server.SameOrigin(control)
	if !controlToken.IsZero() {
		guarded = server.RequireBearer(controlToken, guarded)
	}
	mux.Handle("/_mock/", guarded)
}

// mark puts the header of simulations on every answer of the control API, refusals included: by it a client knows whom it talks to.
func mark(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_mock/") {
		w.Header().Set(wxhttp.MockHeader, "1")
	}
}

// follow keeps the login server's sessions true to the world. After a reset nobody has logged in yet; after the clock went back,
// what happened in the hours that are now to come has not happened.
func (s *simulation) follow(ctx context.Context, change wxhttp.Change) error {
	switch { // all sessions are of one app
	case change.AppID != "" && change.AppID != s.app.ID:
		return nil
	case change.Reset:
		return s.store.Clear(ctx)
	case change.OpenID != "":
		err := s.store.Delete(ctx, session.ID{Origin: s.client.Origin(), AppID: s.app.ID, OpenID: change.OpenID})
		if errors.Is(err, session.ErrNotFound) {
			return nil // the user never came to the login server
		}
		return err
	}
	all, err := s.store.List(ctx, session.Filter{})
	if err != nil {
		return err
	}
	now := s.clock.Now()
	if err := s.store.ForgetCutoffs(ctx, now); err != nil {
		return err
	}
	for _, one := range all {
		if one.Refreshed.After(now) {
			// Another change, or a sweep, may have been faster.
			if err := s.store.Delete(ctx, one.ID); err != nil && !errors.Is(err, session.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func (s *simulation) close() {
	s.proxy.Close()
	_ = s.weChat.Close() // the front has drained: nobody is left to be cut
	_ = s.store.Close()
}

// DemoApp returns the documented demo app, which a simulation knows unless it is given another.
func DemoApp() (wechat.AppID, wechat.AppSecret) {
	app := world.DemoApp()
	return app.ID, app.Secret
}
