package intercept_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const host = "https://api.weixin.qq.com"

// transports are the ways to WeChat's host that clients have.
func (b *bed) transports() map[string]struct {
	http.RoundTripper
	scheme, proto string
} {
	h1 := b.via()
	h1.TLSNextProto, h1.ForceAttemptHTTP2 = map[string]func(string, *tls.Conn) http.RoundTripper{}, false
	retargeted, retargetedH1 := b.via(), b.via()
	for _, transport := range []*http.Transport{retargeted, retargetedH1} {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, b.addr)
		}
	}
	retargetedH1.TLSNextProto, retargetedH1.ForceAttemptHTTP2 = h1.TLSNextProto, false
	type way = struct {
		http.RoundTripper
		scheme, proto string
	}
	return map[string]way{
		"CONNECT, HTTP/1.1":       {h1, "https", "HTTP/1.1"},
		"CONNECT, HTTP/2":         {b.via(), "https", "HTTP/2.0"},
		"TLS on the port, 1.1":    {retargetedH1, "https", "HTTP/1.1"},
		"TLS on the port, 2":      {retargeted, "https", "HTTP/2.0"},
		"absolute https":          {absolute{b}, "https", "HTTP/1.1"},
		"absolute http":           {b.via(), "http", "HTTP/1.1"},
		"plain http, Host only":   {retargeted, "http", "HTTP/1.1"},
		"plain http in a CONNECT": {tunnelled{b}, "http", "HTTP/1.1"},
	}
}

// absolute sends GET https://… to the proxy in the clear, as axios did before it learned CONNECT.
type absolute struct{ *bed }

func (a absolute) RoundTrip(r *http.Request) (*http.Response, error) {
	return a.over(a.dial(), r, r.URL.String())
}

// tunnelled sends a plain request through a tunnel to port 80, as undici's ProxyAgent does.
type tunnelled struct{ *bed }

func (a tunnelled) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, conn := a.connect(r.URL.Host + ":80")
	if status != 200 {
		return nil, fmt.Errorf("%d %s", status, body)
	}
	return a.over(conn, r, r.URL.RequestURI())
}

// TestForms: a login works, and the second use of its code is refused, in whichever form a client reaches for WeChat's host. The journal
// has the calls, with the host.
func TestForms(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	calls := 0
	for name, way := range b.transports() {
		target := way.scheme + "://api.weixin.qq.com" + b.exchange("alice")
		got := b.get(way, target)
		if got.status != 200 || got.proto != way.proto || !strings.Contains(got.body, `"session_key"`) {
			t.Errorf("%s: %+v", name, got)
		}
		if got = b.get(way, target); !strings.Contains(got.body, `"errcode":40163,`) {
			t.Errorf("%s, second use: %+v", name, got)
		}
		calls += 2
		record := b.last(calls)
		if record.Host != "api.weixin.qq.com" || record.API != "jscode2session" || record.ErrCode != 40163 || record.Path != "/sns/jscode2session" || !record.Mock {
			t.Errorf("%s: the journal has %+v", name, record)
		}
	}
	counts := b.proxy.Counts()
	if n := counts.Intercepted["api.weixin.qq.com"]; n != uint64(calls) || len(counts.Passed)+len(counts.Untrusted)+len(counts.Refused)+len(counts.Failed) != 0 {
		t.Errorf("%d calls are counted as %+v", calls, counts)
	}
}

// TestHosts: all of WeChat's hosts are answered, in any spelling and on any port, so that nothing under these names leaves the machine.
func TestHosts(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	for _, name := range append(intercept.Hosts(), "API.Weixin.QQ.com", "api.weixin.qq.com.", "api.weixin.qq.com:8443", "api.weixin.qq.com.:443") {
		transport := b.via()
		got := b.get(transport, "https://"+name+b.exchange("alice"))
		want := `"session_key"`
		if strings.HasPrefix(name, "qyapi.") {
			want = `{"errcode":40066,"errmsg":"invalid url rid: `
		}
		if got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("%s: %+v", name, got)
		}
		transport.CloseIdleConnections()
	}
	if got := b.last(6); got.Host != wechat.WeComHost || got.Reason != "qyapi.weixin.qq.com is WeCom's, which is not simulated" || got.API != "unknown" {
		t.Errorf("the journal has %+v", got)
	}
}

// TestNothingButWeChat: under WeChat's name there is neither a control API nor a login API nor a probe of health.
func TestNothingButWeChat(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	transport := b.via()
	for i, path := range []string{"/_mock/env", "/onLogin", "/healthz", "/", "/datacube/getweanalysisappiddailysummarytrend"} {
		if got := b.get(transport, host+path); got.status != 200 || !strings.HasPrefix(got.body, `{"errcode":40066,"errmsg":"invalid url rid: `) {
			t.Errorf("%s: %+v", path, got)
		}
		if got := b.last(i + 1); got.Reason != "not simulated" || got.API != "unknown" {
			t.Errorf("%s: the journal has %+v", path, got)
		}
	}
}

// TestDirect: a request to the server itself stays one, also in absolute form, and the Host rule holds for it.
func TestDirect(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(o *intercept.Options) { o.Names = []string{"box.example"} })
	_, port, _ := net.SplitHostPort(b.addr)
	for _, target := range []string{"/x", "http://" + b.addr + "/x", "http://localhost:" + port + "/x"} {
		got := b.raw("GET " + target + " HTTP/1.1\r\nHost: " + b.addr + "\r\nConnection: close\r\n\r\n")
		if got.status != 200 || got.body != "direct" {
			t.Errorf("%s: %+v", target, got)
		}
	}
	for _, target := range []string{"/x", "http://box.example:" + port + "/x"} { // a name that the proxy knows and the server was not told of
		got := b.raw("GET " + target + " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
		if got.status != 421 {
			t.Errorf("%s: %+v", target, got)
		}
	}
	if n := len(b.kept.Since(0).Records); n != 0 {
		t.Errorf("the journal has %d records", n)
	}
}

// TestOtherHostInside: what is asked for on a connection for WeChat is WeChat's or refused.
func TestOtherHostInside(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	config := b.trust()
	config.ServerName = "api.weixin.qq.com"
	for _, request := range []string{
		"GET /_mock/env HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
		"GET http://other.example/ HTTP/1.1\r\nHost: api.weixin.qq.com\r\nConnection: close\r\n\r\n",
	} {
		conn := tls.Client(b.dial(), config)
		if got := b.send(conn, request); got.status != 421 {
			t.Errorf("%q: %+v", request, got)
		}
	}
	conn := tls.Client(b.dial(), config)
	if got := b.send(conn, "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\nConnection: close\r\n\r\n"); got.status != 400 {
		t.Errorf("CONNECT inside a tunnel: %+v", got)
	}
}

// TestFromElsewhere: callers on other machines may reach the simulation, and nothing else.
func TestFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	handler := b.proxy.Handler(http.HandlerFunc(direct))
	ask := func(method, target, peer string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		r.RemoteAddr, r.TLS = peer, nil // in absolute form https means no TLS to us
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for _, peer := range []string{"192.0.2.1:1000", "[2001:db8::1]:1000", "10.0.0.1:1", "pipe"} {
		for _, call := range []struct{ method, target string }{
			{"CONNECT", "packages.example:443"},
			{"CONNECT", "127.0.0.1:22"},
			{"CONNECT", "[::1]:22"},
			{"CONNECT", "localhost:22"},
			{"GET", "http://127.0.0.1:9/"},
			{"GET", "https://packages.example/"},
			{"POST", "http://169.254.169.254/"},
		} {
			got := ask(call.method, call.target, peer)
			if reason, detail := (answer{body: got.Body.String()}).problem(); got.Code != 403 || reason != "not_loopback" || !strings.Contains(detail, "own machine") {
				t.Errorf("%s: %v: %d %s", peer, call, got.Code, got.Body)
			}
		}
		if got := ask("GET", "https://api.weixin.qq.com/sns/jscode2session", peer); got.Code != 200 || !strings.Contains(got.Body.String(), "41002") {
			t.Errorf("%s: WeChat: %d %s", peer, got.Code, got.Body)
		}
	}
}

// TestManyAtOnce: two hundred connections, each a login of its own.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const clients = 200
	b := newBed(t, nil)
	targets := make([]string, clients)
	for i := range targets {
		targets[i] = host + b.exchange(fmt.Sprintf("user%d", i))
	}
	var all sync.WaitGroup
	wrong := make(chan string, clients)
	for i, target := range targets {
		all.Go(func() {
			transport := b.via()
			if i%2 == 0 {
				transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			}
			start := time.Now()
			body, err := patiently(t, transport, target)
			// The server gives up on who says nothing for five seconds, which may be how long it takes until all have had their turn.
			for err != nil && time.Since(start) > 4*time.Second {
				start = time.Now()
				body, err = patiently(t, transport, target)
			}
			if err != nil || !strings.Contains(body, `"openid"`) {
				wrong <- fmt.Sprint(body, err)
			}
		})
	}
	all.Wait()
	close(wrong)
	for text := range wrong {
		t.Error(text)
	}
	if n := b.proxy.Counts().Intercepted["api.weixin.qq.com"]; n != clients {
		t.Errorf("%d calls are counted", n)
	}
}

// patiently is a GET whose failure is not the test's.
func patiently(t *testing.T, transport *http.Transport, target string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		return "", err
	}
	got, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return string(body), err
}
