package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	s, _ := newServer(http.HandlerFunc(ok), "dev.example.com", "BOX")
	tests := []struct {
		host string
		want int
	}{
		{"127.0.0.1", 200},
		{"127.0.0.1:8420", 200},
		{"192.168.1.5:80", 200},
		{"[::1]", 200},
		{"[::1]:8420", 200},
		{"[2001:db8::1]:1", 200},
		{"[::ffff:127.0.0.1]:1", 200},
		{"localhost", 200},
		{"localhost:8420", 200},
		{"LocalHost:1", 200},
		{"dev.example.com", 200},
		{"DEV.example.com:8420", 200},
		{"box:1", 200},

		{"", 421},
		{":8420", 421},
		{"evil.example", 421},
		{"evil.example:8420", 421},
		{"127.0.0.1.evil.example", 421},
		{"127.0.0.1.nip.io:8420", 421},
		{"localhost.evil.example", 421},
		{"evil.localhost", 421},
		{"localhost.", 421},
		{"example.com", 421},
		{"x.dev.example.com", 421},
		{"dev.example.com.evil", 421},
		{"127.1", 421},
		{"0x7f000001", 421},
		{"2130706433", 421},
		{"[localhost.evil]", 421},
		{"localhost@evil.example", 421},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/x", "/healthz", "/readyz"} {
				answer := ask(t, s.Handler(), "GET", path, func(r *http.Request) { r.Host = tt.host })
				if (answer.Code == 421) != (tt.want == 421) {
					t.Errorf("%s: %d, want %d", path, answer.Code, tt.want)
				}
				if answer.Code == 421 {
					if detail := wantProblem(t, answer, 421, "bad_request"); !strings.Contains(detail, "--host") {
						t.Errorf("detail %q names no way out", detail)
					}
				}
			}
		})
	}
}

// A name that is sent to us is not repeated whole, nor with what steers a terminal.
func TestHostIsUntrusted(t *testing.T) {
	t.Parallel()
	s, _ := newServer(http.HandlerFunc(ok))
	answer := ask(t, s.Handler(), "GET", "/", func(r *http.Request) { r.Host = "\x1b[31m" + strings.Repeat("a", 5000) })
	wantProblem(t, answer, 421, "bad_request")
	if body := answer.Body.String(); len(body) > 500 || strings.Contains(body, "\x1b") || strings.Contains(body, `\u001b`) {
		t.Errorf("%d bytes: %.100s", len(body), body)
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	guarded := server.SameOrigin(http.HandlerFunc(ok))
	tests := []struct {
		name, method string
		header       map[string]string
		want         int
	}{
		{"no browser", "POST", nil, 200},
		{"a page of ours", "POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"typed in", "POST", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"our origin", "POST", map[string]string{"Origin": "http://localhost"}, 200},
		{"another page", "POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a neighbour", "POST", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"another port", "POST", map[string]string{"Origin": "http://localhost:3000"}, 403},
		{"no origin at all", "POST", map[string]string{"Origin": "null"}, 403},
		{"another page deletes", "DELETE", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"another page reads", "GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200}, // CORS keeps the answer from it
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, guarded, tt.method, "/", func(r *http.Request) {
				for name, value := range tt.header {
					r.Header.Set(name, value)
				}
			})
			if tt.want == 403 {
				wantProblem(t, answer, 403, "bad_request")
			} else if answer.Code != 200 {
				t.Errorf("status %d", answer.Code)
			}
		})
	}
}

func TestRequireBearer(t *testing.T) {
	t.Parallel()
	const secret = "correct horse battery staple"
	guarded := server.RequireBearer(redact.NewSecret(secret), http.HandlerFunc(ok))
	for header, want := range map[string]int{
		"Bearer " + secret:        200,
		"":                        401,
		"Bearer":                  401,
		"Bearer ":                 401,
		secret:                    401, // without the scheme
		"Basic " + secret:         401,
		"Bearer " + secret[:5]:    401,
		"Bearer " + secret + "x":  401,
		"Bearer Bearer " + secret: 401,
	} {
		answer := ask(t, guarded, "POST", "/_mock/login", func(r *http.Request) { r.Header.Set("Authorization", header) })
		if want == 200 {
			if answer.Code != 200 {
				t.Errorf("%q: %d", header, answer.Code)
			}
			continue
		}
		wantProblem(t, answer, 401, "unauthorized")
		if answer.Header().Get("WWW-Authenticate") == "" || strings.Contains(answer.Body.String(), secret) {
			t.Errorf("%q: %v %s", header, answer.Header(), answer.Body)
		}
	}
}
