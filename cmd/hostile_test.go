package cmd

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A behaviour is what a hostile WeChat does with a request that it has read. It returns whether the connection goes on.
type behaviour struct {
	name string
	do   func(conn *net.TCPConn, path string, n int) bool // n counts the requests for the path, from 1
	base string                                           // an address at which nobody behaves; do is nil then
}

const (
	hostileKey   = "++//tNczf5v6AKRyjwEUhQ=="
	hostileToken = "92_HostileTokenW1tM3MN1NizW91F0mHostileAAAxxx"
)

// goodAnswer is WeChat's own to each endpoint.
func goodAnswer(path string) string {
	switch path {
	case "/sns/jscode2session":
		return `{"session_key":"` + hostileKey + `","openid":"` + canaryOpenID + `"}`
	case "/cgi-bin/stable_token":
		return `{"access_token":"` + hostileToken + `","expires_in":7200}`
	case "/wxa/business/getuserphonenumber":
		return `{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86"}}`
	case "/wxa/resetusersessionkey":
		return `{"errcode":0,"errmsg":"ok","openid":"` + canaryOpenID + `","session_key":"` + hostileKey + `"}`
	}
	return `{"errcode":0,"errmsg":"ok"}`
}

func answering(status, header string, body func(path string) string) func(*net.TCPConn, string, int) bool {
	return func(conn *net.TCPConn, path string, _ int) bool {
		text := body(path)
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(text), text)
		return true
	}
}

func fixed(text string) func(string) string { return func(string) string { return text } }

func refusing(code int) behaviour {
	return behaviour{name: fmt.Sprintf("errcode %d", code), do: answering("200 OK", "", fixed(fmt.Sprintf(`{"errcode":%d,"errmsg":"x, rid: 6380622c-50076416-224b40b0"}`, code)))}
}

// raw writes bytes, made of the good answer, and closes or waits.
func raw(write func(good string) string, then func(*net.TCPConn)) func(*net.TCPConn, string, int) bool {
	return func(conn *net.TCPConn, path string, _ int) bool {
		_, _ = io.WriteString(conn, write(goodAnswer(path)))
		if then != nil {
			then(conn)
		}
		return false
	}
}

func waitForClient(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }
func resetConn(conn *net.TCPConn)     { _ = conn.SetLinger(0) }

func pack(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// behaviours are all that networks and WeChat do to a client.
func behaviours(t *testing.T) []behaviour {
	t.Helper()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the clients that refuse its certificate
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ok := "200 OK"
	edited := func(edit func(string) string) func(string) string {
		return func(path string) string { return edit(goodAnswer(path)) }
	}
	all := []behaviour{
		{name: "WeChat itself", do: answering(ok, "Content-Type: text/plain\r\n", goodAnswer)},
		{name: "no Content-Type", do: answering(ok, "", goodAnswer)},
		{name: "Content-Type text/html", do: answering(ok, "Content-Type: text/html; charset=gbk\r\n", goodAnswer)},
		{name: "escaped slashes", do: answering(ok, "", edited(func(s string) string { return strings.ReplaceAll(s, "/", `\/`) }))},
		{name: "byte order mark", do: answering(ok, "", edited(func(s string) string { return "\ufeff" + s }))},
		{name: "unknown fields", do: answering(ok, "", edited(func(s string) string { return strings.TrimSuffix(s, "}") + `,"new":[{"x":null}]}` }))},
		{name: "gzip", do: answering(ok, "Content-Encoding: gzip\r\n", edited(pack))},
		{name: "errcode 0 as text", do: answering(ok, "", edited(func(s string) string {
			return `{"errcode":"0",` + strings.TrimPrefix(strings.ReplaceAll(s, `"errcode":0,`, ""), "{")
		}))},
		{name: "errcode 40029 as text", do: answering(ok, "", fixed(`{"errcode":"40029","errmsg":"invalid code"}`))},
		{name: "refusal with status 500", do: answering("500 Oops", "", fixed(`{"errcode":45011,"errmsg":"limit"}`))},
		{name: "busy once", do: func(conn *net.TCPConn, path string, n int) bool {
			if n == 1 {
				return answering(ok, "", fixed(`{"errcode":-1,"errmsg":"system error"}`))(conn, path, n)
			}
			return answering(ok, "", goodAnswer)(conn, path, n)
		}},
		{name: "empty", do: answering(ok, "", fixed(""))},
		{name: "HTML", do: answering(ok, "Content-Type: text/html\r\n", fixed("<html>log in to the wifi"))},
		{name: "HTML with status 502", do: answering("502 Bad Gateway", "Content-Type: text/html\r\n", fixed("<html>nginx"))},
		{name: "status 412", do: answering("412 Precondition Failed", "", fixed(""))},
		{name: "truncated JSON", do: answering(ok, "", edited(func(s string) string { return s[:len(s)/2] }))},
		{name: "JSON array", do: answering(ok, "", edited(func(s string) string { return "[" + s + "]" }))},
		{name: "nothing of use", do: answering(ok, "", fixed(`{"x":1}`))},
		{name: "more than 1 MiB", do: answering(ok, "", fixed(strings.Repeat(" ", 1<<20+1)))},
		{name: "broken gzip", do: answering(ok, "Content-Encoding: gzip\r\n", fixed("not packed"))},
		{name: "redirect", do: answering("302 Found", "Location: https://portal.example/\r\n", fixed(""))},
		{name: "cut off", do: raw(func(s string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + s }, nil)},
		{name: "closes", do: raw(func(string) string { return "" }, nil)},
		{name: "resets", do: raw(func(string) string { return "" }, resetConn)},
		{name: "not HTTP", do: raw(func(string) string { return "SSH-2.0-OpenSSH\r\n\r\n" }, nil)},
		{name: "hangs", do: raw(func(string) string { return "" }, waitForClient)},
		{name: "hangs in the head", do: raw(func(string) string { return "HTTP/1.1 200 OK\r\nX-" }, waitForClient)},
		{name: "hangs in the body", do: raw(func(s string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + s }, waitForClient)},
		{name: "trickles", do: raw(func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" }, trickle)},
		{name: "refuses the connection", base: closed.URL},
		{name: "no such host", base: "https://canary.invalid"},
		{name: "a stranger's certificate", base: secure.URL},
		{name: "plain HTTP where TLS belongs", base: "https" + strings.TrimPrefix(plain.URL, "http")},
	}
	for _, code := range []int{-1, 40001, 40013, 40029, 40125, 40163, 40164, 40226, 40243, 41002, 42001, 45009, 45011, 48001, 87009, 99999} {
		all = append(all, refusing(code))
	}
	return all
}

// trickle sends a blank now and then, so that the connection never looks dead.
func trickle(conn *net.TCPConn) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := io.WriteString(conn, " "); err != nil {
			return
		}
	}
}

// A hostileWeChat counts the requests for each path. Other paths than the target get a good answer.
type hostileWeChat struct {
	base   string
	target string

	mu    sync.Mutex
	count map[string]int
	conns []net.Conn
}

func newHostileWeChat(t *testing.T, b behaviour, target string) *hostileWeChat {
	t.Helper()
	h := &hostileWeChat{base: b.base, target: target, count: map[string]int{}}
	if b.do == nil {
		return h
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.base = "http://" + listener.Addr().String()
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if conn, ok := conn.(*net.TCPConn); ok { // always
				group.Go(func() { h.serve(conn, b) })
			}
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		h.mu.Lock()
		for _, conn := range h.conns { // which the client keeps for another request
			_ = conn.Close()
		}
		h.mu.Unlock()
		group.Wait()
	})
	return h
}

func (h *hostileWeChat) serve(conn *net.TCPConn, b behaviour) {
	defer conn.Close()
	h.mu.Lock()
	h.conns = append(h.conns, conn)
	h.mu.Unlock()
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		h.mu.Lock()
		h.count[request.URL.Path]++
		n := h.count[request.URL.Path]
		h.mu.Unlock()
		do := b.do
		if request.URL.Path != h.target {
			do = answering("200 OK", "", goodAnswer)
		}
		if !do(conn, request.URL.Path, n) {
			return
		}
	}
}

// A hostileCommand is a command that calls WeChat, and the endpoint that misbehaves to it.
type hostileCommand struct {
	name, endpoint string
	args           []string
	only           []string // behaviours that it is tried with; nil: all
}

func hostileCommands() []hostileCommand {
	return []hostileCommand{
		{"exchange", "/sns/jscode2session", []string{"exchange", hostileCode, "--force"}, nil},
		{"exchange --probe", "/sns/jscode2session", []string{"exchange", hostileCode, "--force", "--probe"}, []string{"WeChat itself", "errcode 40029", "errcode 40163", "closes"}},
		{"phone", "/wxa/business/getuserphonenumber", []string{"phone", hostileCode, "--force"}, nil},
		{"phone, its token", "/cgi-bin/stable_token", []string{"phone", hostileCode, "--force"}, []string{"HTML", "hangs", "closes", "errcode 40125", "errcode 45009"}},
		{"access-token", "/cgi-bin/stable_token", []string{"access-token"}, nil},
		{"session check", "/wxa/checksession", []string{"session", "check"}, nil},
		{"session reset", "/wxa/resetusersessionkey", []string{"session", "reset", "--yes"}, nil},
		{"doctor", "/sns/jscode2session", []string{"doctor", "-q", ".checks[] | select(.name == \"credentials\") | .level"}, nil},
	}
}

const hostileCode = "0a1HonW91tM3MN1NizW91F0mW91HonWu"

// TestHostileCommands writes the table of what every command makes of every behaviour, with how often WeChat was asked, and compares it
// with testdata/hostile.golden. No run shows a secret, and none waits for longer than it may.
func TestHostileCommands(t *testing.T) {
	t.Parallel()
	v := newVault()
	f := newFinder(append(v.all(), planted{name: "session_key", value: hostileKey, key: true}, planted{name: "access token of WeChat", value: hostileToken})...)
	var mu sync.Mutex
	var lines []string
	var group sync.WaitGroup
	turns := make(chan struct{}, 16) // most of them wait
	for _, b := range behaviours(t) {
		for _, c := range hostileCommands() {
			if c.only != nil && !slices.Contains(c.only, b.name) {
				continue
			}
			turns <- struct{}{}
			group.Go(func() {
				defer func() { <-turns }()
				line := c.meets(t, v, f, b)
				mu.Lock()
				defer mu.Unlock()
				lines = append(lines, line)
			})
		}
	}
	group.Wait()
	slices.Sort(lines)
	table := []byte("behaviour | command | exit | class | requests\n" + strings.Join(lines, "\n") + "\n")
	compareTable(t, "testdata/hostile.golden", table)
}

// compareTable compares lines with a golden file, or writes them with -update.
func compareTable(t *testing.T, golden string, table []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, table, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(table), "\n")); diff != "" {
		t.Errorf("if this is meant, go test ./cmd -run %s -update (-want +got):\n%s", t.Name(), diff)
	}
}

// meets runs the command against the behaviour and writes the line of the table. What waits for a server that hangs has half a second,
// and longer if the machine was too busy to send anything in that time; everything else has all the time that a loaded machine takes.
func (c hostileCommand) meets(t *testing.T, v vault, f *finder, b behaviour) string {
	t.Helper()
	if !strings.HasPrefix(b.name, "hangs") && b.name != "trickles" {
		line, _ := c.meetsWithin(t, v, f, b, "1m")
		return line
	}
	for _, timeout := range []string{"500ms", "5s"} {
		if line, asked := c.meetsWithin(t, v, f, b, timeout); asked {
			return line
		}
	}
	line, _ := c.meetsWithin(t, v, f, b, "30s")
	return line
}

func (c hostileCommand) meetsWithin(t *testing.T, v vault, f *finder, b behaviour, timeout string) (line string, asked bool) {
	t.Helper()
	server := newHostileWeChat(t, b, c.endpoint)
	h := newHome(t, v)
	plantSession(t, h, server.base)
	args := append(slices.Clone(c.args), "--api-base", server.base, "--timeout", timeout)
	if c.name != "doctor" {
		args = append(args, "--json")
	}
	r := h.run(t.Context(), invocation{args: args})
	h.search(t, f, b.name+": "+c.name, r, v.code.name)
	if len(r.stdout) > 0 && len(r.stderr) > 0 {
		t.Errorf("both streams: %s%s", r.stdout, r.stderr)
	}
	class := strings.TrimSpace(string(r.stdout))
	if c.name != "doctor" {
		class = classOf(t, r)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	count := server.count[c.endpoint]
	return fmt.Sprintf("%s | %s | %d | %s | %d", b.name, c.name, r.exit, class, count), count > 0
}

// plantSession saves a session of the app at the host, for the commands that are about one.
func plantSession(t *testing.T, h *home, base string) {
	t.Helper()
	ring, err := token.LoadOrCreate(h.path("state/keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), h.path("state/wxlogin.db"), ring)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	_, err = store.Save(t.Context(), session.Login{
		ID:  session.ID{Origin: wechat.Origin(base), AppID: canaryAppID, OpenID: canaryOpenID},
		Key: wechat.NewSessionKey(hostileKey), At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// classOf names what a run said: "ok", or the kind of the error with its errcode and the names of its causes, or its first words.
func classOf(t *testing.T, r result) string {
	t.Helper()
	if len(r.stderr) == 0 {
		var answer struct {
			Current *bool `json:"current"`
		}
		if err := json.Unmarshal(r.stdout, &answer); err != nil {
			t.Errorf("%v: %s", err, r.stdout)
		}
		if answer.Current != nil && !*answer.Current {
			return "not current"
		}
		return "ok"
	}
	var failed struct {
		Error struct {
			Kind      string          `json:"kind"`
			ErrCode   *wechat.ErrCode `json:"errcode"`
			Message   string          `json:"message"`
			Diagnosis []struct {
				Name string `json:"name"`
			} `json:"diagnosis"`
		} `json:"error"`
	}
	if err := json.Unmarshal(r.stderr, &failed); err != nil {
		t.Errorf("%v: %s", err, r.stderr)
	}
	e := failed.Error
	if e.ErrCode != nil {
		var causes []string
		for _, d := range e.Diagnosis {
			causes = append(causes, d.Name)
		}
		return strings.TrimSpace(fmt.Sprintf("%s: errcode %d: %s", e.Kind, *e.ErrCode, cmp.Or(strings.Join(causes, ", "), "no more is known")))
	}
	for _, words := range []string{
		"after the code was sent", "the code is still good", "no answer from", "cannot reach", "unusable answer",
	} {
		if strings.Contains(e.Message, words) {
			return e.Kind + ": " + words
		}
	}
	return e.Kind + ": " + e.Message
}
