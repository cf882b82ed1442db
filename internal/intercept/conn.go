package intercept

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// recordHandshake is the first byte of every TLS connection, and of no HTTP request (RFC 8446, section 5.1).
const recordHandshake = 0x16

// Listen returns a listener for the server to take the place of inner. Connections that begin with TLS are taken away from the
// server when it first reads from them, for which it is told that they have ended; those of HTTP cost it a comparison a read.
func (p *Proxy) Listen(inner net.Listener) net.Listener { return &listener{inner, p} }

type listener struct {
	net.Listener
	proxy *Proxy
}

func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &frontConn{Conn: accepted, proxy: l.proxy}, nil
}

// A frontConn is a connection to the port that nobody has read from yet.
type frontConn struct {
	net.Conn
	proxy *Proxy
	begun bool        // something was read; for the reader alone
	taken atomic.Bool // the connection is no longer the server's
}

func (c *frontConn) Read(b []byte) (int, error) {
	if c.begun {
		return c.Conn.Read(b)
	}
	n, err := c.Conn.Read(b)
	if n == 0 {
		return n, err
	}
	c.begun = true
	if b[0] != recordHandshake {
		return n, err
	}
	c.taken.Store(true)
	_ = c.SetDeadline(time.Time{}) // that of the server, for a request's header
	secure := &clientConn{Conn: c.Conn, head: bytes.Clone(b[:n])}
	c.proxy.begin(secure, func() { c.proxy.serveTLS(secure) })
	return 0, io.EOF
}

func (c *frontConn) Close() error {
	if c.taken.Load() {
		return nil
	}
	return c.Conn.Close()
}

// SetLinger lets the simulation end a connection with RST, as net.TCPConn's does.
func (c *frontConn) SetLinger(seconds int) error { return setLinger(c.Conn, seconds) }

func setLinger(conn net.Conn, seconds int) error {
	if tcp, is := conn.(interface{ SetLinger(seconds int) error }); is {
		return tcp.SetLinger(seconds)
	}
	return errors.ErrUnsupported
}

// CloseWrite ends one direction, which the server does before it closes a connection with something unread in it.
func (c *frontConn) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	if half, can := conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// A clientConn is a client's end of a tunnel, or of TLS straight on the port.
type clientConn struct {
	net.Conn
	head []byte // was read already and comes first; for the reader alone

	host  string // that the tunnel is for; "" for TLS straight on the port
	asked string // the name in the ClientHello; written before the handshake is over

	last     [plainAlert]byte // what was read last; as head
	offered  bool             // our certificate was sent; as asked
	spoke    atomic.Bool      // a request came, or the beginning of one
	timedOut atomic.Bool      // it is we who ended it
}

func (c *clientConn) Read(b []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(b, c.head)
		if c.head = c.head[n:]; len(c.head) == 0 {
			c.head = nil
		}
		c.remember(b[:n])
		return n, nil
	}
	n, err := c.Conn.Read(b)
	c.remember(b[:n])
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.timedOut.Store(true)
	}
	return n, err
}

// remember keeps the end of what was read.
func (c *clientConn) remember(b []byte) {
	if n := len(b); n < len(c.last) {
		copy(c.last[:], c.last[n:])
		copy(c.last[len(c.last)-n:], b)
		return
	}
	copy(c.last[:], b[len(b)-len(c.last):])
}

// SetLinger is as that of net.TCPConn.
func (c *clientConn) SetLinger(seconds int) error { return setLinger(c.Conn, seconds) }

// CloseWrite ends one direction.
func (c *clientConn) CloseWrite() error { return closeWrite(c.Conn) }

// name is the host that the client means, as far as it has said.
func (c *clientConn) name() string {
	if c.asked != "" {
		return c.asked
	}
	return c.host
}

// closedByPeer reports whether an error says no more than that the other end is gone.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Accepted is the listener of what was found to be for WeChat inside a tunnel or under TLS: connections that speak HTTP.
func (p *Proxy) Accepted() net.Listener { return p.accepted }

// A handover is a listener that is given its connections.
type handover struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// give hands a connection to whoever accepts, or closes it when nobody does any more.
func (h *handover) give(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.closed:
		_ = conn.Close()
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close is the beginning of the server's stop.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// stopping reports whether connections end because the server does.
func (h *handover) stopping() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

func (h *handover) Addr() net.Addr { return &net.UnixAddr{Name: "tunnels", Net: "tunnel"} }
