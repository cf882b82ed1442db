package intercept

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	// caLife is more than any test run takes, and less than it takes to forget that a machine trusts somebody.
	caLife = 24 * time.Hour

	// skew is how far the clock of a client may be behind: containers and virtual machines that slept.
	skew = time.Hour

	serialBits = 127 // RFC 5280, section 4.1.2.2: positive, at most 20 bytes
)

// A CA is the certificate authority of one run. Its key is in this object alone; its certificate says that it vouches for WeChat's
// hosts and for nobody else, so that whoever trusts it by mistake for longer than the run has lost nothing.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by host, one of [Hosts]
}

// Hosts returns the hosts that are intercepted: those of WeChat's server API, and WeCom's.
func Hosts() []string { return wechat.Hosts() }

// NewCA makes an authority that is valid for a day. The time is the machine's, as its clients know it: not that of a simulation,
// which may be moved.
func NewCA(now func() time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the CA: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	at := now()
	template := &x509.Certificate{
		SerialNumber: serial,
		// The name differs from run to run: clients look issuers up by it, and may still hold another run's.
		Subject:   pkix.Name{Organization: []string{"wxlogin"}, CommonName: "wxlogin mock CA " + hex.EncodeToString(serial.Bytes()[:4])},
		NotBefore: at.Add(-skew), NotAfter: at.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: Hosts(),
		// A constraint binds names of its own kind only: without this the CA could vouch for any address.
		ExcludedIPRanges: []*net.IPNet{
			{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 8*net.IPv4len)},
			{IP: net.IPv6zero, Mask: net.CIDRMask(0, 8*net.IPv6len)},
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of the CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of the CA: %w", err)
	}
	return &CA{
		certificate: certificate, key: key, leaves: make(map[string]*tls.Certificate, len(Hosts())),
		pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// PEM returns the certificate, for clients to trust.
func (c *CA) PEM() []byte { return append([]byte(nil), c.pem...) }

// NotAfter is when the certificate expires.
func (c *CA) NotAfter() time.Time { return c.certificate.NotAfter }

// Leaf returns the certificate of a host, made when it is first asked for; nil for a host that is not one of [Hosts].
func (c *CA) Leaf(name string) (*tls.Certificate, error) {
	host, found := wechat.HostOf(name)
	if !found {
		return nil, nil //nolint:nilnil // no certificate is what there is for any other host
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.leaves[host]; made != nil {
		return made, nil
	}
	made, err := c.mint(host)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", host, err)
	}
	c.leaves[host] = made
	return made, nil
}

// mint signs a certificate for a host that lives as long as the CA's.
func (c *CA) mint(host string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"wxlogin"}, CommonName: host},
		DNSNames:     []string{host},
		NotBefore:    c.certificate.NotBefore, NotAfter: c.certificate.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.certificate, &key.PublicKey, c.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}

func newSerial() (*big.Int, error) {
	top := new(big.Int).Lsh(big.NewInt(1), serialBits-1)
	serial, err := rand.Int(rand.Reader, top)
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return serial.Add(serial, top), nil // of full length, so that its first bytes can name the CA
}
