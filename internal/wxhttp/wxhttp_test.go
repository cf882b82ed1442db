package wxhttp_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	unboundApp  = wechat.AppID("wxbbbbbbbbbbbbbbbb")
	otherSecret = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// bed is a simulation in a synctest bubble, seeded: every byte of every answer follows from the calls.
type bed struct {
	t       *testing.T
	world   *world.World
	handler http.Handler
}

func newBed(t *testing.T, options wxhttp.Options) bed {
	t.Helper()
	w, err := world.New(world.Options{Seed: 4, Apps: []world.App{
		world.DemoApp(), {ID: unboundApp, Secret: wechat.NewAppSecret(otherSecret)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return bed{t: t, world: w, handler: wxhttp.New(w, options)}
}

func (b bed) login(app wechat.AppID, user string) string {
	b.t.Helper()
	l, err := b.world.Login(app, user)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(l.Code)
}

// do makes one call and returns the answer with what the journal got.
func (b bed) do(method, target, body string) (*http.Response, journal.Record) {
	b.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:51234"
	r.Host = "127.0.0.1:8420"
	var record journal.Record
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r.WithContext(journal.With(r.Context(), &record)))
	return rec.Result(), record
}

// exchangeURL is a call of code2Session as its documentation shows it.
func exchangeURL(app wechat.AppID, secret, code string) string {
	return "/sns/jscode2session?" + url.Values{
		"appid": {string(app)}, "secret": {secret}, "js_code": {code}, "grant_type": {"authorization_code"},
	}.Encode()
}

func demoURL(code string) string { return exchangeURL(world.DemoAppID, world.DemoSecret, code) }

// golden compares an answer, header and body, with testdata/<test>.golden, whose first line says where the form was taken from.
func golden(t *testing.T, source string, answer *http.Response) {
	t.Helper()
	dump, err := httputil.DumpResponse(answer, true)
	if err != nil {
		t.Fatal(err)
	}
	got := "# " + source + "\n" + strings.ReplaceAll(string(dump), "\r\n", "\n")
	name := filepath.Join("testdata", filepath.FromSlash(strings.ReplaceAll(t.Name(), " ", "_"))+".golden")
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	const write = "go test ./internal/wxhttp -update"
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; %s makes it: read what it says", err, write)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("if this is meant, %s (-want +got):\n%s", write, diff)
	}
}

const (
	sourceSuccess = "dump of 2020-11-16 (Content-Type, length, escaped slash); documentation of code2Session (fields); public answers of 2018 to 2025 (order, no errcode)"
	sourceError   = "public reports of 2021 to 2025 (text, rid with a comma); Content-Type as for successes, reported once for errors"
	sourceUnknown = "errcode 40066 of WeChat's general table; the suffix of the path's family"
)

// TestJSCode2Session holds the answers of /sns/jscode2session byte for byte.
func TestJSCode2Session(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, source string
		method, body string
		target       func(bed) string
		record       journal.Record
	}{
		{
			name: "success", source: sourceSuccess, target: func(b bed) string { return demoURL(b.login("", "alice")) },
			record: journal.Record{AppID: "wx0123456789abcdef", User: "alice"},
		},
		{
			name: "success without unionid", source: sourceSuccess,
			target: func(b bed) string { return exchangeURL(unboundApp, otherSecret, b.login(unboundApp, "bob")) },
			record: journal.Record{AppID: "wxbbbbbbbbbbbbbbbb", User: "bob"},
		},
		{
			name: "post with a query", source: sourceSuccess + "; that POST works with a query is our choice",
			method: http.MethodPost, target: func(b bed) string { return demoURL(b.login("", "alice")) },
			record: journal.Record{AppID: "wx0123456789abcdef", User: "alice"},
		},
		{
			name: "used code", source: sourceError,
			target: func(b bed) string {
				target := demoURL(b.login("", "alice"))
				b.do(http.MethodGet, target, "")
				time.Sleep(3200 * time.Millisecond)
				return target
			},
			record: journal.Record{ErrCode: 40163, AppID: "wx0123456789abcdef", User: "alice", Reason: "code used 3.2 s ago by 127.0.0.1:51234"},
		},
		{
			name: "expired code", source: sourceError,
			target: func(b bed) string {
				target := demoURL(b.login("", "alice"))
				b.world.Clock().Move(6 * time.Minute)
				return target
			},
			record: journal.Record{ErrCode: 40029, AppID: "wx0123456789abcdef", Reason: "code expired 60 s ago"},
		},
		{
			name: "code of another app", source: sourceError,
			target: func(b bed) string { return demoURL(b.login(unboundApp, "bob")) },
			record: journal.Record{ErrCode: 40029, AppID: "wx0123456789abcdef", User: "bob", Reason: "code belongs to wxbbbbbbbbbbbbbbbb, and is consumed now"},
		},
		{
			name: "no appid", source: sourceError, target: func(bed) string { return "/sns/jscode2session" },
			record: journal.Record{ErrCode: 41002, Reason: "no appid in the query"},
		},
		{
			name: "parameters in a body", source: sourceError, method: http.MethodPost,
			body:   `{"appid":"wx0123456789abcdef","secret":"0123456789abcdef0123456789abcdef","js_code":"x"}`,
			target: func(bed) string { return "/sns/jscode2session" },
			record: journal.Record{ErrCode: 41002, Reason: "no appid in the query; parameters in a body are not read"},
		},
		{
			name: "unknown appid", source: sourceError,
			target: func(bed) string { return exchangeURL("wxcccccccccccccccc", world.DemoSecret, "x") },
			record: journal.Record{ErrCode: 40013, AppID: "wxcccccccccccccccc", Reason: "unknown appid; --adopt would admit it"},
		},
		{
			name: "no secret", source: sourceError,
			target: func(bed) string { return "/sns/jscode2session?appid=wx0123456789abcdef&js_code=x" },
			record: journal.Record{ErrCode: 41004, AppID: "wx0123456789abcdef", Reason: "no secret in the query"},
		},
		{
			name: "wrong secret", source: sourceError,
			target: func(bed) string { return exchangeURL(world.DemoAppID, otherSecret, "x") },
			record: journal.Record{ErrCode: 40125, AppID: "wx0123456789abcdef", Reason: "not the secret of this appid"},
		},
		{
			name: "no code", source: sourceError,
			target: func(bed) string {
				return "/sns/jscode2session?appid=wx0123456789abcdef&secret=" + world.DemoSecret + "&code=misnamed"
			},
			record: journal.Record{ErrCode: 41008, AppID: "wx0123456789abcdef", Reason: "no js_code in the query"},
		},
		{
			name: "mangled code", source: sourceError, target: func(bed) string { return demoURL("x&secret=y") },
			record: journal.Record{ErrCode: 40029, AppID: "wx0123456789abcdef", Reason: "unknown and malformed code"},
		},
		{
			name: "long appid", source: sourceError,
			target: func(bed) string { return exchangeURL(wechat.AppID(strings.Repeat("wx", 100)), "", "") },
			record: journal.Record{ErrCode: 40013, AppID: "wxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwxwx", Reason: "malformed appid"},
		},
		{
			name: "unknown sns path", source: sourceUnknown, target: func(bed) string { return "/sns/component/jscode2session?appid=x" },
			record: journal.Record{ErrCode: 40066, Reason: "not simulated"},
		},
		{
			name: "unknown cgi-bin path", source: sourceUnknown, target: func(bed) string { return "/cgi-bin/nothing" },
			record: journal.Record{ErrCode: 40066, Reason: "not simulated"},
		},
		{
			name: "unknown wxa path", source: sourceUnknown, target: func(bed) string { return "/wxa/nothing" },
			record: journal.Record{ErrCode: 40066, Reason: "not simulated"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, wxhttp.Options{})
				method := tt.method
				if method == "" {
					method = http.MethodGet
				}
				answer, record := b.do(method, tt.target(b), tt.body)
				golden(t, tt.source, answer)
				tt.record.API, tt.record.Mock = "jscode2session", true
				if tt.source == sourceUnknown {
					tt.record.API = "unknown"
				}
				if diff := cmp.Diff(tt.record, record); diff != "" {
					t.Error("journal:", diff)
				}
			})
		})
	}
}

// TestSlashesAreEscaped looks at keys until one has a slash, and undoes the escape as WeChat's clients do.
func TestSlashesAreEscaped(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	for i := range 100 {
		answer, _ := b.do(http.MethodGet, demoURL(b.login("", fmt.Sprint("user", i))), "")
		var body bytes.Buffer
		if _, err := body.ReadFrom(answer.Body); err != nil {
			t.Fatal(err)
		}
		key, _, _ := strings.Cut(strings.TrimPrefix(body.String(), `{"session_key":"`), `"`)
		if strings.Contains(key, "/") {
			plain := strings.ReplaceAll(key, `\/`, "/")
			if len(plain) != 24 || strings.Count(key, `\`) != strings.Count(key, "/") {
				t.Errorf("session_key %q", key)
			}
			return
		}
	}
	t.Error("no key with a slash in a hundred, and half of them should have one")
}

// TestOverTheWire asks a real server, because a recorder cannot show what net/http adds.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	server := httptest.NewServer(b.handler)
	t.Cleanup(server.Close)
	answer, err := server.Client().Get(server.URL + demoURL(b.login("", "")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	answer.Header.Del("Date")
	want := http.Header{"Content-Type": {"text/plain"}, "Content-Length": {fmt.Sprint(answer.ContentLength)}, "X-Wxlogin-Mock": {"1"}}
	if diff := cmp.Diff(want, answer.Header); diff != "" {
		t.Error(diff)
	}
	if answer.ContentLength < 82 || len(answer.TransferEncoding) > 0 {
		t.Errorf("length %d, transfer encoding %v", answer.ContentLength, answer.TransferEncoding)
	}
}

func TestOnChange(t *testing.T) {
	t.Parallel()
	var changes []wxhttp.Change
	var broken error
	b := newBed(t, wxhttp.Options{OnChange: func(_ context.Context, change wxhttp.Change) error {
		changes = append(changes, change)
		return broken
	}})
	for _, call := range [][2]string{
		{"/_mock/login", ""},
		{"/_mock/clock", `{"move":"1h"}`},
		{"/_mock/clock", `{"reset":true}`},
		{"/_mock/clock", `{"move":"x"}`},
		{"/_mock/reset", ""},
		{"/_mock/reset", `{"appid":"wxbbbbbbbbbbbbbbbb"}`},
		{"/_mock/reset", `{"appid":"wxcccccccccccccccc"}`},
	} {
		b.do(http.MethodPost, call[0], call[1])
	}
	want := []wxhttp.Change{{}, {}, {Reset: true}, {Reset: true, AppID: unboundApp}}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	broken = errors.New("the store is gone")
	for _, path := range []string{"/_mock/reset", "/_mock/clock"} {
		body := `{"move":"1h"}`
		if path == "/_mock/reset" {
			body = ""
		}
		answer, record := b.do(http.MethodPost, path, body)
		if answer.StatusCode != http.StatusInternalServerError || record.Reason != broken.Error() {
			t.Errorf("%s: status %d, reason %q", path, answer.StatusCode, record.Reason)
		}
	}
}
