package server_test

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlowClientsStarveNobody has a thousand clients who send their header, and a thousand who send their body, a byte a second. Others are
// answered as though they were alone, and the slow ones are gone when their time is up.
func TestSlowClientsStarveNobody(t *testing.T) {
	t.Parallel()
	const each = 1000 // of 1024 places; a header takes none
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
		running := serve(t, s)
		var slow sync.WaitGroup
		for range each {
			for _, begin := range []string{
				"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
				"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
			} {
				slow.Go(func() { dribble(t, running, begin) })
			}
		}
		time.Sleep(2 * time.Second) // on the bubble's clock: all of them have begun
		start := time.Now()
		answer, err := running.client().Get("http://localhost/")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if took := time.Since(start); answer.StatusCode != http.StatusOK || took != 0 {
			t.Errorf("%s after %v, want 200 at once", answer.Status, took)
		}
		slow.Wait()
		if took := time.Since(start); took > 16*time.Second {
			t.Errorf("the last slow client was there for %v", took)
		}
		running.stop()
		if err := <-running.done; err != nil {
			t.Error(err)
		}
	})
}

// dribble sends what begins a request, and then a byte a second until the server has had enough.
func dribble(t *testing.T, running *serving, begin string) {
	conn, err := running.dial(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	ended := make(chan struct{})
	go func() { // a pipe holds no byte: somebody has to take the answer
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn)
	}()
	for _, err := io.WriteString(conn, begin); err == nil; _, err = io.WriteString(conn, "x") {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
		}
	}
	<-ended
}
