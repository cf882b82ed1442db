package doctor_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/doctor"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// pages answer by path; a path that it does not have hangs until somebody loses patience.
type pages map[string]string

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	body, found := p[r.URL.Path]
	if !found {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status := http.StatusOK
	if code, rest, ok := strings.Cut(body, "|"); ok {
		body = rest
		_, _ = fmt.Sscan(code, &status)
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestServer: what a health check says of servers in every state.
func TestServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pages pages
		want  []string
	}{
		"well": {
			pages{"/healthz": "ok\n", "/readyz": "ready\n"},
			[]string{"alive ok the server at login.example answers (0s)", "ready ok it is ready: its store and its keys work"},
		},
		"its store is gone": {
			pages{"/healthz": "ok\n", "/readyz": "503|not ready: store\n"},
			[]string{"alive ok the server at login.example answers (0s)", "ready warn it is not ready: store"},
		},
		"it is stopping": {
			pages{"/healthz": "ok\n", "/readyz": "503|not ready\n"},
			[]string{"alive ok the server at login.example answers (0s)", "ready warn it is starting or stopping"},
		},
		"it hangs": {
			pages{},
			[]string{"alive fail the server at login.example did not answer within 5s"},
		},
		"its checks hang": {
			pages{"/healthz": "ok\n"},
			[]string{"alive ok the server at login.example answers (0s)", "ready warn it does not say within 5s whether it is ready"},
		},
		"something else": {
			pages{"/healthz": "<html>welcome</html>"},
			[]string{"alive fail what answers at login.example (HTTP 200) is no login server of wxlogin"},
		},
		"it moved": {
			pages{"/healthz": "302|"},
			[]string{"alive fail what answers at login.example (HTTP 302) is no login server of wxlogin"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				checks, err := doctor.Server(t.Context(), "http://login.example", c.pages)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, check := range checks {
					got = append(got, fmt.Sprint(check.Name, " ", check.Level, " ", check.Message.In(lang.English)))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestServerBehindPrefix: a reverse proxy may give the server a directory.
func TestServerBehindPrefix(t *testing.T) {
	t.Parallel()
	checks, err := doctor.Server(t.Context(), "https://login.example/wx/", pages{"/wx/healthz": "ok\n", "/wx/readyz": "ready\n"})
	if err != nil || len(checks) != 2 || checks[1].Level != doctor.OK {
		t.Error(checks, err)
	}
}
