package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/server"
)

const secret = "c0ffee00c0ffee00c0ffee00c0ffee00"

func TestLogLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target string
		handler              http.HandlerFunc
		want                 map[string]any
	}{
		{"success", "GET", "/onLogin?code=" + secret, ok, map[string]any{"level": "INFO", "msg": "GET /onLogin", "status": 200.0}},
		{"nothing written", "POST", "/x", func(http.ResponseWriter, *http.Request) {}, map[string]any{"level": "INFO", "msg": "POST /x", "status": 200.0}},
		{"refusal", "GET", "/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, map[string]any{"level": "WARN", "msg": "GET /x", "status": 404.0}},
		{"failure", "GET", "/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, map[string]any{"level": "ERROR", "msg": "GET /x", "status": 503.0}},
		{"early hints are no answer", "GET", "/x", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.WriteHeader(201)
		}, map[string]any{"level": "INFO", "msg": "GET /x", "status": 201.0}},
		{"WeChat's way to refuse", "GET", "/sns/jscode2session?secret=" + secret + "&js_code=" + secret, func(_ http.ResponseWriter, r *http.Request) {
			record := journal.From(r.Context())
			record.ErrCode, record.AppID, record.User, record.Reason = 40163, "wx0123456789abcdef", "alice", "code used 3.2 s ago"
		}, map[string]any{
			"level": "WARN", "msg": "GET /sns/jscode2session", "status": 200.0, "errcode": 40163.0, "appid": "wx0123456789abcdef", "user": "alice",
			"reason": "code used 3.2 s ago",
		}},
		{"what strangers send", "GET", "/%1b%5B31m" + strings.Repeat("a", 300), func(_ http.ResponseWriter, r *http.Request) {
			record := journal.From(r.Context())
			record.AppID, record.User = "\x1bwx", strings.Repeat("u", 50)
		}, map[string]any{
			"level": "INFO", "msg": "GET /[31m" + strings.Repeat("a", 115) + "...", "status": 200.0, "appid": "wx", "user": strings.Repeat("u", 40) + "...",
		}},
		{"a probe", "GET", "/healthz", ok, map[string]any{"level": "DEBUG", "msg": "GET /healthz", "status": 200.0}},
		{"another probe", "GET", "/readyz", ok, map[string]any{"level": "DEBUG", "msg": "GET /readyz", "status": 200.0}},
		{"a probe that fails", "GET", "/readyz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, map[string]any{
			"level": "ERROR", "msg": "GET /readyz", "status": 503.0,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines := &logged{}
			ask(t, server.Record(tt.handler, lines.logger(), time.Now), tt.method, tt.target, func(r *http.Request) {
				r.Header.Set("Authorization", "Bearer "+secret)
				r.Header.Set("Cookie", secret)
			})
			if diff := cmp.Diff([]map[string]any{tt.want}, lines.lines(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if text := lines.String(); strings.Contains(text, secret) || strings.Contains(text, "?") {
				t.Errorf("the query or a secret stands in %s", text)
			}
		})
	}
}

func TestRecordOfACall(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var record *journal.Record
	handler := server.Record(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record = journal.From(r.Context())
		w.WriteHeader(202)
	}), (&logged{}).logger(), func() time.Time { return at })
	ask(t, handler, "PUT", "/a%20b?c=d", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:5" })
	if record.Duration < 0 || record.Duration > time.Minute {
		t.Errorf("duration %v", record.Duration)
	}
	record.Duration = 0
	if diff := cmp.Diff(&journal.Record{Time: at, Method: "PUT", Path: "/a b", Peer: "192.0.2.1:5", Status: 202}, record); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	lines := &logged{}
	handler := server.Record(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/early":
			w.Header().Set("Content-Type", "text/plain")
			panic("the cause\x1b[31m")
		case "/late":
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic("the cause")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
		ok(w, r)
	}), lines.logger(), time.Now)
	front := httptest.NewServer(handler)
	front.Config.ErrorLog = nil
	defer front.Close()
	get := func(path string) (*http.Response, string, error) {
		answer, err := front.Client().Get(front.URL + path)
		if err != nil {
			return nil, "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer, string(body), err
	}
	answer, body, err := get("/early")
	if err != nil || answer.StatusCode != 500 || answer.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(body, "cause") {
		t.Errorf("before an answer: %v, %s", err, body)
	}
	if _, body, err = get("/late"); err == nil {
		t.Errorf("half an answer looked whole: %q", body)
	}
	if _, _, err = get("/abort"); err == nil {
		t.Error("an aborted answer looked whole")
	}
	if answer, _, err = get("/"); err != nil || answer.StatusCode != 200 {
		t.Errorf("afterwards: %v", err)
	}
	text := lines.String()
	for _, want := range []string{`"msg":"panic"`, `"cause":"the cause[31m"`, "record_test.go", `"msg":"GET /early","status":500`, `"msg":"GET /late","status":200`} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}
