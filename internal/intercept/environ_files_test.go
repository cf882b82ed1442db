package intercept_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

// clients writes the files for clients to a directory.
func clients(t *testing.T, dir string, user map[string]string) (*intercept.CA, intercept.ClientFiles) {
	t.Helper()
	ca, err := intercept.NewCA(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	files, err := intercept.KeepFiles(dir, ca)
	if err != nil {
		t.Fatal(err)
	}
	written, err := intercept.NewClients(files, "http://127.0.0.1:8420", userWith(user)).Written()
	if err != nil {
		t.Fatal(err)
	}
	return ca, written
}

// subjects are those of the certificates in a file of PEM, in their order.
func subjects(t *testing.T, path string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return names
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, certificate.Subject.CommonName)
	}
}

// authority is a certificate of somebody's.
func authority(t *testing.T) (text []byte, name string) {
	t.Helper()
	ca, err := intercept.NewCA(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ca.PEM())
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return ca.PEM(), certificate.Subject.CommonName
}

// TestCertificates: clients trust what they trusted, and us.
func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	corporate, corporateName := authority(t)
	extra, extraName := authority(t)
	inDir, inDirName := authority(t)
	write(t, filepath.Join(dir, "corporate.pem"), "a comment\n"+string(corporate)+string(corporate))
	write(t, filepath.Join(dir, "extra.pem"), string(extra)+"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	write(t, filepath.Join(dir, "hashed", "0123abcd.0"), string(inDir))
	ca, files := clients(t, filepath.Join(dir, "out"), map[string]string{
		"SSL_CERT_FILE": filepath.Join(dir, "corporate.pem"), "GIT_SSL_CAINFO": filepath.Join(dir, "corporate.pem"),
		"REQUESTS_CA_BUNDLE":  filepath.Join(dir, "hashed"),
		"NODE_EXTRA_CA_CERTS": filepath.Join(dir, "extra.pem"), "CURL_CA_BUNDLE": filepath.Join(dir, "nowhere.pem"),
	})
	ours := subjects(t, files.CA)
	if text, _ := os.ReadFile(files.CA); !bytes.Equal(text, ca.PEM()) {
		t.Error("ca.pem is not the CA's certificate")
	}
	bundle := subjects(t, files.Bundle)
	for _, name := range []string{corporateName, extraName, inDirName, ours[0]} {
		if count := strings.Count(strings.Join(bundle, "\n")+"\n", name+"\n"); count != 1 {
			t.Errorf("%s stands %d times in the bundle", name, count)
		}
	}
	if system, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err == nil && len(bundle) < bytes.Count(system, []byte("BEGIN CERTIFICATE")) {
		t.Errorf("the bundle has %d certificates, the system more", len(bundle))
	}
	if got := subjects(t, files.Extra); strings.Join(got, "\n") != extraName+"\n"+ours[0] {
		t.Errorf("extra has %q", got)
	}
	store, err := os.ReadFile(files.TrustStore)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := pkcs12.DecodeTrustStore(store, intercept.TrustStorePassword)
	if err != nil || len(trusted) != len(bundle) {
		t.Errorf("the trust store has %d certificates, the bundle %d (%v)", len(trusted), len(bundle), err)
	}
}

// TestTrustStoreOfJava lets Java count what is in the trust store: certificates whose aliases were the same would be one.
func TestTrustStoreOfJava(t *testing.T) {
	t.Parallel()
	need(t, "keytool")
	_, files := clients(t, t.TempDir(), nil)
	cmd := exec.CommandContext(t.Context(), "keytool", "-list", "-keystore", files.TrustStore, "-storepass", intercept.TrustStorePassword)
	out, err := cmd.CombinedOutput()
	if want := len(subjects(t, files.Bundle)); err != nil || bytes.Count(out, []byte("trustedCertEntry")) != want {
		t.Errorf("want %d entries: %v\n%s", want, err, out)
	}
}

// TestNoKeys: nothing that is written for clients holds a private key.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clients(t, dir, nil)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("PRIVATE KEY")) || bytes.Contains(text, []byte("@")) && !strings.HasSuffix(entry.Name(), ".p12") && bytes.Contains(text, []byte("@HOST")) {
			t.Errorf("%s holds a key, or something that was not filled in", entry.Name())
		}
	}
	if len(entries) != 8 {
		t.Errorf("%d files", len(entries))
	}
}

// TestINIOfPHP asks PHP what it reads, from directories with odd names as well.
func TestINIOfPHP(t *testing.T) {
	t.Parallel()
	need(t, "php")
	for _, name := range []string{"plain", "with blank", "apostrophe's", "${HOME}", "微信;#"} {
		_, files := clients(t, filepath.Join(t.TempDir(), name), nil)
		s := simulation("")
		s.Files = files
		got := runWith(t, s, "php", "-r", `echo ini_get('curl.cainfo'), "\n", ini_get('openssl.cafile'), "\n", ini_get('auto_prepend_file');`)
		if want := files.Bundle + "\n" + files.Bundle + "\n" + filepath.Join(files.PHPDir, "prepend.php"); got != want {
			t.Errorf("%s: php reads\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestPrepended: what the user has PHP run first is run, in the script's own scope, and nothing of ours shows.
func TestPrepended(t *testing.T) {
	t.Parallel()
	need(t, "php")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "ini", "own.ini"), "auto_prepend_file = "+filepath.Join(dir, "own.php")+"\n")
	write(t, filepath.Join(dir, "own.php"), "<?php $own = 'ran';")
	write(t, filepath.Join(dir, "script.php"), "<?php unset($_GET, $_POST, $_COOKIE, $_FILES, $_SERVER, $argv, $argc); echo json_encode(array_keys(get_defined_vars())), $own;")
	_, files := clients(t, filepath.Join(dir, "out"), nil)
	s := simulation("")
	s.Files = files
	cmd := exec.CommandContext(t.Context(), "php", filepath.Join(dir, "script.php"))
	vars := intercept.Environment(s, userWith(map[string]string{"PHP_INI_SCAN_DIR": ":" + filepath.Join(dir, "ini")}), "linux")
	cmd.Env = intercept.Merge(os.Environ(), vars)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != `["own"]ran` {
		t.Errorf("%v: %s", err, out)
	}
}

// TestWgetrc: the system's own settings stay.
func TestWgetrc(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "system"), "tries = 3")
	_, files := clients(t, filepath.Join(dir, "out"), map[string]string{"SYSTEM_WGETRC": filepath.Join(dir, "system")})
	got, err := os.ReadFile(files.Wgetrc)
	if want := "tries = 3\nca_certificate = " + files.Bundle + "\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}
