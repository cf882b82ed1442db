// Package pipe is a network of one process: what dials a [Listener] and what accepts from it are the two ends of a net.Pipe.
//
// The simulation is reached through one, so that a login under --mock passes through the client, the HTTP stack and the failures of
// production without a second port. Tests put servers on one, so that a bubble of testing/synctest holds both ends.
package pipe

import (
	"context"
	"net"
	"sync"
)

// A Listener is a net.Listener that lives in memory.
type Listener struct {
	peer   addr
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
}

// addr names an end of a pipe.
type addr string

func (addr) Network() string  { return "pipe" }
func (a addr) String() string { return string(a) }

// Listen returns a listener. Connections that it accepts come from an address that reads peer, which the logs of servers show.
func Listen(peer string) *Listener {
	return &Listener{peer: addr(peer), conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext has the signature of http.Transport's; the address does not matter. It waits until the connection is accepted, and fails
// with net.ErrClosed or the context's error.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- conn{server, l.peer}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener. Afterwards it fails with net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case accepted := <-l.conns:
		return accepted, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections live on.
func (l *Listener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener: the network is "pipe".
func (l *Listener) Addr() net.Addr { return l.peer }

// conn is the accepting end; it knows its peer by the listener's name.
type conn struct {
	net.Conn
	peer addr
}

func (c conn) RemoteAddr() net.Addr { return c.peer }
