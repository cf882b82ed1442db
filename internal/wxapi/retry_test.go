package wxapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A script is a RoundTripper that takes its steps one by one.
type script struct {
	steps []step
	taken int
}

// A step returns the body of an answer, or fails.
type step func(*http.Request) (string, error)

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	step := s.steps[min(s.taken, len(s.steps)-1)]
	s.taken++
	body, err := step(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func replies(body string) step {
	return func(*http.Request) (string, error) { return body, nil }
}

func failsToDial(r *http.Request) (string, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn(r.URL.Host)
	return "", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func failsToResolve(r *http.Request) (string, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn(r.URL.Host)
	return "", &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
}

// failsWithURL is what a RoundTripper made of an http.Client does: its error quotes the URL. It tells nothing of its progress.
func failsWithURL(r *http.Request) (string, error) {
	return "", &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("broken at " + r.URL.RawQuery)}
}

func losesConnection(r *http.Request) (string, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn(r.URL.Host)
	trace.GotConn(httptrace.GotConnInfo{})
	return "", syscall.ECONNRESET
}

func hangs(r *http.Request) (string, error) {
	<-r.Context().Done()
	return "", r.Context().Err()
}

func TestRepetitions(t *testing.T) {
	t.Parallel()
	const (
		busy  = `{"errcode":-1,"errmsg":"system error"}`
		used  = `{"errcode":40163,"errmsg":"code been used"}`
		limit = `{"errcode":45011,"errmsg":"api minute-quota reach limit"}`
		ms    = time.Millisecond
	)
	type steps = []step
	tests := []struct {
		name    string
		steps   steps
		timeout time.Duration
		want    outcome
		code    wechat.ErrCode
		taken   int
		atLeast time.Duration
		atMost  time.Duration
	}{
		{"no need", steps{replies(goodBody)}, 0, succeeds, 0, 1, 0, 0},
		{"busy once", steps{replies(busy), replies(goodBody)}, 0, succeeds, 0, 2, 300 * ms, 1000 * ms},
		{"busy for good", steps{replies(busy)}, 0, refused, -1, 2, 300 * ms, 1000 * ms},
		{"busy, then used", steps{replies(busy), replies(used)}, 0, refused, 40163, 2, 300 * ms, 1000 * ms},
		{"busy, then nonsense", steps{replies(busy), replies("")}, 0, nonsense, 0, 2, 300 * ms, 1000 * ms},
		{"busy, then lost", steps{replies(busy), losesConnection}, 0, lost, 0, 2, 300 * ms, 1000 * ms},
		{"busy, then unreachable", steps{replies(busy), failsToDial}, 0, refused, -1, 4, 600 * ms, 1600 * ms},
		{"busy and no time", steps{replies(busy)}, 200 * ms, refused, -1, 1, 0, 0},
		{"limited", steps{replies(limit)}, 0, refused, 45011, 1, 0, 0},
		{"used", steps{replies(used)}, 0, refused, 40163, 1, 0, 0},
		{"refused for good", steps{failsToDial}, 0, unreached, 0, 3, 300 * ms, 600 * ms},
		{"refused twice", steps{failsToDial, failsToDial, replies(goodBody)}, 0, succeeds, 0, 3, 300 * ms, 600 * ms},
		{"refused, then lost", steps{failsToDial, losesConnection}, 0, lost, 0, 2, 100 * ms, 200 * ms},
		{"refused and no time", steps{failsToDial}, 50 * ms, unreached, 0, 1, 0, 0},
		{"no such host", steps{failsToResolve}, 0, unreached, 0, 1, 0, 0},
		{"lost", steps{losesConnection}, 0, lost, 0, 1, 0, 0},
		{"silent transport", steps{failsWithURL}, 0, lost, 0, 1, 0, 0},
		{"hangs", steps{hangs}, 3000 * ms, lost, 0, 1, 3000 * ms, 3000 * ms},
		{"hangs, default timeout", steps{hangs}, 0, lost, 0, 1, 10_000 * ms, 10_000 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				script := &script{steps: tt.steps}
				client, err := wxapi.New(wxapi.Options{
					AppID: appID, Secret: wechat.NewAppSecret(canarySecret), HTTP: script, Timeout: tt.timeout,
				})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_, err = client.Code2Session(t.Context(), canaryCode)
				took := time.Since(start)
				if got := outcomeOf(t, err); got != tt.want {
					t.Errorf("%s (%v), want %s", got, err, tt.want)
				}
				if refusal, is := errors.AsType[*wechat.Error](err); is && refusal.Code != tt.code {
					t.Errorf("errcode %d, want %d", refusal.Code, tt.code)
				}
				checkSilent(t, err)
				if script.taken != tt.taken || took < tt.atLeast || took > tt.atMost {
					t.Errorf("%d requests in %v, want %d in %v to %v", script.taken, took, tt.taken, tt.atLeast, tt.atMost)
				}
			})
		})
	}
}

func TestTimeoutIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, err := wxapi.New(wxapi.Options{HTTP: &script{steps: []step{hangs}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Code2Session(t.Context(), canaryCode)
		failed, is := errors.AsType[*wxapi.TransportError](err)
		if !is || !failed.Timeout || failed.Host != "api.weixin.qq.com" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %+v", failed)
		}
		if want := "no answer from api.weixin.qq.com after the request was sent: timeout: context deadline exceeded"; err.Error() != want {
			t.Errorf("text %q, want %q", err, want)
		}
	})
}
