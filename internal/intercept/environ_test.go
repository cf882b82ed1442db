package intercept_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// userWith is a user who has set some variables.
func userWith(vars map[string]string) intercept.Lookup {
	return func(name string) (string, bool) {
		value, set := vars[name]
		return value, set
	}
}

func simulation(dir string) intercept.Simulation {
	return intercept.Simulation{
		URL: "http://127.0.0.1:8420", AppID: "wx0123456789abcdef", Secret: wechat.NewAppSecret("0123456789abcdef0123456789abcdef"),
		Files: intercept.ClientFiles{
			CA: dir + "/ca.pem", Bundle: dir + "/bundle.pem", Extra: dir + "/extra.pem", TrustStore: dir + "/truststore.p12",
			NodePreload: dir + "/node.cjs", PHPDir: dir, Wgetrc: dir + "/wgetrc",
		},
	}
}

func asMap(vars []intercept.Variable) map[string]string {
	out := make(map[string]string, len(vars))
	for _, v := range vars {
		out[v.Name] = v.Value
	}
	return out
}

// TestEnvironment is the whole of it, for a user who has set nothing.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	const proxy, exceptions = "http://127.0.0.1:8420", "localhost,127.0.0.1,::1"
	want := []intercept.Variable{
		{"WXLOGIN_URL", "http://127.0.0.1:8420"},
		{"WXLOGIN_API_BASE", "http://127.0.0.1:8420"},
		{"WXLOGIN_APPID", "wx0123456789abcdef"},
		{"WXLOGIN_SECRET", "0123456789abcdef0123456789abcdef"},
		{"HTTPS_PROXY", proxy},
		{"HTTP_PROXY", proxy},
		{"NO_PROXY", exceptions},
		{"https_proxy", proxy},
		{"http_proxy", proxy},
		{"no_proxy", exceptions},
		{"SSL_CERT_FILE", "/d/bundle.pem"},
		{"CURL_CA_BUNDLE", "/d/bundle.pem"},
		{"REQUESTS_CA_BUNDLE", "/d/bundle.pem"},
		{"GIT_SSL_CAINFO", "/d/bundle.pem"},
		{"NODE_EXTRA_CA_CERTS", "/d/extra.pem"},
		{"DENO_CERT", "/d/extra.pem"},
		{"NODE_USE_ENV_PROXY", "1"},
		{"NODE_OPTIONS", "--require /d/node.cjs"},
		{"JAVA_TOOL_OPTIONS", "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8420 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8420 " +
			"-Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore=/d/truststore.p12 " +
			"-Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12"},
		{"PHP_INI_SCAN_DIR", ":/d"},
		{"SYSTEM_WGETRC", "/d/wgetrc"},
	}
	if diff := cmp.Diff(want, intercept.Environment(simulation("/d"), userWith(nil), "linux")); diff != "" {
		t.Error(diff)
	}
}

// TestEnvironmentOf changes one thing at a time. Empty means: not set.
func TestEnvironmentOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		dir  string
		user map[string]string
		goos string
		want map[string]string
	}{
		{name: "the user's exceptions are kept, from both spellings", user: map[string]string{"NO_PROXY": "db.local, .corp.example 10.0.0.0/8", "no_proxy": "db.local,localhost,[fd00::1]:99"}, want: map[string]string{
			"NO_PROXY": "localhost,127.0.0.1,::1,db.local,.corp.example,10.0.0.0/8,[fd00::1]:99", "no_proxy": "localhost,127.0.0.1,::1,db.local,.corp.example,10.0.0.0/8,[fd00::1]:99",
		}},
		{name: "exceptions that lead past us are not", user: map[string]string{"NO_PROXY": "*,qq.com,.QQ.com,*.weixin.qq.com,api.weixin.qq.com:443,hk.api.weixin.qq.com,com,notqq.com,weixin.qq.com.example,mp.weixin.qq.com"}, want: map[string]string{
			"NO_PROXY": "localhost,127.0.0.1,::1,notqq.com,weixin.qq.com.example,mp.weixin.qq.com",
		}},
		{name: "exceptions in Java's words", user: map[string]string{"NO_PROXY": "db.local,.corp.example,10.0.0.0/8,cache:6379,192.168.0.7"}, want: map[string]string{
			"JAVA_TOOL_OPTIONS": "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8420 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8420 " +
				"-Dhttp.nonProxyHosts=localhost|127.*|[::1]|db.local|*.db.local|*.corp.example|192.168.0.7|*.192.168.0.7 -Djavax.net.ssl.trustStore=/d/truststore.p12 " +
				"-Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12",
		}},
		{name: "options are extended", user: map[string]string{"NODE_OPTIONS": "--max-old-space-size=4096", "JAVA_TOOL_OPTIONS": "-Xmx1g"}, want: map[string]string{
			"NODE_OPTIONS": "--max-old-space-size=4096 --require /d/node.cjs",
			"JAVA_TOOL_OPTIONS": "-Xmx1g -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8420 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8420 " +
				"-Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore=/d/truststore.p12 " +
				"-Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12",
		}},
		{name: "PHP's directories are extended", user: map[string]string{"PHP_INI_SCAN_DIR": "/etc/a:/etc/b"}, want: map[string]string{"PHP_INI_SCAN_DIR": "/etc/a:/etc/b:/d"}},
		{name: "PHP reads none, by the user's wish", user: map[string]string{"PHP_INI_SCAN_DIR": ""}, want: map[string]string{"PHP_INI_SCAN_DIR": "/d"}},
		{name: "PHP cannot name the directory", dir: "/a:b", want: map[string]string{"PHP_INI_SCAN_DIR": ""}},
		{name: "a blank", dir: "/a b", want: map[string]string{
			"NODE_OPTIONS":     `--require "/a b/node.cjs"`,
			"PHP_INI_SCAN_DIR": ":/a b",
			"JAVA_TOOL_OPTIONS": "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8420 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8420 " +
				`-Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore="/a b/truststore.p12" ` +
				"-Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12",
		}},
		{name: "variables that would be asked first are set where the user has", user: map[string]string{"NIX_SSL_CERT_FILE": "/n", "HTTPLIB2_CA_CERTS": "/h"}, want: map[string]string{
			"NIX_SSL_CERT_FILE": "/d/bundle.pem", "HTTPLIB2_CA_CERTS": "/d/bundle.pem",
		}},
		{name: "what the user has of the others gives way", user: map[string]string{"HTTPS_PROXY": "http://corp:3128", "SSL_CERT_FILE": "/s", "WXLOGIN_SECRET": "x"}, want: map[string]string{
			"HTTPS_PROXY": "http://127.0.0.1:8420", "SSL_CERT_FILE": "/d/bundle.pem", "WXLOGIN_SECRET": "0123456789abcdef0123456789abcdef",
		}},
		{name: "names are one on Windows", goos: "windows", dir: `C:\Temp\wx`, want: map[string]string{
			"HTTPS_PROXY": "http://127.0.0.1:8420", "https_proxy": "", "no_proxy": "",
			"NODE_OPTIONS": `--require "C:\\Temp\\wx/node.cjs"`, "PHP_INI_SCAN_DIR": `;C:\Temp\wx`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.dir == "" {
				test.dir = "/d"
			}
			if test.goos == "" {
				test.goos = "linux"
			}
			vars := intercept.Environment(simulation(test.dir), userWith(test.user), test.goos)
			got := asMap(vars)
			if len(got) != len(vars) {
				t.Error("a variable is set twice")
			}
			for name, want := range test.want {
				if got[name] != want {
					t.Errorf("%s is\n%q, want\n%q", name, got[name], want)
				}
			}
		})
	}
}

// TestEnvironmentKeepsBack: what is not given is not said.
func TestEnvironmentKeepsBack(t *testing.T) {
	t.Parallel()
	s := simulation("/d")
	s.Secret = wechat.AppSecret{}
	vars := asMap(intercept.Environment(s, userWith(map[string]string{"WXLOGIN_SECRET": "real"}), "linux"))
	if _, said := vars["WXLOGIN_SECRET"]; said {
		t.Error("a secret was said that is not ours")
	}
	s.Files = intercept.ClientFiles{}
	want := []intercept.Variable{{"WXLOGIN_URL", s.URL}, {"WXLOGIN_API_BASE", s.URL}, {"WXLOGIN_APPID", string(s.AppID)}}
	if diff := cmp.Diff(want, intercept.Environment(s, userWith(nil), "linux")); diff != "" {
		t.Error(diff)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	environment := []string{"PATH=/bin", "A=1", "EMPTY=", "WXLOGIN_SECRET_FILE=/f", "WXLOGIN_SECRET=real", "A=2", "AB=3"}
	for _, test := range []struct {
		vars []intercept.Variable
		want []string
	}{
		{nil, environment},
		{[]intercept.Variable{{"A", "x=y"}}, []string{"PATH=/bin", "EMPTY=", "WXLOGIN_SECRET_FILE=/f", "WXLOGIN_SECRET=real", "AB=3", "A=x=y"}},
		{[]intercept.Variable{{"WXLOGIN_SECRET", "demo"}}, []string{"PATH=/bin", "A=1", "EMPTY=", "A=2", "AB=3", "WXLOGIN_SECRET=demo"}},
	} {
		if diff := cmp.Diff(test.want, intercept.Merge(environment, test.vars)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMarshalVariables(t *testing.T) {
	t.Parallel()
	got, err := intercept.MarshalVariables([]intercept.Variable{{"B", `"<\`}, {"A", ""}})
	if want := `{"B":"\"\u003c\\","A":""}`; err != nil || string(got) != want || !json.Valid(got) {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// oddNames are directories that a user may have temporary files in.
var oddNames = []string{"plain", "with blank", `quote"`, "apostrophe's", `back\slash`, `all' "of\ them`, "微信"}

// TestQuotingForNode asks Node what it makes of NODE_OPTIONS.
func TestQuotingForNode(t *testing.T) {
	t.Parallel()
	need(t, "node")
	for _, name := range oddNames {
		dir := filepath.Join(t.TempDir(), name)
		s := simulation(dir)
		write(t, s.Files.NodePreload, `globalThis.loaded = __filename`)
		got := runWith(t, s, "node", "-e", "process.stdout.write(loaded)")
		if !strings.HasSuffix(got, s.Files.NodePreload) { // after a warning: there are no certificates
			t.Errorf("%s: node loaded %q", name, got)
		}
	}
}

// TestQuotingForJava asks Java what it makes of JAVA_TOOL_OPTIONS.
func TestQuotingForJava(t *testing.T) {
	t.Parallel()
	need(t, "java")
	for _, name := range oddNames {
		s := simulation(filepath.Join(t.TempDir(), name))
		got := runWith(t, s, "java", "-XX:TieredStopAtLevel=1", "-XshowSettings:properties", "-version")
		if name == "微信" { // printed in whatever encoding the locale has
			continue
		}
		if want := "javax.net.ssl.trustStore = " + s.Files.TrustStore + "\n"; !strings.Contains(got, want) {
			t.Errorf("%s: java does not say %q:\n%s", name, want, got)
		}
	}
}

// runWith runs a program in the environment of a simulation and returns all that it says.
func runWith(t *testing.T, s intercept.Simulation, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = intercept.Merge(os.Environ(), intercept.Environment(s, userWith(nil), "linux"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// need skips a test for want of a program, or fails it where nothing may be skipped.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("WXLOGIN_REQUIRE") == "all" {
		t.Fatalf("%s is not installed, and WXLOGIN_REQUIRE=all demands it", program)
	}
	t.Skipf("%s is not installed", program)
}
