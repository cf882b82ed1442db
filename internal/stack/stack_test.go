package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// against makes a stack against the API at base, with a ring and a store of its own.
func against(t testing.TB, base string, store session.Store) *running {
	t.Helper()
	ring, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	return start(t, func(o *stack.Options) {
		o.Mock, o.APIBase, o.AppID, o.Secret = nil, base, demoAppID, wechat.NewAppSecret(demoSecret)
		o.Store, o.Ring = store, ring
	})
}

// A simulation can stand for WeChat, but its login tokens open nothing elsewhere, and nobody else's open anything in it.
func TestTokensDoNotCross(t *testing.T) {
	t.Parallel()
	mock := start(t, nil)
	store := memory.New()
	other := against(t, mock.URL(), store)
	got := other.onLogin(t, mock.code(t, "alice"))
	var in struct{ Token string }
	if err := json.Unmarshal([]byte(got.body), &in); err != nil || got.status != 200 {
		t.Fatalf("login over the network: %d %s", got.status, got.body)
	}
	ofMock := mock.login(t, "alice")
	for _, path := range []string{"/session", "/decrypt", "/logout"} {
		method := map[bool]string{true: "GET", false: "POST"}[path == "/session"]
		if got := other.call(t, method, path, ofMock, `{"encryptedData":"AAAA","iv":"AAAA"}`); got.status != 401 || got.reason() != "login_again" {
			t.Errorf("%s with a mock's token: %d %s", path, got.status, got.body)
		}
		if got := mock.call(t, method, path, in.Token, `{"encryptedData":"AAAA","iv":"AAAA"}`); got.status != 401 || got.reason() != "login_again" {
			t.Errorf("the mock's %s with another token: %d %s", path, got.status, got.body)
		}
	}
	if verdict := mock.inspect(t, in.Token).Verdict; verdict != "unknown_key" {
		t.Errorf("the mock says %s", verdict)
	}
	list, err := store.List(t.Context(), session.Filter{})
	if err != nil || len(list) != 1 || string(list[0].Origin) != mock.URL() {
		t.Errorf("%+v, %v", list, err)
	}
	for _, path := range []string{"/_mock/env", "/sns/jscode2session"} {
		if got := other.call(t, "GET", path, "", ""); got.status != 404 || got.header.Get("X-Wxlogin-Mock") != "" {
			t.Errorf("%s of a server that is no mock: %d %s", path, got.status, got.body)
		}
	}
}

// A client that hangs up while WeChat has its code still gets a session: the code is spent.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(`{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}`))
	}))
	defer api.Close()
	saved := make(chan session.Session, 1)
	r := against(t, api.URL, saving{memory.New(), saved})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/onLogin?code=0a3sXb000wJRRH1dzq0000aXWD2sXb0b", nil)
		if err != nil {
			gone <- err
			return
		}
		_, err = r.Do(request)
		gone <- err
	}()
	<-asked
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client: %v", err)
	}
	close(answer)
	if got := <-saved; got.OpenID != "oGZUI0egBJY1zhBYw2KhdUfwVJJE" || got.Key.Reveal() != "tiihtNczf5v6AKRyjwEUhQ==" {
		t.Errorf("saved %v", got.ID)
	}
}

// saving tells of each session that is saved.
type saving struct {
	*memory.Store
	saved chan<- session.Session
}

func (s saving) End(ctx context.Context, e session.Exchange, l *session.Login) (session.Session, error) {
	got, err := s.Store.End(ctx, e, l)
	s.saved <- got
	return got, err
}

// A server that is told to stop answers who is there already.
func TestStopDuringLogin(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(`{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}`))
	}))
	defer api.Close()
	r := against(t, api.URL, memory.New())
	status := make(chan int, 1)
	go func() { status <- r.onLogin(t, "0a3sXb000wJRRH1dzq0000aXWD2sXb0b").status }()
	<-asked
	r.stop()
	close(answer)
	if got := <-status; got != 200 {
		t.Errorf("status %d", got)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("Wait = %v", err)
	}
}

func TestWeChatUnreachable(t *testing.T) {
	t.Parallel()
	r := against(t, "http://127.0.0.1:1", memory.New()) // a port that nobody is given by chance
	if got := r.onLogin(t, "0a3sXb000wJRRH1dzq0000aXWD2sXb0b"); got.status != 503 || got.reason() != "try_later" || got.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if log := r.log.String(); strings.Contains(log, demoSecret) || strings.Contains(log, "js_code") || !strings.Contains(log, "cannot reach") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	addr := strings.TrimPrefix(r.URL(), "http://")
	_, err := stack.Start(t.Context(), stack.Options{Addr: addr, Logger: nil, Mock: &stack.Mock{}})
	if taken, ok := errors.AsType[*server.ListenError](err); !ok || !taken.InUse {
		t.Errorf("a taken port: %v", err)
	}
	if _, err = stack.Start(t.Context(), stack.Options{Addr: "127.0.0.1:0", APIBase: "http://api.example"}); err == nil {
		t.Error("plain http to another machine is taken")
	}
}

func TestReadyAndMissing(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	want := stack.Ready{Event: "ready", URL: r.URL(), AppID: demoAppID, Mock: true, PID: os.Getpid()}
	if diff := cmp.Diff(want, r.Ready()); diff != "" {
		t.Error(diff)
	}
	if got := r.call(t, "GET", "/readyz", "", ""); got.status != 200 || got.body != "ready\n" {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
	if got := r.call(t, "GET", "/onlogin?code=x", "", ""); got.status != 404 || !strings.Contains(got.body, "/onLogin") {
		t.Errorf("a mistyped path: %d %s", got.status, got.body)
	}
	if got := r.do(t, "GET", "/healthz", "", func(request *http.Request) { request.Host = "evil.example" }); got.status != 421 {
		t.Errorf("another host: %d", got.status)
	}
}

func TestReadyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "ready.json")
	ready := stack.Ready{Event: "ready", URL: "http://127.0.0.1:1", AppID: demoAppID, Mock: true, PID: os.Getpid()}
	if err := ready.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"appid", "event", "mock", "pid", "url"}, slices.Sorted(maps.Keys(object))); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}

	later := ready
	later.PID++
	if err := later.WriteFile(path); err != nil { // another server took the file over
		t.Fatal(err)
	}
	if err := ready.RemoveFile(path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the other server's file: %v", err)
	}
	if err := later.RemoveFile(path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("our own file: %v", err)
	}
	if err := later.RemoveFile(path); err != nil {
		t.Errorf("a file that is gone: %v", err)
	}
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ready.RemoveFile(path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a file that is no ready file: %v", err)
	}
}

// A link in the ready file's place stays, and so does what it leads to.
func TestReadyFileIsNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, path := filepath.Join(dir, "precious"), filepath.Join(dir, "ready.json")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err) // Windows asks for a privilege
	}
	if err := (stack.Ready{PID: 1}).WriteFile(path); !errors.Is(err, stack.ErrNotReadyFile) {
		t.Errorf("in place of a link: %v", err)
	}
	if to, err := os.Readlink(path); err != nil || to != target {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "precious" {
		t.Errorf("the link was followed: %q, %v", data, err)
	}
	if err := (stack.Ready{PID: 1}).WriteFile(filepath.Join(dir, "none", "ready.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a directory that is not there: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (stack.Ready{PID: 1}).WriteFile(filepath.Join(dir, "taken")); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// Whoever waits for the file reads it whole or not at all, however often it is written.
func TestReadyFileIsWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ready.json")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan error, 1)
	go func() {
		defer stop()
		for i := range 200 {
			if err := (stack.Ready{PID: i, URL: strings.Repeat("x", 5000)}).WriteFile(path); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for ctx.Err() == nil {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || !json.Valid(data) {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
