package config

import (
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/viper"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/server"
)

// Serving is how serve meets the world.
type Serving struct {
	Trusted    []netip.Prefix // proxies
	ClientRate server.Rate    // logins of one client
	LoginRate  server.Rate    // logins of all
	TLSCert    string         // files; both or none
	TLSKey     string
	LogFormat  string // "text", "json"
	StopDelay  time.Duration
}

// servingKeys are the keys of [Serving].
func servingKeys() []Key {
	return []Key{
		{
			Name: "trusted_proxy", Env: "WXLOGIN_TRUSTED_PROXY", Flag: "--trusted-proxy", kind: kindNetworks,
			Help: lang.T{En: "networks of the reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8,127.0.0.1", Zh: "可信反向代理所在的网段（采信其 X-Forwarded-For），例如 10.0.0.0/8,127.0.0.1"},
		},
		{
			Name: "client_rate", Env: "WXLOGIN_CLIENT_RATE", Flag: "--client-rate", Default: "600/m", kind: kindRate,
			Help: lang.T{En: "most logins of one client address (a second, minute or hour: 10/s, 600/m), or off", Zh: "单个客户端地址的登录上限（按秒、分或小时：10/s、600/m），off 表示不限"},
		},
		{
			Name: "login_rate", Env: "WXLOGIN_LOGIN_RATE", Flag: "--login-rate", Default: "off", kind: kindRate,
			Help: lang.T{En: "most logins of all clients together, or off", Zh: "全部客户端合计的登录上限，off 表示不限"},
		},
		{
			Name: "tls_cert", Env: "WXLOGIN_TLS_CERT", Flag: "--tls-cert", kind: kindText,
			Help: lang.T{En: "PEM file of the certificate that serve shows; read again when it is renewed", Zh: "serve 出示的证书（PEM 文件），续期后会自动重新读取"},
		},
		{
			Name: "tls_key", Env: "WXLOGIN_TLS_KEY", Flag: "--tls-key", kind: kindText,
			Help: lang.T{En: "PEM file of the certificate's key", Zh: "证书对应的私钥（PEM 文件）"},
		},
		{
			Name: "log_format", Env: "WXLOGIN_LOG_FORMAT", Flag: "--log-format", Default: "text", kind: kindLogFormat,
			Help: lang.T{En: "format of serve's log: text or json", Zh: "serve 的日志格式：text 或 json"},
		},
		{
			Name: "stop_delay", Env: "WXLOGIN_STOP_DELAY", Flag: "--stop-delay", Default: "0s", kind: kindDelay,
			Help: lang.T{En: "how long serve goes on after a stop signal, not ready, so that balancers notice", Zh: "收到停止信号后以“未就绪”状态继续服务的时长，便于负载均衡察觉"},
		},
	}
}

// serving reads the values, which have been checked.
func serving(v *viper.Viper) Serving {
	s := Serving{
		TLSCert: v.GetString("tls_cert"), TLSKey: v.GetString("tls_key"), LogFormat: v.GetString("log_format"), StopDelay: v.GetDuration("stop_delay"),
	}
	s.Trusted, _ = parseNetworks(v.GetString("trusted_proxy"))
	s.ClientRate, _ = server.ParseRate(v.GetString("client_rate"))
	s.LoginRate, _ = server.ParseRate(v.GetString("login_rate"))
	return s
}

// parseNetworks reads a list with commas of networks (10.0.0.0/8) and addresses (127.0.0.1). It returns the first part that is neither.
func parseNetworks(text string) (list []netip.Prefix, wrong string) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			addr, err := netip.ParseAddr(part)
			if err != nil {
				return nil, part
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, ""
}

func checkNetworks(value string) lang.Message {
	if _, wrong := parseNetworks(value); wrong != "" {
		return textBadNetwork.With(wrong)
	}
	return lang.Message{}
}

func checkRate(value string) lang.Message {
	if _, err := server.ParseRate(value); err != nil {
		return textBadRate.With(value)
	}
	return lang.Message{}
}

func checkDelay(value string) lang.Message {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return textBadDuration.With(value)
	case d < 0 || d > maxStopDelay:
		return textBadDelay.With(value, maxStopDelay)
	}
	return lang.Message{}
}

// maxStopDelay is more than any balancer needs; whoever stops a server loses patience before.
const maxStopDelay = 5 * time.Minute

var (
	textBadNetwork = lang.T{En: "%q is neither a network such as 10.0.0.0/8 nor an address", Zh: "%q 既不是 10.0.0.0/8 这样的网段，也不是地址"}
	textBadRate    = lang.T{En: "%q is not a number of requests a second, minute or hour, such as 10/s or 600/m, nor off", Zh: "%q 不是每秒、每分或每小时的请求数（如 10/s、600/m），也不是 off"}
	textBadDelay   = lang.T{En: "the duration %q is not between 0s and %v", Zh: "时长 %q 不在 0s 到 %v 之间"}
)
