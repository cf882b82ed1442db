package intercept

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

func newTestCA(t testing.TB) *CA {
	t.Helper()
	ca, err := NewCA(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// TestCA: what the certificate says of itself, and what it says it must not be believed about.
func TestCA(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	ca, err := NewCA(func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(ca.PEM())
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 || len(block.Headers) != 0 {
		t.Fatalf("%s", ca.PEM())
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("it may do more than sign certificates of servers: %+v", c)
	}
	if key, is := c.PublicKey.(*ecdsa.PublicKey); !is || key.Curve != elliptic.P256() {
		t.Errorf("key %T", c.PublicKey)
	}
	if !c.NotBefore.Equal(at.Add(-time.Hour)) || !c.NotAfter.Equal(at.Add(24*time.Hour)) || !ca.NotAfter().Equal(c.NotAfter) {
		t.Errorf("valid from %v to %v", c.NotBefore, c.NotAfter)
	}
	want := []string{"api.weixin.qq.com", "api2.weixin.qq.com", "sh.api.weixin.qq.com", "sz.api.weixin.qq.com", "hk.api.weixin.qq.com", "qyapi.weixin.qq.com"}
	if !c.PermittedDNSDomainsCritical || !slices.Equal(c.PermittedDNSDomains, want) || !slices.Equal(Hosts(), want) {
		t.Errorf("constrained to %v; hosts %v", c.PermittedDNSDomains, Hosts())
	}
	if len(c.ExcludedIPRanges) != 2 || c.ExcludedIPRanges[0].String() != "0.0.0.0/0" || c.ExcludedIPRanges[1].String() != "::/0" {
		t.Errorf("excluded %v", c.ExcludedIPRanges)
	}
	other := newTestCA(t)
	if bytes.Equal(other.certificate.RawSubject, c.RawSubject) {
		t.Error("two runs have the same name")
	}
}

// TestLeaves: listed hosts get certificates that hold, each the same one all the time.
func TestLeaves(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	for _, host := range Hosts() {
		leaf, err := ca.Leaf(host)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ca.Leaf(strings.ToUpper(host) + ".")
		if err != nil || again != leaf {
			t.Errorf("%s: a second certificate: %v", host, err)
		}
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if !slices.Equal(leaf.Leaf.DNSNames, []string{host}) || len(leaf.Leaf.IPAddresses) != 0 || leaf.Leaf.IsCA || leaf.Leaf.NotAfter.After(ca.NotAfter()) {
			t.Errorf("%s: %+v", host, leaf.Leaf)
		}
	}
}

// TestNoOtherLeaf: there is no certificate for any name that is not on the list, however near it comes.
func TestNoOtherLeaf(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	refused := func(name string) {
		if leaf, err := ca.Leaf(name); leaf != nil || err != nil {
			t.Errorf("%q: %v, %v", name, leaf, err)
		}
	}
	for _, name := range []string{
		"", ".", "localhost", "127.0.0.1", "::1", "example.com", "weixin.qq.com", "qq.com", "mp.weixin.qq.com", "x.api.weixin.qq.com", "api.weixin.qq.com.evil.example",
		"api.weixin.qq.com..", "evilapi.weixin.qq.com", "*.weixin.qq.com", "api.weixin.qq.com\x00.evil.example", "api。weixin.qq.com", "api.weixin.qq.com ", "api2.weixin.qq.co",
	} {
		refused(name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[a-z0-9.-]{0,20}\.(weixin\.)?qq\.com\.?`),
			rapid.Custom(func(t *rapid.T) string { // one of them with something changed
				name := []byte(rapid.SampledFrom(Hosts()).Draw(t, "host"))
				at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
				name[at] = rapid.Byte().Draw(t, "byte")
				return string(name)
			}),
		).Draw(t, "name")
		if _, listed := wechat.HostOf(name); listed && slices.Contains(Hosts(), strings.ToLower(strings.TrimSuffix(name, "."))) {
			return
		}
		if leaf, err := ca.Leaf(name); leaf != nil || err != nil {
			t.Fatalf("%q: %v, %v", name, leaf, err)
		}
	})
	if len(ca.leaves) != 0 {
		t.Errorf("%d certificates were made", len(ca.leaves))
	}
}

// forged signs with the CA's key what [CA.Leaf] would not.
func forged(t *testing.T, ca *CA, edit func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: ca.certificate.SerialNumber, NotBefore: ca.certificate.NotBefore, NotAfter: ca.certificate.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	edit(template)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConstraints: even the CA's own key cannot make clients believe in another host; crypto/x509 and OpenSSL agree.
func TestConstraints(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatal("openssl is not installed")
		}
		t.Log("openssl is not installed: only crypto/x509 is asked")
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(root, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		good bool
		edit func(*x509.Certificate)
	}{
		{"a host of the list", true, func(c *x509.Certificate) { c.DNSNames = []string{"api.weixin.qq.com"} }},
		{"another host", false, func(c *x509.Certificate) { c.DNSNames = []string{"github.com"} }},
		{"another host beside one", false, func(c *x509.Certificate) { c.DNSNames = []string{"api.weixin.qq.com", "github.com"} }},
		{"a sister", false, func(c *x509.Certificate) { c.DNSNames = []string{"mp.weixin.qq.com"} }},
		{"an address", false, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(8, 8, 8, 8)} }},
		{"an IPv6 address", false, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP("2001:db8::1")} }},
		{"a CA below it", false, func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
			c.PermittedDNSDomains = []string{"github.com"}
			c.DNSNames = []string{"github.com"}
		}},
	}
	for _, tt := range tests {
		c := forged(t, ca, tt.edit)
		if _, err := c.Verify(x509.VerifyOptions{Roots: roots}); (err == nil) != tt.good {
			t.Errorf("%s: crypto/x509 says %v", tt.name, err)
		}
		if openssl == "" {
			continue
		}
		leaf := filepath.Join(dir, "leaf.pem")
		if err := os.WriteFile(leaf, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), openssl, "verify", "-CAfile", root, leaf).CombinedOutput()
		if _, refused := errors.AsType[*exec.ExitError](err); refused == tt.good || err != nil && !refused {
			t.Errorf("%s: openssl says %v: %s", tt.name, err, out)
		}
	}
}

// FuzzTarget: what comes out of parsing a target is a host that can be dialled and nothing else: no user name, no path, no blanks; and
// parsing what it prints gives the same.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		"api.weixin.qq.com:443", "API.weixin.qq.com.:443", "[::1]:443", "::1:443", "127.0.0.1:80", "user:pass@host:443", "host", "host:", ":443", "host:0", "host:65536", "host:+80",
		"[fe80::1%25eth0]:443", "a b:1", "\x00:1", "微信.example:443", "xn--a.example:1", "host:443/path", strings.Repeat("a", 300) + ":1",
	} {
		f.Add(seed, uint16(0))
		f.Add(seed, uint16(443))
	}
	f.Fuzz(func(t *testing.T, authority string, port uint16) {
		got, ok := parseTarget(authority, port)
		if !ok {
			if got != (target{}) {
				t.Errorf("%q is refused with %v", authority, got)
			}
			return
		}
		if got.host == "" || got.port == 0 || strings.ContainsAny(got.host, "@/?#[] \r\n\t\x00") || len(got.host) > maxName || got.host != strings.ToLower(got.host) {
			t.Errorf("%q is %+v", authority, got)
		}
		if host, _, err := net.SplitHostPort(got.String()); err != nil || host != got.host {
			t.Errorf("%q is %s", authority, got)
		}
		if again, ok := parseTarget(got.String(), 0); !ok || again != got {
			t.Errorf("%q is %+v, then %+v", authority, got, again)
		}
		_, listed := wechat.HostOf(got.host)
		if listed && (got.loopback() || got.weChats()) {
			t.Errorf("%q is two things", authority)
		}
	})
}
