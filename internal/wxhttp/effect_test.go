package wxhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// journalling keeps the record of each call, as the real server does, connections that are cut included.
type journalling struct {
	running sync.WaitGroup // handlers
	mu      sync.Mutex
	records []journal.Record
}

func (j *journalling) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := &journal.Record{}
		j.running.Add(1)
		defer j.running.Done()
		defer func() {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.records = append(j.records, *record)
		}()
		next.ServeHTTP(w, r.WithContext(journal.With(r.Context(), record)))
	})
}

func (j *journalling) reasons() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []string
	for _, r := range j.records {
		list = append(list, r.Reason)
	}
	return list
}

// seen is what a Go client makes of an answer, in a line: the error, or status, Content-Type and body. Each call has a connection of
// its own, because net/http silently repeats a GET that dies on a used one.
func seen(client *http.Client, target string) string {
	answer, err := client.Get(target)
	if err != nil {
		return "error: " + cause(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	text := fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("Content-Type"), " ", string(body))
	if err != nil {
		text = fmt.Sprint(answer.StatusCode, " body broken: ", cause(err))
	}
	for was, is := range map[string]string{
		`"session_key":"[^"]*"`: "KEY", `"openid":"[^"]*"`: "OPENID", `"unionid":"[^"]*"`: "UNIONID", `rid: [0-9a-f-]{26}`: "RID",
	} {
		text = regexp.MustCompile(was).ReplaceAllString(text, is)
	}
	return text
}

func cause(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return "timeout"
		}
		err = e.Err
	}
	if errors.Is(err, syscall.ECONNRESET) {
		return "reset"
	}
	return err.Error()
}

func freshClient(transport *http.Transport) *http.Client {
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport, Timeout: time.Minute} // no effect above hangs
}

const (
	whole  = "200 text/plain {KEY,OPENID,UNIONID}"
	busy   = `200 text/plain {"errcode":45011,"errmsg":"api minute-quota reach limit  mustslower  retry next minute, RID"}`
	nginx  = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	portal = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Welcome</title></head>\n<body><h1>Welcome to this network</h1><p>Please log in to go on.</p></body></html>\n"
)

// effectTests are what a Go client sees of each effect, and what the code is good for afterwards.
var effectTests = []struct {
	effect string
	tcp    string
	pipe   string // empty: as over TCP
	after  string // of the same code, without the fault
}{
	{effect: "errcode:45011", tcp: busy, after: whole},
	{effect: "ip-not-allowed", tcp: `200 text/plain {"errcode":40164,"errmsg":"invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist, RID"}`, pipe: `200 text/plain {"errcode":40164,"errmsg":"invalid ip 203.0.113.1 ipv6 ::ffff:203.0.113.1, not in whitelist, RID"}`, after: whole},
	{effect: "delay:20ms", tcp: whole, after: used},
	{effect: "trickle:1ms", tcp: whole, after: used},
	{effect: "reset", tcp: "error: reset", pipe: "error: EOF", after: whole},
	{effect: "consume-then-drop", tcp: "error: EOF", after: used},
	{effect: "consume-then:502", tcp: "502 text/html " + nginx, after: used},
	{effect: "status:502", tcp: "502 text/html " + nginx, after: whole},
	{effect: "status:204", tcp: "204 text/html ", after: whole},
	{effect: "html", tcp: "200 text/html; charset=utf-8 " + portal, after: whole},
	{effect: "empty", tcp: "200 text/plain ", after: whole},
	{effect: "truncated", tcp: "200 body broken: unexpected EOF", after: used},
	{effect: "bad-json", tcp: `200 text/plain {KEY,OPENID,"unionid":"ANY`, after: used},
	{effect: "gzip-garbage", tcp: "200 body broken: flate: corrupt input before offset 1", after: used},
	{effect: "errcode0", tcp: `200 text/plain {KEY,OPENID,UNIONID,"errcode":0,"errmsg":"ok"}`, after: used},
	{effect: "extra-fields", tcp: `200 text/plain {KEY,OPENID,UNIONID,"expires_in":7200,"wxlogin_extra":{"text":"\u65b0<>&\/","list":[1,2.5,-1e3,true,null,[]],"empty":{}}}`, after: used},
	{effect: "null-unionid", tcp: `200 text/plain {KEY,OPENID,"unionid":null}`, after: used},
	{effect: "no-unionid", tcp: `200 text/plain {KEY,OPENID}`, after: used},
	{effect: "string-errcode", tcp: `200 text/plain {KEY,OPENID,UNIONID,"errcode":"0"}`, after: used},
	{effect: "rotate-key", tcp: whole, after: used},
	{effect: "rotate-key-first", tcp: whole, after: used},
	{effect: "steal-token", tcp: whole, after: used},
	{effect: "secret-reset", tcp: `200 text/plain {"errcode":40125,"errmsg":"invalid appsecret, RID"}`, after: whole},
	{effect: "plus-slash", tcp: whole, after: used},
}

// TestEffectsComplete: an effect without a row there is tried by nobody.
func TestEffectsComplete(t *testing.T) {
	t.Parallel()
	tried := map[world.EffectKind]bool{world.EffectHang: true} // in TestHang
	for _, tt := range effectTests {
		e, err := world.ParseEffect(tt.effect)
		if err != nil {
			t.Error(err)
		}
		tried[e.Kind] = true
	}
	for _, form := range world.Effects() {
		if !tried[form.Kind] {
			t.Errorf("%s has no row in effectTests", form.Kind)
		}
	}
}

const used = `200 text/plain {"errcode":40163,"errmsg":"code been used, RID"}`

func TestEffects(t *testing.T) {
	t.Parallel()
	for _, tt := range effectTests {
		t.Run(tt.effect, func(t *testing.T) {
			t.Parallel()
			if tt.pipe == "" {
				tt.pipe = tt.tcp
			}
			t.Run("tcp", func(t *testing.T) {
				t.Parallel()
				b, j := newBed(t, wxhttp.Options{}), &journalling{}
				server := httptest.NewServer(j.wrap(b.handler))
				t.Cleanup(server.Close)
				tryEffect(t, b, tt.effect, freshClient(&http.Transport{}), server.URL, tt.tcp, tt.after)
				toldOf(t, j, tt.effect)
			})
			t.Run("pipe", func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b, j := newBed(t, wxhttp.Options{}), &journalling{}
					listener := pipe.Listen("pipe")
					server := &http.Server{Handler: j.wrap(b.handler)}
					go func() { _ = server.Serve(listener) }()
					defer func() { _ = server.Close() }()
					client := freshClient(&http.Transport{DialContext: listener.DialContext})
					tryEffect(t, b, tt.effect, client, "http://127.0.0.1", tt.pipe, tt.after)
					toldOf(t, j, tt.effect)
				})
			})
		})
	}
}

func tryEffect(t *testing.T, b bed, text string, client *http.Client, base, want, after string) {
	t.Helper()
	e, err := world.ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	fault, err := b.world.AddFault(world.Fault{On: "jscode2session", Effect: e})
	if err != nil {
		t.Fatal(err)
	}
	target := base + demoURL(b.login("", "alice"))
	got := seen(client, target)
	got = regexp.MustCompile(`"unionid":"[0-9A-Za-z_-]*$`).ReplaceAllString(got, `"unionid":"ANY`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b.world.RemoveFault(fault.ID)
	if diff := cmp.Diff(after, seen(client, target)); diff != "" {
		t.Error("afterwards", diff)
	}
}

// toldOf checks that the journal names the effect, once. A client may have its answer before the handler returns, so that the two
// calls of [tryEffect] may have ended in either order.
func toldOf(t *testing.T, j *journalling, effect string) {
	t.Helper()
	j.running.Wait()
	if effect == "plus-slash" { // shows in what is minted, not in an answer
		return
	}
	var told int
	for _, reason := range j.reasons() {
		if strings.HasPrefix(reason, "fault f1: "+effect) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the journal says %q", j.reasons())
	}
}

// TestHang: a call that hangs ends when the client goes away, and not before.
func TestHang(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, j := newBed(t, wxhttp.Options{}), &journalling{}
				listener := pipe.Listen("pipe")
				// The limits are those of package server: a call that hangs outlives them.
				server := &http.Server{Handler: j.wrap(b.handler), ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute}
				go func() { _ = server.Serve(listener) }()
				defer func() { _ = server.Close() }()
				transport := &http.Transport{DialContext: listener.DialContext}
				defer transport.CloseIdleConnections()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				request, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1"+demoURL("hang"), strings.NewReader(`{"code":"x"}`))
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if _, err := transport.RoundTrip(request); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				synctest.Wait()
				if diff := cmp.Diff([]string{"magic code: hang"}, j.reasons()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestStopWithHangingCalls: a stop waits its five seconds for calls that hang, then cuts them, and nothing is left.
func TestStopWithHangingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, wxhttp.Options{})
		for _, text := range []string{"hang", "delay:1h", "trickle:1m"} {
			e, err := world.ParseEffect(text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.world.AddFault(world.Fault{Code: wechat.Code("user-" + text[:4]), Effect: e}); err != nil {
				t.Fatal(err)
			}
		}
		listener := pipe.Listen("pipe")
		server := &http.Server{Handler: b.handler}
		go func() { _ = server.Serve(listener) }()
		transport := &http.Transport{DialContext: listener.DialContext}
		var calls sync.WaitGroup
		for _, code := range []string{"user-hang", "user-dela", "user-tric"} {
			calls.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+demoURL(code), nil)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := transport.RoundTrip(request)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
				if err == nil {
					t.Errorf("%s: answered", code)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		drain, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(drain); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		calls.Wait()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
	}) // the bubble fails when a goroutine is left
}

// TestEffectsOverHTTP2: there a stream is what breaks.
func TestEffectsOverHTTP2(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	server := httptest.NewUnstartedServer(b.handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	client := server.Client()
	for code, want := range map[string]string{
		"reset": "INTERNAL_ERROR", "drop": "INTERNAL_ERROR", "truncate": "body broken", "err-45011": "45011", "user-bob": "KEY",
	} {
		if got := seen(client, server.URL+demoURL(code)); !strings.Contains(got, want) {
			t.Errorf("%s: %s", code, got)
		}
	}
}

// TestResetOverTLS is RST as well.
func TestResetOverTLS(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	server := httptest.NewTLSServer(b.handler)
	t.Cleanup(server.Close)
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // the server is this test's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", demoURL("reset")); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
}

// TestEffectsOnRefusals: what is meant for a success leaves a refusal alone; errcode becomes text in both.
func TestEffectsOnRefusals(t *testing.T) {
	t.Parallel()
	const plain = `{"errcode":40029,"errmsg":"invalid code, RID"}`
	for text, want := range map[string]string{
		"errcode0": plain, "null-unionid": plain, "no-unionid": plain, "string-errcode": `{"errcode":"40029","errmsg":"invalid code, RID"}`,
	} {
		b := newBed(t, wxhttp.Options{})
		e, err := world.ParseEffect(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.world.AddFault(world.Fault{Effect: e}); err != nil {
			t.Fatal(err)
		}
		answer, record := b.do(http.MethodGet, demoURL("x"), "")
		var body bytes.Buffer
		if _, err := body.ReadFrom(answer.Body); err != nil {
			t.Fatal(err)
		}
		got := regexp.MustCompile(`rid: [0-9a-f-]{26}`).ReplaceAllString(body.String(), "RID")
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if want := "fault f1: " + text + "; unknown and malformed code"; record.Reason != want || record.ErrCode != 40029 {
			t.Errorf("%s: the journal has %+v", text, record)
		}
	}
}

// TestEffectsTogether: several faults strike one call.
func TestEffectsTogether(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	for _, text := range []string{"string-errcode", "errcode:40226", "extra-fields", "bad-json"} {
		e, err := world.ParseEffect(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.world.AddFault(world.Fault{Effect: e, User: "bob"}); err != nil {
			t.Fatal(err)
		}
	}
	answer, record := b.do(http.MethodGet, demoURL("user-bob"), "")
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(body); !strings.HasPrefix(text, `{"errcode":"40226","errmsg":"code blocked, rid: `) || !strings.HasSuffix(text, `"empty":{}`) {
		t.Error(text)
	}
	want := journal.Record{
		API: "jscode2session", Mock: true, ErrCode: 40226, AppID: "wx0123456789abcdef", User: "bob",
		Reason: "fault f1: string-errcode; fault f2: errcode:40226; fault f3: extra-fields; fault f4: bad-json",
	}
	if diff := cmp.Diff(want, record); diff != "" {
		t.Error(diff)
	}
}

// TestFaultsOnTokens: faults know the app and the user also where the endpoint takes them from elsewhere.
func TestFaultsOnTokens(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	add := func(f world.Fault) {
		t.Helper()
		if _, err := b.world.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	add(world.Fault{On: "stable_token", AppID: world.DemoAppID, Times: 1, Effect: world.Effect{Kind: world.EffectErrCode, Code: -1}})
	body := `{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"` + world.DemoSecret + `"}`
	_, record := b.do(http.MethodPost, "/cgi-bin/stable_token", body)
	if record.Reason != "fault f1: errcode:-1" || string(record.AppID) != string(world.DemoAppID) {
		t.Errorf("%+v", record)
	}
	if _, record = b.do(http.MethodPost, "/cgi-bin/stable_token", body); record.ErrCode != 0 {
		t.Errorf("the body did not reach the endpoint: %+v", record)
	}
}
