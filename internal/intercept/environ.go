package intercept

import (
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Variable of an environment.
type Variable struct{ Name, Value string }

// Lookup finds a variable, as [os.LookupEnv] does.
type Lookup func(name string) (value string, set bool)

// A Simulation is what programs are told about one that runs.
type Simulation struct {
	URL    string // http://host:port, of the server and of the proxy
	AppID  wechat.AppID
	Secret wechat.AppSecret // zero: not ours to hand on
	Files  ClientFiles      // zero: only programs are reached whose API address can be set
}

// Environment returns the variables that lead programs to a simulation, in the order of [Variables]. What the user has set is extended
// where it says more than one thing: options of a runtime, exceptions from the proxy. It is a function of its arguments alone; goos is as
// [runtime.GOOS].
func Environment(s Simulation, user Lookup, goos string) []Variable {
	vars := []Variable{{"WXLOGIN_URL", s.URL}, {"WXLOGIN_API_BASE", s.URL}, {"WXLOGIN_APPID", string(s.AppID)}}
	if !s.Secret.IsZero() {
		vars = append(vars, Variable{"WXLOGIN_SECRET", s.Secret.Reveal()}) // public, or good for nothing elsewhere
	}
	if s.Files == (ClientFiles{}) {
		return vars
	}
	e := environ{s, user, goos}
	vars = append(vars, e.proxy()...)
	vars = append(vars, e.certificates()...)
	vars = append(vars, e.node()...)
	vars = append(vars, Variable{"JAVA_TOOL_OPTIONS", e.java()})
	if value, fits := e.php(); fits {
		vars = append(vars, Variable{"PHP_INI_SCAN_DIR", value})
	}
	return append(vars, Variable{"SYSTEM_WGETRC", s.Files.Wgetrc})
}

type environ struct {
	Simulation
	user Lookup
	goos string
}

// get is a variable of the user's; unset is empty.
func (e *environ) get(name string) string {
	value, _ := e.user(name)
	return value
}

// proxy are the variables that name the proxy. Most programs read the lower case, some the upper; on Windows they are one.
func (e *environ) proxy() []Variable {
	vars := []Variable{{"HTTPS_PROXY", e.URL}, {"HTTP_PROXY", e.URL}, {"NO_PROXY", strings.Join(e.exceptions(), ",")}}
	if e.goos == "windows" {
		return vars
	}
	for _, v := range slices.Clone(vars) {
		vars = append(vars, Variable{strings.ToLower(v.Name), v.Value})
	}
	return vars
}

// exceptions are the hosts that are reached without the proxy: this machine, and what the user excepts, but for WeChat's hosts.
func (e *environ) exceptions() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		for _, host := range strings.FieldsFunc(e.get(name), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
			if !exceptsWeChat(host) && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// exceptsWeChat reports whether an exception would lead past us: "*", "qq.com", ".weixin.qq.com", "api.weixin.qq.com:443".
func exceptsWeChat(exception string) bool {
	name := exception
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimLeft(name, "*."))
	return name == "" || slices.ContainsFunc(Hosts(), func(host string) bool {
		return host == name || strings.HasSuffix(host, "."+name)
	})
}

// certificates are the variables that name what to trust. Those that only some programs read beside SSL_CERT_FILE are set where the
// user has set them: they would be asked first.
func (e *environ) certificates() []Variable {
	var vars []Variable
	for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"} {
		vars = append(vars, Variable{name, e.Files.Bundle})
	}
	for _, name := range []string{"NIX_SSL_CERT_FILE", "HTTPLIB2_CA_CERTS"} {
		if e.get(name) != "" {
			vars = append(vars, Variable{name, e.Files.Bundle})
		}
	}
	return append(vars, Variable{"NODE_EXTRA_CA_CERTS", e.Files.Extra}, Variable{"DENO_CERT", e.Files.Extra})
}

// node lets Node's own clients use the proxy where they can, and loads what leads them to us where they cannot.
func (e *environ) node() []Variable {
	return []Variable{
		{"NODE_USE_ENV_PROXY", "1"},
		{"NODE_OPTIONS", extend(e.get("NODE_OPTIONS"), "--require "+quoteNode(e.Files.NodePreload))},
	}
}

// quoteNode quotes a path as Node reads NODE_OPTIONS: blanks separate unless they stand between double quotes, inside which a backslash
// takes away the meaning of what follows.
func quoteNode(path string) string {
	if !strings.ContainsAny(path, " \"\\") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// java names the proxy and the trust store. The port stands alone: Java has no single property for both.
func (e *environ) java() string {
	host, port := e.address()
	return extend(e.get("JAVA_TOOL_OPTIONS"), strings.Join([]string{
		"-Dhttps.proxyHost=" + host, "-Dhttps.proxyPort=" + port,
		"-Dhttp.proxyHost=" + host, "-Dhttp.proxyPort=" + port,
		"-Dhttp.nonProxyHosts=" + quoteJava(e.nonProxyHosts()),
		"-Djavax.net.ssl.trustStore=" + quoteJava(e.Files.TrustStore),
		"-Djavax.net.ssl.trustStorePassword=" + TrustStorePassword, "-Djavax.net.ssl.trustStoreType=PKCS12",
	}, " "))
}

// nonProxyHosts are the exceptions as Java writes them: patterns with a star at one end, separated by bars.
func (e *environ) nonProxyHosts() string {
	patterns := []string{"localhost", "127.*", "[::1]"}
	for _, host := range e.exceptions() {
		switch name := strings.TrimLeft(host, "*."); {
		case strings.ContainsAny(name, ":/|"): // a port or a network, which Java cannot say; the proxy passes such hosts on
		case name != host:
			patterns = append(patterns, "*."+name)
		case !slices.Contains(patterns, name) && name != "127.0.0.1":
			patterns = append(patterns, name, "*."+name)
		}
	}
	return strings.Join(patterns, "|")
}

// quoteJava quotes a value as the Java virtual machine reads JAVA_TOOL_OPTIONS: between quotes of either kind everything is meant as it is.
func quoteJava(value string) string {
	switch {
	case !strings.ContainsAny(value, " \t\"'"):
		return value
	case !strings.Contains(value, `"`):
		return `"` + value + `"`
	}
	return `'` + strings.ReplaceAll(value, `'`, `'"'"'`) + `'`
}

// php has the user's directories of ini files read, and then ours. An empty one stands for the one that PHP was built with, which is
// what is read when nothing is set. A directory whose name holds the separator cannot be named.
func (e *environ) php() (value string, fits bool) {
	separator := ":"
	if e.goos == "windows" {
		separator = ";"
	}
	if strings.Contains(e.Files.PHPDir, separator) {
		return "", false
	}
	dirs, set := e.user("PHP_INI_SCAN_DIR")
	if set && dirs == "" { // PHP reads none then
		return e.Files.PHPDir, true
	}
	return dirs + separator + e.Files.PHPDir, true
}

// address is that of the proxy, in two parts and without brackets.
func (e *environ) address() (host, port string) {
	parsed, err := url.Parse(e.URL)
	if err != nil {
		panic("intercept: internal error: the address of a simulation is no URL")
	}
	return parsed.Hostname(), parsed.Port()
}

// extend appends to what the user has.
func extend(user, ours string) string {
	if user == "" {
		return ours
	}
	return user + " " + ours
}

// Merge returns an environment with some variables set, and without those that would contradict them: the file of a secret is stronger
// than the secret.
func Merge(environment []string, vars []Variable) []string {
	named := func(assignment, name string) bool {
		got, _, _ := strings.Cut(assignment, "=")
		return got == name
	}
	merged := slices.DeleteFunc(slices.Clone(environment), func(assignment string) bool {
		return slices.ContainsFunc(vars, func(v Variable) bool {
			return named(assignment, v.Name) || v.Name == "WXLOGIN_SECRET" && named(assignment, "WXLOGIN_SECRET_FILE")
		})
	})
	for _, v := range vars {
		merged = append(merged, v.Name+"="+v.Value)
	}
	return merged
}

// MarshalVariables encodes variables as one JSON object, in their order.
func MarshalVariables(vars []Variable) (json.RawMessage, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range vars {
		name, err := json.Marshal(v.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(v.Value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(append(append(name, ':'), value...))
	}
	b.WriteByte('}')
	return json.RawMessage(b.String()), nil
}
