package stack

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestPipeListener(t *testing.T) {
	t.Parallel()
	l := newPipeListener("peer")
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, conn.RemoteAddr().Network()+" "+conn.RemoteAddr().String())
		_ = conn.Close()
	}()
	conn, err := l.DialContext(t.Context(), "tcp", "anything:1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "pipe peer" {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.DialContext(ctx, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody accepts: %v", err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := l.DialContext(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestURLOf(t *testing.T) {
	t.Parallel()
	for want, addr := range map[string]net.Addr{
		"http://127.0.0.1:8420":   &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8420},
		"http://[::1]:80":         &net.TCPAddr{IP: net.IPv6loopback, Port: 80},
		"http://127.0.0.1:1":      &net.TCPAddr{IP: net.IPv6unspecified, Port: 1},
		"http://127.0.0.1:2":      &net.TCPAddr{IP: net.IPv4zero, Port: 2},
		"http://192.168.1.5:8420": &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8420},
		"http://127.0.0.1":        pipeAddr("x"),
	} {
		if got := urlOf(addr, false); got != want {
			t.Errorf("urlOf(%v) = %s, want %s", addr, got, want)
		}
	}
}

// addressed is a listener that says it listens elsewhere.
type addressed struct {
	*pipeListener
	addr net.Addr
}

func (a addressed) Addr() net.Addr { return a.addr }

// A simulation that is open to the network has an address that plain http is otherwise refused for.
func TestMockOnTheNetwork(t *testing.T) {
	t.Parallel()
	front := newPipeListener("outside")
	ctx, stop := context.WithCancel(t.Context())
	running, err := Start(ctx, Options{
		Logger: slog.New(slog.DiscardHandler), TokenTTL: time.Hour, SessionTTL: time.Hour, Mock: &Mock{},
		listener: addressed{front, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8420}},
	})
	if err != nil {
		stop()
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: front.DialContext}
	minted, err := running.mock.world.Login("", "")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: transport}).Get(running.URL() + "/onLogin?code=" + string(minted.Code))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 200 || running.URL() != "http://192.0.2.1:8420" {
		t.Errorf("%s: %s %s, %v", running.URL(), answer.Status, body, err)
	}
	_ = answer.Body.Close()
	transport.CloseIdleConnections()
	stop()
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	in := `{"session_key":"a\/b+c==","openid":"o1","token":"eyJ.x","encryptedData":"a\"b+/c\/d0123456789","iv":"r7BXXKkLb8qrSNn05n0qiA==","n":1}` + "\n"
	want := `{"session_key":"[redacted]","openid":"o1","token":"[redacted]","encryptedData":"a\"b+/c\/d0123...","iv":"r7BXXKkLb8qr...","n":1}`
	if got := masked([]byte(in)); got != want {
		t.Errorf("masked = %s\nwant     %s", got, want)
	}
}
