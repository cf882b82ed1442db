package intercept_test

import (
	"net/http"
	"testing"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

func TestBefore(t *testing.T) {
	t.Parallel()
	before := intercept.Before(userWith(map[string]string{
		"WXLOGIN_SET": "HTTPS_PROXY NODE_OPTIONS", "HTTPS_PROXY": "http://127.0.0.1:8420", "NODE_OPTIONS": "ours",
		"WXLOGIN_WAS_HTTPS_PROXY": "http://corp:3128", "NO_PROXY": "db.local", "WXLOGIN_WAS_NO_PROXY": "not ours",
	}))
	for name, want := range map[string]string{"HTTPS_PROXY": "http://corp:3128", "NO_PROXY": "db.local", "NODE_OPTIONS": "", "ELSE": ""} {
		got, set := before(name)
		if got != want || set != (want != "") {
			t.Errorf("%s was %q, %v; want %q", name, got, set, want)
		}
	}
}

func TestUpstreamOfUser(t *testing.T) {
	t.Parallel()
	const corp, socks, mock = "http://corp.example:3128", "socks5://127.0.0.1:7890", "http://127.0.0.1:8420"
	for _, test := range []struct {
		name   string
		env    map[string]string
		target string
		want   string
	}{
		{"none", nil, "https://other.example/", ""},
		{"https", map[string]string{"HTTPS_PROXY": corp, "HTTP_PROXY": "http://no"}, "https://other.example/", corp},
		{"http", map[string]string{"https_proxy": "http://no", "http_proxy": corp}, "http://other.example/", corp},
		{"lower case first", map[string]string{"HTTPS_PROXY": "http://no", "https_proxy": corp}, "https://other.example/", corp},
		{"an exception", map[string]string{"HTTPS_PROXY": corp, "no_proxy": ".example"}, "https://other.example/", ""},
		{"all", map[string]string{"all_proxy": socks}, "https://other.example/", socks},
		{"all but", map[string]string{"ALL_PROXY": socks, "HTTPS_PROXY": corp}, "https://other.example/", corp},
		{"this machine", map[string]string{"HTTP_PROXY": corp}, "http://127.0.0.1:99/", ""},
		{"another simulation took its place", map[string]string{"WXLOGIN_SET": "HTTPS_PROXY https_proxy", "HTTPS_PROXY": mock, "https_proxy": mock, "WXLOGIN_WAS_HTTPS_PROXY": corp}, "https://other.example/", corp},
		{"another simulation where nothing was", map[string]string{"WXLOGIN_SET": "HTTPS_PROXY https_proxy", "HTTPS_PROXY": mock, "https_proxy": mock}, "https://other.example/", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequest(http.MethodGet, test.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := intercept.Upstream(userWith(test.env))(request)
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			if got != nil {
				said = got.String()
			}
			if said != test.want {
				t.Errorf("through %q, want %q", said, test.want)
			}
		})
	}
}
