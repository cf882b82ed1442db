package stack

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/pipe"
)

// TestStopWithHangingCalls: a simulation stops within its five seconds although calls hang in it, from outside as well as from the login
// server, and leaves nothing behind.
func TestStopWithHangingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := pipe.Listen("outside")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		running, err := Start(ctx, Options{
			listener: listener, Logger: slog.New(slog.DiscardHandler), Mock: &Mock{Seed: 1},
			TokenTTL: time.Hour, SessionTTL: time.Hour, Timeout: time.Hour, // of the call to WeChat, which does not answer
		})
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DialContext: listener.DialContext}
		app, secret := DemoApp()
		ask := url.Values{"appid": {string(app)}, "secret": {secret.Reveal()}, "js_code": {"hang"}}.Encode()
		var calls sync.WaitGroup
		call := func(method, target, body string) {
			calls.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), method, running.URL()+target, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				answer, err := transport.RoundTrip(request)
				if err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
					t.Errorf("%s was answered with status %d", target, answer.StatusCode)
				}
			})
		}
		call(http.MethodGet, "/sns/jscode2session?"+ask, "")
		call(http.MethodPost, "/sns/jscode2session?"+ask, "x=y")
		call(http.MethodPost, "/onLogin", "code=hang")
		synctest.Wait()
		start := time.Now()
		stop()
		_ = running.Wait() // says that the calls had to be cut
		calls.Wait()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
	}) // the bubble fails when a goroutine is left
}
