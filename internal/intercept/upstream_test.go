package intercept_test

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

const password = "Pa55-w0rd"

// connectProxy is another proxy, as a company or a user has one. It leads every tunnel to one place, whatever is asked for.
func connectProxy(t testing.TB, remote string, asked chan<- *http.Request) (addr string) {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		asked <- request
		_, given, _ := strings.Cut(request.Header.Get("Proxy-Authorization"), "Basic ")
		if want := base64.StdEncoding.EncodeToString([]byte("user:" + password)); given != want {
			_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nno: "+given[:min(1, len(given))])
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Proxy: yes\r\n\r\n")
		relay(conn, reader, remote)
	})
}

// relay copies both ways between a client and a server, and honours half-closes.
func relay(client net.Conn, from io.Reader, remote string) {
	server, err := net.Dial("tcp", remote)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(client, server)
		closeWrite(client)
	}()
	_, _ = io.Copy(server, from)
	closeWrite(server)
	<-done
}

// socksProxy speaks SOCKS5 with user name and password (RFC 1928, RFC 1929), for names.
func socksProxy(t testing.TB, remote string, asked chan<- string) (addr string) {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		read := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(conn, b)
			return b
		}
		read(int(read(2)[1])) // version, methods
		_, _ = conn.Write([]byte{5, 2})
		user := string(read(int(read(2)[1])))
		pass := string(read(int(read(1)[0])))
		if user != "user" || pass != password {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
		head := read(5) // version, connect, reserved, name, length
		name := string(read(int(head[4])))
		asked <- fmt.Sprintf("%d %s:%d", head[3], name, binary.BigEndian.Uint16(read(2)))
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		relay(conn, conn, remote)
	})
}

// upstreamTo is an [intercept.Options.Upstream] that leads everything through a proxy to remote.
func upstreamTo(t testing.TB, remote string) func(*http.Request) (*url.URL, error) {
	t.Helper()
	asked := make(chan *http.Request, 100)
	return http.ProxyURL(&url.URL{Scheme: "http", Host: connectProxy(t, remote, asked), User: url.UserPassword("user", password)})
}

// throughProxy sends a word through a tunnel and returns what comes back when both are done.
func (b *bed) throughTunnel(target string) (status int, answer string) {
	b.t.Helper()
	status, body, conn := b.connect(target)
	if status != 200 {
		return status, body
	}
	_, _ = io.WriteString(conn, "hello")
	_ = conn.CloseWrite()
	all, err := io.ReadAll(conn)
	if err != nil {
		b.t.Fatal(err)
	}
	return status, string(all)
}

// TestUpstream: the proxy that the user had is asked for other hosts, with its user and password, and not for this machine's nor for WeChat's.
func TestUpstream(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 10)
	through := connectProxy(t, echo(t), asked)
	b := newBed(t, func(o *intercept.Options) {
		o.Upstream = http.ProxyURL(&url.URL{Scheme: "http", Host: through, User: url.UserPassword("user", password)})
	})
	if status, got := b.throughTunnel("packages.example:443"); status != 200 || got != "hello" {
		t.Errorf("%d %q", status, got)
	}
	if r := <-asked; r.Method != "CONNECT" || r.RequestURI != "packages.example:443" || r.Host != "packages.example:443" || len(r.Header) != 2 {
		t.Errorf("asked %s %s, %v", r.Method, r.RequestURI, r.Header)
	}
	if status, got := b.throughTunnel(echo(t)); status != 200 || got != "hello" {
		t.Errorf("this machine: %d %q", status, got)
	}
	if got := b.get(b.via(), host+b.exchange("alice")); got.status != 200 {
		t.Errorf("WeChat: %+v", got)
	}
	if len(asked) != 0 {
		t.Errorf("the other proxy was asked for %s", (<-asked).RequestURI)
	}
}

// TestUpstreamForwarded: requests in absolute form go through it as well.
func TestUpstreamForwarded(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	other := listen(t, func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		asked <- r
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nother")
	})
	b := newBed(t, func(o *intercept.Options) {
		o.Upstream = http.ProxyURL(&url.URL{Scheme: "http", Host: other, User: url.UserPassword("user", password)})
	})
	if got := b.raw("GET http://packages.example/x?y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); got.status != 200 || got.body != "other" {
		t.Errorf("%+v", got)
	}
	r := <-asked
	user, pass, _ := parseBasic(r.Header.Get("Proxy-Authorization"))
	if r.RequestURI != "http://packages.example/x?y" || r.Host != "packages.example" || user != "user" || pass != password {
		t.Errorf("asked for %s at %s by %s", r.RequestURI, r.Host, user)
	}
}

func parseBasic(header string) (user, pass string, ok bool) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	return r.BasicAuth()
}

// TestUpstreamSOCKS: the proxy may be one of SOCKS, which looks names up itself.
func TestUpstreamSOCKS(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	through := socksProxy(t, echo(t), asked)
	for _, scheme := range []string{"socks5", "socks5h"} {
		b := newBed(t, func(o *intercept.Options) {
			o.Upstream = http.ProxyURL(&url.URL{Scheme: scheme, Host: through, User: url.UserPassword("user", password)})
		})
		if status, got := b.throughTunnel("packages.example:443"); status != 200 || got != "hello" {
			t.Errorf("%s: %d %q", scheme, status, got)
		}
		if got := <-asked; got != "3 packages.example:443" {
			t.Errorf("%s: asked for %s", scheme, got)
		}
	}
}

// TestUpstreamFails: what the other proxy does not do is told, and its password is not.
func TestUpstreamFails(t *testing.T) {
	t.Parallel()
	const dead = refuses
	asked := make(chan *http.Request, 10)
	picky := connectProxy(t, dead, asked)
	garbage := listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n") })
	mute := listen(t, func(net.Conn) {})
	user := url.UserPassword("mallory", password)
	tests := []struct {
		name   string
		proxy  func(*http.Request) (*url.URL, error)
		detail string
	}{
		{"refuses", http.ProxyURL(&url.URL{Scheme: "http", Host: picky, User: user}), "the proxy http://" + picky + " answered 407 Proxy Authentication Required"},
		{"is not there", http.ProxyURL(&url.URL{Scheme: "http", Host: dead, User: user}), "the proxy http://" + dead + " does not let us through: connection refused"},
		{"SOCKS is not there", http.ProxyURL(&url.URL{Scheme: "socks5", Host: dead, User: user}), "the proxy socks5://" + dead + " does not let us through: connection refused"},
		{"SOCKS hangs up", http.ProxyURL(&url.URL{Scheme: "socks5", Host: mute, User: user}), "the proxy socks5://" + mute + " does not let us through: "},
		{"speaks no HTTP", http.ProxyURL(&url.URL{Scheme: "http", Host: garbage, User: user}), "the proxy http://" + garbage + " does not let us through: malformed HTTP "},
		{"speaks no TLS", http.ProxyURL(&url.URL{Scheme: "https", Host: garbage, User: user}), "the proxy https://" + garbage + " does not let us through: tls: "},
		{"is of another kind", http.ProxyURL(&url.URL{Scheme: "ftp", Host: dead, User: user}), "ftp://" + dead + " is not a proxy of a kind that wxlogin speaks to: http, https, socks5"},
		{"is no URL", func(*http.Request) (*url.URL, error) {
			return nil, errors.New(`invalid "http://u:` + password + `@[::1"`)
		}, "the proxy that HTTPS_PROXY or HTTP_PROXY names is not a URL such as http://127.0.0.1:7890"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, func(o *intercept.Options) { o.Upstream = tt.proxy })
			status, body, _ := b.connect("packages.example:443")
			reason, detail := answer{body: body}.problem()
			if status != 502 || reason != "unreachable" || !strings.HasPrefix(detail, "cannot reach packages.example:443: "+tt.detail) {
				t.Errorf("%d %s", status, body)
			}
			got := b.raw("GET https://packages.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if got.status != 502 {
				t.Errorf("absolute: %+v", got)
			}
			b.last(2)
			encoded := base64.StdEncoding.EncodeToString([]byte("mallory:" + password))
			for where, text := range map[string]string{"answer": body, "other answer": got.body, "log": b.log.String(), "journal": fmt.Sprint(b.kept.Since(0))} {
				if strings.Contains(text, password) || strings.Contains(text, encoded) {
					t.Errorf("the %s shows the password: %s", where, text)
				}
			}
		})
	}
}

// TestUpstreamIsUs: after `eval "$(wxlogin mock env)"` the variables name the simulation itself. That is nobody to ask; nor do two
// simulations that name each other send requests round and round.
func TestUpstreamIsUs(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	names := []string{"127.0.0.1", "localhost"}
	b := newBedOn(t, listener, func(o *intercept.Options) {
		o.Upstream = func(*http.Request) (*url.URL, error) {
			name := names[0]
			names = names[1:]
			return &url.URL{Scheme: "http", Host: net.JoinHostPort(name, port)}, nil
		}
	})
	for range 2 {
		if status, body, _ := b.connect("nowhere.invalid:443"); status != 502 || strings.Contains(body, "proxy") {
			t.Errorf("%d %s", status, body)
		}
	}

	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second := newBed(t, func(o *intercept.Options) {
		o.Upstream = http.ProxyURL(&url.URL{Scheme: "http", Host: first.Addr().String()})
	})
	one := newBedOn(t, first, func(o *intercept.Options) { o.Upstream = http.ProxyURL(&url.URL{Scheme: "http", Host: second.addr}) })
	if status, body, _ := one.connect("packages.example:443"); status != 502 || !strings.Contains(body, "508 Loop Detected") && !strings.Contains(body, "502 Bad Gateway") {
		t.Errorf("%d %s", status, body)
	}
	if got := one.raw("GET http://packages.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); got.status != 508 {
		t.Errorf("absolute: %+v", got)
	}
}
