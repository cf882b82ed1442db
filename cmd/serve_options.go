package cmd

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// servingFlags are those of how a server meets the world, whoever plays WeChat.
func servingFlags(a *app.App, c *cobra.Command) {
	a.KeyFlag(c, "trusted-proxy", "trusted_proxy", "CIDR,...", lang.T{En: "believe X-Forwarded-For of the reverse proxies in these networks", Zh: "采信这些网段中反向代理的 X-Forwarded-For"})
	a.KeyFlag(c, "client-rate", "client_rate", "RATE", lang.T{En: "most logins of one client address: 10/s, 600/m, off (default 600/m; private addresses are not limited)", Zh: "单个客户端地址的登录上限：10/s、600/m、off（默认 600/m；内网地址不受限）"})
	a.KeyFlag(c, "login-rate", "login_rate", "RATE", lang.T{En: "most logins of all clients together (default off)", Zh: "全部客户端合计的登录上限（默认 off）"})
	a.KeyFlag(c, "tls-cert", "tls_cert", "FILE", lang.T{En: "speak TLS with the certificate in this PEM file; read again when it is renewed", Zh: "使用此 PEM 文件中的证书提供 TLS，续期后自动重新读取"})
	a.KeyFlag(c, "tls-key", "tls_key", "FILE", lang.T{En: "the certificate's key, a PEM file", Zh: "证书私钥（PEM 文件）"})
	a.KeyFlag(c, "log-format", "log_format", "FORMAT", lang.T{En: "text, or json: an object a line (default text)", Zh: "text，或 json：每行一个对象（默认 text）"})
	a.KeyFlag(c, "stop-delay", "stop_delay", "DURATION", lang.T{En: "after a stop signal go on this long, not ready, so that balancers notice (default 0s)", Zh: "收到停止信号后，以未就绪状态继续服务这么久，便于负载均衡察觉（默认 0s）"})
	_ = c.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	for _, flag := range []string{"tls-cert", "tls-key"} {
		_ = c.MarkFlagFilename(flag, "pem", "crt", "key")
	}
}

// servingOptions are what servingFlags and their keys say.
func servingOptions(a *app.App, c *config.Config, logger *slog.Logger) (o stack.Options, err error) {
	s := c.Serving
	o = stack.Options{
		Addr: c.Addr, Logger: logger, TokenTTL: c.TokenTTL, SessionTTL: c.SessionTTL, Timeout: c.Timeout,
		Build:   server.Build{Version: a.Build.Version, Commit: a.Build.Commit},
		Trusted: s.Trusted, Rates: server.Rates{Client: s.ClientRate, All: s.LoginRate}, StopDelay: s.StopDelay,
	}
	switch {
	case s.TLSCert == "" && s.TLSKey == "":
		return o, nil
	case s.TLSCert == "" || s.TLSKey == "":
		key := "tls_cert"
		if s.TLSKey == "" {
			key = "tls_key"
		}
		return o, &config.Error{Key: key, Origin: c.Origin(key), Reason: textTLSPair.With()}
	}
	o.Certificate, err = server.LoadCertificate(s.TLSCert, s.TLSKey, o.Logger)
	return o, err
}

// warnOfStore logs what in the configuration of a store may lose what it answers for.
func warnOfStore(logger *slog.Logger, store session.Store) {
	if careless, ok := store.(interface{ Warnings() []string }); ok {
		for _, warning := range careless.Warnings() {
			logger.Warn(warning)
		}
	}
}

var (
	textTLSPair         = lang.T{En: "tls_cert and tls_key go together", Zh: "tls_cert 与 tls_key 必须一起设置"}
	textCertificate     = lang.T{En: "the certificate in %s with the key in %s cannot be used: %v", Zh: "%s 中的证书与 %s 中的私钥无法使用：%v"}
	hintCertificatePair = lang.T{En: "both are PEM files that belong together, the certificate with its chain (fullchain.pem and privkey.pem)", Zh: "两者都应是 PEM 文件且互相匹配，证书文件含完整证书链（fullchain.pem 与 privkey.pem）"}
)
