package stack

import (
	"context"
	"net"
	"sync"
)

// A pipeListener is a network of one process: what dials it and what accepts from it are the two ends of a net.Pipe. The
// simulation is reached through one, so that a login under --mock passes through the client, the HTTP stack and the
// failures of production without a second port.
type pipeListener struct {
	name   pipeAddr
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
}

// pipeAddr names an end of a pipe; the simulation's log shows it as the peer.
type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

func newPipeListener(name string) *pipeListener {
	return &pipeListener{name: pipeAddr(name), conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext has the signature of http.Transport's; the address does not matter.
func (l *pipeListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- pipeConn{server, l.name}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return l.name }

// pipeConn is the accepting end; it knows its peer by the listener's name.
type pipeConn struct {
	net.Conn
	peer pipeAddr
}

func (c pipeConn) RemoteAddr() net.Addr { return c.peer }
