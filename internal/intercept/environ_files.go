package intercept

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // the files for Node and PHP
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"software.sslmate.com/src/go-pkcs12"
)

// TrustStorePassword opens the trust store for Java, which asks for one although there is nothing secret inside. It is the password of
// the store that comes with Java.
const TrustStorePassword = "changeit"

// ClientFiles are the files that make clients find and trust a simulation, by their absolute paths. Field names are API.
type ClientFiles struct {
	CA          string `json:"ca"`           // the certificate of the CA
	Bundle      string `json:"bundle"`       // it, the system's roots and those that the user's own settings add, for what reads one file instead of the system's
	Extra       string `json:"extra"`        // it, and what the user adds, for what has roots of its own and reads more
	TrustStore  string `json:"trust_store"`  // the certificates of Bundle as PKCS#12
	NodePreload string `json:"node_preload"` // leads Node's TLS connections
	PHPDir      string `json:"php_dir"`      // holds an ini file, and what that has run before each script
	Wgetrc      string `json:"wgetrc"`       // the system's, and the bundle
}

// Clients are the [ClientFiles] of one run, which are written when they are first asked for. It is safe for concurrent use.
type Clients struct {
	files   *Files
	address string
	user    Lookup

	mu      sync.Mutex
	written ClientFiles // zero: not yet
}

// NewClients returns the files for clients of the simulation at an address, to be written to a temporary directory of files. What the
// user's variables name is read for the certificates in it.
func NewClients(files *Files, address string, user Lookup) *Clients {
	if user == nil {
		user = func(string) (string, bool) { return "", false }
	}
	return &Clients{files: files, address: address, user: user}
}

// Written returns where the files are, after seeing to it that they are there. The error is a [*FilesError], as a rule.
func (c *Clients) Written() (ClientFiles, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written != (ClientFiles{}) {
		return c.written, nil
	}
	written, err := c.files.writeClients(c.address, c.user)
	if err == nil {
		c.written = written
	}
	return written, err
}

// The files that are programs. In them @HOSTS@, @HOST@, @PORT@ and @ADDRESS@ stand for what differs from run to run.
var (
	//go:embed files/node.cjs
	nodePreload string
	//go:embed files/prepend.php
	phpPrepend string
)

// writeClients writes what [ClientFiles] names, for the simulation at an address (http://host:port).
func (f *Files) writeClients(address string, user Lookup) (ClientFiles, error) {
	at, err := url.Parse(address)
	if err != nil {
		return ClientFiles{}, fmt.Errorf("write files for clients: %w", err)
	}
	dir, err := f.Dir()
	if err != nil {
		return ClientFiles{}, err
	}
	// The directory holds no other ini file: it is PHP's as well.
	out := ClientFiles{CA: filepath.Join(dir, CAFile), PHPDir: dir}
	certs := clientCertificates(f.ca, user)
	store, err := trustStore(certs.bundle)
	if err != nil {
		return ClientFiles{}, err
	}
	hosts, err := json.Marshal(Hosts())
	if err != nil {
		return ClientFiles{}, fmt.Errorf("write files for clients: %w", err)
	}
	fill := strings.NewReplacer("@HOSTS@", string(hosts), "@HOST@", at.Hostname(), "@PORT@", at.Port(), "@ADDRESS@", net.JoinHostPort(at.Hostname(), at.Port()))
	bundle, prepend := filepath.Join(dir, "bundle.pem"), ""
	for _, file := range []struct {
		name string
		path *string
		data func() []byte
	}{
		{"bundle.pem", &out.Bundle, certs.bundle.pem},
		{"extra.pem", &out.Extra, certs.extra.pem},
		{"truststore.p12", &out.TrustStore, func() []byte { return store }},
		{"node.cjs", &out.NodePreload, func() []byte { return []byte(fill.Replace(nodePreload)) }},
		{"prepend.php", &prepend, func() []byte { return []byte(fill.Replace(phpPrepend)) }},
		{"wxlogin.ini", new(string), func() []byte { return phpINI(bundle, prepend) }},
		{"wgetrc", &out.Wgetrc, func() []byte { return wgetrc(bundle, user) }},
	} {
		if *file.path, err = f.Write(file.name, file.data()); err != nil {
			return ClientFiles{}, err
		}
	}
	return out, nil
}

func phpINI(bundle, prepend string) []byte {
	return []byte("curl.cainfo = " + quoteINI(bundle) + "\nopenssl.cafile = " + quoteINI(bundle) + "\nauto_prepend_file = " + quoteINI(prepend) + "\n")
}

// quoteINI quotes a path for PHP. Between single quotes it has no way to write one; between double quotes it looks for variables.
func quoteINI(path string) string {
	if strings.Contains(path, "'") {
		return `"` + path + `"`
	}
	return "'" + path + "'"
}

// wgetrc is what wget would read for the whole system, and then the bundle: it has no variable for certificates, but one for this file.
func wgetrc(bundle string, user Lookup) []byte {
	path, set := user("SYSTEM_WGETRC")
	if !set {
		path = "/etc/wgetrc"
	}
	system, err := os.ReadFile(path)
	if err != nil {
		system = nil // most systems do without
	}
	if len(system) > 0 && !bytes.HasSuffix(system, []byte("\n")) {
		system = append(system, '\n')
	}
	return append(system, "ca_certificate = "+bundle+"\n"...)
}

// certificates is a list in which each stands once.
type certificates struct {
	list  []*x509.Certificate
	known map[[sha256.Size]byte]bool
}

// add takes the certificates out of PEM text and leaves what it cannot read: roots that only other libraries understand are no use here.
func (c *certificates) add(text []byte) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c.addDER(block.Bytes)
	}
}

func (c *certificates) addDER(der []byte) {
	hash := sha256.Sum256(der)
	if c.known[hash] {
		return
	}
	if parsed, err := x509.ParseCertificate(der); err == nil {
		if c.known == nil {
			c.known = map[[sha256.Size]byte]bool{}
		}
		c.known[hash] = true
		c.list = append(c.list, parsed)
	}
}

// addPath takes what is in a file, or in the files of a directory.
func (c *certificates) addPath(path string) {
	if path == "" {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil { // no directory
		entries = []fs.DirEntry{nil}
	}
	for _, entry := range entries {
		file := path
		if entry != nil {
			file = filepath.Join(path, entry.Name())
		}
		if text, err := os.ReadFile(file); err == nil { // the program that is meant to read it would complain, not we
			c.add(text)
		}
	}
}

func (c *certificates) pem() []byte {
	var b bytes.Buffer
	for _, one := range c.list {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw}))
	}
	return b.Bytes()
}

// clientCertificates are those of [ClientFiles]: Bundle and Extra.
func clientCertificates(ca *CA, user Lookup) (out struct{ bundle, extra certificates }) {
	for _, name := range []string{"NODE_EXTRA_CA_CERTS", "DENO_CERT"} {
		path, _ := user(name)
		out.extra.addPath(path)
	}
	systemRoots(&out.bundle)
	for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "NIX_SSL_CERT_FILE", "HTTPLIB2_CA_CERTS"} {
		path, _ := user(name)
		out.bundle.addPath(path)
	}
	for _, one := range out.extra.list {
		out.bundle.addDER(one.Raw)
	}
	out.bundle.add(ca.PEM())
	out.extra.add(ca.PEM())
	return out
}

// trustStore encodes certificates for Java: aliases differ, because of two with the same Java keeps one.
func trustStore(c certificates) ([]byte, error) {
	entries := make([]pkcs12.TrustStoreEntry, len(c.list))
	for i, one := range c.list {
		entries[i] = pkcs12.TrustStoreEntry{Cert: one, FriendlyName: "wxlogin-" + strconv.Itoa(i)}
	}
	store, err := pkcs12.Modern2023.EncodeTrustStoreEntries(entries, TrustStorePassword)
	if err != nil {
		return nil, fmt.Errorf("write the trust store: %w", err)
	}
	return store, nil
}
