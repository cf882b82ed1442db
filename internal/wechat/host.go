package wechat

import (
	"net"
	"slices"
	"strings"
)

// WeComHost is the host of WeCom's server API, which back ends of both worlds call side by side.
const WeComHost = "qyapi.weixin.qq.com"

// hosts are the names of WeChat's server API (its page 接口域名说明): the usual one, the one for disasters, and the entries in Shanghai,
// Shenzhen and Hong Kong; and WeCom's.
var hosts = []string{"api.weixin.qq.com", "api2.weixin.qq.com", "sh.api.weixin.qq.com", "sz.api.weixin.qq.com", "hk.api.weixin.qq.com", WeComHost}

// Hosts returns the names under which WeChat's server API and WeCom's are reached.
func Hosts() []string { return slices.Clone(hosts) }

// HostOf returns which of [Hosts] a host with or without a port is, in whatever spelling: names do not differ by case, nor by a dot
// at their end.
func HostOf(hostport string) (host string, found bool) {
	name := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		name = h
	}
	name = strings.TrimSuffix(name, ".")
	const domain = "qq.com"
	if len(name) < len(domain) || !strings.EqualFold(name[len(name)-len(domain):], domain) {
		return "", false // this is asked on each request
	}
	for _, host := range hosts {
		if strings.EqualFold(host, name) {
			return host, true
		}
	}
	return "", false
}
