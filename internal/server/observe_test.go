package server_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
)

func networks(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s, lines := newServer(http.HandlerFunc(ok))
	made := regexp.MustCompile(`^[0-9a-v]{13}$`)
	seen := map[string]bool{}
	for range 100 {
		id := ask(t, s.Handler(), "GET", "/", nil).Header().Get("X-Request-Id")
		if !made.MatchString(id) || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	for given, kept := range map[string]bool{
		"a1b2c3d4-e5f6": true, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": true, "Root:1_a.b": true, strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false, "a b": false, "a\tb": false, `"`: false, "<x>": false, "微信": false, "a\x1b[31m": false, "a,b": false,
	} {
		answer := ask(t, s.Handler(), "GET", "/", func(r *http.Request) { r.Header.Set("X-Request-Id", given) })
		if got := answer.Header().Get("X-Request-Id"); (got == given) != kept || !kept && !made.MatchString(got) {
			t.Errorf("%q became %q", given, got)
		}
	}
	for _, line := range lines.lines(t) {
		if id, _ := line["id"].(string); id == "" {
			t.Errorf("a line without a name: %v", line)
		}
	}
	if answer := ask(t, s.Handler(), "GET", "/", func(r *http.Request) { r.Host = "evil.example" }); answer.Header().Get("X-Request-Id") == "" {
		t.Error("a refusal has no name")
	}
}

func TestUnnamed(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Unnamed(http.HandlerFunc(ok)))
	if answer := ask(t, s.Handler(), "GET", "/sns/jscode2session", nil); answer.Header().Get("X-Request-Id") != "" {
		t.Errorf("%v", answer.Header())
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store error
		asked := 0
		lines := &logged{}
		s := server.New(server.Options{
			Handler: http.NotFoundHandler(), Logger: lines.logger(), Now: time.Now,
			Checks: []server.Check{
				{Name: "store", Run: func(context.Context) error { asked++; return store }},
				{Name: "keys", Run: func(context.Context) error { return nil }},
			},
		})
		check := func(status int, body string) {
			t.Helper()
			if answer := ask(t, s.Handler(), "GET", "/readyz", nil); answer.Code != status || answer.Body.String() != body {
				t.Errorf("%d %q, want %d %q", answer.Code, answer.Body, status, body)
			}
		}
		check(503, "not ready\n")
		s.Ready()
		check(200, "ready\n")
		store = errors.New("redis\x1b is gone")
		check(200, "ready\n") // what was seen within a second stands
		time.Sleep(time.Second)
		check(503, "not ready: store\n")
		check(503, "not ready: store\n")
		time.Sleep(time.Second)
		check(503, "not ready: store\n")
		if answer := ask(t, s.Handler(), "GET", "/healthz", nil); answer.Code != 200 {
			t.Errorf("/healthz: %d", answer.Code)
		}
		store = nil
		time.Sleep(time.Second)
		check(200, "ready\n")
		if asked != 4 {
			t.Errorf("asked %d times", asked)
		}
		if log := lines.String(); strings.Count(log, `"not ready"`) != 1 || strings.Count(log, "ready again") != 1 || strings.Contains(log, "\x1b") {
			t.Errorf("the log:\n%s", log)
		}
	})
}

// TestReadinessIsPatient: a store that hangs is not ready after two seconds, and a probe that gives up does not decide for the next.
func TestReadinessIsPatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server.New(server.Options{
			Handler: http.NotFoundHandler(), Logger: (&logged{}).logger(), Now: time.Now,
			Checks: []server.Check{{Name: "store", Run: func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}}},
		})
		s.Ready()
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		answer := ask(t, s.Handler(), "GET", "/readyz", func(r *http.Request) { *r = *r.WithContext(ctx) })
		if answer.Code != 503 || time.Since(start) != 2*time.Second {
			t.Errorf("%d after %v", answer.Code, time.Since(start))
		}
	})
}

// TestStopDelay: a server that stops answers on, but is not ready.
func TestStopDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server.New(server.Options{Handler: http.HandlerFunc(ok), Logger: (&logged{}).logger(), Now: time.Now, StopDelay: 10 * time.Second})
		s.Ready()
		running := serve(t, s)
		client := running.client()
		running.stop()
		synctest.Wait()
		start := time.Now()
		for path, want := range map[string]int{"/readyz": 503, "/": 200} {
			answer, err := client.Get("http://localhost" + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s: %d", path, answer.StatusCode)
			}
		}
		client.CloseIdleConnections()
		if err := <-running.done; err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
	})
}

// api answers like the login API: named, and with a problem where the query says so.
func api(w http.ResponseWriter, r *http.Request) {
	record := journal.From(r.Context())
	record.API = strings.TrimPrefix(r.URL.Path, "/")
	switch r.URL.RawQuery {
	case "used":
		record.ErrCode = 40163
		problem.Write(w, problem.Problem{Status: 401, Reason: "login_again"})
	case "revoked":
		record.Verdict = "revoked"
		problem.Write(w, problem.Problem{Status: 401, Reason: "login_again"})
	case "cut":
		panic(http.ErrAbortHandler)
	default:
		ok(w, r)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	metrics := server.NewMetrics(server.Build{Version: "v1.2.3", Commit: "abc"}, "go1.26")
	mux := http.NewServeMux()
	mux.HandleFunc("/", api)
	s := server.New(server.Options{Handler: mux, Logger: (&logged{}).logger(), Now: time.Now, Metrics: metrics})
	for _, target := range []string{"/onLogin", "/onLogin", "/onLogin?used", "/session?revoked", "/onLogin?cut"} {
		func() {
			defer func() { _ = recover() }()
			ask(t, s.Handler(), "GET", target, nil)
		}()
	}
	metrics.WeChat("jscode2session", "40163", 120*time.Millisecond)
	metrics.WeChat("jscode2session", "ok", 20*time.Millisecond)
	metrics.Store("save", 2*time.Millisecond, true)
	metrics.TokenIssued()

	local := as("127.0.0.1:1")
	answer := ask(t, s.Handler(), "GET", "/metrics", local)
	if answer.Code != 200 || !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %v", answer.Code, answer.Header())
	}
	text := answer.Body.String()
	for _, want := range []string{
		`wxlogin_build_info{version="v1.2.3",commit="abc",go="go1.26"} 1`,
		`wxlogin_requests_total{api="onLogin",outcome="ok"} 2`,
		`wxlogin_requests_total{api="onLogin",outcome="login_again"} 1`,
		`wxlogin_requests_total{api="onLogin",outcome="cut"} 1`,
		`wxlogin_logins_total{outcome="ok",errcode="0"} 2`,
		`wxlogin_logins_total{outcome="login_again",errcode="40163"} 1`,
		`wxlogin_request_seconds_count{api="onLogin"} 4`,
		`wxlogin_tokens_refused_total{verdict="revoked"} 1`,
		`wxlogin_tokens_issued_total 1`,
		`wxlogin_wechat_calls_total{endpoint="jscode2session",result="40163"} 1`,
		`wxlogin_wechat_seconds_bucket{endpoint="jscode2session",le="0.1"} 1`,
		`wxlogin_wechat_seconds_bucket{endpoint="jscode2session",le="0.25"} 2`,
		`wxlogin_store_seconds_count{operation="save"} 1`,
		`wxlogin_store_failures_total{operation="save"} 1`,
		`wxlogin_requests_in_flight `, `wxlogin_requests_waiting 0`, `go_goroutines `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") { // the exposition format, as far as a line goes
		if !regexp.MustCompile(`^([a-z_][a-z0-9_]*(\{([a-zA-Z_]+="[^"\\]*",? ?)+\})? -?[0-9.e+-]+|# .*)$`).MatchString(line) {
			t.Errorf("no line of Prometheus: %q", line)
		}
	}
	for name, edit := range map[string]func(*http.Request){
		"from elsewhere": as("203.0.113.1:1"), "from the network": as("10.0.0.1:1"), "through a proxy here": as("127.0.0.1:1", "203.0.113.1"),
	} {
		if answer := ask(t, s.Handler(), "GET", "/metrics", edit); answer.Code != 401 || strings.Contains(answer.Body.String(), "wxlogin_logins") {
			t.Errorf("%s: %d", name, answer.Code)
		}
	}
	metrics.Credential = redact.NewSecret("correct horse battery staple")
	for authorization, want := range map[string]int{
		"Bearer correct horse battery staple": 200, "Bearer wrong": 401, "Bearer ": 401, "": 401,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("prometheus:correct horse battery staple")): 200,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("prometheus:")):                             401,
	} {
		answer := ask(t, s.Handler(), "GET", "/metrics", func(r *http.Request) {
			r.RemoteAddr = "203.0.113.1:1"
			r.Header.Set("Authorization", authorization)
		})
		if answer.Code != want {
			t.Errorf("%q: %d, want %d", authorization, answer.Code, want)
		}
	}
	if answer := ask(t, s.Handler(), "POST", "/metrics", local); strings.Contains(answer.Body.String(), "wxlogin_logins") {
		t.Errorf("POST: %d", answer.Code)
	}
}
