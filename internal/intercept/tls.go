package intercept

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	handshakeLimit = 10 * time.Second // a client on a busy machine may be slow
	firstByteLimit = 2 * time.Minute  // of a tunnel that a client opened in advance; as long as the server keeps idle connections
	maxFirst       = 4 << 10          // bytes read at first: a ClientHello is smaller
)

// serveTLS does the handshake, and hands the connection on to the server.
func (p *Proxy) serveTLS(c *clientConn) {
	secure := tls.Server(c, p.tls)
	ctx, cancel := context.WithTimeout(p.ctx, handshakeLimit)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		if !p.accepted.stopping() {
			p.failedTLS(c, err)
		}
		p.decide(c)
		return
	}
	p.accepted.give(secure)
}

// serveTunnel looks at what a client sends first through a tunnel to one of WeChat's hosts: TLS, or HTTP in the clear, which some
// clients tunnel as well.
func (p *Proxy) serveTunnel(c *clientConn) {
	if len(c.head) == 0 {
		_ = c.SetReadDeadline(time.Now().Add(firstByteLimit))
		first := make([]byte, maxFirst)
		n, err := c.Read(first)
		if err != nil && n == 0 {
			_ = c.Close() // opened in advance and not needed
			p.decide(c)
			return
		}
		_ = c.SetReadDeadline(time.Time{})
		c.head = first[:n]
	}
	if c.head[0] == recordHandshake {
		p.serveTLS(c)
		return
	}
	p.decide(c)
	p.accepted.give(c)
}

// certificate chooses by the name that the client asks for; without one, by where its tunnel leads. No certificate means the alert
// unrecognized_name.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c, ours := hello.Conn.(*clientConn)
	if !ours {
		return nil, errors.New("intercept: internal error: a connection of somebody else's")
	}
	c.asked = hello.ServerName
	leaf, err := p.o.CA.Leaf(c.name())
	c.offered = leaf != nil
	return leaf, err
}

// The alerts by which a client says that it does not take our certificate (RFC 8446, section 6.2).
const (
	alertBadCertificate         tls.AlertError = 42 // Go
	alertUnsupportedCertificate tls.AlertError = 43
	alertCertificateRevoked     tls.AlertError = 44
	alertCertificateExpired     tls.AlertError = 45 // the run is older than a day, or the client's clock is off
	alertCertificateUnknown     tls.AlertError = 46 // Java
	alertUnknownCA              tls.AlertError = 48 // OpenSSL: Python, PHP, curl

	alertCloseNotify  tls.AlertError = 0
	alertUserCanceled tls.AlertError = 90
)

var distrust = []tls.AlertError{
	alertBadCertificate, alertUnsupportedCertificate, alertCertificateRevoked, alertCertificateExpired, alertCertificateUnknown, alertUnknownCA,
}

// failedTLS says why a handshake failed.
func (p *Proxy) failedTLS(c *clientConn, err error) {
	name := cmp.Or(redact.Shorten(c.name(), maxName), "(no name)")
	if !c.offered {
		p.counts.add(&p.counts.Refused, name)
		p.note(c.RemoteAddr(), methodTLS, name, unofferedReason(c, err))
		return
	}
	alert, sent := alertOf(c, err)
	switch {
	case sent && slices.Contains(distrust, alert):
		p.distrusted(c, "does not", fmt.Sprintf("it answered our certificate with the TLS alert %q", strings.TrimPrefix(alert.Error(), "tls: ")))
	case !sent && closedByPeer(err), sent && (alert == alertCloseNotify || alert == alertUserCanceled):
		p.distrusted(c, "seems not to", "it closed the connection when it saw our certificate")
	default:
		p.counts.add(&p.counts.Failed, name)
		p.note(c.RemoteAddr(), methodTLS, name, "TLS failed: "+redact.Shorten(err.Error(), 160))
	}
}

// methodTLS stands in records for a method where there never was a request.
const methodTLS = "TLS"

// unofferedReason is why there was no certificate for a client, or no handshake.
func unofferedReason(c *clientConn, err error) string {
	_, simulated := wechat.HostOf(c.name())
	switch {
	case c.asked == "" && c.host == "" && closedByPeer(err):
		return "TLS on this port ended before it said which host it is for"
	case c.name() == "":
		return "TLS on this port without a server name: only WeChat's hosts are answered over TLS; the server itself speaks plain http"
	case simulated:
		return "TLS failed: " + redact.Shorten(err.Error(), 160)
	case c.host == "":
		return fmt.Sprintf("TLS on this port for %q: only WeChat's hosts are answered over TLS; the server itself speaks plain http", redact.Shorten(c.asked, 80))
	}
	return fmt.Sprintf("TLS for %q inside a tunnel to %s", redact.Shorten(c.asked, 80), c.host)
}

// plainAlert is the length of the record of an alert that is not encrypted: type, version, length, level, description.
const plainAlert = 7

// alertOf is the alert that a client ended its handshake with. OpenSSL sends it in the clear when it has looked at a certificate of TLS 1.3
// but has not changed its keys yet; crypto/tls takes that for a broken record. Alerts that crypto/tls understands are of a type that it
// keeps to itself, but their text is that of a type which it does not.
func alertOf(c *clientConn, err error) (alert tls.AlertError, sent bool) {
	if l := c.last; l[0] == 0x15 && l[1] == 3 && l[3] == 0 && l[4] == 2 {
		return tls.AlertError(l[6]), true
	}
	op, is := errors.AsType[*net.OpError](err)
	if !is || op.Op != "remote error" {
		return 0, false
	}
	for alert := range tls.AlertError(255) {
		if alert.Error() == op.Err.Error() {
			return alert, true
		}
	}
	return 0, false
}

// distrusted notes that a client refused our certificate, how sure that is, and how it did.
func (p *Proxy) distrusted(c *clientConn, does, how string) {
	name, _ := wechat.HostOf(c.name())
	p.counts.add(&p.counts.Untrusted, name)
	why, todo := "the client "+does+" trust the simulation's CA", "wxlogin mock ca prints the certificate that it must trust"
	if time.Now().After(p.o.CA.NotAfter()) {
		why, todo = "the simulation's CA is older than a day", "start the simulation anew"
	}
	p.note(c.RemoteAddr(), methodTLS, name, why+": "+how+"; "+todo)
}

// Watch is the server's ConnState hook. Node's clients and others that look at certificates after the handshake say nothing when they
// do not like one: they close the connection without a request.
func (p *Proxy) Watch(conn net.Conn, state http.ConnState) {
	secure, is := conn.(*tls.Conn)
	if !is {
		return
	}
	c, is := secure.NetConn().(*clientConn)
	if !is {
		return
	}
	switch state {
	case http.StateActive:
		c.spoke.Store(true)
		p.decide(c)
	case http.StateClosed:
		defer p.decide(c)
		if !c.spoke.Load() && !c.timedOut.Load() && !p.accepted.stopping() {
			p.distrusted(c, "seems not to", "it closed the connection after the handshake, without a request")
		}
	case http.StateNew, http.StateIdle, http.StateHijacked:
	}
}
