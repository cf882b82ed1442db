package wxapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// newTransport returns the transport of production: HTTP/2 where WeChat offers it, reused connections, certificates verified.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: defaultTimeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy: environmentProxy,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countingConn{Conn: conn}, nil
		},
		ForceAttemptHTTP2:      true, // a DialContext of our own would switch it off
		TLSHandshakeTimeout:    defaultTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:    64, // the default of 2 makes a busy login server dial anew all the time
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// environmentProxy is [http.ProxyFromEnvironment] with an error that does not quote the address, which may hold a password.
func environmentProxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errProxy
	}
	return proxy, nil
}

var errProxy = errors.New("the proxy that the environment names (HTTPS_PROXY) is not a URL")

// A countingConn knows whether bytes were written to it. The hooks of httptrace cannot tell: they fire when a request enters a
// buffer, and for one larger than the buffer only after its first part has left.
type countingConn struct {
	net.Conn
	writes  atomic.Int64 // writes that put out bytes, or still may
	closing atomic.Bool
}

// Write counts before it writes, and takes that back when certainly nothing went out.
func (c *countingConn) Write(b []byte) (int, error) {
	if c.closing.Load() {
		return c.Conn.Write(b)
	}
	c.writes.Add(1)
	n, err := c.Conn.Write(b)
	if n == 0 && err != nil {
		c.writes.Add(-1)
	}
	return n, err
}

// SetWriteDeadline ends the count: crypto/tls sets a write deadline for the alert that closes a connection, which is no part of
// any request, and writes nothing else afterwards. Nobody else sets one here.
func (c *countingConn) SetWriteDeadline(t time.Time) error {
	c.closing.Store(true)
	return c.Conn.SetWriteDeadline(t)
}

// A delivery watches one round trip to learn whether bytes of the request may have left.
type delivery struct {
	mu      sync.Mutex
	dialled bool            // the transport calls the hooks, so that their silence means something
	reused  bool            // the last connection had carried requests before
	conns   []*countingConn // connections that the request was given, with their counts then
	before  []int64
	certain bool // a connection whose bytes we cannot count
}

// trace returns ctx with the hooks that feed d.
func (d *delivery) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.dialled = true
		},
		GotConn: func(info httptrace.GotConnInfo) {
			conn := counted(info.Conn)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.reused = info.Reused
			if conn == nil {
				d.certain = true
				return
			}
			d.conns = append(d.conns, conn)
			d.before = append(d.before, conn.writes.Load())
		},
	})
}

// sent reports whether bytes of the failed request may have left. It errs towards true: for a RoundTripper that calls no hooks,
// for connections not ours, and for HTTP/2, where requests share a connection and one given up may still be written.
func (d *delivery) sent() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dialled || d.certain {
		return true
	}
	for i, conn := range d.conns {
		if conn.writes.Load() != d.before[i] {
			return true
		}
	}
	return false
}

// stale reports whether the request met a connection that had served before; its failure says nothing about the host.
func (d *delivery) stale() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reused
}

// counted returns the counting connection under conn; nil when there is none or when HTTP/2 runs over it.
func counted(conn net.Conn) *countingConn {
	for {
		switch c := conn.(type) {
		case *countingConn:
			return c
		case *tls.Conn:
			if c.ConnectionState().NegotiatedProtocol == "h2" {
				return nil
			}
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
