package wxapi

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A BaseError says why an address cannot be that of the API.
type BaseError struct {
	Base   redact.Untrusted // as given; empty when it holds a password or cannot be read
	Reason string           // completes the sentence "API address …"
}

func (e *BaseError) Error() string {
	if e.Base == "" {
		return "API address " + e.Reason
	}
	return `API address "` + redact.Shorten(string(e.Base), 200) + `" ` + e.Reason
}

// parseBase checks the address of the API and takes off a trailing slash.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil { // the error would quote the text, which may hold a password
		return nil, &BaseError{Reason: "is not a URL"}
	}
	refuse := func(reason string) (*url.URL, error) {
		return nil, &BaseError{Base: redact.Untrusted(text), Reason: reason}
	}
	switch {
	case u.User != nil:
		return nil, &BaseError{Reason: "must not hold a user name or password"}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, &BaseError{Reason: "must not have a query or fragment"}
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("must start with https://")
	case u.Hostname() == "":
		return refuse("names no host")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return refuse("must be https: plain http would show the AppSecret to the network (it is allowed on loopback addresses only)")
	case !isASCII(u.Hostname()):
		return refuse("must give its host in ASCII (xn--…)")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// originOf returns scheme://host[:port] in one spelling: lower case, no default port, no dot at the end, IPv6 as netip prints it.
func originOf(u *url.URL) wechat.Origin {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return wechat.Origin(u.Scheme + "://" + host)
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// isLoopback reports whether host is localhost or a literal loopback address; other names could resolve to anything.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
