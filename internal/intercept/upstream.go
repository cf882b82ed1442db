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
	"strconv"
	"strings"
	"time"

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
	ctx, cancel := context.WithTimeout(r.Context(), upstreamLimit)
	defer cancel()
	proxy, err := p.upstreamOf(r, &url.URL{Scheme: "https", Host: t.String()})
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialLimit}
	if proxy == nil {
		return dialer.DialContext(ctx, "tcp", t.String())
	}
	conn, err := p.dialThrough(ctx, dialer, proxy, t)
	if err == nil {
		return conn, nil
	}
	if _, told := errors.AsType[*upstreamError](err); told {
		return nil, err
	}
	return nil, &upstreamError{fmt.Sprintf("the proxy %s://%s does not answer: %s", proxy.Scheme, proxy.Host, causeOf(err))}
}

// upstreamOf is the proxy for a URL: none for this machine, and not ourselves, whom the variables may name after `wxlogin mock env`.
func (p *Proxy) upstreamOf(r *http.Request, u *url.URL) (*url.URL, error) {
	if p.o.Upstream == nil {
		return nil, nil //nolint:nilnil // no proxy, as http.Transport has it
	}
	if t, ok := targetOf(u); ok && t.loopback() {
		return nil, nil //nolint:nilnil // as above
	}
	proxy, err := p.o.Upstream(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host})
	if err != nil { // its text may repeat a password
		return nil, &upstreamError{"the proxy that HTTPS_PROXY or HTTP_PROXY names is not a URL such as http://127.0.0.1:7890"}
	}
	if proxy == nil || p.isSelf(r, proxy) {
		return nil, nil //nolint:nilnil // as above
	}
	return proxy, nil
}

func (p *Proxy) isSelf(r *http.Request, proxy *url.URL) bool {
	local := localOf(r.Context())
	if port, err := strconv.ParseUint(proxy.Port(), 10, 16); err != nil || !local.IsValid() || uint16(port) != local.Port() {
		return false
	}
	addr, err := netip.ParseAddr(proxy.Hostname())
	return proxy.Hostname() == "localhost" || err == nil && (addr.Unmap() == local.Addr().Unmap() || addr.IsLoopback() && local.Addr().Unmap().IsLoopback())
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

// dialThrough opens a tunnel through an HTTP proxy.
func (p *Proxy) dialThrough(ctx context.Context, dialer *net.Dialer, proxy *url.URL, t target) (net.Conn, error) {
	port := map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	if port == "" {
		return nil, &upstreamError{fmt.Sprintf("the proxy %s://%s is of a kind that wxlogin does not speak: http and https", redact.Shorten(proxy.Scheme, 20), redact.Shorten(proxy.Host, 80))}
	}
	if proxy.Port() != "" {
		port = proxy.Port()
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	through, err := p.askUpstream(ctx, conn, proxy, t)
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

// askUpstream asks another proxy for a tunnel over a connection to it.
func (p *Proxy) askUpstream(ctx context.Context, conn net.Conn, proxy *url.URL, t target) (net.Conn, error) {
	if proxy.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	request := "CONNECT " + t.String() + " HTTP/1.1\r\nHost: " + t.String() + "\r\nVia: 1.1 " + p.via + "\r\n"
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password)) + "\r\n"
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
		return nil, &upstreamError{fmt.Sprintf("the proxy %s://%s answered %s", proxy.Scheme, proxy.Host, redact.Shorten(answer.Status, 80))}
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
func (c *headed) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
