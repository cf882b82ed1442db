//go:build unix

package intercept

import "os"

// systemRoots adds the roots that the system trusts, from the first place where there are some: those of Go's own crypto/x509, and last
// that of macOS, whose keychain may know more.
func systemRoots(to *certificates) {
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/tls/cacert.pem",                           // OpenELEC
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 7 and later
		"/etc/ssl/cert.pem",                                 // macOS, BSD
	} {
		if text, err := os.ReadFile(path); err == nil {
			to.add(text)
			return
		}
	}
}
