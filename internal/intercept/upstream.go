package intercept

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"github.com/wxlogin/wxlogin/internal/redact"
)

const (
	dialLimit     = 15 * time.Second // a name server that tries twice, and a slow host
	upstreamLimit = 30 * time.Second // for another proxy to make its own connection

	maxUpstreamHeader = 64 << 10 // bytes of another proxy's answer
)

// An upstreamError says what another proxy did not do. It names the proxy without the password that its URL may hold.
type upstreamError struct{ reason string }

func (e *upstreamError) Error() string { return e.reason }

// dial connects to a target, through the user's own proxy if there is one for it.
func (p *Proxy) dial(r *http.Request, t target) (net.Conn, error) {
	// Not the request's context: it ends when a client has sent all it has to say and closes its direction at once.
	ctx, cancel := context.WithTimeout(p.ctx, upstreamLimit)
	defer cancel()
	upstream, err := p.upstreamOf(r, &url.URL{Scheme: "https", Host: t.String()})
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialLimit}
	if upstream == nil {
		return dialer.DialContext(ctx, "tcp", t.String())
	}
	conn, err := dialThrough(ctx, dialer, upstream, t, slices.Concat(r.Header.Values("Via"), []string{"1.1 " + p.via}))
	if err == nil {
		return conn, nil
	}
	if _, told := errors.AsType[*upstreamError](err); told {
		return nil, err
	}
	return nil, &upstreamError{fmt.Sprintf("the proxy %s does not let us through: %s", nameOf(upstream), causeOf(err))}
}

// upstreamOf is the proxy for a URL: none for this machine, and not ourselves, whom the variables may name after `wxlogin mock env`.
func (p *Proxy) upstreamOf(r *http.Request, u *url.URL) (*url.URL, error) {
	if p.o.Upstream == nil {
		return nil, nil //nolint:nilnil // no proxy, as http.Transport has it
	}
	if t, ok := targetOf(u); ok && t.loopback() {
		return nil, nil //nolint:nilnil // as above
	}
	upstream, err := p.o.Upstream(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host})
	if err != nil { // its text may repeat a password
		return nil, &upstreamError{"the proxy that HTTPS_PROXY or HTTP_PROXY names is not a URL such as http://127.0.0.1:7890"}
	}
	if upstream == nil || isSelf(r, upstream) {
		return nil, nil //nolint:nilnil // as above
	}
	return upstream, nil
}

// isSelf reports whether a proxy is the port that a request came in on.
func isSelf(r *http.Request, upstream *url.URL) bool {
	local := localOf(r.Context())
	if port, err := strconv.ParseUint(upstream.Port(), 10, 16); err != nil || !local.IsValid() || uint16(port) != local.Port() {
		return false
	}
	own := local.Addr().Unmap()
	addr, err := netip.ParseAddr(upstream.Hostname())
	return upstream.Hostname() == "localhost" && own.IsLoopback() || err == nil && (addr.Unmap() == own || addr.IsLoopback() && own.IsLoopback())
}

// looped reports whether a request carries our own signature.
func (p *Proxy) looped(r *http.Request) bool {
	for _, via := range r.Header.Values("Via") {
		if strings.Contains(via, p.via) {
			return true
		}
	}
	return false
}

// dialThrough opens a tunnel through another proxy. via are the proxies that the request came through so far.
func dialThrough(ctx context.Context, dialer *net.Dialer, upstream *url.URL, t target, via []string) (net.Conn, error) {
	port := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[upstream.Scheme]
	if port == "" {
		return nil, &upstreamError{fmt.Sprintf("%s is not a proxy of a kind that wxlogin speaks to: http, https, socks5", nameOf(upstream))}
	}
	if upstream.Port() != "" {
		port = upstream.Port()
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(upstream.Hostname(), port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	var through net.Conn
	if strings.HasPrefix(upstream.Scheme, "socks5") {
		through, err = askSOCKS(ctx, conn, upstream, t)
	} else {
		through, err = askHTTP(ctx, conn, upstream, t, via)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return through, nil
}

// nameOf is a proxy as it may be shown: without user and password.
func nameOf(upstream *url.URL) string {
	return redact.Shorten(upstream.Scheme, 20) + "://" + redact.Shorten(upstream.Host, 80)
}

// askSOCKS asks a SOCKS proxy for a tunnel over a connection to it. It is the proxy that looks the name up.
func askSOCKS(ctx context.Context, conn net.Conn, upstream *url.URL, t target) (net.Conn, error) {
	var auth *proxy.Auth
	if upstream.User != nil {
		auth = &proxy.Auth{User: upstream.User.Username()}
		auth.Password, _ = upstream.User.Password()
	}
	dialer, err := proxy.SOCKS5("tcp", upstream.Host, auth, nil)
	if err != nil {
		return nil, err
	}
	// The connection stays ours: the one that Dial returns cannot be closed in one direction.
	over, can := dialer.(interface {
		DialWithConn(ctx context.Context, c net.Conn, network, address string) (net.Addr, error)
	})
	if !can {
		return nil, errors.New("intercept: internal error: golang.org/x/net/proxy has changed")
	}
	if _, err := over.DialWithConn(ctx, conn, "tcp", t.String()); err != nil {
		return nil, err
	}
	return conn, nil
}

// askHTTP asks an HTTP proxy for a tunnel over a connection to it.
func askHTTP(ctx context.Context, conn net.Conn, upstream *url.URL, t target, via []string) (net.Conn, error) {
	if upstream.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{ServerName: upstream.Hostname(), MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	request := "CONNECT " + t.String() + " HTTP/1.1\r\nHost: " + t.String() + "\r\nVia: " + strings.Join(via, ", ") + "\r\n"
	if upstream.User != nil {
		password, _ := upstream.User.Password()
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(upstream.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxUpstreamHeader))
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // what follows is the tunnel, or given up
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		return nil, &upstreamError{fmt.Sprintf("the proxy %s answered %s", nameOf(upstream), redact.Shorten(answer.Status, 80))}
	}
	head, err := buffered(reader)
	if err != nil {
		return nil, err
	}
	if len(head) > 0 { // the other side spoke at once
		return &headed{conn, head}, nil
	}
	return conn, nil
}

// A headed connection is one whose first bytes were read already.
type headed struct {
	net.Conn
	head []byte
}

func (c *headed) Read(b []byte) (int, error) {
	if len(c.head) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.head)
	c.head = c.head[n:]
	return n, nil
}

// CloseWrite ends one direction.
func (c *headed) CloseWrite() error { return closeWrite(c.Conn) }
