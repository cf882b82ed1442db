package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/server"
)

// pair writes a certificate with a serial number, and its key.
func pair(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Time{}, time.Unix(serial, 0)); err != nil { // a file system may be coarser than the test is quick
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestCertificateIsRenewed: a handshake shows the certificate that stands in the files, and the old one while they do not fit.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		certFile, keyFile := pair(t, dir, 1)
		lines := &logged{}
		certificate, err := server.LoadCertificate(certFile, keyFile, lines.logger())
		if err != nil {
			t.Fatal(err)
		}
		s := server.New(server.Options{Handler: http.HandlerFunc(ok), Logger: lines.logger(), Now: time.Now})
		running := serveOver(t, s, func(l net.Listener) net.Listener { return certificate.Listen(l, nil) })
		shown := func() int64 {
			t.Helper()
			raw, err := running.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true}) // the test looks at the certificate itself
			defer conn.Close()
			if err := conn.HandshakeContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
		}
		expect := func(when string, want int64) {
			t.Helper()
			if got := shown(); got != want {
				t.Errorf("%s: certificate %d, want %d", when, got, want)
			}
		}
		expect("at first", 1)
		pair(t, dir, 2)
		time.Sleep(2 * time.Second) // on the bubble's clock
		expect("after a renewal", 2)
		if err := os.WriteFile(certFile, []byte("half a certifi"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(2 * time.Second)
			expect("in the middle of the next", 2)
		}
		pair(t, dir, 3)
		time.Sleep(2 * time.Second)
		expect("after it", 3)
		if log := lines.String(); strings.Count(log, "cannot be used") != 1 || strings.Count(log, "certificate renewed") != 2 {
			t.Errorf("the log:\n%s", log)
		}
		running.stop()
		if err := <-running.done; err != nil {
			t.Error(err)
		}
	})
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	certFile, keyFile := pair(t, t.TempDir(), 1)
	lines := &logged{}
	certificate, err := server.LoadCertificate(certFile, keyFile, lines.logger())
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Options{Handler: http.HandlerFunc(ok), Logger: lines.logger(), Now: time.Now})
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, certificate.Listen(listener, nil)) }()
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("https://" + listener.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 {
		t.Errorf("%d over %s", answer.StatusCode, answer.Proto)
	}
	transport.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNoCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := pair(t, dir, 1)
	_, otherKey := pair(t, t.TempDir(), 2)
	for name, files := range map[string][2]string{
		"missing": {filepath.Join(dir, "nope.pem"), keyFile}, "no PEM": {keyFile, keyFile}, "another's key": {certFile, otherKey},
	} {
		_, err := server.LoadCertificate(files[0], files[1], (&logged{}).logger())
		if e, isCertificate := errors.AsType[*server.CertificateError](err); !isCertificate || e.CertFile != files[0] || !strings.Contains(err.Error(), files[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
