package intercept_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/journal"
)

// openSSL returns the program, or skips: its alerts come in the clear.
func openSSL(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	return program
}

// TestUntrusting: a client that does not trust the CA is named in the journal, in whichever way it says so.
func TestUntrusting(t *testing.T) {
	t.Parallel()
	const todo = "; wxlogin mock ca prints the certificate that it must trust"
	hello := &tls.Config{ServerName: "sh.api.weixin.qq.com"}
	tests := []struct {
		name, how string
		client    func(*testing.T, *bed)
	}{
		{"alert of TLS 1.3", `does not trust the simulation's CA: it answered our certificate with the TLS alert "bad certificate"`, func(t *testing.T, b *bed) {
			if err := tls.Client(b.dial(), hello).HandshakeContext(t.Context()); err == nil {
				t.Error("it is trusted")
			}
		}},
		{"alert of TLS 1.2", `does not trust the simulation's CA: it answered our certificate with the TLS alert "bad certificate"`, func(t *testing.T, b *bed) {
			old := hello.Clone()
			old.MaxVersion = tls.VersionTLS12
			if err := tls.Client(b.dial(), old).HandshakeContext(t.Context()); err == nil {
				t.Error("it is trusted")
			}
		}},
		{"alert inside a tunnel", `does not trust the simulation's CA: it answered our certificate with the TLS alert "bad certificate"`, func(t *testing.T, b *bed) {
			_, _, conn := b.connect("sh.api.weixin.qq.com:443")
			if err := tls.Client(conn, hello).HandshakeContext(t.Context()); err == nil {
				t.Error("it is trusted")
			}
		}},
		{"OpenSSL", `does not trust the simulation's CA: it answered our certificate with the TLS alert "unknown certificate authority"`, func(t *testing.T, b *bed) {
			command := exec.CommandContext(t.Context(), openSSL(t), "s_client", "-connect", b.addr, "-servername", "sh.api.weixin.qq.com", "-verify_return_error")
			if out, err := command.CombinedOutput(); err == nil {
				t.Errorf("it is trusted: %s", out)
			}
		}},
		{"OpenSSL 1.2", `does not trust the simulation's CA: it answered our certificate with the TLS alert "unknown certificate authority"`, func(t *testing.T, b *bed) {
			command := exec.CommandContext(t.Context(), openSSL(t), "s_client", "-tls1_2", "-connect", b.addr, "-servername", "sh.api.weixin.qq.com", "-verify_return_error")
			if out, err := command.CombinedOutput(); err == nil {
				t.Errorf("it is trusted: %s", out)
			}
		}},
		{"closed after the handshake", "seems not to trust the simulation's CA: it closed the connection after the handshake, without a request", func(t *testing.T, b *bed) {
			afterwards := hello.Clone()
			afterwards.InsecureSkipVerify = true // it looks for itself, as Node does
			conn := tls.Client(b.dial(), afterwards)
			if err := conn.HandshakeContext(t.Context()); err != nil {
				t.Error(err)
			}
			_ = conn.Close()
		}},
		{"closed at the certificate", "seems not to trust the simulation's CA: it closed the connection when it saw our certificate", func(t *testing.T, b *bed) {
			inner := b.dial()
			config := hello.Clone()
			config.InsecureSkipVerify = true
			config.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
				_ = inner.CloseWrite()
				return errors.New("no")
			}
			if err := tls.Client(inner, config).HandshakeContext(t.Context()); err == nil {
				t.Error("it is trusted")
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil)
			tt.client(t, b)
			got := b.last(1)
			if got.Reason != "the client "+tt.how+todo || got.Host != "sh.api.weixin.qq.com" || got.API != "proxy" || got.Method != "TLS" || got.Status != 0 || !got.Failed() || got.Peer == "" {
				t.Errorf("the journal has %+v", got)
			}
			if counts := b.proxy.Counts(); counts.Untrusted["sh.api.weixin.qq.com"] != 1 || len(counts.Failed)+len(counts.Refused)+len(counts.Intercepted) != 0 {
				t.Errorf("counts: %+v", counts)
			}
			if !strings.Contains(b.log.String(), "trust the simulation's CA") {
				t.Errorf("the log says %s", b.log)
			}
		})
	}
}

// TestExpired: after a day clients are right not to trust the CA, and the journal says what to do.
func TestExpired(t *testing.T) {
	t.Parallel()
	old, err := intercept.NewCA(func() time.Time { return time.Now().Add(-25 * time.Hour) })
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(t, func(o *intercept.Options) { o.CA = old })
	b.ca = old
	config := b.trust()
	config.ServerName = "api.weixin.qq.com"
	if err := tls.Client(b.dial(), config).HandshakeContext(t.Context()); err == nil {
		t.Error("it is trusted")
	}
	if got := b.last(1).Reason; !strings.HasPrefix(got, "the simulation's CA is older than a day: ") || !strings.HasSuffix(got, "; start the simulation anew") {
		t.Errorf("the journal says %q", got)
	}
}

// TestNotUntrusting: who makes a request trusts the CA, however the connection ends; and whom we close the connection on may do so, too.
func TestNotUntrusting(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	config := b.trust()
	config.ServerName = "api.weixin.qq.com"
	for _, protocols := range [][]string{nil, {"http/1.1"}, {"h2"}} {
		config := config.Clone()
		config.NextProtos = protocols
		conn := tls.Client(b.dial(), config)
		if err := conn.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := "GET / HTTP/1.1\r\nHost: api.weixin.qq.com\r\n"
		if slices.Contains(protocols, "h2") {
			first = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
		}
		_, _ = io.WriteString(conn, first) // and no more
		_ = conn.Close()
	}
	idle := tls.Client(b.dial(), config)
	if err := idle.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.stop()
	if got := b.kept.Since(0).Records; slices.ContainsFunc(got, func(r journal.Record) bool { return r.Method == "TLS" }) {
		t.Errorf("the journal has %+v", got)
	}
	if n := len(b.proxy.Counts().Untrusted); n != 0 {
		t.Errorf("%d are counted", n)
	}
}

// TestOtherNames: TLS for any other host ends with the alert that says so, and the journal knows which host was meant.
func TestOtherNames(t *testing.T) {
	t.Parallel()
	const port = "only WeChat's hosts are answered over TLS; the server itself speaks plain http"
	tests := []struct {
		name, asked, tunnel string
		reason              string
	}{
		{"on the port", "packages.example", "", `TLS on this port for "packages.example": ` + port},
		{"a sister of WeChat's", "mp.weixin.qq.com", "", `TLS on this port for "mp.weixin.qq.com": ` + port},
		{"no name on the port", "", "", "TLS on this port without a server name: " + port},
		{"inside a tunnel to WeChat", "packages.example", "api.weixin.qq.com:443", `TLS for "packages.example" inside a tunnel to api.weixin.qq.com`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil)
			var conn net.Conn = b.dial()
			if tt.tunnel != "" {
				_, _, conn = b.connect(tt.tunnel)
			}
			err := tls.Client(conn, &tls.Config{ServerName: tt.asked, InsecureSkipVerify: true}).HandshakeContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), tls.AlertError(112).Error()) { // unrecognized_name
				t.Errorf("the client is told %v", err)
			}
			if got := b.last(1); got.Reason != tt.reason || got.Host != cmp.Or(tt.asked, "(no name)") || got.API != "proxy" {
				t.Errorf("the journal has %+v", got)
			}
			if counts := b.proxy.Counts(); counts.Refused[cmp.Or(tt.asked, "(no name)")] != 1 {
				t.Errorf("counts: %+v", counts)
			}
		})
	}
	t.Run("no name inside a tunnel", func(t *testing.T) { // where the tunnel leads is a name
		t.Parallel()
		b := newBed(t, nil)
		_, _, conn := b.connect("hk.api.weixin.qq.com:443")
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		if err := secure.HandshakeContext(t.Context()); err != nil || secure.ConnectionState().PeerCertificates[0].DNSNames[0] != "hk.api.weixin.qq.com" {
			t.Errorf("%v, %+v", err, secure.ConnectionState().PeerCertificates)
		}
	})
}

// TestBrokenTLS: what begins like TLS and is none ends, with a word in the journal.
func TestBrokenTLS(t *testing.T) {
	t.Parallel()
	for name, bytes := range map[string]string{
		"garbage": "\x16\x03\x01\x00\x05hello", "one byte": "\x16", "old": "\x16\x02\x00\x00\x01\x01", "huge": "\x16\x03\x01\xff\xff\x01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil)
			conn := b.dial()
			_, _ = io.WriteString(conn, bytes)
			_ = conn.CloseWrite()
			if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("still open")
			}
			if got := b.last(1); !strings.HasPrefix(got.Reason, "TLS ") || got.API != "proxy" {
				t.Errorf("the journal has %+v", got)
			}
		})
	}
}

// TestSilentTLS: a client that begins and goes silent is given up after ten seconds.
func TestSilentTLS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		b := newBedOn(t, listener, nil)
		conn := listener.dial(t)
		_, _ = io.WriteString(conn, "\x16\x03\x01")
		start := time.Now()
		if _, err := io.ReadAll(conn); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("given up after %v", took)
		}
		b.stop()
	})
}
