package stack_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestMetricsOfALogin: one login, one data that does not decrypt and one token that is none are counted, with what they cost.
func TestMetricsOfALogin(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	if body, err := r.body("/onLogin?code=" + r.code(t, "alice")); err != nil || !strings.Contains(body, `"token"`) {
		t.Fatalf("%s, %v", body, err)
	}
	if _, err := r.body("/onLogin?code=" + strings.Repeat("0", 32)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.body("/session"); err != nil {
		t.Fatal(err)
	}
	text, err := r.body("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`wxlogin_logins_total{outcome="ok",errcode="0"} 1`,
		`wxlogin_logins_total{outcome="login_again",errcode="40029"} 1`,
		`wxlogin_wechat_calls_total{endpoint="jscode2session",result="ok"} 1`,
		`wxlogin_wechat_calls_total{endpoint="jscode2session",result="40029"} 1`,
		`wxlogin_wechat_seconds_count{endpoint="jscode2session"} 2`,
		`wxlogin_tokens_issued_total 1`,
		`wxlogin_store_seconds_count{operation="begin"} 2`,
		`wxlogin_store_seconds_count{operation="end"} 2`,
		`wxlogin_requests_total{api="session",outcome="login_again"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, absent := range []string{`api="jscode2session"`, "_mock", "alice", "store_failures"} {
		if strings.Contains(text, absent) {
			t.Errorf("%s is counted", absent)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestNamesOfRequests: our answers carry the request's name; the simulation's look like WeChat's, which have none.
func TestNamesOfRequests(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for path, want := range map[string]bool{
		"/onLogin?code=x": true, "/session": true, "/nope": true, "/healthz": true, "/_mock/env": true, "/sns/jscode2session": false, "/cgi-bin/token": false,
	} {
		answer, err := r.Get(r.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Get("X-Request-Id"); (got != "") != want {
			t.Errorf("%s: X-Request-Id %q", path, got)
		}
	}
}

// TestLoginRateSparesWeChat: what is refused by our limit is never sent to WeChat, and its code stays good.
func TestLoginRateSparesWeChat(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *stack.Options) { o.Rates.All = server.Rate{Count: 1, Per: time.Hour} })
	first, second := r.code(t, "alice"), r.code(t, "bob")
	if _, err := r.body("/onLogin?code=" + first); err != nil {
		t.Fatal(err)
	}
	answer, err := r.Get(r.URL() + "/onLogin?code=" + second)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != "3600" {
		t.Errorf("%d, Retry-After %q", answer.StatusCode, answer.Header.Get("Retry-After"))
	}
	text, err := r.body("/metrics")
	if err != nil || !strings.Contains(text, `wxlogin_wechat_seconds_count{endpoint="jscode2session"} 1`) || !strings.Contains(text, `wxlogin_limited_total{limit="login"} 1`) {
		t.Errorf("%v\n%s", err, text)
	}
	if body, err := r.body("/session"); err != nil || !strings.Contains(body, "missing token") { // the limit is for logins
		t.Errorf("%s, %v", body, err)
	}
}

// failingStore cannot be reached.
type failingStore struct{ *memory.Store }

func (failingStore) Ping(context.Context) error { return errors.New("the disk is gone") }

// TestNotReady: a server whose store fails says so, and is healthy all the same. Against the real WeChat nobody asks WeChat.
func TestNotReady(t *testing.T) {
	t.Parallel()
	ring, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		fails bool
		want  string
	}{{"well", false, "ready\n"}, {"store gone", true, "not ready: store\n"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(o *stack.Options) {
				o.Mock, o.APIBase, o.AppID, o.Ring = nil, "http://127.0.0.1:1", "wx0123456789abcdef", ring // where no WeChat is
				o.Secret = wechat.NewAppSecret("0123456789abcdef0123456789abcdef")
				o.Store = memory.New()
				if tt.fails {
					o.Store = failingStore{memory.New()}
				}
			})
			for path, want := range map[string]string{"/readyz": tt.want, "/healthz": "ok\n"} {
				if body, err := r.body(path); err != nil || body != want {
					t.Errorf("%s: %q, %v", path, body, err)
				}
			}
		})
	}
}
