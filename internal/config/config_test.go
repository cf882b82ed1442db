package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

const (
	appID   = "wx0123456789abcdef"
	secretA = "0123456789abcdef0123456789abcdef"
	secretB = "fedcba9876543210fedcba9876543210"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a home directory with a project beside it.
type place struct {
	t       testing.TB
	home    string
	project string
	vars    map[string]string
	flags   map[string]string
}

func newPlace(t testing.TB) *place {
	t.Helper()
	dir := t.TempDir()
	p := &place{t, filepath.Join(dir, "home"), filepath.Join(dir, "project"), map[string]string{}, map[string]string{}}
	for _, d := range []string{p.project, filepath.Dir(p.userFile())} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *place) userFile() string    { return filepath.Join(p.home, ".config", "wxlogin", "config.yaml") }
func (p *place) projectFile() string { return filepath.Join(p.project, "wxlogin.yaml") }

func (p *place) user(text string) *place   { writeFile(p.t, p.userFile(), text); return p }
func (p *place) repo(text string) *place   { writeFile(p.t, p.projectFile(), text); return p }
func (p *place) env(k, v string) *place    { p.vars[k] = v; return p }
func (p *place) flag(key, v string) *place { p.flags[key] = v; return p }
func (p *place) options() config.Options {
	return config.Options{
		Env:  func(name string) (string, bool) { v, ok := p.vars[name]; return v, ok },
		GOOS: "linux", Home: p.home, Dir: p.project, Flags: p.flags,
	}
}

func (p *place) load() *config.Config {
	p.t.Helper()
	c, err := config.Load(p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func value(t *testing.T, c *config.Config, key string) (string, string) {
	t.Helper()
	e, err := c.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	return e.Value, e.Origin.String()
}

// TestPrecedence tries each subset of the sources for a key of each kind. The order is that of the specification: flag, variable,
// project's file, profile, user's file, default.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, env, flag string
		sources        string    // f flag, e variable, p project, s profile, u user, in order of strength
		values         [5]string // for f e p s u
		def            string
	}{
		{"appid", "WXLOGIN_APPID", "--appid", "fepsu", [5]string{"wxf", "wxe", "wxp", "wxs", "wxu"}, ""},
		{"api_base", "WXLOGIN_API_BASE", "--api-base", "fesu", [5]string{"https://f", "https://e", "", "https://s", "https://u"}, "https://api.weixin.qq.com"},
		{"lang", "WXLOGIN_LANG", "--lang", "fepu", [5]string{"zh", "en", "zh", "", "en"}, ""},
		{"output", "WXLOGIN_OUTPUT", "--output", "fepu", [5]string{"json", "ndjson", "text", "", "json"}, "text"},
		{"timeout", "WXLOGIN_TIMEOUT", "--timeout", "feu", [5]string{"1s", "2s", "", "", "3s"}, "10s"},
		{"token_ttl", "WXLOGIN_TOKEN_TTL", "--token-ttl", "feu", [5]string{"1h", "2h", "", "", "3h"}, "24h"},
		{"session_ttl", "WXLOGIN_SESSION_TTL", "--session-ttl", "feu", [5]string{"1h", "2h", "", "", "3h"}, "72h"},
		{"store", "WXLOGIN_STORE", "--store", "feu", [5]string{"memory", "sqlite:/x", "", "", "sqlite:/u"}, ""},
		{"addr", "WXLOGIN_ADDR", "--addr", "feu", [5]string{":1", "127.0.0.1:2", "", "", "[::1]:3"}, "127.0.0.1:8420"},
		{"trusted_proxy", "WXLOGIN_TRUSTED_PROXY", "--trusted-proxy", "feu", [5]string{"10.0.0.0/8", "::1", "", "", "127.0.0.1,::1"}, ""},
		{"client_rate", "WXLOGIN_CLIENT_RATE", "--client-rate", "feu", [5]string{"1/s", "off", "", "", "3/h"}, "600/m"},
		{"log_format", "WXLOGIN_LOG_FORMAT", "--log-format", "feu", [5]string{"json", "text", "", "", "json"}, "text"},
		{"stop_delay", "WXLOGIN_STOP_DELAY", "--stop-delay", "feu", [5]string{"1s", "0s", "", "", "3s"}, "0s"},
		{"mock.url", "WXLOGIN_URL", "--url", "fepu", [5]string{"http://f", "http://e", "http://127.0.0.1:1", "", "http://u"}, "http://127.0.0.1:8420"},
		{"mock.user", "WXLOGIN_MOCK_USER", "--user", "fepu", [5]string{"f", "e", "p", "", "u"}, "alice"},
	}
	const all = "fepsu"
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			for subset := range 1 << len(all) {
				var used string
				for i, s := range all {
					if subset&(1<<i) != 0 {
						used += string(s)
					}
				}
				if strings.Trim(used, tt.sources) != "" {
					continue // a source that may not set this key
				}
				p := newPlace(t)
				want, origin := tt.def, "default"
				if tt.def == "" {
					origin = "unset"
				}
				origins := map[rune]string{
					'f': "flag:" + tt.flag, 'e': "env:" + tt.env, 'p': "file:" + p.projectFile(), 's': "profile:staging", 'u': "file:" + p.userFile(),
				}
				var user string
				for i, s := range []rune(all) {
					if !strings.ContainsRune(used, s) {
						continue
					}
					if want == tt.def && (origin == "default" || origin == "unset") {
						want, origin = tt.values[i], origins[s]
					}
					switch s {
					case 'f':
						p.flag(tt.key, tt.values[i])
					case 'e':
						p.env(tt.env, tt.values[i])
					case 'p':
						p.repo(nested(tt.key, tt.values[i]))
					case 's':
						user += "profile: staging\nprofiles:\n  staging:\n    " + tt.key + ": " + tt.values[i] + "\n"
					case 'u':
						user += nested(tt.key, tt.values[i])
					}
				}
				p.user(user)
				gotValue, gotOrigin := value(t, p.load(), tt.key)
				if gotValue != want || gotOrigin != origin {
					t.Errorf("sources %q: %s = %q from %s, want %q from %s", used, tt.key, gotValue, gotOrigin, want, origin)
				}
			}
		})
	}
}

func nested(key, value string) string {
	group, name, found := strings.Cut(key, ".")
	if !found {
		return fmt.Sprintf("%s: %q\n", key, value)
	}
	return fmt.Sprintf("%s:\n  %s: %q\n", group, name, value)
}

func TestLoadTypes(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user("timeout: 1m30s\napi_base: http://localhost:1/\n").env("WXLOGIN_STORE_PASSWORD", "hunter2")
	c := p.load()
	if c.Timeout != 90*time.Second || c.TokenTTL != 24*time.Hour || c.SessionTTL != 72*time.Hour {
		t.Errorf("durations %v %v %v", c.Timeout, c.TokenTTL, c.SessionTTL)
	}
	if c.APIBase != "http://localhost:1" || c.Output != "text" || c.Lang != "" || c.Mock != (config.Mock{URL: "http://127.0.0.1:8420", User: "alice"}) {
		t.Errorf("got %+v", c)
	}
	if c.StorePassword.Reveal() != "hunter2" {
		t.Error("the store's password is lost")
	}
}

// TestPublicSurface holds names that scripts depend on against a list written by hand.
func TestPublicSurface(t *testing.T) {
	t.Parallel()
	want := []string{
		"appid WXLOGIN_APPID --appid", "secret WXLOGIN_SECRET ", "api_base WXLOGIN_API_BASE --api-base", "profile WXLOGIN_PROFILE --profile",
		"lang WXLOGIN_LANG --lang", "output WXLOGIN_OUTPUT --output", "timeout WXLOGIN_TIMEOUT --timeout", "store WXLOGIN_STORE --store",
		"addr WXLOGIN_ADDR --addr", "token_ttl WXLOGIN_TOKEN_TTL --token-ttl", "token_policy WXLOGIN_TOKEN_POLICY --token-policy", "session_ttl WXLOGIN_SESSION_TTL --session-ttl",
		"introspection_secret WXLOGIN_INTROSPECTION_SECRET ",
		"trusted_proxy WXLOGIN_TRUSTED_PROXY --trusted-proxy", "client_rate WXLOGIN_CLIENT_RATE --client-rate", "login_rate WXLOGIN_LOGIN_RATE --login-rate",
		"tls_cert WXLOGIN_TLS_CERT --tls-cert", "tls_key WXLOGIN_TLS_KEY --tls-key", "log_format WXLOGIN_LOG_FORMAT --log-format",
		"stop_delay WXLOGIN_STOP_DELAY --stop-delay",
		"mock.url WXLOGIN_URL --url", "mock.user WXLOGIN_MOCK_USER --user",
	}
	var got []string
	for _, k := range config.Keys() {
		got = append(got, k.Name+" "+k.Env+" "+k.Flag)
		if k.Secret && k.Flag != "" {
			t.Errorf("the secret %s has a flag", k.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	const user = "appid: wxuser\nsecret: env:BARE\nprofiles:\n  a:\n    appid: wxa\n  b:\n    api_base: https://b\n"
	tests := []struct {
		name   string
		user   string
		repo   string
		env    string
		flag   string
		appid  string
		origin string
		secret string
	}{
		{"none", user, "", "", "", "wxuser", "file", "env:BARE (not set)"},
		{"flag beats the project's appid", user, "appid: wxrepo", "", "a", "wxa", "profile:a", ""},
		{"variable beats the project's appid", user, "appid: wxrepo", "a", "", "wxa", "profile:a", ""},
		{"the project's profile is below its appid", user, "appid: wxrepo\nprofile: a", "", "", "wxrepo", "file", ""},
		{"the project's profile", user, "profile: a", "", "", "wxa", "profile:a", ""},
		{"the user's profile is below the project's appid", "profile: a\n" + user, "appid: wxrepo", "", "", "wxrepo", "file", ""},
		{"flag beats variable", user, "", "b", "a", "wxa", "profile:a", ""},
		{"a profile without appid keeps the secret beside it", user, "", "", "b", "wxuser", "file", "env:BARE (not set)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t).user(tt.user).repo(tt.repo)
			if tt.env != "" {
				p.env("WXLOGIN_PROFILE", tt.env)
			}
			if tt.flag != "" {
				p.flag("profile", tt.flag)
			}
			c := p.load()
			appid, origin := value(t, c, "appid")
			if secret, _ := value(t, c, "secret"); appid != tt.appid || !strings.HasPrefix(origin, tt.origin) || secret != tt.secret {
				t.Errorf("appid %q from %s, secret %q", appid, origin, secret)
			}
			if diff := cmp.Diff([]string{"a", "b"}, c.Profiles()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamedFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user("appid: wxuser").repo("appid: wxrepo")
	named := filepath.Join(p.home, "other.yaml")
	writeFile(t, named, "timeout: 3s\n")
	for _, by := range []string{"flag", "variable"} {
		o := p.options()
		if by == "flag" {
			o.File = named
		} else {
			o.Env = func(name string) (string, bool) { return named, name == "WXLOGIN_CONFIG" }
		}
		c, err := config.Load(o)
		if err != nil {
			t.Fatal(err)
		}
		if c.AppID != "" || c.Timeout != 3*time.Second {
			t.Errorf("%s: appid %q, timeout %v", by, c.AppID, c.Timeout)
		}
	}
	o := p.options()
	o.File = named + ".missing"
	_, err := config.Load(o)
	if e, ok := errors.AsType[*config.Error](err); !ok || e.File != o.File || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, repo, want string
		line                   int
	}{
		{"unknown key", "appid: x\napp_ids: y", "", "app_ids: there is no such key (did you mean appid?)", 2},
		{"camel case", "apiBase: https://x", "", "apiBase: there is no such key (did you mean api_base?)", 1},
		{"far off", "colour: red", "", "colour: there is no such key", 1},
		{"in a profile", "profiles:\n  a:\n    timeout: 3s", "", "profiles.a.timeout: there is no such key", 3},
		{"profile name", "profiles:\n  A.b:\n    appid: x", "", "a dot in a key means nesting", 2},
		{"profile in capitals", "profiles:\n  Prod:\n    appid: x", "", `profiles.Prod: a profile's name is made of a-z, 0-9, _ and -, which "Prod" is not`, 2},
		{"unknown profile", "profile: stagin\nprofiles:\n  staging: {appid: x}", "", `there is no profile "stagin" (did you mean staging?)`, 0},
		{"twice", "appid: a\nlang: zh\nappid: b", "", "appid: is already set on line 1", 3},
		{"a list", "appid: [a]", "", "appid: want a single value", 1},
		{"top is a list", "- a", "", "want lines of the form key: value", 1},
		{"alias", "appid: &a x\nlang: *a", "", "lang: want a single value", 2},
		{"syntax", "appid: x\n\tlang: zh", "", "is not valid YAML", 2},
		{"two documents", "appid: x\n---\nappid: y", "", "holds more than one YAML document", 2},
		{"no unit", "timeout: 10", "", `timeout: "10" is not a duration with a unit`, 1},
		{"zero", "timeout: 0s", "", `timeout: the duration "0s" is not above zero`, 1},
		{"http", "api_base: http://api.weixin.qq.com", "", "api_base: must be https", 1},
		{"http on a name like loopback", "api_base: http://127.0.0.1.evil.com", "", "api_base: must be https", 1},
		{"user in the address", "api_base: https://me:pw@x", "", "api_base: an address must not carry a user name or password", 1},
		{"query", "api_base: https://x?secret=1", "", "api_base: an address must not carry a query", 1},
		{"Redis", "lang: zh\nstore: redis://:pw@h", "", "config.yaml:2: store: a password must not stand in the address", 2},
		{"store", "store: postgres://h", "", "store: want memory, sqlite:PATH, redis://HOST or rediss://HOST", 1},
		{"network", "trusted_proxy: 10.0.0.0/8,proxy.example", "", `trusted_proxy: "proxy.example" is neither a network`, 1},
		{"rate", "client_rate: 600", "", `client_rate: "600" is not a number of requests a second, minute or hour`, 1},
		{"rate of nothing", "login_rate: 0/s", "", `login_rate: "0/s" is not a number of requests`, 1},
		{"log format", "log_format: xml", "", `log_format: "xml" is not one of text, json`, 1},
		{"stop delay", "stop_delay: 1h", "", `stop_delay: the duration "1h" is not between 0s and 5m0s`, 1},
		{"addr", "addr: 8420", "", `addr: "8420" is not HOST:PORT`, 1},
		{"addr port", "addr: :70000", "", `addr: ":70000" is not HOST:PORT`, 1},
		{"lang", "lang: fr", "", `lang: "fr" is not one of zh, en`, 1},
		{"project secret", "", "secret: env:HOME", "secret: a project file may not set this key", 1},
		{"project api_base", "", "lang: zh\napi_base: https://evil", "api_base: a project file may not set this key", 2},
		{"project profiles", "", "profiles: {a: {appid: x}}", "profiles: a project file may not set this key", 1},
		{"project unknown", "", "apid: x", "apid: there is no such key (did you mean appid?)", 1},
		{
			"project, two keys", "", "lang: zh\nsecret: env:X\nappid: x\nstore: memory\n", "wxlogin.yaml:2: secret: a project file may not set this key, because the file comes with the repository; nor store (line 4)", 2,
		},
		{
			"project, three keys before a mistake", "", "api_base: https://evil\nprofiles: {a: {secret: cmd:x}}\nsecret: cmd:y\nnope: 1\n", "api_base: a project file may not set this key, because the file comes with the repository; nor profiles (line 2); nor secret (line 3)", 1,
		},
		{"project store", "", "store: memory", "store: a project file may not set this key", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			file := p.userFile()
			if tt.user != "" {
				p.user(tt.user)
			} else {
				p.repo(tt.repo)
				file = p.projectFile()
			}
			_, err := config.Load(p.options())
			e, ok := errors.AsType[*config.Error](err)
			if !ok {
				t.Fatalf("error %v, want a *config.Error", err)
			}
			if e.File != file || e.Line != tt.line || !strings.Contains(e.Error(), tt.want) || e.Usage() {
				t.Errorf("error %q in line %d, want %q in line %d", e, e.Line, tt.want, tt.line)
			}
			if e.Message().In(lang.Chinese) == e.Error() {
				t.Error("the error has no Chinese text")
			}
		})
	}
}

func TestBadVariableAndFlag(t *testing.T) {
	t.Parallel()
	_, err := config.Load(newPlace(t).env("WXLOGIN_TIMEOUT", "soon").options())
	if e, ok := errors.AsType[*config.Error](err); !ok || e.Usage() || e.Error() != `WXLOGIN_TIMEOUT: "soon" is not a duration with a unit, such as 10s, 5m or 24h` {
		t.Errorf("variable: %v", err)
	}
	_, err = config.Load(newPlace(t).flag("api_base", "http://x").options())
	if e, ok := errors.AsType[*config.Error](err); !ok || !e.Usage() || !strings.HasPrefix(e.Error(), "--api-base: must be https") {
		t.Errorf("flag: %v", err)
	}
	_, err = config.Load(newPlace(t).env("WXLOGIN_STORE", "redis://:pw@h").options())
	if e, ok := errors.AsType[*config.Error](err); !ok || e.Usage() || e.Key != "store" || e.Error() != "WXLOGIN_STORE: a password must not stand in the address, where process lists and shell histories show it: take it out and set WXLOGIN_STORE_PASSWORD" {
		t.Errorf("Redis by a variable: %v", err)
	}
}

func TestFileModes(t *testing.T) {
	t.Parallel()
	literal, command, reference := "secret: "+secretA+"\n", "secret: cmd:pass wx\n", "secret: env:X\n"
	tests := []struct {
		name, text string
		mode       os.FileMode
		goos       string
		want       string
	}{
		{"literal, mine", literal, 0o600, "linux", ""},
		{"literal, group reads", literal, 0o640, "linux", "the file holds a secret and others can read"},
		{"literal, world reads", literal, 0o644, "darwin", "the file holds a secret and others can read"},
		{"literal in a profile", "profiles:\n  a:\n    " + literal, 0o604, "linux", "profiles.a.secret: the file holds a secret"},
		{"literal, Windows has no modes", literal, 0o644, "windows", ""},
		{"reference", reference, 0o644, "linux", ""},
		{"command, world reads", command, 0o644, "linux", ""},
		{"command, group writes", command, 0o620, "linux", "the file holds a command to run and others can change it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t).user(tt.text)
			if err := os.Chmod(p.userFile(), tt.mode); err != nil {
				t.Fatal(err)
			}
			o := p.options()
			o.GOOS = tt.goos
			o.File = p.userFile()
			_, err := config.Load(o)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secretA)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOriginNames(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]config.Origin{
		"unset": {}, "default": {Source: config.SourceDefault}, "keyring:default": {Source: config.SourceKeyring, Name: "default"},
		"file:/s": {Source: config.SourceFile, Name: "/s"}, "flag:--appid": {Source: config.SourceFlag, Name: "--appid"},
	} {
		if got, err := o.MarshalText(); err != nil || string(got) != want {
			t.Errorf("%+v = %q, %v, want %q", o, got, err, want)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if err := os.Mkdir(p.projectFile(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(p.options()); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a directory: %v", err)
	}
	o := p.options()
	o.Dir, o.File = "", p.user(strings.Repeat("# large\n", 1<<18)).userFile()
	if _, err := config.Load(o); err == nil || !strings.Contains(err.Error(), "is larger than 1048576 bytes") {
		t.Errorf("a large file: %v", err)
	}
}

func TestNeedAppID(t *testing.T) {
	t.Parallel()
	if id, err := newPlace(t).flag("appid", appID).load().NeedAppID(); err != nil || id != appID {
		t.Errorf("NeedAppID = %q, %v", id, err)
	}
	_, err := newPlace(t).env("WXLOGIN_APPID", "").load().NeedAppID()
	if !errors.Is(err, config.ErrNoAppID) || !strings.Contains(err.Error(), "WXLOGIN_APPID is set but empty") {
		t.Errorf("error %v", err)
	}
}

func TestSetButEmpty(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user("appid:\nprofiles:\n").env("WXLOGIN_SECRET", "")
	want := []string{"file:" + p.userFile() + " appid", "env:WXLOGIN_SECRET"}
	if diff := cmp.Diff(want, p.load().SetButEmpty()); diff != "" {
		t.Error(diff)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "appid: x\n", "profiles:\n  a: {appid: x, secret: env:Y}\n", "? [a]\n: b", "&a [*a]", "!!binary x", "---\n...\n---\n", "a: !!null",
		"secret: |\n  x\n", "\ufeffappid: x", "<<: {a: b}", "mock: {url: http://x}", "profile: a\nprofiles: {a: }", "appid: 0x10\ntimeout: 1e9s",
	} {
		f.Add(seed)
	}
	p := newPlace(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{p.userFile(), p.projectFile()} {
			writeFile(t, path, text)
			c, err := config.Load(p.options())
			if err != nil {
				if _, ok := errors.AsType[*config.Error](err); !ok {
					t.Errorf("error %T", err)
				}
			} else if c.Timeout <= 0 || c.APIBase == "" {
				t.Errorf("loaded %+v", c)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	})
}
