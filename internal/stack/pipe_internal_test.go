package stack

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/pipe"
)

func TestURLOf(t *testing.T) {
	t.Parallel()
	for want, addr := range map[string]net.Addr{
		"http://127.0.0.1:8420":   &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8420},
		"http://[::1]:80":         &net.TCPAddr{IP: net.IPv6loopback, Port: 80},
		"http://127.0.0.1:1":      &net.TCPAddr{IP: net.IPv6unspecified, Port: 1},
		"http://127.0.0.1:2":      &net.TCPAddr{IP: net.IPv4zero, Port: 2},
		"http://192.168.1.5:8420": &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8420},
		"http://127.0.0.1":        pipe.Listen("x").Addr(),
	} {
		if got := urlOf(addr, false); got != want {
			t.Errorf("urlOf(%v) = %s, want %s", addr, got, want)
		}
	}
}

// addressed is a listener that says it listens elsewhere.
type addressed struct {
	*pipe.Listener
	addr net.Addr
}

func (a addressed) Addr() net.Addr { return a.addr }

// A simulation that is open to the network has an address that plain http is otherwise refused for.
func TestMockOnTheNetwork(t *testing.T) {
	t.Parallel()
	front := pipe.Listen("outside")
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
