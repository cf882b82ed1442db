package wxapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	appID        = "wx4f4bc4dec97d474b"
	canarySecret = "c0ffee0123456789c0ffee0123456789"
	canaryCode   = "081CanaryW1tM3MN1NizW91F0mCanary"
	goodBody     = `{"session_key":"bJb7LAI5uK8OoMPUHlYmrA==","openid":"okQ-s5X1ILvDud0amynR1Psw-URs"}`
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A hostile server reads requests off TCP connections and does with each what a test wants.
type hostile struct {
	listener net.Listener
	reached  chan struct{} // closed when the first request has been read
	mu       sync.Mutex
	heads    []string // of the requests read
	wg       sync.WaitGroup
}

// A behaviour gets each connection with a request read from it, and how many requests came before; it returns whether the
// connection goes on.
type behaviour = func(conn net.Conn, head string, before int) bool

// newHostile starts a server.
func newHostile(t *testing.T, behave behaviour) *hostile {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newHostileOn(t, listener, behave)
}

func newHostileOn(t *testing.T, listener net.Listener, behave behaviour) *hostile {
	t.Helper()
	h := &hostile{listener: listener, reached: make(chan struct{})}
	h.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.wg.Go(func() { h.serve(conn, behave) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); h.wg.Wait() })
	return h
}

func (h *hostile) serve(conn net.Conn, behave behaviour) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for {
		var head strings.Builder
		for !strings.HasSuffix(head.String(), "\r\n\r\n") {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
		}
		h.mu.Lock()
		before := len(h.heads)
		h.heads = append(h.heads, head.String())
		h.mu.Unlock()
		if before == 0 {
			close(h.reached)
		}
		if !behave(conn, head.String(), before) {
			return
		}
	}
}

func (h *hostile) base() string { return "http://" + h.listener.Addr().String() }

func (h *hostile) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.heads)
}

// says makes a behaviour that writes one answer and closes the connection.
func says(status, header, body string) behaviour {
	return func(conn net.Conn, _ string, _ int) bool {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
		return false
	}
}

// writes makes a behaviour that writes bytes as they are and then closes, or resets, the connection.
func writes(text string, reset bool) behaviour {
	return func(conn net.Conn, _ string, _ int) bool {
		_, _ = io.WriteString(conn, text)
		if tcp, isTCP := conn.(*net.TCPConn); isTCP && reset {
			_ = tcp.SetLinger(0)
		}
		return false
	}
}

// waits makes a behaviour that writes bytes and then nothing until the client is gone.
func waits(text string) behaviour {
	return func(conn net.Conn, _ string, _ int) bool {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
		return false
	}
}

func echoes(conn net.Conn, head string, _ int) bool {
	_, _ = io.WriteString(conn, head)
	return false
}

func echoesInPage(conn net.Conn, head string, before int) bool {
	return says("400 Bad Request", "Content-Type: text/html\r\n", "<p>cannot serve "+head)(conn, head, before)
}

func echoesInRefusal(conn net.Conn, head string, before int) bool {
	line, _, _ := strings.Cut(head, "\r\n")
	return says("200 OK", "", `{"errcode":40029,"errmsg":"invalid `+line+`"}`)(conn, head, before)
}

func echoesInRedirect(conn net.Conn, head string, before int) bool {
	return says("302 Found", "Location: https://portal.example"+strings.Fields(head)[1]+"\r\n", "")(conn, head, before)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

type outcome string

const (
	succeeds  outcome = "session"
	refused   outcome = "*wechat.Error"
	nonsense  outcome = "*wxapi.AnswerError"
	lost      outcome = "*wxapi.TransportError, sent"
	unreached outcome = "*wxapi.TransportError, not sent"
)

func outcomeOf(t *testing.T, err error) outcome {
	t.Helper()
	if err == nil {
		return succeeds
	}
	if _, is := errors.AsType[*wechat.Error](err); is {
		return refused
	}
	if _, is := errors.AsType[*wxapi.AnswerError](err); is {
		return nonsense
	}
	failed, is := errors.AsType[*wxapi.TransportError](err)
	if !is {
		t.Fatalf("error of type %T: %v", err, err)
	}
	if failed.Sent {
		return lost
	}
	return unreached
}

func newClient(t *testing.T, base string) *wxapi.Client {
	t.Helper()
	client, err := wxapi.New(wxapi.Options{Base: base, AppID: appID, Secret: wechat.NewAppSecret(canarySecret)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// checkSilent searches every way to print the error for the secret, the code and the query.
func checkSilent(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text += fmt.Sprintf("\n%v\n%+v\n%#v\n%q", e, e, e, e)
	}
	if fault, is := errors.AsType[*wxapi.AnswerError](err); is {
		text += fault.Snippet.Raw() + fault.ContentType
	}
	if refusal, is := errors.AsType[*wechat.Error](err); is {
		text += refusal.Msg.Raw()
	}
	for _, canary := range []string{canarySecret, canaryCode, "bJb7LAI5uK8OoMPUHlYmrA"} {
		if strings.Contains(text, canary) {
			t.Errorf("the error holds %q: %s", canary, text)
		}
	}
	if clean := redact.Clean(err.Error()); clean != err.Error() {
		t.Errorf("the error holds control characters: %q", err)
	}
}

func TestHostileWeChat(t *testing.T) {
	t.Parallel()
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct {
		name   string
		behave behaviour
		want   outcome
	}{
		{"WeChat itself", says("200 OK", "Content-Type: text/plain\r\n", goodBody), succeeds},
		{"no Content-Type", says("200 OK", "", goodBody), succeeds},
		{"wrong Content-Type", says("200 OK", "Content-Type: text/html; charset=gbk\r\n", goodBody), succeeds},
		{"gzip", says("200 OK", "Content-Encoding: gzip\r\n", zipped(goodBody)), succeeds},
		{"HTTP/1.0 until the end", writes("HTTP/1.0 200 OK\r\n\r\n"+goodBody, false), succeeds},
		{"refusal", says("200 OK", "", `{"errcode":40029,"errmsg":"invalid code"}`), refused},
		{"refusal with status 500", says("500 Oh", "", `{"errcode":40029,"errmsg":"invalid code"}`), refused},
		{"refusal that echoes", echoesInRefusal, refused},
		{"success with status 502", says("502 Bad Gateway", "", goodBody), nonsense},
		{"HTML", says("200 OK", "Content-Type: text/html\r\n", "<html>login</html>"), nonsense},
		{"HTML with status 502", says("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>nginx</html>"), nonsense},
		{"status 412", says("412 Precondition Failed", "", ""), nonsense},
		{"status 204", writes("HTTP/1.1 204 No Content\r\n\r\n", false), nonsense},
		{"empty", says("200 OK", "", ""), nonsense},
		{"redirect", says("302 Found", "Location: https://portal.example/login\r\n", ""), nonsense},
		{"redirect that echoes", echoesInRedirect, nonsense},
		{"page that echoes", echoesInPage, nonsense},
		{"Content-Type that echoes", says("200 OK", "Content-Type: "+canarySecret+"\r\n", "x"), nonsense},
		{"truncated JSON", says("200 OK", "", goodBody[:60]), nonsense},
		{"Content-Length too small", writes("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"+goodBody, false), nonsense},
		{"more than 1 MiB", says("200 OK", "", strings.Repeat(" ", 1<<20+1)), nonsense},
		{"gzip bomb", says("200 OK", "Content-Encoding: gzip\r\n", zipped(strings.Repeat(" ", 4<<20))), nonsense},
		{"broken gzip", says("200 OK", "Content-Encoding: gzip\r\n", "nonsense, not packed"), nonsense},
		{"damaged gzip", says("200 OK", "Content-Encoding: gzip\r\n", zipped(goodBody)[:10]+"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), nonsense},
		{"truncated gzip", says("200 OK", "Content-Encoding: gzip\r\n", zipped(goodBody)[:30]), lost},
		{"Content-Length too large", writes("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"+goodBody, false), lost},
		{"Content-Length absurd", writes("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"+goodBody, false), lost},
		{"chunked body cut off", writes(chunked+"400\r\n"+goodBody, false), lost},
		{"bad chunk", writes(chunked+"zz\r\n"+goodBody, false), lost},
		{"closes without an answer", writes("", false), lost},
		{"resets without an answer", writes("", true), lost},
		{"closes in the head", writes("HTTP/1.1 200 OK\r\nX-", false), lost},
		{"resets in the body", writes("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"+goodBody, true), lost},
		{"not HTTP", writes("SSH-2.0-OpenSSH\x1b[31m\r\n\r\n", false), lost},
		{"request as the answer", echoes, lost},
		{"huge head", writes("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n", false), lost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := newHostile(t, tt.behave)
			_, err := newClient(t, server.base()).Code2Session(t.Context(), canaryCode)
			if got := outcomeOf(t, err); got != tt.want {
				t.Errorf("%s (%v), want %s", got, err, tt.want)
			}
			checkSilent(t, err)
			if got := server.count(); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}
