package wxapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Cause says why a network failed, in the reader's language. The words of the system or of Go stand behind the Chinese: they are what
// one searches for. What is not known here stays as it is.
func Cause(err error) lang.Message {
	if errors.Is(err, context.DeadlineExceeded) {
		return lang.T{En: "the time limit ran out (--timeout)", Zh: "已超过时限（--timeout）"}.With()
	}
	return CauseSaying(err, redact.Shorten(err.Error(), maxCause))
}

// CauseSaying is [Cause] with other words than those of err.
func CauseSaying(err error, words string) lang.Message { return known(err).With(words) }

// maxCause is how much of the words of others is shown.
const maxCause = 300

func known(err error) lang.T {
	for _, look := range []func(error) lang.T{nameFailure, certificateFailure, connectionFailure} {
		if t := look(err); t != (lang.T{}) {
			return t
		}
	}
	return lang.T{En: "%s", Zh: "%s"}
}

func nameFailure(err error) lang.T {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return lang.T{}
	case dns.IsNotFound:
		return lang.T{En: "%s", Zh: "域名不存在或无法解析（%s）"}
	case dns.IsTimeout:
		return lang.T{En: "%s", Zh: "DNS 服务器没有响应（%s）"}
	}
	return lang.T{En: "%s", Zh: "域名解析失败（%s）"}
}

func certificateFailure(err error) lang.T {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return lang.T{En: "%s", Zh: "TLS 证书由本机不信任的机构签发（%s）"}
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return lang.T{En: "%s", Zh: "TLS 证书不属于这个域名（%s）"}
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return lang.T{En: "%s", Zh: "TLS 证书已过期或尚未生效（%s）"}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return lang.T{En: "%s", Zh: "TLS 证书验证失败（%s）"}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return lang.T{En: "%s", Zh: "对方不是 TLS 服务（%s）"}
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return lang.T{En: "%s", Zh: "对方拒绝了 TLS 握手（%s）"}
	}
	return lang.T{}
}

func connectionFailure(err error) lang.T {
	for _, c := range []struct {
		cause error
		text  lang.T
	}{
		{syscall.ECONNREFUSED, lang.T{En: "%s", Zh: "连接被拒绝，该地址没有服务在监听（%s）"}},
		{syscall.ECONNRESET, lang.T{En: "%s", Zh: "连接被对方重置（%s）"}},
		{syscall.EPIPE, lang.T{En: "%s", Zh: "连接被对方关闭（%s）"}},
		{syscall.ENETUNREACH, lang.T{En: "%s", Zh: "网络不可达（%s）"}},
		{syscall.EHOSTUNREACH, lang.T{En: "%s", Zh: "主机不可达（%s）"}},
		{syscall.EADDRNOTAVAIL, lang.T{En: "%s", Zh: "本机没有可用的地址或端口（%s）"}},
		{io.ErrUnexpectedEOF, lang.T{En: "%s", Zh: "答复没有收完连接就断开了（%s）"}},
		{io.EOF, lang.T{En: "%s", Zh: "没有收到答复连接就断开了（%s）"}},
	} {
		if errors.Is(err, c.cause) {
			return c.text
		}
	}
	if isTimeout(err) {
		return lang.T{En: "%s", Zh: "连接超时（%s）"}
	}
	return lang.T{}
}
