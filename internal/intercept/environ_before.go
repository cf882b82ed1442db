package intercept

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// In a shell that took the variables of `wxlogin mock env`, these say what stood there before: the names of all that were set, and by
// their own names what some of them had been. So a second simulation, perhaps after the end of the first, starts from what the user had,
// and everything can be taken back.
const (
	SetVariable = "WXLOGIN_SET"
	WasPrefix   = "WXLOGIN_WAS_"
)

// Before returns what a user has set beside what we did: in the environment of a shell that took our variables, what stood there before.
func Before(environment Lookup) Lookup {
	list, _ := environment(SetVariable)
	ours := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		ours[name] = true
	}
	return func(name string) (string, bool) {
		if ours[name] {
			return environment(WasPrefix + name)
		}
		return environment(name)
	}
}

// Upstream returns through which proxy of the user's a request goes that is for another host, as [http.Transport] has it: by HTTPS_PROXY,
// HTTP_PROXY and NO_PROXY in either spelling, and by ALL_PROXY where one of them is not set.
func Upstream(environment Lookup) func(*http.Request) (*url.URL, error) {
	before := Before(environment)
	get := func(name string) string {
		lower, _ := before(strings.ToLower(name)) // curl and Go ask for it first
		upper, _ := before(name)
		return cmp.Or(lower, upper)
	}
	all := get("ALL_PROXY")
	config := httpproxy.Config{HTTPProxy: cmp.Or(get("HTTP_PROXY"), all), HTTPSProxy: cmp.Or(get("HTTPS_PROXY"), all), NoProxy: get("NO_PROXY")}
	choose := config.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}
