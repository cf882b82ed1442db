package stack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// TestNoBrowser asks as a page of another site would, with and without asking for leave first: no answer of any part of a server lets that page
// read it, and nothing of the simulation's levers moves.
func TestNoBrowser(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *stack.Options) { o.Introspection = redact.NewSecret("correct horse battery staple") })
	token := r.login(t, "alice")
	for _, origin := range []string{"https://evil.example", "null", "http://localhost:3000"} {
		for _, path := range []string{
			"/onLogin?code=" + r.code(t, "alice"), "/session", "/decrypt", "/phone", "/logout", "/introspect", "/revoke", "/healthz", "/readyz", "/metrics",
			"/sns/jscode2session", "/cgi-bin/stable_token", "/_mock/login", "/_mock/reset", "/_mock/journal", "/",
		} {
			for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodPost} {
				got := r.do(t, method, path, "{}", func(q *http.Request) {
					q.Header.Set("Origin", origin)
					q.Header.Set("Sec-Fetch-Site", "cross-site")
					q.Header.Set("Access-Control-Request-Method", "POST")
					q.Header.Set("Access-Control-Request-Private-Network", "true")
				})
				for name := range got.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s from %s: %s", method, path, origin, name)
					}
				}
				if (path == "/_mock/login" || path == "/_mock/reset") && got.status < 400 {
					t.Errorf("%s %s: %d", method, path, got.status)
				}
				if strings.HasPrefix(path, "/_mock/") && method == http.MethodPost && got.status != http.StatusForbidden {
					t.Errorf("%s %s from %s: %d %s, want 403", method, path, origin, got.status, got.body)
				}
			}
		}
	}
	if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != http.StatusOK {
		t.Errorf("the session is gone: %d %s", got.status, got.body)
	}
}
