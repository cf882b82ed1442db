package intercept

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// established is the answer to CONNECT (RFC 9110, section 9.3.6: no header says anything about a body).
const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// replyLimit is how long a client may leave that line unread.
const replyLimit = 10 * time.Second

// connect serves CONNECT: a tunnel into the simulation, or to the host itself.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	record := journal.From(r.Context())
	record.Path = ""
	t, ok := parseTarget(r.URL.Host, 0)
	switch {
	case r.TLS != nil:
		refuse(w, r, http.StatusBadRequest, "bad_request", "CONNECT inside a tunnel to WeChat")
		return
	case !ok:
		refuse(w, r, http.StatusBadRequest, "bad_request", "CONNECT takes host:port, such as api.weixin.qq.com:443")
		return
	}
	record.Host = t.String()
	if p.full() {
		w.Header().Set("Retry-After", "1")
		refuse(w, r, http.StatusServiceUnavailable, "try_later", "too many tunnels are open")
		return
	}
	if host, found := wechat.HostOf(t.host); found {
		conn := hijack(w, record)
		if conn == nil {
			panic(http.ErrAbortHandler)
		}
		conn.host = host
		p.begin(conn, func() { p.serveTunnel(conn) })
		return
	}
	if p.refused(w, r, t) {
		return
	}
	if !p.enter(nil) {
		panic(http.ErrAbortHandler) // the run is over
	}
	defer p.leave(nil)
	remote, err := p.dial(r, t)
	if err != nil {
		p.unreachable(w, r, t, err)
		return
	}
	p.passing(r, t)
	client := hijack(w, record)
	if client == nil || !p.begin(client, func() { p.tunnel(client, remote) }) {
		_ = remote.Close()
		panic(http.ErrAbortHandler)
	}
}

// refused answers what may not leave this machine.
func (p *Proxy) refused(w http.ResponseWriter, r *http.Request, t target) bool {
	switch {
	case p.looped(r):
		refuse(w, r, http.StatusLoopDetected, "loop", "the request came back: the proxy in HTTPS_PROXY or HTTP_PROXY of wxlogin's environment leads to wxlogin itself")
	case !fromHere(r):
		refuse(w, r, http.StatusForbidden, "not_loopback", fmt.Sprintf("the simulation is a proxy for callers on its own machine only; from elsewhere it answers WeChat's hosts, not %s", t))
	case p.o.Offline && !t.loopback():
		refuse(w, r, http.StatusForbidden, "offline", fmt.Sprintf("%s is not WeChat's, and the simulation runs with --offline", t))
	default:
		return false
	}
	p.counts.add(&p.counts.Refused, t.host)
	return true
}

// unreachable answers for a host that could not be dialled.
func (p *Proxy) unreachable(w http.ResponseWriter, r *http.Request, t target, err error) {
	p.counts.add(&p.counts.Unreachable, t.host)
	refuse(w, r, http.StatusBadGateway, "unreachable", fmt.Sprintf("cannot reach %s: %s", t, causeOf(err)))
}

// passing notes what goes through. A host of WeChat's that is not simulated is worth a record: it is the real one.
func (p *Proxy) passing(r *http.Request, t target) {
	p.counts.add(&p.counts.Passed, t.host)
	if t.weChats() {
		record := journal.From(r.Context())
		record.API, record.Reason = apiProxy, t.host+" is not simulated: the real one was called"
	}
}

// hijack takes a client's connection from the server and tells the client that its tunnel is there; nil when there is no client any more.
// Then the handler must not return as others do, because the server's answer would look like a tunnel.
func hijack(w http.ResponseWriter, record *journal.Record) *clientConn {
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		record.Reason = "no tunnel: " + err.Error()
		return nil
	}
	if front, is := conn.(*frontConn); is {
		conn = front.Conn // the system copies between TCP connections, if it is shown them
	}
	head, err := buffered(buffer.Reader)
	if err == nil {
		_ = conn.SetWriteDeadline(time.Now().Add(replyLimit))
		_, err = io.WriteString(conn, established)
		_ = conn.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close()
		record.Reason = "no tunnel: the client is gone"
		return nil
	}
	return &clientConn{Conn: conn, head: head}
}

// buffered returns what a client sent before it was told that it may.
func buffered(r *bufio.Reader) ([]byte, error) {
	head := make([]byte, r.Buffered())
	_, err := io.ReadFull(r, head)
	return head, err
}

// tunnel copies both ways until both sides have said that they are done, or one is gone. No deadline holds for it.
func (p *Proxy) tunnel(client *clientConn, remote net.Conn) {
	if !p.enter(remote) {
		_ = remote.Close()
		_ = client.Close()
		return
	}
	defer p.leave(remote)
	if len(client.head) > 0 {
		if _, err := remote.Write(client.head); err != nil {
			_ = remote.Close()
			_ = client.Close()
			return
		}
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		stream(client.Conn, remote)
	}()
	stream(remote, client.Conn)
	<-back
	_ = remote.Close()
	_ = client.Close()
}

// stream copies until the source ends, and passes the end on; where that cannot be, or something broke, both ends are closed.
func stream(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err == nil && closeWrite(to) == nil {
		return
	}
	_ = to.Close()
	_ = from.Close()
}

// causeOf is what a reader needs of an error of the network: not the words around it, which name addresses again.
func causeOf(err error) string {
	if told, is := errors.AsType[*upstreamError](err); is {
		return told.Error()
	}
	if dns, is := errors.AsType[*net.DNSError](err); is {
		if dns.IsNotFound {
			return "no such host"
		}
		return "DNS: " + redact.Shorten(dns.Err, 160)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	if op, is := errors.AsType[*net.OpError](err); is && op.Err != nil {
		if op.Timeout() {
			return "no answer in time"
		}
		return redact.Shorten(unwrapped(op.Err).Error(), 160)
	}
	return redact.Shorten(err.Error(), 160)
}

// unwrapped is the system's own error where there is one: "connection refused", not "connect: connection refused".
func unwrapped(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
