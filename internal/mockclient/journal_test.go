package mockclient_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
)

func TestJournal(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestJournal/evicted")
	got, err := client.Journal(t.Context(), mockclient.JournalQuery{Since: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got.Mark != 4 || got.Evicted != 1 || len(got.Records) != 2 || got.Records[0].Seq != 3 || got.Records[0].ErrCode != 40029 || len(got.Raw) == 0 {
		t.Errorf("journal %+v", got)
	}
	if seen.Method != http.MethodGet || seen.Path != "/_mock/journal" {
		t.Errorf("called %+v", seen)
	}
}

func TestAssert(t *testing.T) {
	t.Parallel()
	three, four, five := 3, 4, 5
	tests := []struct {
		name, golden string
		expect       mockclient.Expect
		body         string
		ok           bool
		got, seen    int
		evicted      uint64
	}{
		{
			name: "holds", golden: "assert_holds", expect: mockclient.Expect{On: "jscode2session", Count: &three, ErrCode: new(int)},
			body: `{"on":"jscode2session","errcode":0,"count":3}`, ok: true, got: 1, seen: 4,
		},
		{
			name: "does not", golden: "assert_between", expect: mockclient.Expect{On: "x", AppID: "wxa", User: "u", Since: 7, AtLeast: &four, AtMost: &five},
			body: `{"on":"x","appid":"wxa","user":"u","since":7,"at_least":4,"at_most":5}`, got: 3, seen: 4,
		},
		{
			name: "nobody knows", golden: "assert_after_eviction", expect: mockclient.Expect{On: "x"},
			body: `{"on":"x"}`, got: 1, seen: 2, evicted: 2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, seen := replay(t, "TestJournal/"+tt.golden)
			got, err := client.Assert(t.Context(), tt.expect)
			if err != nil {
				t.Fatal(err)
			}
			if got.OK != tt.ok || got.Got != tt.got || len(got.Seen) != tt.seen || got.Evicted != tt.evicted || got.Mark != 4 {
				t.Errorf("counted %+v", got)
			}
			if diff := cmp.Diff(call{Method: "POST", Path: "/_mock/assert", Body: tt.body}, *seen); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// followed is what came of a stream.
type followed struct {
	seq, missed []uint64
	err         error
}

// follow reads the stream that a server answers with.
func follow(ctx context.Context, t *testing.T, answer http.HandlerFunc) followed {
	t.Helper()
	server := httptest.NewServer(answer)
	defer server.Close()
	client, err := mockclient.New(server.URL, server.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	var out followed
	for line, err := range client.Follow(ctx, mockclient.JournalQuery{On: "a&b", Failed: true, Limit: 2, User: "u", AppID: "wxa", Since: 9}) {
		switch {
		case err != nil:
			out.err = err
		case line.Missed > 0:
			out.missed = append(out.missed, line.Missed)
		default:
			out.seq = append(out.seq, line.Record.Seq)
		}
	}
	return out
}

func TestFollow(t *testing.T) {
	t.Parallel()
	var asked string
	got := follow(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.Header().Set("X-Wxlogin-Mock", "1")
		_, _ = io.WriteString(w, "{\"missed\":3}\n{\"seq\":4}\n{\"seq\":5,\"a field of a later version\":{}}\n")
	})
	if got.err != nil || !cmp.Equal(got.seq, []uint64{4, 5}) || !cmp.Equal(got.missed, []uint64{3}) {
		t.Errorf("%+v", got)
	}
	if asked != "/_mock/journal/stream?appid=wxa&failed=true&limit=2&on=a%26b&since=9&user=u" {
		t.Errorf("asked %s", asked)
	}
}

func TestFollowFails(t *testing.T) {
	t.Parallel()
	mock := func(w http.ResponseWriter) { w.Header().Set("X-Wxlogin-Mock", "1") }
	tests := []struct {
		name   string
		answer http.HandlerFunc
		check  func(error) bool
	}{
		{
			name: "refused", check: func(err error) bool {
				p, ok := errors.AsType[*problem.Problem](err)
				return ok && p.Reason == "bad_request"
			},
			answer: func(w http.ResponseWriter, _ *http.Request) {
				mock(w)
				problem.Write(w, problem.Problem{Status: http.StatusBadRequest, Reason: "bad_request"})
			},
		},
		{
			name: "no mock", check: func(err error) bool { _, ok := errors.AsType[*mockclient.NotAMockError](err); return ok },
			answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}\n") },
		},
		{
			name: "no JSON", check: func(err error) bool { return err != nil },
			answer: func(w http.ResponseWriter, _ *http.Request) { mock(w); _, _ = io.WriteString(w, "<html>\n{}\n") },
		},
		{
			name: "cut", check: func(err error) bool { _, ok := errors.AsType[*mockclient.UnreachableError](err); return ok },
			answer: func(w http.ResponseWriter, _ *http.Request) {
				mock(w)
				_, _ = io.WriteString(w, "{\"seq\":1}\n{\"se")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := follow(t.Context(), t, tt.answer); !tt.check(got.err) {
				t.Errorf("error %v", got.err)
			}
		})
	}
}

// TestFollowStops when the caller has had enough, though the server has not.
func TestFollowStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	got := follow(ctx, t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Wxlogin-Mock", "1")
		_, _ = io.WriteString(w, "{\"seq\":1}\n")
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	})
	if !errors.Is(got.err, context.Canceled) {
		t.Errorf("error %v", got.err)
	}
}
