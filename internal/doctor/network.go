package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// backupHosts are WeChat's other names for the API, which its documentation names for when the first does not answer.
func backupHosts() []string {
	return slices.DeleteFunc(wechat.Hosts(), func(host string) bool { return host == hostOf(wechat.APIBase) || host == wechat.WeComHost })
}

// reach is what came of asking a host for its front page.
type reach struct {
	addresses []string // that its name stands for; empty where a proxy looks it up
	proxy     string   // "" for none
	tls       string   // "TLS 1.3"; "" for plain HTTP
	took      time.Duration
	date      time.Time
	err       error
}

// network looks up, connects to and shakes hands with the API host, and with WeChat's other hosts if it is WeChat's.
func (x *examination) network(ctx context.Context) {
	base := x.Config.APIBase
	if x.Offline {
		x.skip(AreaNetwork, "api", textOffline)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, x.Config.Timeout)
	defer cancel()
	bases := []string{base}
	if base == wechat.APIBase {
		for _, host := range backupHosts() {
			bases = append(bases, "https://"+host)
		}
	}
	results := make([]reach, len(bases))
	var group sync.WaitGroup
	for i, b := range bases {
		group.Go(func() { results[i] = x.ask(ctx, b) })
	}
	group.Wait()
	x.reportProxy(base, results[0])
	x.reportHost("api", base, results[0], Fail)
	x.reportBackups(bases[1:], results[1:])
	x.date, x.seen = results[0].date, x.Now()
}

// ask fetches the front page of a host, with nothing of ours in it. Whatever comes back is good enough: it shows the way.
func (x *examination) ask(ctx context.Context, base string) reach {
	var r reach
	var mu sync.Mutex // the hooks may come from another goroutine
	trace := &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			mu.Lock()
			defer mu.Unlock()
			for _, a := range info.Addrs {
				r.addresses = append(r.addresses, a.String())
			}
		},
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: x.Dial, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x.Roots},
	}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, base+"/", http.NoBody)
	if err != nil {
		return reach{err: err}
	}
	if proxy, err := http.ProxyFromEnvironment(request); err == nil && proxy != nil {
		r.proxy = proxy.Scheme + "://" + proxy.Host // without a password
	}
	start := time.Now()
	response, err := transport.RoundTrip(request) // no redirect is followed
	mu.Lock()
	defer mu.Unlock()
	r.took = time.Since(start)
	if err != nil {
		r.err = err
		return r
	}
	_ = response.Body.Close()
	if response.TLS != nil {
		r.tls = tls.VersionName(response.TLS.Version)
	}
	r.date, _ = http.ParseTime(response.Header.Get("Date"))
	return r
}

func (x *examination) reportProxy(base string, r reach) {
	switch {
	case r.proxy != "":
		x.ok(AreaNetwork, "proxy", textProxy, hostOf(base), redact.Clean(r.proxy))
	case isLoopback(hostOf(base)):
	default:
		x.ok(AreaNetwork, "proxy", textNoProxy)
	}
}

// reportBackups says what goes for all of them in one line.
func (x *examination) reportBackups(bases []string, results []reach) {
	reached := 0
	var hosts []string
	for i, r := range results {
		hosts = append(hosts, hostOf(bases[i]))
		if r.err == nil {
			reached++
		}
	}
	switch {
	case len(results) == 0:
	case reached == len(results):
		x.ok(AreaNetwork, "backup", textBackups, strings.Join(hosts, ", "))
	case reached == 0:
		x.add(AreaNetwork, "backup", Warn, textNoBackups.With(strings.Join(hosts, ", ")), lang.Message{})
	default:
		for i, r := range results {
			x.reportHost("backup", bases[i], r, Warn)
		}
	}
}

func (x *examination) reportHost(name, base string, r reach, level Level) {
	host := hostOf(base)
	if r.err == nil {
		if r.tls == "" {
			x.ok(AreaNetwork, name, textPlainHost, host, round(r.took))
			return
		}
		x.ok(AreaNetwork, name, textHost, host, addressText(r), r.tls, round(r.took))
		return
	}
	message, fix := explainNetwork(r.err, host)
	if level != Fail { // another host will do
		fix = lang.T{}
	}
	x.add(AreaNetwork, name, level, message, fix.With())
}

func addressText(r reach) lang.T {
	if len(r.addresses) == 0 {
		return lang.T{En: "behind the proxy", Zh: "经由代理"}
	}
	text := r.addresses[0]
	if more := len(r.addresses) - 1; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return lang.T{En: text, Zh: text}
}

// explainNetwork says what is between us and a host.
func explainNetwork(err error, host string) (message lang.Message, fix lang.T) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return textNoDNS.With(dns.Name, wxapi.CauseSaying(dns, redact.Shorten(dns.Err, 80))), textFixDNS
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return textNoCA.With(host), textFixCA
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return textBadTLS.With(host, wxapi.Cause(bare(err))), textFixTLS
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return textSlow.With(host), textFixSlow
	}
	return textNoWay.With(host, wxapi.Cause(bare(err))), textFixDNS
}

// bare takes the URL off an error, which has nothing of ours in it but says nothing either.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err
}

func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}

func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

var (
	textOffline   = lang.T{En: "no host was asked: --offline", Zh: "未访问任何主机：--offline"}
	textBackups   = lang.T{En: "WeChat's other hosts answer as well (%s)", Zh: "微信的备用域名也有响应（%s）"}
	textNoBackups = lang.T{En: "WeChat's other hosts cannot be reached (%s)", Zh: "无法连接微信的备用域名（%s）"}
	textProxy     = lang.T{En: "calls to %s go through the proxy %s", Zh: "对 %s 的调用经由代理 %s"}
	textNoProxy   = lang.T{En: "no proxy is set (HTTPS_PROXY)", Zh: "没有设置代理（HTTPS_PROXY）"}
	textHost      = lang.T{En: "%s answers (%v, %s, %v)", Zh: "%s 有响应（%v，%s，%v）"}
	textPlainHost = lang.T{En: "%s answers (plain HTTP on this machine, %v)", Zh: "%s 有响应（本机 HTTP，%v）"}
	textNoDNS     = lang.T{En: "the name %s cannot be looked up: %s", Zh: "无法解析域名 %s：%s"}
	textNoCA      = lang.T{En: "the certificate of %s is of an authority that is not trusted here", Zh: "%s 的证书由本机不信任的机构签发"}
	textBadTLS    = lang.T{En: "the certificate of %s does not verify: %s", Zh: "%s 的证书验证失败：%s"}
	textSlow      = lang.T{En: "%s did not answer in time", Zh: "%s 未在时限内响应"}
	textNoWay     = lang.T{En: "%s cannot be reached: %s", Zh: "无法连接 %s：%s"}
	textFixDNS    = lang.T{En: "check the network and its DNS; in a container, its resolver; if WeChat's first host alone fails: --api-base https://api2.weixin.qq.com", Zh: "检查网络与 DNS（容器中检查其解析配置）；若只有微信主域名不可用：--api-base https://api2.weixin.qq.com"}
	textFixCA     = lang.T{En: "install the CA bundle (Debian and Alpine: ca-certificates); behind a proxy that opens TLS, its CA: SSL_CERT_FILE", Zh: "安装 CA 证书包（Debian、Alpine：ca-certificates）；若代理会解密 TLS，用 SSL_CERT_FILE 指定其 CA"}
	textFixTLS    = lang.T{En: "check this machine's clock, and who answers in WeChat's place (a proxy, a portal)", Zh: "检查本机时钟，以及是否有代理或认证门户冒充微信"}
	textFixSlow   = lang.T{En: "try again, raise --timeout, or check the firewall", Zh: "重试、加大 --timeout，或检查防火墙"}
)
