package wxapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// pipes is a network of one process. net/http lets a connection live only if it knows within 50 ms that the request was written
// whole: in a bubble of synctest with this network it does, on any machine.
type pipes struct{ *pipe.Listener }

func newPipes() *pipes { return &pipes{pipe.Listen("pipe")} }

// dial returns a connection that counts, as those do that the client dials by itself.
func (p *pipes) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := p.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wxapi.CountingConn{Conn: conn}, nil
}

// pipeBase is where a server on pipes seems to be.
const pipeBase = "http://127.0.0.1"

// answers lets the connection live.
func answers(conn net.Conn, _ string, _ int) bool {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 83\r\n\r\n"+goodBody+" ")
	return true
}

// answersOnce answers the first request and lets the connection live; every later request is read and the connection closed.
func answersOnce(conn net.Conn, head string, before int) bool {
	return before == 0 && answers(conn, head, before)
}

// net/http repeats a GET when a reused connection dies under it: the control shows that, the client must not.
func TestNoReplayOnReusedConnection(t *testing.T) {
	t.Parallel()
	t.Run("control", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			server := newHostileOn(t, network, answersOnce)
			transport := &http.Transport{DialContext: network.dial}
			defer transport.CloseIdleConnections()
			for range 2 {
				response, err := (&http.Client{Transport: transport}).Get(pipeBase)
				if err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
			}
			if got := server.count(); got != 3 {
				t.Errorf("%d requests by net/http, want 3: this test has lost its point", got)
			}
		})
	})
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			server := newHostileOn(t, network, answersOnce)
			client := newClient(t, pipeBase)
			client.Transport().DialContext = network.dial
			if _, err := client.Code2Session(t.Context(), canaryCode); err != nil {
				t.Fatal(err)
			}
			_, err := client.Code2Session(t.Context(), canaryCode)
			if got := outcomeOf(t, err); got != lost {
				t.Errorf("%s: %v", got, err)
			}
			checkSilent(t, err)
			if got := server.count(); got != 2 {
				t.Errorf("%d requests, want 2", got)
			}
		})
	})
}

// A dyingConn takes one request; then the host is gone, and writes fail before a byte has left.
type dyingConn struct {
	net.Conn
	served atomic.Bool
	failed *atomic.Int32
}

func (c *dyingConn) Write(b []byte) (int, error) {
	if c.served.Swap(true) {
		c.failed.Add(1)
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(b)
}

func TestStaleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		server := newHostileOn(t, network, answers)
		client := newClient(t, pipeBase)
		var dialled, failed atomic.Int32
		client.Transport().DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
			dialled.Add(1)
			conn, err := network.dial(ctx, kind, address)
			if err != nil {
				return nil, err
			}
			return &wxapi.CountingConn{Conn: &dyingConn{Conn: conn, failed: &failed}}, nil
		}
		for range 3 {
			if _, err := client.Code2Session(t.Context(), canaryCode); err != nil {
				t.Fatal(err)
			}
		}
		if server.count() != 3 || dialled.Load() != 3 || failed.Load() != 2 {
			t.Errorf("%d requests over %d connections, %d failed writes; want 3, 3, 2", server.count(), dialled.Load(), failed.Load())
		}
	})
}

func TestConnectionIsReused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		server := newHostileOn(t, network, answers)
		client := newClient(t, pipeBase)
		var dialled atomic.Int32
		client.Transport().DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
			dialled.Add(1)
			return network.dial(ctx, kind, address)
		}
		for range 5 {
			if _, err := client.Code2Session(t.Context(), canaryCode); err != nil {
				t.Fatal(err)
			}
		}
		if server.count() != 5 || dialled.Load() != 1 {
			t.Errorf("%d calls over %d connections, want 5 over 1", server.count(), dialled.Load())
		}
	})
}

func newTLSServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func trust(client *wxapi.Client, server *httptest.Server) {
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client.Transport().TLSClientConfig.RootCAs = roots
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := newTLSServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.ProtoMajor != 2 || len(body) != 0 || err != nil || r.URL.Query().Get("js_code") != canaryCode {
			t.Errorf("%s with %d bytes of body, error %v", r.Proto, len(body), err)
		}
		if requests.Add(1) > 2 {
			panic(http.ErrAbortHandler) // RST_STREAM
		}
		_, _ = io.WriteString(w, goodBody)
	})
	client := newClient(t, server.URL)
	trust(client, server)
	for range 2 {
		if _, err := client.Code2Session(t.Context(), canaryCode); err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.Code2Session(t.Context(), canaryCode)
	if got := outcomeOf(t, err); got != lost {
		t.Errorf("%s: %v", got, err)
	}
	checkSilent(t, err)
	if got := requests.Load(); got != 3 {
		t.Errorf("%d requests, want 3", got)
	}
}

func TestUnknownCertificate(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := newTLSServer(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	_, err := newClient(t, server.URL).Code2Session(t.Context(), canaryCode)
	if _, is := errors.AsType[*tls.CertificateVerificationError](err); !is || outcomeOf(t, err) != unreached {
		t.Errorf("error %v", err)
	}
	checkSilent(t, err)
	if got := requests.Load(); got != 0 {
		t.Errorf("%d requests, want 0", got)
	}
}

// A server that speaks no TLS fails the handshake, before the request: the call may be made again, and is, three times at most.
func TestHandshakeFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = conn.Close()
		}
	}()
	_, err = newClient(t, "https://"+listener.Addr().String()).Code2Session(t.Context(), canaryCode)
	_ = listener.Close()
	<-done
	if got := outcomeOf(t, err); got != unreached || accepted.Load() != 3 {
		t.Errorf("%s after %d connections: %v", got, accepted.Load(), err)
	}
	checkSilent(t, err)
}

// The alert with which crypto/tls closes a connection is not a request.
func TestCountingConnIgnoresCloseNotify(t *testing.T) {
	t.Parallel()
	server := newTLSServer(t, func(http.ResponseWriter, *http.Request) {})
	raw, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	counting := &wxapi.CountingConn{Conn: raw}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	conn := tls.Client(counting, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := counting.Writes()
	if before == 0 {
		t.Error("the handshake was not counted")
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if got := counting.Writes(); got != before {
		t.Errorf("%d writes after Close, %d before", got, before)
	}
}
