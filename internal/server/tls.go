package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// A CertificateError says that a server has no certificate to show.
type CertificateError struct {
	CertFile, KeyFile string
	Err               error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("certificate %s with key %s: %v", e.CertFile, e.KeyFile, e.Err)
}

// Unwrap returns the system's or crypto/tls' error.
func (e *CertificateError) Unwrap() error { return e.Err }

// A Certificate is a pair of PEM files that somebody renews while the server runs.
type Certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]stamp
	looked  time.Time
}

// lookEvery is how often the files are looked at, at most: a handshake costs more than two stats, but not by much.
const lookEvery = time.Second

// stamp is what changes with a file.
type stamp struct {
	modified time.Time
	size     int64
}

// LoadCertificate reads the pair. The error is a [*CertificateError].
func LoadCertificate(certFile, keyFile string, logger *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return &CertificateError{c.certFile, c.keyFile, err}
	}
	c.current, c.stamp, c.looked = &pair, c.stamps(), time.Now()
	return nil
}

func (c *Certificate) stamps() (list [2]stamp) {
	for i, file := range []string{c.certFile, c.keyFile} {
		var info fs.FileInfo
		if info, _ = os.Stat(file); info != nil { // a file that is gone has the zero stamp
			list[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return list
}

// get returns the pair as it is in the files now; while they do not fit together, as in the middle of a renewal, the last one that did.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.current, nil
	}
	c.looked = time.Now()
	if stamps := c.stamps(); stamps != c.stamp {
		ctx := context.Background()
		if err := c.load(); err != nil {
			c.stamp = stamps // said once
			c.logger.ErrorContext(ctx, "the renewed certificate cannot be used, the old one stays", "cause", redact.Clean(err.Error()))
		} else {
			c.logger.InfoContext(ctx, "certificate renewed", "until", c.current.Leaf.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	return c.current, nil
}

// Listen lets a listener speak TLS with this certificate, or with the one that other, unless it is nil, has for the name that a client asks
// for. HTTP/2 is offered to a server that sees the connections themselves, and not to one with something in between, as where there are others.
func (c *Certificate) Listen(listener net.Listener, other func(name string) (*tls.Certificate, error)) net.Listener {
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}
	if other != nil {
		config.NextProtos = []string{"http/1.1"}
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if found, err := other(hello.ServerName); found != nil || err != nil {
				return found, err
			}
			return c.get(hello)
		}
	}
	return tls.NewListener(listener, config)
}
