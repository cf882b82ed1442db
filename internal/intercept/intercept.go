// Package intercept stands between a back end and the network, so that a program which has https://api.weixin.qq.com compiled in talks
// to the simulation and does not notice. It is a forward proxy on the simulation's own port: WeChat's hosts are answered by the
// simulation, under certificates of an authority that lives for one run; everything else passes through untouched, for callers on
// this machine.
//
// It never makes a certificate for another host, never writes a private key, never looks into what it passes on, and never sends
// anything to the real WeChat under one of the names that it answers for.
//
// The forms that a client may come in (RFC 9112, section 3.2; RFC 9110, section 9.3.6) are told apart like this:
//
//   - the first byte of a connection is that of a TLS handshake: TLS straight on the port, for clients that were only given another
//     address to dial. The name in its ClientHello (SNI) decides;
//   - CONNECT host:port: a tunnel, whose own first byte decides the same way;
//   - an absolute target, GET https://host/path: the request itself, which the client trusts the proxy to send on;
//   - anything else: a request to us.
package intercept

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxConns bounds the connections that pass through or are in a handshake; a tunnel has two. A test suite opens some hundred.
const maxConns = 4096

// Options of a [Proxy].
type Options struct {
	CA     *CA
	WeChat http.Handler // answers requests whose Host is one of [Hosts]

	Journal *journal.Journal // keeps what went wrong; may be nil
	Logger  *slog.Logger
	Now     func() time.Time // what the journal's times are of

	Names   []string // under which we are reached, besides our address and localhost
	Offline bool     // other hosts than WeChat's and this machine are refused

	// Upstream says through which proxy a request for another host goes, as [http.Transport] has it. nil: through none.
	Upstream func(*http.Request) (*url.URL, error)
}

// A Proxy answers what clients send to other hosts by way of a server. It is plugged into the server at three places:
// [Proxy.Listen] is between it and its listener, [Proxy.Accepted] is a second listener, [Proxy.Handler] is around its handler.
type Proxy struct {
	o       Options
	tls     *tls.Config
	via     string // our signature on what we send to another proxy; we never pass on what carries it
	reverse *httputil.ReverseProxy
	forward *http.Transport

	accepted *handover
	counts   counts

	ctx    context.Context // done when [Proxy.Close] is called
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{} // that no http.Server knows of
}

// New returns a proxy. It must be closed.
func New(o Options) (*Proxy, error) {
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return nil, fmt.Errorf("make a name for the proxy: %w", err)
	}
	p := &Proxy{o: o, via: "wxlogin-" + hex.EncodeToString(id), accepted: newHandover(), conns: make(map[net.Conn]struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.tls = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: p.certificate,
	}
	p.forward = p.newTransport()
	p.reverse = p.newReverse()
	return p, nil
}

// Handler returns the handler that a server starts with. What is not for another host goes on to direct.
func (p *Proxy) Handler(direct http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			p.connect(w, r)
			return
		}
		if host, found := wechat.HostOf(r.Host); found {
			p.weChat(w, r, host)
			return
		}
		if r.TLS != nil { // the connection is for one of WeChat's hosts, the request for another
			record := journal.From(r.Context())
			record.Path, record.Host = "", redact.Shorten(r.Host, maxName)
			refuse(w, r, http.StatusMisdirectedRequest, "bad_request", fmt.Sprintf("this connection is for WeChat's hosts; the request is for %q", redact.Shorten(r.Host, 80)))
			return
		}
		if r.URL.Host == "" {
			direct.ServeHTTP(w, r)
			return
		}
		t, ok := targetOf(r.URL)
		if ok && r.URL.Scheme == "http" && p.ours(r, t) {
			direct.ServeHTTP(w, r)
			return
		}
		p.passRequest(w, r, t, ok)
	})
}

// weChat lets the simulation answer. The record tells which host was meant.
func (p *Proxy) weChat(w http.ResponseWriter, r *http.Request, host string) {
	p.counts.add(&p.counts.Intercepted, host)
	journal.From(r.Context()).Host = host
	if r.URL.Host != "" { // absolute form; the simulation looks at paths, and at the query as the client spelled it
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "", ""
	}
	p.o.WeChat.ServeHTTP(w, r)
}

// refuse answers in our own name, and lets the journal keep it.
func refuse(w http.ResponseWriter, r *http.Request, status int, reason, detail string) {
	record := journal.From(r.Context())
	record.API, record.Reason = apiProxy, detail
	problem.Write(w, problem.Problem{Title: strings.ToLower(http.StatusText(status)), Status: status, Reason: reason, Detail: detail})
}

// apiProxy is what the journal calls whatever went through the proxy and is no call to WeChat's API.
const apiProxy = "proxy"

// note tells journal and log of something that is no request, or never became one.
func (p *Proxy) note(peer net.Addr, method, host, reason string) {
	record := &journal.Record{Time: p.o.Now(), Method: method, API: apiProxy, Host: host, Peer: peer.String(), Reason: reason}
	p.o.Journal.Add(record, "")
	p.o.Logger.Warn(method+" "+redact.Shorten(host, 120), "reason", reason)
}

// begin does work in a goroutine of its own, which Close makes an end to and waits for. Where that cannot be, it closes the connection.
func (p *Proxy) begin(conn net.Conn, work func()) (begun bool) {
	if !p.enter(conn) {
		_ = conn.Close()
		return false
	}
	go func() {
		defer p.leave(conn)
		work()
	}()
	return true
}

// enter counts work and its connection, if there is one. It is refused when there is too much of it, and after Close.
func (p *Proxy) enter(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.conns) >= maxConns {
		return false
	}
	if conn != nil {
		p.conns[conn] = struct{}{}
	}
	p.work.Add(1)
	return true
}

// full reports whether a tunnel would be one too many.
func (p *Proxy) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)+2 > maxConns
}

func (p *Proxy) leave(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	p.work.Done()
}

// Close cuts what passes through, and returns when nothing does. The server must have stopped: what was handed to it is its own.
func (p *Proxy) Close() {
	p.cancel()
	_ = p.accepted.Close()
	p.mu.Lock()
	p.closed = true
	for conn := range p.conns {
		_ = conn.Close() // its goroutines notice
	}
	p.mu.Unlock()
	p.work.Wait()
	p.forward.CloseIdleConnections()
}
