package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxShown is how many characters of a value that should be a name or an appid are repeated to the reader.
const maxShown = 40

// check returns what is wrong with a value of the kind, or the zero message. The empty value means unset and is never wrong.
func (k kind) check(value string) lang.Message {
	if value == "" {
		return lang.Message{}
	}
	switch k {
	case kindProfile:
		if !validProfile(value) {
			return textBadProfile.With(wechat.Shown(value, maxShown))
		}
	case kindLang:
		return oneOf(value, "zh", "en")
	case kindOutput:
		return oneOf(value, "text", "json", "ndjson")
	case kindDuration:
		return checkDuration(value)
	case kindLife:
		return checkLife(value)
	case kindPolicy:
		return oneOf(value, string(login.Multi), string(login.Single))
	case kindBase:
		return checkURL(value, true)
	case kindURL:
		return checkURL(value, false)
	case kindStore:
		return checkStore(value)
	case kindNetworks:
		return checkNetworks(value)
	case kindRate:
		return checkRate(value)
	case kindLogFormat:
		return oneOf(value, "text", "json")
	case kindDelay:
		return checkDelay(value)
	case kindAddr:
		return checkAddr(value)
	}
	return lang.Message{}
}

// checkAppID names what people paste in place of an appid (docs/diagnoses.md). Only [Set] and [Config.Validate] ask: [Load] lets
// any appid pass, for a run that does not need one.
func checkAppID(appid string) lang.Message {
	shown := wechat.Shown(appid, maxShown)
	switch {
	case wechat.AppID(appid).Check() == nil:
		return lang.Message{}
	case strings.TrimSpace(appid) != appid:
		return textAppIDBlank.With(shown)
	case appid == "touristappid":
		return textAppIDTourist.With(shown)
	case strings.HasPrefix(appid, "gh_"):
		return textAppIDOriginal.With(shown)
	case strings.HasPrefix(appid, "ww"):
		return textAppIDWeCom.With(shown)
	case strings.HasPrefix(appid, "wx") && len(appid) < 18:
		return textAppIDShort.With(shown, len(appid))
	case strings.HasPrefix(appid, "wx") && len(appid) > 18:
		return textAppIDLong.With(shown, len(appid))
	case wechat.AppID(strings.ToLower(appid)).Check() == nil:
		return textAppIDCase.With(shown)
	}
	return textAppIDShape.With(shown)
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

func checkLife(value string) lang.Message {
	if wrong := checkDuration(value); !wrong.IsZero() {
		return wrong
	}
	if d, _ := time.ParseDuration(value); d < time.Second || d > token.MaxLife { // tokens count in seconds
		return textBadLife.With(value, int(token.MaxLife/(24*time.Hour)))
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
	if redis.IsAddress(value) {
		_, err := redis.ParseAddress(value)
		if e, ok := errors.AsType[*redis.AddressError](err); ok {
			return e.Reason
		}
		return lang.Message{}
	}
	return textBadStore.With() // not quoted: an address of a database may carry a password
}

// loopbackURL reports whether an address that passed [checkURL] can only mean this machine. A name below .localhost does not
// count here: not every resolver keeps it from the network.
func loopbackURL(value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.Unmap().IsLoopback()
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
