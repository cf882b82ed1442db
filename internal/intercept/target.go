package intercept

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A target is where a client wants to go.
type target struct {
	host string // a name without a dot at its end, or an address without brackets, lower case
	port uint16
}

// maxName is in bytes: what a domain name may have (RFC 1035).
const maxName = 253

// parseTarget reads the authority of a CONNECT; the default port is what stands in for one that is missing, 0: it must be there. A user
// name before it is refused, not cut off: it belongs to somebody.
func parseTarget(authority string, defaultPort uint16) (t target, ok bool) {
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		if defaultPort == 0 {
			return target{}, false
		}
		host, port = strings.TrimSuffix(strings.TrimPrefix(authority, "["), "]"), strconv.Itoa(int(defaultPort))
		if strings.Contains(host, ":") && !strings.HasPrefix(authority, "[") {
			return target{}, false
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || port[0] == '+' {
		return target{}, false
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" { // the name of an interface, which means something on one machine alone
			return target{}, false
		}
		return target{addr.String(), uint16(number)}, true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if len(host) > maxName || slices.Contains(strings.Split(host, "."), "") || strings.ContainsFunc(host, func(r rune) bool { return !inName(r) }) {
		return target{}, false
	}
	return target{host, uint16(number)}, true
}

// inName reports whether a rune may stand in a host name. Underscores are in use, other scripts come as xn--.
func inName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_'
}

func (t target) String() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

// loopback reports whether the target is this machine, as far as the name says.
func (t target) loopback() bool {
	if t.host == "localhost" || strings.HasSuffix(t.host, ".localhost") { // RFC 6761
		return true
	}
	addr, err := netip.ParseAddr(t.host)
	return err == nil && addr.Unmap().IsLoopback()
}

// weChats reports whether the target is a host of WeChat's other than those that are intercepted, such as mp.weixin.qq.com: the real
// one, which somebody who tests against a simulation may not expect to reach.
func (t target) weChats() bool {
	_, intercepted := wechat.HostOf(t.host)
	return !intercepted && (t.host == "weixin.qq.com" || strings.HasSuffix(t.host, ".weixin.qq.com"))
}

// targetOf is the target of a request in absolute form.
func targetOf(u *url.URL) (t target, ok bool) {
	port := map[string]uint16{"http": 80, "https": 443}[u.Scheme]
	if port == 0 || u.User != nil {
		return target{}, false
	}
	return parseTarget(u.Host, port)
}

// ours reports whether a target is the very port that the request came in on.
func (p *Proxy) ours(r *http.Request, t target) bool {
	local := localOf(r.Context())
	if !local.IsValid() || t.port != local.Port() {
		return false
	}
	if addr, err := netip.ParseAddr(t.host); err == nil {
		return addr.Unmap() == local.Addr().Unmap()
	}
	if t.host == "localhost" {
		return local.Addr().Unmap().IsLoopback()
	}
	for _, name := range p.o.Names {
		if strings.EqualFold(name, t.host) {
			return true
		}
	}
	return false
}

// localOf is our end of the connection that a request came in on; zero for what is no TCP.
func localOf(ctx context.Context) netip.AddrPort {
	if local, is := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr); is {
		return local.AddrPort()
	}
	return netip.AddrPort{}
}

// fromHere reports whether a request comes from this machine.
func fromHere(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}
