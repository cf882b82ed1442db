package server

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/problem"
)

// A gate lets so many requests through at a time. Others wait for their turn, up to a number and for a while; who comes when the
// queue is full, or has waited in vain, gets 503.
type gate struct {
	slots   chan struct{}
	queue   chan struct{}
	wait    time.Duration
	refused func()
	detail  string
}

func newGate(most, waiting int, refused func(), detail string) *gate {
	return &gate{slots: make(chan struct{}, most), queue: make(chan struct{}, waiting), wait: queueLimit, refused: refused, detail: detail}
}

// around lets requests through to next.
func (g *gate) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.enter(r) {
			g.refused()
			w.Header().Set("Retry-After", "1")
			problem.Write(w, problem.Problem{
				Title: "server full", Status: http.StatusServiceUnavailable, Reason: "try_later", Detail: g.detail,
			})
			return
		}
		defer func() { <-g.slots }()
		next.ServeHTTP(w, r)
	})
}

// enter takes a slot. It reports false when there is none for this request.
func (g *gate) enter(r *http.Request) bool {
	select {
	case g.slots <- struct{}{}:
		return true
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return false
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return true
	case <-timer.C:
		return false
	case <-r.Context().Done(): // nobody waits for the answer any more
		return false
	}
}

// Upstream keeps a handler that waits for somebody else's server from taking up all of ours: when that one hangs, half of the
// places are taken by requests that wait for it, a quarter by those that wait for their turn, and the rest remains for requests that
// do not need it.
func (m *Metrics) Upstream(next http.Handler) http.Handler {
	return newGate(maxConcurrent/2, maxConcurrent/4, m.limited("upstream"), "too many logins wait for WeChat already").around(next)
}
