package stack_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	loadClients    = 64 // connections
	loadContenders = 50 // of each code
	loadTime       = 2 * time.Second
)

// TestLoad has 64 connections fight for codes, 50 for each: one wins it and all others are told that it is used, or, by the login
// server, that it is being exchanged. WXLOGIN_LOAD=30s makes it last as long.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two seconds")
	}
	duration := loadTime
	if text := os.Getenv("WXLOGIN_LOAD"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, nil)
	r.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loadClients, MaxConnsPerHost: loadClients}}
	t.Cleanup(r.CloseIdleConnections)
	end := time.Now().Add(duration / 2)
	t.Run("jscode2session", func(t *testing.T) {
		r.load(t, end, "/sns/jscode2session?appid="+demoAppID+"&secret="+demoSecret+"&grant_type=authorization_code&js_code=",
			`{"session_key":"`, `{"errcode":40163,`)
	})
	end = time.Now().Add(duration / 2)
	t.Run("onLogin", func(t *testing.T) {
		r.load(t, end, "/onLogin?code=", `{"token":"`, `"title":"code already used"`, `"title":"code already in use"`)
	})
}

// A contest is one code and what became of it.
type contest struct {
	code   string
	wins   atomic.Int64
	losses atomic.Int64
}

// load lets contests follow one another until the end, several at a time, so that contenders of one code meet those of others.
func (r *running) load(t *testing.T, end time.Time, prefix, won string, lost ...string) {
	t.Helper()
	turns := make(chan *contest, loadClients)
	var clients sync.WaitGroup
	for range loadClients {
		clients.Go(func() {
			for c := range turns {
				body, err := r.body(prefix + c.code)
				switch {
				case err != nil:
					t.Error(err)
				case strings.HasPrefix(body, won):
					c.wins.Add(1)
				case containsAny(body, lost):
					c.losses.Add(1)
				default:
					t.Errorf("an answer that is neither: %s", body)
				}
			}
		})
	}
	var contests []*contest
	for len(contests) == 0 || time.Now().Before(end) {
		c := &contest{code: r.code(t, fmt.Sprintf("user%d", len(contests)))}
		contests = append(contests, c)
		for range loadContenders {
			turns <- c
		}
	}
	close(turns)
	clients.Wait()
	for _, c := range contests {
		if wins, losses := c.wins.Load(), c.losses.Load(); wins != 1 || losses != loadContenders-1 {
			t.Errorf("code %.8s...: %d winners, %d losers of %d", c.code, wins, losses, loadContenders)
		}
	}
	t.Logf("%d codes, %d requests, one winner each", len(contests), len(contests)*loadContenders)
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func (r *running) body(path string) (string, error) {
	answer, err := r.Get(r.URL() + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}
