package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/server"
)

// hold answers when finish is closed.
func hold(finish <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-finish
		ok(w, r)
	})
}

// TestQueue: who comes to a full server waits for a place, a second at most; beyond as many as there are places nobody waits.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 1024
		finish := make(chan struct{})
		s, _ := newServer(hold(finish))
		var served, refused sync.WaitGroup
		count := func(group *sync.WaitGroup, want int, limit time.Duration) {
			group.Go(func() {
				start := time.Now()
				answer := ask(t, s.Handler(), "GET", "/", nil)
				if answer.Code != want || time.Since(start) > limit {
					t.Errorf("%d after %v, want %d", answer.Code, time.Since(start), want)
				}
			})
		}
		for range most { // they have their places
			count(&served, 200, 500*time.Millisecond)
		}
		synctest.Wait()
		for range most { // they wait, and get one
			count(&served, 200, 500*time.Millisecond)
		}
		synctest.Wait()
		count(&refused, 503, 0)
		refused.Wait()
		time.Sleep(500 * time.Millisecond) // on the bubble's clock
		close(finish)
		served.Wait()

		finish = make(chan struct{})
		s, _ = newServer(hold(finish))
		for range most {
			count(&served, 200, 2*time.Second)
		}
		synctest.Wait()
		for range 5 {
			count(&refused, 503, time.Second) // nobody leaves in time
		}
		refused.Wait()
		close(finish)
		served.Wait()
	})
}

// TestQueueOfTheGone: a client that goes away gives its place in the queue up.
func TestQueueOfTheGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		s, _ := newServer(hold(finish))
		var group sync.WaitGroup
		for range 1024 {
			group.Go(func() { ask(t, s.Handler(), "GET", "/", nil) })
		}
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		start := time.Now()
		var gone sync.WaitGroup
		gone.Go(func() {
			ask(t, s.Handler(), "GET", "/", func(r *http.Request) { *r = *r.WithContext(ctx) })
		})
		synctest.Wait()
		leave()
		gone.Wait()
		if time.Since(start) != 0 {
			t.Errorf("it waited %v", time.Since(start))
		}
		close(finish)
		group.Wait()
	})
}

// TestUpstream: when WeChat hangs, logins fill half of the server, and what needs no WeChat is answered at once.
func TestUpstream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const half = 512
		finish := make(chan struct{})
		metrics := server.NewMetrics(server.Build{}, "")
		mux := http.NewServeMux()
		mux.Handle("/onLogin", metrics.Upstream(hold(finish)))
		mux.HandleFunc("/session", ok)
		s := server.New(server.Options{Handler: mux, Logger: (&logged{}).logger(), Now: time.Now, Metrics: metrics})
		var group sync.WaitGroup
		codes := make(chan int, 3*half)
		for range 3 * half {
			group.Go(func() { codes <- ask(t, s.Handler(), "GET", "/onLogin", nil).Code })
		}
		synctest.Wait()
		start := time.Now()
		if answer := ask(t, s.Handler(), "GET", "/session", nil); answer.Code != 200 || time.Since(start) != 0 {
			t.Errorf("/session: %d after %v", answer.Code, time.Since(start))
		}
		time.Sleep(2 * time.Second) // on the bubble's clock
		close(finish)
		group.Wait()
		close(codes)
		got := map[int]int{}
		for code := range codes {
			got[code]++
		}
		if got[200] != half || got[503] != 2*half {
			t.Errorf("%v", got)
		}
	})
}

// as makes a request come from an address.
func as(remote string, forwarded ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = remote
		for _, list := range forwarded {
			r.Header.Add("X-Forwarded-For", list)
		}
	}
}

// limited is a handler behind a limiter, with the records that it needs.
func limited(rates server.Rates, trusted ...string) (http.Handler, *logged) {
	lines := &logged{}
	limiter := server.NewLimiter(rates, lines.logger(), server.NewMetrics(server.Build{}, ""))
	s := server.New(server.Options{
		Handler: limiter.Around(http.HandlerFunc(ok)), Logger: lines.logger(), Now: time.Now, Trusted: networks(trusted...),
	})
	return s.Handler(), lines
}

func TestClientRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler, _ := limited(server.Rates{Client: server.Rate{Count: 3, Per: time.Minute}})
		status := func(remote string, want int) *httptest.ResponseRecorder {
			t.Helper()
			answer := ask(t, handler, "GET", "/onLogin", as(remote))
			if answer.Code != want {
				t.Errorf("%s: %d, want %d", remote, answer.Code, want)
			}
			return answer
		}
		for range 3 {
			status("203.0.113.1:1000", 200)
		}
		answer := status("203.0.113.1:1001", 429)
		wantProblem(t, answer, 429, "try_later")
		if got := answer.Header().Get("Retry-After"); got != "20" { // three a minute
			t.Errorf("Retry-After %q", got)
		}
		status("203.0.113.2:1000", 200) // somebody else
		time.Sleep(19 * time.Second)    // on the bubble's clock
		status("203.0.113.1:1000", 429) // a refusal costs nothing
		time.Sleep(time.Second)
		status("203.0.113.1:1000", 200)

		for range 3 { // one subscriber has 64 bits
			status("[2001:db8::1]:1", 200)
		}
		status("[2001:db8::ffff:ffff:ffff:ffff]:1", 429)
		status("[2001:db8:0:1::1]:1", 200)
		for _, private := range []string{"127.0.0.1:1", "[::1]:1", "10.1.2.3:1", "172.17.0.1:1", "192.168.1.2:1", "[fd00::1]:1", "[::ffff:127.0.0.1]:1", "pipe"} {
			for range 5 {
				status(private, 200)
			}
		}
	})
}

func TestLoginRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler, _ := limited(server.Rates{All: server.Rate{Count: 2, Per: time.Second}})
		for i, want := range []int{200, 200, 429} {
			answer := ask(t, handler, "GET", "/onLogin", as("127.0.0.1:1"))
			if answer.Code != want || want == 429 && answer.Header().Get("Retry-After") != "1" {
				t.Errorf("request %d: %d, %v", i, answer.Code, answer.Header())
			}
		}
		time.Sleep(time.Second) // on the bubble's clock
		if answer := ask(t, handler, "GET", "/onLogin", nil); answer.Code != 200 {
			t.Errorf("a second later: %d", answer.Code)
		}
	})
}

// TestUntrustedProxy: a proxy that names clients without being trusted is told once, and its clients are not taken for one.
func TestUntrustedProxy(t *testing.T) {
	t.Parallel()
	handler, lines := limited(server.Rates{Client: server.Rate{Count: 1, Per: time.Hour}})
	for range 3 {
		if answer := ask(t, handler, "GET", "/onLogin", as("172.17.0.1:1", "203.0.113.9")); answer.Code != 200 {
			t.Errorf("%d", answer.Code)
		}
	}
	hints := 0
	for _, line := range lines.lines(t) {
		if line["proxy"] == "172.17.0.1" {
			hints++
		}
	}
	if hints != 1 {
		t.Errorf("%d hints in\n%s", hints, lines)
	}
}

// TestClients: who is behind a trusted proxy, as the log and the limits see it.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		remote    string
		forwarded []string
		want      string
	}{
		{"no proxy", "203.0.113.1:1", nil, "203.0.113.1"},
		{"a stranger names somebody", "203.0.113.1:1", []string{"198.51.100.7"}, "203.0.113.1"},
		{"through the proxy", "10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"the client lies", "10.0.0.1:1", []string{"192.0.2.66, 198.51.100.7"}, "198.51.100.7"},
		{"the client lies in a header of its own", "10.0.0.1:1", []string{"192.0.2.66", "198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:1", []string{"192.0.2.66, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"IPv6", "10.0.0.1:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with port", "10.0.0.1:1", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"with port", "10.0.0.1:1", []string{"198.51.100.7:443"}, "198.51.100.7"},
		{"mapped", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"nothing", "10.0.0.1:1", nil, "10.0.0.1"},
		{"junk", "10.0.0.1:1", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"junk before the client", "10.0.0.1:1", []string{"<script>, 198.51.100.7"}, "198.51.100.7"},
		{"all of them proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			s := server.New(server.Options{
				Logger: (&logged{}).logger(), Now: time.Now, Trusted: networks("10.0.0.0/8"),
				Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = journal.From(r.Context()).Client }),
			})
			ask(t, s.Handler(), "GET", "/", as(tt.remote, tt.forwarded...))
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]server.Rate{
		"10/s": {Count: 10, Per: time.Second}, "600/m": {Count: 600, Per: time.Minute}, "1/h": {Count: 1, Per: time.Hour}, "off": {},
	} {
		if got, err := server.ParseRate(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10", "10/", "10/d", "/s", "0/s", "-1/s", "1.5/s", "10/ s", "10/s/s", "OFF", "99999999999999999999/s"} {
		if got, err := server.ParseRate(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
