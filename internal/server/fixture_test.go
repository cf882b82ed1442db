package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logged collects log lines.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
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

// lines returns the attributes of each line, without time and duration, which vary.
func (l *logged) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(l.String()) {
		var attributes map[string]any
		if err := json.Unmarshal([]byte(line), &attributes); err != nil {
			t.Fatal(err)
		}
		delete(attributes, "time")
		delete(attributes, "ms")
		lines = append(lines, attributes)
	}
	return lines
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newServer(handler http.Handler, hosts ...string) (*server.Server, *logged) {
	lines := &logged{}
	return server.New(server.Options{Handler: handler, Logger: lines.logger(), Now: time.Now, Hosts: hosts}), lines
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }

// ask sends a request to a handler without a connection.
func ask(t *testing.T, handler http.Handler, method, target string, edit func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	request.Host = "localhost"
	if edit != nil {
		edit(request)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// wantProblem checks that an answer is a problem of that status and reason. It returns its detail.
func wantProblem(t *testing.T, answer *httptest.ResponseRecorder, status int, reason string) (detail string) {
	t.Helper()
	p, err := problem.Decode(answer.Body.Bytes())
	if err != nil {
		t.Fatalf("status %d, %q: %v", answer.Code, answer.Body, err)
	}
	if answer.Code != status || p.Status != status || p.Reason != reason || answer.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, header %v, %s; want %d, %s", answer.Code, answer.Header(), answer.Body, status, reason)
	}
	return p.Detail
}

// pipes is a listener in memory, so that a bubble of synctest holds both ends.
type pipes struct{ *pipe.Listener }

func newPipes() *pipes { return &pipes{pipe.Listen("pipe")} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) { return p.DialContext(ctx, "", "") }

// client returns an HTTP client that dials the listener.
func (p *pipes) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: p.DialContext}}
}
