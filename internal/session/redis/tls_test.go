package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// tlsVariable makes a test process open the store at an address, where SSL_CERT_FILE has been set before it began.
const tlsVariable = "WXLOGIN_TEST_REDIS_TLS"

// TestTLS: a certificate of a known authority is taken, one of an unknown authority or for another host is not.
func TestTLS(t *testing.T) {
	t.Parallel()
	if address := os.Getenv(tlsVariable); address != "" {
		storetest.Save(t, open(t, address), storetest.Login(1, noon))
		return
	}
	cert, certKey := certificate(t)
	plain := redistest.Start(t)
	port := redistest.FreePort(t)
	admin := raw(t, plain.Address(), "")
	if err := admin.ConfigSet(t.Context(), "tls-cert-file", cert).Err(); err != nil {
		t.Skipf("this Redis knows no TLS: %v", err)
	}
	for _, setting := range [][2]string{{"tls-key-file", certKey}, {"tls-auth-clients", "no"}, {"tls-port", fmt.Sprint(port)}} {
		if err := admin.ConfigSet(t.Context(), setting[0], setting[1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("rediss://127.0.0.1:%d", port)
	_, err := dial(t, address, "", storetest.Sealer('k'))
	if !errors.Is(err, redis.ErrTLS) || !strings.Contains(err.Error(), "not trusted") {
		t.Errorf("an unknown authority: %v", err)
	}
	_, err = dial(t, fmt.Sprintf("rediss://127.0.0.1:%d", plain.Port), "", storetest.Sealer('k'))
	if err == nil {
		t.Error("a connection without TLS was taken for one")
	}
	if runtime.GOOS != "linux" {
		return // elsewhere the system's store decides
	}
	for address, want := range map[string]string{address: "", strings.Replace(address, "127.0.0.1", "localhost", 1): "not trusted"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTLS$", "-test.count=1")
		child.Env = append(os.Environ(), tlsVariable+"="+address, "SSL_CERT_FILE="+cert)
		out, err := child.CombinedOutput()
		if (err == nil) != (want == "") || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", address, err, out)
		}
	}
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
