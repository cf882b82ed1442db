package wxhttp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// journalBed is a bed whose calls to WeChat's API are journalled, as the server does it.
func journalBed(t *testing.T, size int) (bed, *journal.Journal) {
	t.Helper()
	kept := journal.New(size)
	b := newBed(t, wxhttp.Options{Journal: kept})
	b.handler = recorded(kept, b.handler)
	return b, kept
}

func recorded(kept *journal.Journal, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := journal.From(r.Context()) // of the bed, which looks at it, or one of its own
		next.ServeHTTP(w, r.WithContext(journal.With(r.Context(), record)))
		if record.API != "" {
			record.Time, record.Method, record.Peer, record.Status = time.Now(), r.Method, r.RemoteAddr, http.StatusOK
			record.Path = redact.Untrusted(r.URL.Path)
			kept.Add(record, r.URL.RawQuery)
		}
	})
}

// history is what the tests below look back at: bob logs in and uses his code twice, somebody's code is for another app, a
// path is not simulated.
func history(b bed) {
	code := b.login("", "bob")
	b.do(http.MethodGet, demoURL(code), "")
	time.Sleep(1200 * time.Millisecond)
	b.do(http.MethodGet, demoURL(code), "")
	b.do(http.MethodGet, exchangeURL(unboundApp, otherSecret, "091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S"), "")
	b.do(http.MethodPost, "/wxa/msg_sec_check?access_token=SECRETSECRETSECRET", `{"openid":"o"}`)
}

// TestJournal holds the answers about the journal byte for byte; they are API.
func TestJournal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		method, path string
		body         string
		size         int
		status       int
		reason       string
	}{
		{name: "all", path: "/_mock/journal"},
		{name: "empty", path: "/_mock/journal?since=4"},
		{name: "a mark of the future", path: "/_mock/journal?since=400"},
		{name: "failed", path: "/_mock/journal?failed=1&appid=wx0123456789abcdef"},
		{name: "newest of an api", path: "/_mock/journal?on=jscode2session&limit=1"},
		{name: "of a user", path: "/_mock/journal?user=bob&failed=false"},
		{name: "not simulated", path: "/_mock/journal?on=/wxa/msg_sec_check"},
		{name: "evicted", path: "/_mock/journal?since=1", size: 2},
		{name: "unknown parameter", path: "/_mock/journal?fialed=1", status: 400, reason: `unknown parameter "fialed"`},
		{name: "twice", path: "/_mock/journal?limit=1&limit=2", status: 400, reason: `parameter "limit" is given more than once`},
		{name: "no number", path: "/_mock/journal?since=yesterday", status: 400, reason: `parameter "since" is not a number`},
		{name: "no boolean", path: "/_mock/journal?failed=very", status: 400, reason: `parameter "failed" is not a boolean`},
		{name: "broken query", path: "/_mock/journal?on=%zz", status: 400, reason: "the query is not well-formed"},
		{name: "post", method: "POST", path: "/_mock/journal", status: 405},
		{name: "stream of nonsense", path: "/_mock/journal/stream?since=-1", status: 400, reason: `parameter "since" is not a number`},

		{name: "assert holds", method: "POST", path: "/_mock/assert", body: `{"on":"jscode2session","count":1,"errcode":0}`},
		{name: "assert of an app and a user", method: "POST", path: "/_mock/assert", body: `{"on":"jscode2session","appid":"wx0123456789abcdef","user":"bob","count":2}`},
		{name: "assert does not hold", method: "POST", path: "/_mock/assert", body: `{"on":"onLogin","at_least":1,"since":3}`},
		{name: "assert between", method: "POST", path: "/_mock/assert", body: `{"on":"jscode2session","at_least":4,"at_most":5}`},
		{name: "assert none", method: "POST", path: "/_mock/assert", body: `{"on":"unknown","count":0}`},
		{name: "assert after eviction", method: "POST", path: "/_mock/assert", body: `{"on":"unknown","count":1}`, size: 2},
		{name: "assert at least after eviction", method: "POST", path: "/_mock/assert", body: `{"on":"unknown","at_least":1}`, size: 2},
		{name: "assert nothing", method: "POST", path: "/_mock/assert", body: `{}`, status: 400, reason: `give "on": the API that is counted, such as "jscode2session"`},
		{name: "assert no number", method: "POST", path: "/_mock/assert", body: `{"on":"jscode2session"}`, status: 400, reason: `give "count", "at_least" or "at_most"`},
		{name: "assert count and bound", method: "POST", path: "/_mock/assert", body: `{"on":"a","count":1,"at_most":1}`, status: 400, reason: `"count" is exact and goes without "at_least" and "at_most"`},
		{name: "assert negative", method: "POST", path: "/_mock/assert", body: `{"on":"a","count":-1}`, status: 400, reason: "a number of calls is not negative"},
		{name: "assert upside down", method: "POST", path: "/_mock/assert", body: `{"on":"a","at_least":2,"at_most":1}`, status: 400, reason: `"at_least" is more than "at_most"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, _ := journalBed(t, tt.size)
				history(b)
				if tt.method == "" {
					tt.method = http.MethodGet
				}
				if tt.status == 0 {
					tt.status = http.StatusOK
				}
				answer, record := b.do(tt.method, tt.path, tt.body)
				if answer.StatusCode != tt.status || record.Reason != tt.reason {
					t.Errorf("status %d, reason %q; want %d, %q", answer.StatusCode, record.Reason, tt.status, tt.reason)
				}
				golden(t, sourceControl, answer)
			})
		})
	}
}

// TestResetForgets: after a reset nothing has been called, so that the next test counts from zero; marks stay marks.
func TestResetForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, kept := journalBed(t, 0)
		history(b)
		b.do(http.MethodPost, "/_mock/reset", `{"appid":"wx0123456789abcdef"}`)
		if left := kept.Since(0).Records; len(left) != 2 || left[0].AppID != "wxbbbbbbbbbbbbbbbb" {
			t.Errorf("after the reset of one app: %+v", left)
		}
		b.do(http.MethodPost, "/_mock/reset", "")
		if view := kept.Since(0); len(view.Records) != 0 || view.Mark != 4 || view.Evicted != 0 {
			t.Errorf("after the reset: %+v", view)
		}
	})
}

// TestStream follows over a real connection: what there is, what comes, what the filter keeps out, and the end.
func TestStream(t *testing.T) {
	t.Parallel()
	b, kept := journalBed(t, 3)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	add := func(api string) {
		kept.Add(&journal.Record{API: api, Method: http.MethodGet, Path: "/x", Status: 200}, "")
	}
	for range 4 {
		add("first")
	}
	add("other")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := openStream(ctx, t, server, "/_mock/journal/stream?on=first&limit=1")
	read(`{"missed":2}`)
	read(`"seq":4`)
	add("other")
	add("first")
	read(`"seq":7`)

	other := openStream(t.Context(), t, server, "/_mock/journal/stream?since=7")
	cancel()
	add("first")
	other(`"seq":8`)
	kept.Close()
	other("")
}

// deadlines is an answer that remembers its deadlines, as seconds from the beginning.
type deadlines struct {
	*httptest.ResponseRecorder
	began time.Time
	read  []time.Time
	write []float64
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = append(d.write, t.Sub(d.began).Seconds())
	return nil
}

// TestStreamOutlivesDeadlines: those of the server are for calls that end. A stream has none for reading, and for writing a minute
// from each record on.
func TestStreamOutlivesDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, kept := journalBed(t, 0)
		answer := &deadlines{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
		var streaming sync.WaitGroup
		streaming.Go(func() {
			b.handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/_mock/journal/stream", nil))
		})
		for range 2 {
			time.Sleep(10 * time.Minute)
			kept.Add(&journal.Record{API: "x"}, "")
			synctest.Wait()
		}
		kept.Close()
		streaming.Wait()
		if diff := cmp.Diff([]time.Time{{}}, answer.read); diff != "" {
			t.Error("reading:", diff)
		}
		if diff := cmp.Diff([]float64{60, 60, 660, 1260}, answer.write); diff != "" {
			t.Error("writing:", diff)
		}
		if lines := strings.Count(answer.Body.String(), "\n"); lines != 2 || !answer.Flushed {
			t.Errorf("%d lines, flushed %v", lines, answer.Flushed)
		}
	})
}

// openStream returns a function that reads a line and wants a text in it; the end of the stream is "".
func openStream(ctx context.Context, t *testing.T, server *httptest.Server, path string) func(want string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if got := answer.Header.Get("Content-Type"); got != "application/x-ndjson" || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, type %q", answer.StatusCode, got)
	}
	lines := bufio.NewReader(answer.Body)
	return func(want string) {
		t.Helper()
		line, err := lines.ReadString('\n')
		switch {
		case want == "" && (err != io.EOF || line != ""):
			t.Fatalf("after the end: %q, %v", line, err)
		case want != "" && (err != nil || !json.Valid([]byte(line)) || !strings.Contains(line, want)):
			t.Fatalf("line %q, %v; want %s", line, err, want)
		}
	}
}

// TestJournalIsTheTruth: fifty clients contest each code; the journal has every call, one winner a code, and no part of any secret.
func TestJournalIsTheTruth(t *testing.T) {
	t.Parallel()
	b, kept := journalBed(t, 10_000)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 50}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	const codes, clients = 5, 50
	var contest sync.WaitGroup
	for i := range codes {
		code := b.login("", fmt.Sprint("user", i))
		for range clients {
			contest.Go(func() {
				answer, err := client.Get(server.URL + demoURL(code))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			})
		}
		contest.Wait()
		view := kept.Since(uint64(i * clients))
		zero := 0
		won := (&journal.Filter{ErrCode: &zero, On: "jscode2session"}).Select(view.Records, 0)
		if len(view.Records) != clients || len(won) != 1 {
			t.Fatalf("%d records with %d winners", len(view.Records), len(won))
		}
		all, err := json.Marshal(view.Records)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{code[:7], world.DemoSecret} {
			if strings.Contains(string(all), secret) {
				t.Fatalf("%q shows in the journal", secret)
			}
		}
	}
}
