//go:build linux

package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// BenchmarkTunnel reports what an exchange through the proxy costs as multiples of the same exchange at the simulation's own address: over
// connections that are kept, and over a new one each time, which takes CONNECT, a handshake and a certificate to verify. "anybody's" is the
// floor of the latter: the same new connection to a net/http server with TLS, without a proxy.
func BenchmarkTunnel(b *testing.B) {
	for _, c := range []struct {
		name  string
		fresh bool
		h2    bool
	}{{name: "kept/1.1"}, {name: "kept/2", h2: true}, {name: "new/1.1", fresh: true}, {name: "new/2", fresh: true, h2: true}} {
		b.Run(c.name, func(b *testing.B) {
			running := startLogged(b)
			proxied := clientOf(b, running, c.fresh, c.h2)
			straight := clientOf(b, nil, c.fresh, false)
			compare(b, running, straight, running.URL()+exchangePath, proxied, "https://api.weixin.qq.com"+exchangePath)
		})
	}
	b.Run("new/anybody's", func(b *testing.B) {
		running := startLogged(b)
		server := httptest.NewUnstartedServer(http.HandlerFunc(constant))
		certificate, pool := selfSigned(b)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		server.StartTLS()
		defer server.Close()
		there := clientOf(b, nil, true, false)
		if transport, is := there.Transport.(*http.Transport); is {
			transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		}
		compare(b, running, clientOf(b, nil, true, false), running.URL()+exchangePath, there, server.URL+exchangePath)
	})
}

// clientOf is a client with the server for its proxy, if there is one.
func clientOf(b *testing.B, proxy *Stack, fresh, h2 bool) *http.Client {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: blockClients, DisableKeepAlives: fresh, ForceAttemptHTTP2: h2}
	b.Cleanup(transport.CloseIdleConnections)
	if proxy != nil {
		at, err := url.Parse(proxy.URL())
		if err != nil {
			b.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(proxy.CA().PEM())
		transport.Proxy, transport.TLSClientConfig = http.ProxyURL(at), &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport}
}

// selfSigned is a certificate for 127.0.0.1 of the kind that ours are, ECDSA with P-256.
func selfSigned(b *testing.B) (tls.Certificate, *x509.CertPool) {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// compare reports the second way as multiples of the first, in blocks that take turns.
func compare(b *testing.B, running *Stack, first *http.Client, firstURL string, second *http.Client, secondURL string) {
	b.Helper()
	const want = `{"session_key":"`
	var times, costs []float64
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		codes := [][]string{mint(b, running.mock.world, 2*i), mint(b, running.mock.world, 2*i+1)}
		b.StartTimer()
		run := [2]usage{}
		for turn := range 2 { // who begins changes
			if which := (turn + i) % 2; which == 0 {
				run[0] = block(b, first, firstURL, codes[0], want)
			} else {
				run[1] = block(b, second, secondURL, codes[1], want)
			}
		}
		times = append(times, float64(run[1].wall)/float64(run[0].wall))
		costs = append(costs, float64(run[1].cpu)/float64(run[0].cpu))
	}
	report(b, "x-time", times)
	report(b, "x-CPU", costs)
}
