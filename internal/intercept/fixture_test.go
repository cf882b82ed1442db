package intercept_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bed is a server with a simulated WeChat and a proxy, as package stack puts them together.
type bed struct {
	t     testing.TB
	proxy *intercept.Proxy
	ca    *intercept.CA
	world *world.World
	kept  *journal.Journal
	log   *logged
	addr  string
	stop  func() // and waits
}

// newBed serves until the test is over. Requests to the server itself are answered with "direct".
func newBed(t testing.TB, edit func(*intercept.Options)) *bed {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newBedOn(t, listener, edit)
}

func newBedOn(t testing.TB, listener net.Listener, edit func(*intercept.Options)) *bed {
	t.Helper()
	b := &bed{t: t, kept: journal.New(0), log: &logged{}, addr: listener.Addr().String()}
	var err error
	if b.world, err = world.New(world.Options{Seed: 4, Apps: []world.App{world.DemoApp()}}); err != nil {
		t.Fatal(err)
	}
	if b.ca, err = intercept.NewCA(time.Now); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := intercept.Options{CA: b.ca, WeChat: wxhttp.New(b.world, wxhttp.Options{}), Journal: b.kept, Logger: logger, Now: time.Now}
	if edit != nil {
		edit(&o)
	}
	if b.proxy, err = intercept.New(o); err != nil {
		t.Fatal(err)
	}
	front := server.New(server.Options{
		Handler: http.HandlerFunc(direct), Logger: logger, Now: time.Now, Journal: b.kept, Proxy: b.proxy.Handler, Watch: b.proxy.Watch,
	})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- front.Serve(ctx, b.proxy.Listen(listener), b.proxy.Accepted()) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		b.proxy.Close()
	})
	t.Cleanup(b.stop)
	return b
}

func direct(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") }

// trust returns the settings of a client that trusts the bed's CA and nobody else.
func (b *bed) trust() *tls.Config {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b.ca.PEM()) {
		b.t.Fatal("the CA's PEM holds no certificate")
	}
	return &tls.Config{RootCAs: pool}
}

// via is the transport of a client that has the bed for its proxy.
func (b *bed) via() *http.Transport {
	transport := &http.Transport{
		Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: b.addr}), TLSClientConfig: b.trust(), ForceAttemptHTTP2: true,
	}
	b.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// refuses is an address where nobody listens, and a port that nobody is given by chance.
const refuses = "127.0.0.1:1"

// dial opens a connection to the port.
func (b *bed) dial() *net.TCPConn {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a test that hangs says where
	tcp, is := conn.(*net.TCPConn)
	if !is {
		b.t.Fatalf("a %T", conn)
	}
	return tcp
}

// closeWrite ends one direction of a TCP connection.
func closeWrite(conn net.Conn) {
	if half, can := conn.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
}

// answer of a request.
type answer struct {
	status int
	proto  string
	body   string
}

func (b *bed) get(transport http.RoundTripper, target string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	got, err := transport.RoundTrip(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Proto, string(body)}
}

// reasonOf is the reason and the detail of a problem.
func (a answer) problem() (reason, detail string) {
	var p struct{ Reason, Detail string }
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Reason, p.Detail
}

// exchange is the query of code2Session with a new code.
func (b *bed) exchange(user string) string {
	b.t.Helper()
	l, err := b.world.Login("", user)
	if err != nil {
		b.t.Fatal(err)
	}
	return "/sns/jscode2session?" + url.Values{
		"appid": {string(world.DemoAppID)}, "secret": {world.DemoSecret}, "js_code": {string(l.Code)}, "grant_type": {"authorization_code"},
	}.Encode()
}

// records waits until the journal holds so many records, and returns them.
func (b *bed) records(n int) []journal.Record {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	var got []journal.Record
	for r := range b.kept.Follow(ctx, 0) {
		if got = append(got, r); len(got) == n {
			return got
		}
	}
	b.t.Fatalf("the journal holds %d records, not %d: %+v", len(got), n, got)
	return nil
}

// last waits for a number of records and returns the last.
func (b *bed) last(n int) journal.Record { return b.records(n)[n-1] }

// logged collects log lines.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// connect opens a tunnel by hand and returns the status of the answer, and the connection.
func (b *bed) connect(target string, header ...string) (status int, body string, conn *net.TCPConn) {
	b.t.Helper()
	conn = b.dial()
	lines := append([]string{"CONNECT " + target + " HTTP/1.1", "Host: " + target}, header...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		b.t.Fatal(err)
	}
	status, body = readAnswer(b.t, conn)
	return status, body, conn
}

// readAnswer reads the answer to CONNECT byte by byte: what comes after it is the tunnel's.
func readAnswer(t testing.TB, conn net.Conn) (status int, body string) {
	t.Helper()
	var head []byte
	one := make([]byte, 1)
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		if _, err := conn.Read(one); err != nil {
			t.Fatalf("after %q: %v", head, err)
		}
		head = append(head, one...)
	}
	if strings.HasPrefix(string(head), "HTTP/1.1 200 Connection established\r\n\r\n") {
		return 200, ""
	}
	refusal, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), conn)), nil)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	defer refusal.Body.Close()
	text, err := io.ReadAll(refusal.Body)
	if err != nil {
		t.Fatal(err)
	}
	return refusal.StatusCode, string(text)
}

// echo is a TCP server that sends back what it gets, and ends when the client does.
func echo(t testing.TB) (addr string) {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		_, _ = io.Copy(conn, conn)
	})
}

// listen runs a TCP server whose connections are closed when serve returns, at the latest at the end of the test.
func listen(t testing.TB, serve func(net.Conn)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			conns.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		conns.Wait()
	})
	return listener.Addr().String()
}

// tlsServer answers over TLS under a certificate of its own.
func tlsServer(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	return s
}

// raw sends bytes to the port and reads one answer.
func (b *bed) raw(request string) answer {
	b.t.Helper()
	return b.send(b.dial(), request)
}

func (b *bed) send(conn net.Conn, request string) answer {
	b.t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		b.t.Fatal(err)
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		b.t.Fatalf("%q: %v", request, err)
	}
	defer got.Body.Close()
	body, _ := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Proto, string(body)}
}

// over writes a request with that target to a connection.
func (b *bed) over(conn net.Conn, r *http.Request, target string) (*http.Response, error) {
	if _, err := io.WriteString(conn, r.Method+" "+target+" HTTP/1.1\r\nHost: "+r.URL.Host+"\r\nConnection: close\r\n\r\n"); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), r)
}

// pipes is a listener in memory.
type pipes struct{ *pipe.Listener }

func newPipes() *pipes { return &pipes{pipe.Listen("pipe")} }

func (p *pipes) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := p.DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
