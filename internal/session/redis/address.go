package redis

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// defaultPort is where Redis and Valkey listen unless told otherwise.
const defaultPort = "6379"

// maxDatabase is larger than anybody configures ("databases" is 16 by default); the server refuses what it does not have.
const maxDatabase = 1 << 20

// An Address says where a store is. It has no room for a password: addresses stand in command lines and files.
type Address struct {
	TLS      bool
	Host     string
	Port     string
	User     string // of an ACL; empty for the default user
	Database int
}

// An AddressError says what is wrong with the text of an address, without repeating it: it may carry a password.
type AddressError struct{ Reason lang.Message }

func (e *AddressError) Error() string { return "store address: " + e.Reason.In(lang.English) }

// IsAddress reports whether text means to be an address of Redis.
func IsAddress(text string) bool {
	scheme, _, _ := strings.Cut(text, ":")
	return strings.EqualFold(scheme, "redis") || strings.EqualFold(scheme, "rediss")
}

// ParseAddress reads redis://[USER@]HOST[:PORT][/DATABASE]; with rediss:// the connection is TLS. Errors are an [*AddressError].
func ParseAddress(text string) (Address, error) {
	refuse := func(reason lang.T) (Address, error) { return Address{}, &AddressError{reason.With()} }
	u, err := url.Parse(text)
	if err != nil || !IsAddress(text) || u.Opaque != "" {
		return refuse(textAddress)
	}
	if _, set := u.User.Password(); set {
		return refuse(textPassword)
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return refuse(textQuery)
	}
	a := Address{TLS: u.Scheme == "rediss", Host: u.Hostname(), Port: u.Port(), User: u.User.Username()}
	if a.Host == "" || strings.ContainsFunc(a.Host, func(r rune) bool { return r <= ' ' }) {
		return refuse(textAddress)
	}
	if a.Port == "" {
		a.Port = defaultPort
	}
	if n, err := strconv.ParseUint(a.Port, 10, 16); err != nil || n == 0 {
		return refuse(textAddress)
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		n, err := strconv.Atoi(path)
		if err != nil || n < 0 || n > maxDatabase {
			return refuse(textDatabase)
		}
		a.Database = n
	}
	return a, nil
}

// HostPort is what is dialled.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, a.Port) }

// String writes the address as [ParseAddress] reads it.
func (a Address) String() string {
	u := url.URL{Scheme: "redis", Host: a.HostPort()}
	if a.TLS {
		u.Scheme = "rediss"
	}
	if a.User != "" {
		u.User = url.User(a.User)
	}
	if a.Database != 0 {
		u.Path = "/" + strconv.Itoa(a.Database)
	}
	return u.String()
}

// Exposed reports whether session data and the password would travel a network in the clear.
func (a Address) Exposed() bool {
	if a.TLS || a.Host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(a.Host)
	return err != nil || !ip.Unmap().IsLoopback() && !ip.Unmap().IsPrivate()
}

var (
	textAddress  = lang.T{En: "want redis://[USER@]HOST[:PORT][/DATABASE], or rediss:// for TLS", Zh: "应为 redis://[USER@]HOST[:PORT][/DATABASE]，使用 TLS 时为 rediss://"}
	textPassword = lang.T{En: "a password must not stand in the address, where process lists and shell histories show it: take it out and set WXLOGIN_STORE_PASSWORD", Zh: "地址中不能带密码，进程列表和 shell 历史都会暴露它：请去掉密码，改设 WXLOGIN_STORE_PASSWORD"}
	textQuery    = lang.T{En: "an address of Redis takes no parameters behind ? or #", Zh: "Redis 地址不接受 ? 或 # 之后的参数"}
	textDatabase = lang.T{En: "the part behind the host is the number of a database, such as /0", Zh: "主机之后的部分是数据库编号，例如 /0"}
)
