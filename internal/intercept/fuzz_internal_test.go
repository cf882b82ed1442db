package intercept

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// scripted is a client that has sent something and is gone.
type scripted struct {
	net.Conn
	from io.Reader
	sent bytes.Buffer
}

func (s *scripted) Read(b []byte) (int, error)       { return s.from.Read(b) }
func (s *scripted) Write(b []byte) (int, error)      { return s.sent.Write(b) }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }
func (s *scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// helloOf is the ClientHello of a client.
func helloOf(f *testing.F, name string, most uint16) []byte {
	f.Helper()
	client := &scripted{from: bytes.NewReader(nil)}
	_ = tls.Client(client, &tls.Config{ServerName: name, InsecureSkipVerify: true, MaxVersion: most}).HandshakeContext(f.Context())
	return client.sent.Bytes()
}

// FuzzFirstBytes: whatever a client sends first, on the port or through a tunnel to WeChat, it is either HTTP and reaches the server
// unchanged, or it is TLS and ends; and a certificate is offered for WeChat's hosts alone.
func FuzzFirstBytes(f *testing.F) {
	for _, name := range []string{"api.weixin.qq.com", "QYAPI.weixin.qq.com", "example.com", ""} {
		for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			f.Add(helloOf(f, name, most))
		}
	}
	for _, seed := range []string{"", "\x16", "\x16\x03\x01\x00\x05hello", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x15\x03\x03\x00\x02\x02\x30"} {
		f.Add([]byte(seed))
	}
	ca := newTestCA(f)
	f.Fuzz(func(t *testing.T, first []byte) {
		p, err := New(Options{CA: ca, Journal: journal.New(10), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		secure := len(first) > 0 && first[0] == recordHandshake
		front := &frontConn{Conn: &scripted{from: bytes.NewReader(first)}, proxy: p}
		got, err := io.ReadAll(front)
		if err != nil || front.taken.Load() != secure || !secure && !bytes.Equal(got, first) || secure && len(got) > 0 {
			t.Errorf("%q reaches the server as %q, %v; taken away: %v", first, got, err, front.taken.Load())
		}
		inside := &clientConn{Conn: &scripted{from: bytes.NewReader(first)}, host: "api.weixin.qq.com"}
		accepted := make(chan net.Conn, 1)
		go func() {
			conn, _ := p.accepted.Accept()
			accepted <- conn
		}()
		p.serveTunnel(inside)
		p.Close()
		conn := <-accepted
		if (conn != nil) != (len(first) > 0 && !secure) {
			t.Errorf("%q is handed on: %v", first, conn)
		}
		if conn != nil {
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, first) {
				t.Errorf("%q is handed on as %q", first, got)
			}
		}
		if _, listed := wechat.HostOf(inside.name()); inside.offered && !listed {
			t.Errorf("a certificate for %q is offered", inside.name())
		}
		for host := range ca.leaves {
			if !slices.Contains(Hosts(), host) {
				t.Errorf("a certificate for %q", host)
			}
		}
	})
}
