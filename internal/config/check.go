package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// check returns what is wrong with a value of the kind, or the zero message. The empty value means unset and is never wrong.
func (k kind) check(value string) lang.Message {
	if value == "" {
		return lang.Message{}
	}
	switch k {
	case kindProfile:
		if !validProfile(value) {
			return textBadProfile.With(value)
		}
	case kindLang:
		return oneOf(value, "zh", "en")
	case kindOutput:
		return oneOf(value, "text", "json", "ndjson")
	case kindDuration:
		return checkDuration(value)
	case kindBase:
		return checkURL(value, true)
	case kindURL:
		return checkURL(value, false)
	case kindStore:
		return checkStore(value)
	case kindAddr:
		return checkAddr(value)
	}
	return lang.Message{}
}

// validProfile wants [a-z0-9_-]+: viper folds case and splits at dots, also inside maps.
func validProfile(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return name != ""
}

func oneOf(value string, allowed ...string) lang.Message {
	if slices.Contains(allowed, value) {
		return lang.Message{}
	}
	return textNotOneOf.With(value, strings.Join(allowed, ", "))
}

func checkDuration(value string) lang.Message {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return textBadDuration.With(value)
	case d <= 0:
		return textNotPositive.With(value)
	}
	return lang.Message{}
}

// checkURL wants scheme://host[:port]. The value is not quoted back: a URL may carry a password.
func checkURL(value string, secure bool) lang.Message {
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return textBadURL.With()
	case u.User != nil:
		return textURLPassword.With()
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return textURLQuery.With()
	case secure && u.Scheme == "http" && !loopback(u.Hostname()):
		return textNotHTTPS.With()
	}
	return lang.Message{}
}

// loopback reports whether host is this machine by its name alone; nothing is resolved.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761, section 6.3
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func checkStore(value string) lang.Message {
	if value == "memory" || strings.HasPrefix(value, "sqlite:") && len(value) > len("sqlite:") {
		return lang.Message{}
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
		return textBadStore.With()
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return textStorePassword.With()
	}
	return lang.Message{}
}

func checkAddr(value string) lang.Message {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return textBadAddr.With(value)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return textBadAddr.With(value)
	}
	return lang.Message{}
}
