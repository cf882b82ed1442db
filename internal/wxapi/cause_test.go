package wxapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// TestCause holds that the common failures of a network are told in Chinese, with the words of the system behind them, and in English
// in these words alone.
func TestCause(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the clients that refuse its certificate
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	dial := func(network, address string) error {
		conn, err := net.Dial(network, address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	handshake := func(address string, c *tls.Config) error {
		conn, err := tls.Dial("tcp", address, c)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	for _, tt := range []struct {
		name string
		err  error
		want string // of the Chinese
	}{
		{"refused", dial("tcp", closed.Addr().String()), "连接被拒绝，该地址没有服务在监听（dial tcp "},
		{"stranger's certificate", handshake(secure.Listener.Addr().String(), &tls.Config{ServerName: "example.com", MinVersion: tls.VersionTLS12}), "TLS 证书由本机不信任的机构签发（"},
		{"other name", handshake(secure.Listener.Addr().String(), &tls.Config{ServerName: "api.weixin.qq.com", RootCAs: trusted, MinVersion: tls.VersionTLS12}), "TLS 证书不属于这个域名（"},
		{"no TLS", handshake(plain.Listener.Addr().String(), &tls.Config{ServerName: "example.com", MinVersion: tls.VersionTLS12}), "对方不是 TLS 服务（"},
		{"no such host", &net.DNSError{Err: "no such host", Name: "api.invalid", IsNotFound: true}, "域名不存在或无法解析（lookup api.invalid: no such host）"},
		{"mute DNS", &net.DNSError{Err: "i/o timeout", Name: "api.invalid", IsTimeout: true}, "DNS 服务器没有响应（"},
		{"broken DNS", &net.DNSError{Err: "server misbehaving", Name: "api.invalid", IsTemporary: true}, "域名解析失败（"},
		{"unreachable", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, "网络不可达（dial tcp: connect: network is unreachable）"},
		{"reset", fmt.Errorf("read: %w", syscall.ECONNRESET), "连接被对方重置（"},
		{"system's timeout", &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}, "连接超时（dial tcp: i/o timeout）"},
		{"cut", io.ErrUnexpectedEOF, "答复没有收完连接就断开了（"},
		{"our limit", context.DeadlineExceeded, "已超过时限（--timeout）"},
		{"unknown", errors.New("something else"), "something else"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.err == nil {
				t.Fatal("no error to tell of")
			}
			m := wxapi.Cause(tt.err)
			if got := m.In(lang.Chinese); !strings.HasPrefix(got, tt.want) {
				t.Errorf("Chinese: %q, want %q", got, tt.want)
			}
			want := tt.err.Error()
			if errors.Is(tt.err, context.DeadlineExceeded) {
				want = "the time limit ran out (--timeout)"
			}
			if got := m.In(lang.English); got != want {
				t.Errorf("English: %q, want %q", got, want)
			}
		})
	}
}
