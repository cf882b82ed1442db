package stack_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	demoAppID  = "wx0123456789abcdef"
	demoSecret = "0123456789abcdef0123456789abcdef"

	tokenTTL   = 24 * time.Hour
	sessionTTL = 72 * time.Hour
)

// running is a stack, a program that calls it, and the phone of the simulation behind it.
type running struct {
	*stack.Stack
	*http.Client
	phone *mockclient.Client
	log   *logged
	stop  context.CancelFunc
}

// start runs a stack on a free port until the test is over.
func start(t testing.TB, edit func(*stack.Options)) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background()) // it must live until the cleanup has waited
	transport := &http.Transport{}
	r := &running{log: &logged{}, stop: stop, Client: &http.Client{Transport: transport}}
	options := stack.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		TokenTTL: tokenTTL, SessionTTL: sessionTTL, Timeout: time.Minute, // a machine under load is slow
		Mock: &stack.Mock{Seed: 1},
	}
	if edit != nil {
		edit(&options)
	}
	var err error
	if r.Stack, err = stack.Start(ctx, options); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
	})
	phoneTransport := http.RoundTripper(transport)
	if options.Mock != nil && !options.Mock.Token.IsZero() {
		phoneTransport = bearer{options.Mock.Token, transport}
	}
	if r.phone, err = mockclient.New(r.URL(), phoneTransport); err != nil {
		t.Fatal(err)
	}
	return r
}

type bearer struct {
	token redact.Secret
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return b.next.RoundTrip(r)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// reason of a refusal; "" for a success.
func (a answer) reason() string {
	var p struct{ Reason string }
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Reason
}

func (r *running) call(t testing.TB, method, path, token, body string) answer {
	t.Helper()
	return r.do(t, method, path, body, func(request *http.Request) {
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
	})
}

func (r *running) do(t testing.TB, method, path, body string, edit func(*http.Request)) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	edit(request)
	got, err := r.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// code is wx.login.
func (r *running) code(t testing.TB, user string) string {
	t.Helper()
	l, err := r.phone.Login(t.Context(), mockclient.Who{User: user})
	if err != nil {
		t.Fatal(err)
	}
	return string(l.Code)
}

func (r *running) onLogin(t testing.TB, code string) answer {
	t.Helper()
	return r.call(t, http.MethodGet, "/onLogin?code="+url.QueryEscape(code), "", "")
}

// login logs a user in and returns the token.
func (r *running) login(t testing.TB, user string) string {
	t.Helper()
	got := r.onLogin(t, r.code(t, user))
	var in struct{ Token string }
	if err := json.Unmarshal([]byte(got.body), &in); err != nil || got.status != 200 || in.Token == "" {
		t.Fatalf("login of %s: %d %s", user, got.status, got.body)
	}
	return in.Token
}

type inspection struct {
	Verdict, OpenID, Session, AppID string
	Header                          struct{ Kid string }
	Claims                          struct{ Iss, UnionID string }
}

func (r *running) inspect(t testing.TB, token string) inspection {
	t.Helper()
	raw, err := r.phone.Inspect(t.Context(), redact.NewSecret(token))
	if err != nil {
		t.Fatal(err)
	}
	var in inspection
	if err := json.Unmarshal(raw, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func (r *running) move(t testing.TB, by string) {
	t.Helper()
	if _, err := r.phone.Move(t.Context(), by); err != nil {
		t.Fatal(err)
	}
}

// logged collects log lines.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
