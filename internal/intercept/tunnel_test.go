package intercept_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

// tunnelSize is a hundred megabytes.
const tunnelSize = 100 << 20

// noise is the same stream of bytes each time, without a pattern.
func noise() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), tunnelSize) }

// TestTunnel: a hundred megabytes there and back through a tunnel to a TLS server come out as they went in, under the server's own
// certificate.
func TestTunnel(t *testing.T) {
	t.Parallel()
	all := sha256.New()
	_, _ = io.Copy(all, noise())
	want := all.Sum(nil)
	received := make(chan []byte, 1)
	remote := tlsServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		_, _ = io.Copy(sum, r.Body)
		received <- sum.Sum(nil)
		_, _ = io.Copy(w, noise())
	}))
	b := newBed(t, nil)
	transport := b.via()
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(remote.Certificate())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, remote.URL, noise())
	if err != nil {
		t.Fatal(err)
	}
	got, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, got.Body)
	if err != nil || n != tunnelSize || !bytes.Equal(sum.Sum(nil), want) {
		t.Errorf("came back: %d bytes, %v, as they were: %v", n, err, bytes.Equal(sum.Sum(nil), want))
	}
	if !bytes.Equal(<-received, want) {
		t.Error("the server got something else")
	}
	if b.proxy.Counts().Passed["127.0.0.1"] != 1 {
		t.Errorf("counts: %+v", b.proxy.Counts())
	}
	if n := len(b.kept.Since(0).Records); n != 0 {
		t.Errorf("the journal has %d records of what is none of its business", n)
	}
}

// TestTunnelHoldsNothing: when the client does not read, the server cannot write for long: nothing is put aside in between. Nor does
// passing on allocate by the byte.
func TestTunnelHoldsNothing(t *testing.T) { // not parallel: it counts what is allocated
	const size = 256 << 20 // what the system's own buffers hold is some megabytes at each of four ends
	var written atomic.Int64
	stalled := make(chan struct{})
	remote := listen(t, func(conn net.Conn) {
		chunk := make([]byte, 64<<10)
		for written.Load() < size {
			_ = conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
			n, err := conn.Write(chunk)
			written.Add(int64(n))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		close(stalled)
	})
	b := newBed(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if status, body, _ := b.connect(remote); status != 200 {
		t.Fatal(status, body)
	}
	<-stalled
	runtime.ReadMemStats(&after)
	if n := written.Load(); n >= size/2 {
		t.Errorf("%d MB were taken in while nobody read", n>>20)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("%d MB were allocated", n>>20)
	}
}

// TestHalfClosed: each side can say that it is done and still hear the other out.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	t.Run("client first", func(t *testing.T) {
		t.Parallel()
		remote := listen(t, func(conn net.Conn) {
			all, _ := io.ReadAll(conn) // returns when the client is done
			_, _ = conn.Write(bytes.ToUpper(all))
		})
		_, _, conn := newBed(t, nil).connect(remote)
		_, _ = io.WriteString(conn, "hello")
		_ = conn.CloseWrite()
		if got, err := io.ReadAll(conn); err != nil || string(got) != "HELLO" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("server first", func(t *testing.T) {
		t.Parallel()
		heard := make(chan string, 1)
		remote := listen(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "bye")
			closeWrite(conn)
			all, _ := io.ReadAll(conn)
			heard <- string(all)
		})
		_, _, conn := newBed(t, nil).connect(remote)
		if got, err := io.ReadAll(conn); err != nil || string(got) != "bye" {
			t.Errorf("%q, %v", got, err)
		}
		_, _ = io.WriteString(conn, "and you")
		_ = conn.CloseWrite()
		if got := <-heard; got != "and you" {
			t.Errorf("%q", got)
		}
	})
	t.Run("reset", func(t *testing.T) {
		t.Parallel()
		gone := make(chan struct{})
		remote := listen(t, func(conn net.Conn) {
			_, _ = io.Copy(io.Discard, conn)
			close(gone)
		})
		_, _, conn := newBed(t, nil).connect(remote)
		_ = conn.SetLinger(0)
		_ = conn.Close()
		<-gone // the other side does not wait for somebody who is no more
	})
}

// TestEagerClient: what a client sends together with CONNECT, before it is told that it may, arrives.
func TestEagerClient(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	for _, size := range []int{1, 100, 3000, 100_000} {
		sent := strings.Repeat("x", size-1) + "y"
		conn := b.dial()
		target := echo(t)
		if _, err := io.WriteString(conn, "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\n\r\n"+sent); err != nil {
			t.Fatal(err)
		}
		_ = conn.CloseWrite()
		if status, body := readAnswer(t, conn); status != 200 {
			t.Fatal(status, body)
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != sent {
			t.Errorf("%d bytes, %v; sent %d", len(got), err, size)
		}
	}
}

// deadlines is a listener that remembers which deadlines its connections have.
type deadlines struct {
	net.Listener
	mu          sync.Mutex
	read, write time.Time
}

func (d *deadlines) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	return &deadlineConn{conn, d}, err
}

func (d *deadlines) any() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.read.IsZero() || !d.write.IsZero()
}

func (d *deadlines) set(read, write *time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if read != nil {
		d.read = *read
	}
	if write != nil {
		d.write = *write
	}
}

type deadlineConn struct {
	net.Conn
	of *deadlines
}

func (c *deadlineConn) SetDeadline(t time.Time) error { c.of.set(&t, &t); return c.Conn.SetDeadline(t) }

func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	c.of.set(&t, nil)
	return c.Conn.SetReadDeadline(t)
}

func (c *deadlineConn) SetWriteDeadline(t time.Time) error {
	c.of.set(nil, &t)
	return c.Conn.SetWriteDeadline(t)
}

// TestSlowPeers: a tunnel has no deadline, neither those of the server nor one of its own, so that whoever is slow or silent is waited for.
func TestSlowPeers(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deadlines{Listener: inner}
	b := newBedOn(t, d, nil)
	status, body, conn := b.connect(echo(t))
	if status != 200 {
		t.Fatal(status, body)
	}
	buffer := make([]byte, 1)
	for _, letter := range "slow" {
		if _, err := conn.Write([]byte(string(letter))); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, buffer); err != nil || string(buffer) != string(letter) {
			t.Fatalf("%q, %v", buffer, err)
		}
		if d.any() {
			t.Errorf("the client's end has a deadline: %v, %v", d.read, d.write)
		}
	}
}

// TestStopCutsTunnels: a stop does not wait for tunnels, and leaves none. (TestMain sees that nothing else is left.)
func TestStopCutsTunnels(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	_, _, foreign := b.connect(echo(t))
	_, _, own := b.connect("api.weixin.qq.com:443") // nothing was sent through it yet
	half := b.dial()                                // in the middle of its ClientHello
	_, _ = half.Write([]byte{0x16, 3, 1, 2, 0, 1})
	b.stop() // they would have gone on for ever
	for name, conn := range map[string]net.Conn{"foreign": foreign, "own": own, "half": half} {
		if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still open", name)
		}
	}
	if n := len(b.kept.Since(0).Records); n != 0 {
		t.Errorf("the stop is in the journal: %+v", b.kept.Since(0).Records)
	}
}

// TestNowhere: a client learns why its tunnel does not lead anywhere, and so does the journal.
func TestNowhere(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	tests := []struct {
		target         string
		status         int
		reason, detail string
	}{
		{refuses, 502, "unreachable", "cannot reach " + refuses + ": connection refused"},
		{"nowhere.invalid:443", 502, "unreachable", "cannot reach nowhere.invalid:443: "}, // why depends on the name server, if there is one
		{"nowhere.invalid", 400, "bad_request", "CONNECT takes host:port, such as api.weixin.qq.com:443"},
		{"nowhere.invalid:0", 400, "bad_request", "CONNECT takes host:port, such as api.weixin.qq.com:443"},
		{"nowhere.invalid:https", 400, "", ""}, // net/http's own
		{"user:password@nowhere.invalid:443", 400, "", ""},
		{"/path", 400, "", ""},
	}
	kept := 0
	for _, tt := range tests {
		status, body, _ := b.connect(tt.target)
		reason, detail := answer{body: body}.problem()
		if status != tt.status || tt.reason != reason || !strings.HasPrefix(detail, tt.detail) || strings.Contains(body, "password") {
			t.Errorf("%s: %d %s", tt.target, status, body)
		}
		if tt.reason == "" {
			continue
		}
		kept++
		if got := b.last(kept); got.API != "proxy" || got.Method != "CONNECT" || got.Status != tt.status || got.Reason != detail || got.Path != "" {
			t.Errorf("%s: the journal has %+v", tt.target, got)
		}
	}
	for _, scheme := range []string{"http", "https"} {
		got := b.raw("GET " + scheme + "://" + refuses + "/hook/T0PS3CR3T?q=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if reason, detail := got.problem(); got.status != 502 || reason != "unreachable" || !strings.HasSuffix(detail, ": connection refused") {
			t.Errorf("%s: %+v", scheme, got)
		}
		kept++
		if got := b.last(kept); got.API != "proxy" || got.Host != refuses || got.Path != "" {
			t.Errorf("%s: the journal has %+v", scheme, got)
		}
	}
	if strings.Contains(b.log.String(), "T0PS3CR3T") {
		t.Errorf("the log shows the path of a service that is not ours: %s", b.log)
	}
	if counts := b.proxy.Counts(); counts.Unreachable["127.0.0.1"] != 3 || counts.Unreachable["nowhere.invalid"] != 1 {
		t.Errorf("counts: %+v", counts)
	}
}

// TestOffline: what is neither WeChat's nor here is refused, and the refusal is in the journal.
func TestOffline(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(o *intercept.Options) { o.Offline = true })
	status, body, _ := b.connect("packages.example:443")
	if reason, detail := (answer{body: body}).problem(); status != 403 || reason != "offline" || detail != "packages.example:443 is not WeChat's, and the simulation runs with --offline" {
		t.Errorf("%d %s", status, body)
	}
	if got := b.last(1); got.API != "proxy" || got.Status != 403 || got.Host != "packages.example:443" || got.Reason == "" {
		t.Errorf("the journal has %+v", got)
	}
	for _, target := range []string{"http://packages.example/x", "https://packages.example/x", "http://8.8.8.8/", "http://[2001:db8::1]/", "http://127.0.0.1.nip.io/"} {
		got := b.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if reason, _ := got.problem(); got.status != 403 || reason != "offline" {
			t.Errorf("%s: %+v", target, got)
		}
	}
	if status, body, _ := b.connect(echo(t)); status != 200 {
		t.Errorf("this machine: %d %s", status, body)
	}
	if got := b.get(b.via(), host+b.exchange("alice")); got.status != 200 {
		t.Errorf("WeChat: %+v", got)
	}
}

// TestRealWeChat: a host of WeChat's that is not simulated is the real one, which is worth knowing.
func TestRealWeChat(t *testing.T) {
	t.Parallel()
	remote := echo(t)
	b := newBed(t, func(o *intercept.Options) { o.Upstream = upstreamTo(t, remote) })
	status, body, conn := b.connect("mp.weixin.qq.com:443")
	if status != 200 {
		t.Fatal(status, body)
	}
	_ = conn.Close()
	if got := b.last(1); got.API != "proxy" || got.Status != 200 || got.Reason != "mp.weixin.qq.com is not simulated: the real one was called" || got.Failed() {
		t.Errorf("the journal has %+v", got)
	}
}

// TestForwarded: requests in absolute form to other hosts go through as they are, and so do the answers, while they come.
func TestForwarded(t *testing.T) {
	t.Parallel()
	type seen struct {
		host, uri, body string
		header          http.Header
	}
	requests := make(chan seen, 1)
	more := make(chan struct{})
	remote := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- seen{r.Host, r.RequestURI, string(body), r.Header}
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "second")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain := &http.Server{Handler: remote}
	go func() { _ = plain.Serve(listener) }()
	t.Cleanup(func() { _ = plain.Close() })

	b := newBed(t, nil)
	transport := b.via()
	transport.DisableCompression = true
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String()+"/a%2Fb;c?x=1;y=%zz&&", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Own": {"a", "b"}, "Proxy-Authorization": {"Basic c2VjcmV0"}, "User-Agent": {""}}
	got, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	first := make([]byte, 6)
	if _, err := io.ReadFull(got.Body, first); err != nil || string(first) != "first " {
		t.Errorf("%q, %v", first, err)
	}
	close(more)
	rest, err := io.ReadAll(got.Body)
	if err != nil || string(rest) != "second" || got.StatusCode != http.StatusTeapot || got.Header.Get("X-Answer") != "yes" {
		t.Errorf("%d %v %q %v\n%s", got.StatusCode, got.Header, rest, err, b.log)
	}
	in := <-requests
	if in.host != listener.Addr().String() || in.uri != "/a%2Fb;c?x=1;y=%zz&&" || in.body != "body" {
		t.Errorf("%+v", in)
	}
	in.header.Del("Content-Length")
	if len(in.header) != 2 || in.header.Get("X-Forwarded-For") != "1.2.3.4" || len(in.header["X-Own"]) != 2 {
		t.Errorf("%v", in.header)
	}
	if n := b.proxy.Counts().Passed["127.0.0.1"]; n != 1 {
		t.Errorf("%d are counted", n)
	}
}

// TestUpgraded: WebSockets through a proxy that is asked in absolute form end with it.
func TestUpgraded(t *testing.T) {
	t.Parallel()
	remote := listen(t, func(conn net.Conn) {
		head := make([]byte, 4096)
		if _, err := conn.Read(head); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, conn)
	})
	b := newBed(t, nil)
	conn := b.dial()
	_, _ = io.WriteString(conn, "GET http://"+remote+"/ HTTP/1.1\r\nHost: "+remote+"\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	read := func(until string) (got string) {
		t.Helper()
		one := make([]byte, 1)
		for !strings.HasSuffix(got, until) {
			if _, err := conn.Read(one); err != nil {
				t.Fatalf("after %q: %v", got, err)
			}
			got += string(one)
		}
		return got
	}
	if head := read("\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatal(head)
	}
	_, _ = io.WriteString(conn, "ping")
	read("ping")
	b.stop()
	if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("still open")
	}
}
