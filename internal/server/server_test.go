package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/server"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s, _ := newServer(http.NotFoundHandler())
	check := func(path string, status int, body string) {
		t.Helper()
		answer := ask(t, s.Handler(), "GET", path, nil)
		if answer.Code != status || answer.Body.String() != body || answer.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", path, answer.Code, answer.Body)
		}
	}
	check("/healthz", 200, "ok\n")
	check("/readyz", 503, "not ready\n")
	s.Ready()
	check("/healthz", 200, "ok\n")
	check("/readyz", 200, "ready\n")
	if answer := ask(t, s.Handler(), "POST", "/healthz", nil); answer.Code == 200 {
		t.Error("POST /healthz answers 200")
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	s := server.New(server.Options{
		Handler: http.HandlerFunc(ok), Logger: (&logged{}).logger(), Now: time.Now,
		Mark: func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Mark", r.URL.Path) },
	})
	for _, host := range []string{"localhost", "evil.example"} {
		if got := ask(t, s.Handler(), "GET", "/x", func(r *http.Request) { r.Host = host }).Header().Get("X-Mark"); got != "/x" {
			t.Errorf("%s: %q", host, got)
		}
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 1024
		finish := make(chan struct{})
		s, _ := newServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-finish }))
		var wg sync.WaitGroup
		for range most {
			wg.Go(func() { ask(t, s.Handler(), "GET", "/", nil) })
		}
		synctest.Wait()
		answer := ask(t, s.Handler(), "GET", "/", nil)
		wantProblem(t, answer, 503, "try_later")
		if answer.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", answer.Header().Get("Retry-After"))
		}
		if answer = ask(t, s.Handler(), "GET", "/healthz", nil); answer.Code != 200 {
			t.Errorf("a full server is not healthy: %d", answer.Code)
		}
		close(finish)
		wg.Wait()
		if answer = ask(t, s.Handler(), "GET", "/", nil); answer.Code != 200 {
			t.Errorf("afterwards: %d", answer.Code)
		}
	})
}

// serving runs a server over pipes inside a bubble.
type serving struct {
	*pipes
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, s *server.Server) *serving {
	t.Helper()
	return serveOver(t, s, func(l net.Listener) net.Listener { return l })
}

// serveOver runs it over what wrap makes of the pipes.
func serveOver(t *testing.T, s *server.Server, wrap func(net.Listener) net.Listener) *serving {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &serving{pipes: newPipes(), stop: stop, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx, wrap(r.pipes)) }()
	return r
}

func TestGracefulStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		s, _ := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-finish
			ok(w, r)
		}))
		s.Ready()
		running := serve(t, s)
		client := running.client()
		type result struct {
			body string
			err  error
		}
		first := make(chan result, 1)
		go func() {
			answer, err := client.Get("http://localhost/")
			if err != nil {
				first <- result{"", err}
				return
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			first <- result{string(body), err}
		}()
		synctest.Wait() // the request is in the handler
		running.stop()
		synctest.Wait() // the server drains
		if answer := ask(t, s.Handler(), "GET", "/readyz", nil); answer.Code != 503 {
			t.Errorf("ready while draining: %d", answer.Code)
		}
		if _, err := client.Get("http://localhost/"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second request while draining: %v", err)
		}
		close(finish)
		if got := <-first; got.err != nil || got.body != "ok" {
			t.Errorf("the request in flight: %+v", got)
		}
		if err := <-running.done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

func TestStopCutsWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		left := make(chan struct{})
		s, _ := newServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(left)
		}))
		running := serve(t, s)
		failed := make(chan error, 1)
		go func() {
			_, err := running.client().Get("http://localhost/")
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		running.stop()
		if err := <-running.done; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("the stop took %v, not five seconds", took)
		}
		if err := <-failed; err == nil {
			t.Error("the hanging request got an answer")
		}
		<-left
	})
}

func TestServeFails(t *testing.T) {
	t.Parallel()
	s, _ := newServer(http.HandlerFunc(ok))
	listener := newPipes()
	_ = listener.Close()
	if err := s.Serve(t.Context(), listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v", err)
	}
}

// send writes raw bytes on a connection of its own, one piece after each pause, and returns what comes back, and when.
func send(t *testing.T, running *serving, pause time.Duration, pieces ...string) (status string, after time.Duration) {
	t.Helper()
	conn, err := running.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	defer writing.Wait()
	defer conn.Close()
	start := time.Now()
	writing.Go(func() {
		for _, piece := range pieces {
			if _, err := io.WriteString(conn, piece); err != nil {
				return
			}
			time.Sleep(pause) // on the bubble's clock
		}
	})
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	after = time.Since(start)
	if err != nil {
		return "closed", after
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.Status[:3], after
}

func TestSlowLoris(t *testing.T) {
	t.Parallel()
	body := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(400)
		}
	})
	drip := strings.Split("GET / HTTP/1.1\r\nHost: localhost\r\n"+strings.Repeat("X-A: b\r\n", 40)+"\r\n", "")
	slowBody := append([]string{"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"}, strings.Split(strings.Repeat("x", 100), "")...)
	tests := []struct {
		name   string
		pieces []string
		pause  time.Duration
		status string
		limit  time.Duration
	}{
		{"quick", drip, time.Millisecond, "200", time.Second},
		{"header drop by drop", drip, time.Second, "400", 5 * time.Second},
		{"nothing at all", nil, 0, "closed", 5 * time.Second},
		{"body drop by drop", slowBody, time.Second, "400", 15 * time.Second},
		{"quick body", slowBody, time.Millisecond, "200", time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := newServer(body)
				running := serve(t, s)
				status, after := send(t, running, tt.pause, tt.pieces...)
				if status != tt.status || after > tt.limit+time.Second {
					t.Errorf("%s after %v, want %s within %v", status, after, tt.status, tt.limit)
				}
				running.stop()
				if err := <-running.done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestLargeHeader(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{9 << 10: "200", 20 << 10: "431"} { // a login token is at most 8 KiB
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Bool
			synctest.Test(t, func(t *testing.T) {
				s, _ := newServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
				running := serve(t, s)
				status, _ := send(t, running, 0, "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+strings.Repeat("a", size)+"\r\n\r\n")
				if status != want || reached.Load() != (want == "200") {
					t.Errorf("%d bytes: %s, the handler was reached: %v", size, status, reached.Load())
				}
				running.stop()
				if err := <-running.done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestListeners: a server answers on several listeners, and one that fails ends all.
func TestListeners(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(http.HandlerFunc(ok))
		first, second := newPipes(), newPipes()
		done := make(chan error, 1)
		go func() { done <- s.Serve(t.Context(), first, second) }()
		for _, listener := range []*pipes{first, second} {
			answer, err := listener.client().Get("http://localhost/")
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		_ = second.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve = %v", err)
		}
		if _, err := first.dial(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the other listener goes on: %v", err)
		}
	})
}

// TestProxy: what is for another host is answered before the Host rule; what passes through is logged for those who debug, a refusal for all.
func TestProxy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lines := &logged{}
		states := map[http.ConnState]int{}
		var mu sync.Mutex
		s := server.New(server.Options{
			Handler: http.HandlerFunc(ok), Logger: lines.logger(), Now: time.Now, Mark: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Mark", "1") },
			Proxy: func(direct http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "localhost" {
						direct.ServeHTTP(w, r)
						return
					}
					record := journal.From(r.Context())
					record.Path, record.Host = "", r.Host
					if r.Method == http.MethodPost {
						w.WriteHeader(http.StatusForbidden)
					}
				})
			},
			Watch: func(_ net.Conn, state http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				states[state]++
			},
		})
		if answer := ask(t, s.Handler(), "GET", "/x", func(r *http.Request) { r.Host = "other.example" }); answer.Code != 200 || answer.Header().Get("X-Mark") != "" {
			t.Errorf("%d %v", answer.Code, answer.Header())
		}
		ask(t, s.Handler(), "POST", "/x", func(r *http.Request) { r.Host = "other.example" })
		if answer := ask(t, s.Handler(), "GET", "/x", nil); answer.Body.String() != "ok" || answer.Header().Get("X-Mark") != "1" {
			t.Errorf("%s %v", answer.Body, answer.Header())
		}
		want := []string{"DEBUG GET other.example", "WARN POST other.example", "INFO GET /x"}
		for i, line := range lines.lines(t) {
			if got := fmt.Sprint(line["level"]) + " " + fmt.Sprint(line["msg"]); got != want[i] {
				t.Errorf("%s, want %s", got, want[i])
			}
		}
		running := serve(t, s)
		answer, err := running.client().Get("http://localhost/")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		running.stop()
		if err := <-running.done; err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if states[http.StateNew] != 1 || states[http.StateActive] != 1 || states[http.StateClosed] != 1 {
			t.Errorf("states %v", states)
		}
	})
}

func TestListen(t *testing.T) {
	t.Parallel()
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // not before the subtests end
	tests := []struct {
		name, addr string
		inUse      bool
		text       string
	}{
		{"taken", listener.Addr().String(), true, "address " + listener.Addr().String() + " is already in use"},
		{"not of this machine", "192.0.2.1:80", false, "cannot listen on 192.0.2.1:80: "},
		{"no port", "127.0.0.1", false, "cannot listen on 127.0.0.1: "},
		{"no such port", "127.0.0.1:70000", false, "cannot listen on 127.0.0.1:70000: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opened, err := server.Listen(t.Context(), tt.addr)
			failed, isListen := errors.AsType[*server.ListenError](err)
			if !isListen || opened != nil {
				t.Fatalf("Listen = %v, %v", opened, err)
			}
			if failed.InUse != tt.inUse || failed.Addr != tt.addr || failed.Err == nil || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("InUse %v: %v, want %s", failed.InUse, err, tt.text)
			}
		})
	}
}
