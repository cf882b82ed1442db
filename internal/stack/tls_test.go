package stack_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// TestInterceptsBehindTLS: a simulation with a certificate of its own is WeChat to whoever comes for WeChat, under the certificate of the run,
// through a tunnel and straight on the port; to everybody else it is the login server under its own name.
func TestInterceptsBehindTLS(t *testing.T) {
	t.Parallel()
	own := httptest.NewUnstartedServer(nil) // for its certificate, which is for example.com and 127.0.0.1
	own.StartTLS()
	own.Close()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(own.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate, err := server.LoadCertificate(write("cert.pem", "CERTIFICATE", own.Certificate().Raw), write("key.pem", "PRIVATE KEY", key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(o *stack.Options) { o.Certificate = certificate })
	proxy, err := url.Parse(r.URL())
	if err != nil || proxy.Scheme != "https" {
		t.Fatalf("%s: %v", r.URL(), err)
	}
	ownRoots, runRoots := x509.NewCertPool(), x509.NewCertPool()
	ownRoots.AddCert(own.Certificate())
	runRoots.AppendCertsFromPEM(r.CA().PEM())
	both := runRoots.Clone() // a proxy's certificate is checked with the same roots as that of the host behind it
	both.AddCert(own.Certificate())
	straight := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, proxy.Host)
	}
	for _, tt := range []struct {
		name, target string
		transport    *http.Transport
		want         string // in the body; "" where the certificate is not trusted
	}{
		{"the login server", r.URL() + "/healthz", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ownRoots}}, "ok"},
		{"a tunnel", exchangeOf("0nobody"), &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: both}}, `"errcode":40029`},
		{"straight on the port", exchangeOf("0nobody"), &http.Transport{DialContext: straight, TLSClientConfig: &tls.Config{RootCAs: runRoots}}, `"errcode":40029`},
		{"WeChat under the server's own certificate", exchangeOf("0nobody"), &http.Transport{DialContext: straight, TLSClientConfig: &tls.Config{RootCAs: ownRoots}}, ""},
		{"the login server under the run's", r.URL() + "/healthz", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: runRoots}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer tt.transport.CloseIdleConnections()
			_, _, body, err := ask(t, &http.Client{Transport: tt.transport, Timeout: time.Minute}, tt.target)
			if (err == nil) != (tt.want != "") || !strings.Contains(body, tt.want) {
				t.Errorf("%q, %v, want %q", body, err, tt.want)
			}
		})
	}
}
