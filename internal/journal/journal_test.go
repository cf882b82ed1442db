package journal_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// noon is any moment.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)

// call is a record as a server hands it in, told apart by its number.
func call(n int) *journal.Record {
	return &journal.Record{
		Time: noon.Add(time.Duration(n) * time.Second), Method: "GET", Path: "/sns/jscode2session", API: "jscode2session",
		Peer: fmt.Sprintf("127.0.0.1:%d", 10_000+n), Status: 200, Duration: time.Duration(n) * time.Millisecond, Mock: true,
		AppID: redact.Untrusted(fmt.Sprintf("wx%016x", n%3)), User: "alice",
	}
}

// TestRingIsASlice: whatever is written, forgotten and asked, the journal answers as a slice that is cut at its head.
func TestRingIsASlice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 12).Draw(t, "size")
		j := journal.New(size)
		type entry struct {
			journal.Record
			gone bool
		}
		var model []entry // all that was ever written
		floor := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				r := call(len(model) + 1)
				if got := j.Add(r, ""); got != uint64(len(model)+1) {
					t.Fatalf("record %d got the number %d", len(model)+1, got)
				}
				r.Seq = uint64(len(model) + 1)
				model = append(model, entry{Record: *r})
			},
			"forget an app": func(t *rapid.T) {
				app := fmt.Sprintf("wx%016x", rapid.IntRange(0, 2).Draw(t, "app"))
				j.Forget(app)
				for i := range model {
					model[i].gone = model[i].gone || string(model[i].AppID) == app
				}
			},
			"forget all": func(*rapid.T) {
				j.Forget("")
				floor = len(model)
			},
			"": func(t *rapid.T) {
				mark := rapid.IntRange(0, len(model)+2).Draw(t, "mark")
				from := min(max(mark, floor), len(model))
				oldest := max(from, len(model)-size)
				want := []journal.Record{}
				for _, e := range model[oldest:] {
					if !e.gone {
						want = append(want, e.Record)
					}
				}
				got := j.Since(uint64(mark))
				if diff := cmp.Diff(want, got.Records); diff != "" {
					t.Fatalf("since %d (-want +got):\n%s", mark, diff)
				}
				if got.Mark != uint64(len(model)) || got.Evicted != uint64(oldest-from) || j.Mark() != got.Mark {
					t.Fatalf("since %d: mark %d, evicted %d; want %d, %d", mark, got.Mark, got.Evicted, len(model), oldest-from)
				}
			},
		})
	})
}

// TestNil: a server without a journal writes to none.
func TestNil(t *testing.T) {
	t.Parallel()
	var j *journal.Journal
	if seq := j.Add(call(1), "a=b"); seq != 0 {
		t.Errorf("a number %d without a journal", seq)
	}
	j.Close()
}

// TestMasked: the values are those of WeChat's documentation of code2Session and of mistakes that people make.
func TestMasked(t *testing.T) {
	t.Parallel()
	const (
		secret = "0123456789abcdef0123456789abcdef"
		code   = "091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S"
	)
	tests := []struct{ name, query, want string }{
		{name: "none", query: "", want: ""},
		{
			name: "as documented", query: "appid=wx0123456789abcdef&secret=" + secret + "&js_code=" + code + "&grant_type=authorization_code",
			want: "appid=wx0123456789abcdef&js_code=091nEh***&grant_type=authorization_code",
		},
		{name: "appid and secret swapped", query: "appid=" + secret + "&secret=wx0123456789abcdef", want: "appid=012345***"},
		{name: "the code as grant_type", query: "grant_type=" + code, want: "grant_type=091nEh***"},
		{name: "a login", query: "code=" + code, want: "code=091nEh***"},
		{name: "a short code", query: "code=abcd", want: "code=ab***"},
		{name: "one character", query: "code=a", want: "code=***"},
		{name: "an empty code", query: "js_code=", want: "js_code="},
		{name: "an access token", query: "access_token=" + secret + "&openid=oabc", want: ""},
		{name: "a name in disguise", query: "%73ecret=" + secret + "&SECRET=" + secret, want: ""},
		{name: "a bare secret", query: secret, want: ""},
		{name: "escapes stay", query: "js_code=%E5%BE%AE%E4%BF%A1", want: "js_code=%E5%BE***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := journal.New(1)
			j.Add(call(1), tt.query)
			if got := j.Since(0).Records[0].Masked; got != tt.want {
				t.Errorf("masked %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNothingLeaks: wherever somebody puts a secret or a code, the journal has at most six characters of it.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		canary := rapid.StringMatching(`[0-9a-zA-Z]{32}`).Draw(t, "canary")
		name := rapid.SampledFrom([]string{"appid", "secret", "js_code", "code", "grant_type", "access_token", "signature", "", "APPID", "a"})
		query := ""
		for range rapid.IntRange(0, 6).Draw(t, "parameters") {
			query += rapid.SampledFrom([]string{"&", "?", ";", ""}).Draw(t, "separator") + name.Draw(t, "name") + "=" + canary
		}
		j := journal.New(3)
		j.Add(&journal.Record{Path: redact.Untrusted("/sns/jscode2session&secret=" + canary), AppID: redact.Untrusted(canary)}, query)
		got, err := json.Marshal(j.Since(0).Records)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(got), canary[:7]) {
			t.Fatalf("%q shows in %s", canary, got)
		}
	})
}

// TestCaps: a caller cannot make records large, and what is cut stays readable.
func TestCaps(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("微信", 10_000)
	j := journal.New(1)
	j.Add(&journal.Record{
		Method: long, Path: redact.Untrusted("/" + long), API: long, Peer: long, Host: long, AppID: redact.Untrusted(long), User: long, Reason: long,
	}, strings.Repeat("appid=wx0123456789abcdef&", 10_000))
	got := j.Since(0).Records[0]
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 1500 {
		t.Errorf("a record of %d bytes", len(encoded))
	}
	for name, text := range map[string]string{
		"method": got.Method, "path": string(got.Path), "api": got.API, "peer": got.Peer, "host": got.Host, "user": got.User, "reason": got.Reason,
	} {
		if !strings.HasSuffix(text, "…") || strings.ContainsRune(text, '\uFFFD') {
			t.Errorf("%s is cut to %q", name, text)
		}
	}
}

// TestJSON asserts the fields that scripts depend on, and their order.
func TestJSON(t *testing.T) {
	t.Parallel()
	j := journal.New(5)
	j.Add(&journal.Record{
		Host: "sh.api.weixin.qq.com",
		Time: noon.In(time.FixedZone("CST", 8*60*60)), Method: "GET", Path: "/sns/jscode2session", API: "jscode2session", Peer: "127.0.0.1:51234",
		Status: 200, Duration: 1_234_567 * time.Nanosecond, ErrCode: 40163, AppID: "wx0123456789abcdef", User: "alice",
		Reason: `code: used 3.2 s ago by <127.0.0.1:51234> & "others"`, Mock: true,
	}, "js_code=091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S")
	j.Add(&journal.Record{Time: noon}, "")
	const want = `{"seq":1,"time":"2026-11-23T12:00:00.123456789Z","method":"GET","path":"/sns/jscode2session","api":"jscode2session",` +
		`"peer":"127.0.0.1:51234","status":200,"ms":1.234,"errcode":40163,"appid":"wx0123456789abcdef","user":"alice",` +
		`"reason":"code: used 3.2 s ago by <127.0.0.1:51234> & \"others\"","mock":true,"query":"js_code=091nEh***","host":"sh.api.weixin.qq.com"}` + "\n" +
		`{"seq":2,"time":"2026-11-23T12:00:00.123456789Z","method":"","path":"","api":"","peer":"","status":0,"ms":0,"errcode":0,` +
		`"appid":"","user":"","reason":"","mock":false,"query":"","host":""}` + "\n"
	var got []byte
	for _, r := range j.Since(0).Records {
		var err error
		if got, err = r.AppendLine(got); err != nil {
			t.Fatal(err)
		}
		var back journal.Record
		encoded, err := json.Marshal(r)
		if err == nil {
			err = json.Unmarshal(encoded, &back)
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Duration = r.Duration.Truncate(time.Microsecond) // what "ms" keeps
		if diff := cmp.Diff(r, back); diff != "" {
			t.Errorf("there and back (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	zero, used := 0, 40163
	records := []journal.Record{
		{Seq: 1, API: "jscode2session", Path: "/sns/jscode2session", Status: 200, AppID: "wxa", User: "alice"},
		{Seq: 2, API: "jscode2session", Path: "/sns/jscode2session", Status: 200, AppID: "wxa", ErrCode: 40163},
		{Seq: 3, API: "unknown", Path: "/cgi-bin/nope", Status: 200, AppID: "wxb", ErrCode: 40066},
		{Seq: 4, API: "onLogin", Path: "/onLogin", Status: 401, AppID: "wxa"},
		{Seq: 5, API: "jscode2session", Path: "/sns/jscode2session", Status: 0, AppID: "wxb"},
	}
	tests := []struct {
		name   string
		filter journal.Filter
		limit  int
		want   []uint64
	}{
		{name: "all", want: []uint64{1, 2, 3, 4, 5}},
		{name: "newest", limit: 2, want: []uint64{4, 5}},
		{name: "api", filter: journal.Filter{On: "jscode2session"}, want: []uint64{1, 2, 5}},
		{name: "path", filter: journal.Filter{On: "/cgi-bin/nope"}, want: []uint64{3}},
		{name: "app", filter: journal.Filter{AppID: "wxb"}, want: []uint64{3, 5}},
		{name: "user", filter: journal.Filter{User: "alice"}, want: []uint64{1}},
		{name: "failed, a cut connection included", filter: journal.Filter{Failed: true}, want: []uint64{2, 3, 4, 5}},
		{name: "errcode", filter: journal.Filter{ErrCode: &used}, want: []uint64{2}},
		{name: "success", filter: journal.Filter{ErrCode: &zero}, want: []uint64{1}},
		{name: "newest failure of an app", filter: journal.Filter{Failed: true, AppID: "wxa"}, limit: 1, want: []uint64{4}},
		{name: "nothing", filter: journal.Filter{On: "sns/jscode2session"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []uint64
			for _, r := range tt.filter.Select(records, tt.limit) {
				got = append(got, r.Seq)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
