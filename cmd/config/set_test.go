package config

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestSet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		args          []string
		profile       string
		stdin         string
		file          string // afterwards
		english, json string // FILE stands for the path
	}{
		{
			"changes one line",
			[]string{"set", "timeout", "20s"},
			"", "", strings.Replace(twoApps, "5s", "20s", 1),
			"ok    timeout is now 20s (FILE)\n", `{"key":"timeout","value":"20s","file":"FILE"}`,
		},
		{
			"in a profile by its full name",
			[]string{"set", "profiles.staging.appid", appID},
			"", "", strings.Replace(twoApps, "wx0000000000000001", appID, 1),
			"ok    profiles.staging.appid is now wx4f4bc4dec97d474b (FILE)\n", `{"key":"profiles.staging.appid","value":"wx4f4bc4dec97d474b","file":"FILE"}`,
		},
		{
			"in a new profile by --profile",
			[]string{"set", "appid", "wx0000000000000002"},
			"live", "", twoApps + "  live:\n    appid: wx0000000000000002\n",
			"ok    profiles.live.appid is now wx0000000000000002 (FILE)\n", `{"key":"profiles.live.appid","value":"wx0000000000000002","file":"FILE"}`,
		},
		{
			"a full name beats --profile",
			[]string{"set", "profiles.staging.appid", appID},
			"live", "", strings.Replace(twoApps, "wx0000000000000001", appID, 1),
			"ok    profiles.staging.appid is now wx4f4bc4dec97d474b (FILE)\n", `{"key":"profiles.staging.appid","value":"wx4f4bc4dec97d474b","file":"FILE"}`,
		},
		{
			"from standard input",
			[]string{"set", "addr", "-"},
			"", " 127.0.0.1:9000\r\nmore\n", twoApps + "addr: 127.0.0.1:9000\n",
			"ok    addr is now 127.0.0.1:9000 (FILE)\n", `{"key":"addr","value":"127.0.0.1:9000","file":"FILE"}`,
		},
		{
			"the profile",
			[]string{"set", "profile", "staging"},
			"", "", twoApps + "profile: staging\n",
			"ok    profile is now staging (FILE)\n", `{"key":"profile","value":"staging","file":"FILE"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, asJSON := range []bool{false, true} {
				d := newDesk(t, twoApps)
				d.profile, d.stdin, d.json = tt.profile, tt.stdin, asJSON
				r := d.must(tt.args...)
				want := tt.english
				if asJSON {
					want = tt.json + "\n"
				}
				diff(t, "output", strings.ReplaceAll(r.out, d.path(), "FILE"), want)
				diff(t, "stderr", r.errOut, "")
				diff(t, "file", d.content(), tt.file)
			}
		})
	}
}

func TestSetMakesTheFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.lang = lang.Chinese
	diff(t, "output", d.must("set", "appid", appID).out, "ok    appid 已设为 "+appID+"（"+d.path()+"）\n")
	stat, err := os.Stat(d.path())
	if err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", stat.Mode(), err)
	}
	d.lang = lang.English
	d.file = d.home + "/other.yaml"
	d.must("set", "timeout", "1s")
	if data, err := os.ReadFile(d.file); err != nil || string(data) != "timeout: 1s\n" {
		t.Errorf("--config: %q, %v", data, err)
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		profile string
		want    string
	}{
		{"unknown key", []string{"set", "app_id", appID}, "", "app_id: there is no such key (did you mean appid?)"},
		{"unknown key without a value", []string{"set", "time_out"}, "", "time_out: there is no such key (did you mean timeout?)"},
		{"no key", []string{"set"}, "", "KEY: no key is named\nsee them all: wxlogin config list"},
		{"no value", []string{"set", "timeout"}, "", "timeout: no value: give it as an argument, or - to read it from standard input"},
		{"empty", []string{"set", "timeout", ""}, "", "timeout: the value is empty"},
		{"too many", []string{"set", "timeout", "5", "s"}, "", "config set takes at most 2 arguments, but got 3"},
		{"bad duration", []string{"set", "timeout", "5"}, "", `timeout: "5" is not a duration with a unit, such as 10s, 5m or 24h`},
		{"http", []string{"set", "api_base", "http://wx.example.com"}, "", "api_base: must be https: the AppSecret travels in the request (http is for loopback only)"},
		{"language", []string{"set", "lang", "fr"}, "", `lang: "fr" is not one of zh, en`},
		{"two lines", []string{"set", "mock.user", "a\nb"}, "", "mock.user: the value holds "},
		{"profile without an entry", []string{"set", "profile", "nope"}, "", `profile: there is no profile "nope"`},
		{"key that no profile has", []string{"set", "timeout", "5s"}, "staging", "profiles.staging.timeout: there is no such key"},
		{"bad profile", []string{"set", "appid", appID}, "St.1", "profiles.St.1.appid: a profile's name is made of"},
		{"secret as appid", []string{"set", "appid", canary}, "", "appid: the value looks like an AppSecret, which this key does not hold; nothing was written"},
		{"junk as appid", []string{"set", "appid", "junk"}, "", "appid: \"junk\" is not \"wx\" and 16 lower-case hexadecimal digits\ncopy the AppID from mp.weixin.qq.com"},
		{"original id as appid", []string{"set", "appid", "gh_1"}, "staging", "profiles.staging.appid: \"gh_1\" is an original id, not an AppID"},
		{"CorpID as appid", []string{"set", "appid", "ww0123456789abcdef"}, "", "appid: \"ww0123456789abcdef\" is a WeCom CorpID"},
		{"guest as appid", []string{"set", "appid", "touristappid"}, "", "appid: \"touristappid\" is the guest id of WeChat DevTools"},
		{"Redis with a password", []string{"set", "store", "redis://:pw@h"}, "", "store: a password must not stand in the address"},
		{"a secret where the key belongs", []string{"set", canary, "x"}, "", "KEY: there is no such key\nthe keys are: "},
		{"no key at all", []string{"set", "a: b", "x"}, "", "KEY: there is no such key"},
		{"--keyring for another key", []string{"set", "appid", appID, "--keyring"}, "", "appid: --keyring and --insecure-file are for secrets only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, twoApps)
			d.profile = tt.profile
			r := d.run(tt.args...)
			if !isUsage(r.err) || r.out != "" {
				t.Fatalf("output %q, error %v", r.out, r.err)
			}
			if got := told(r.err, lang.English); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			diff(t, "file", d.content(), twoApps)
		})
	}
}

func TestSetInABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: [\n")
	if r := d.run("set", "timeout", "5s"); !isConfig(r.err) || d.content() != "appid: [\n" {
		t.Errorf("error %v, file %q", r.err, d.content())
	}
}

func TestSetWarns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		env     map[string]string
		args    []string
		profile string
		want    string
	}{
		{"variable", map[string]string{"WXLOGIN_TIMEOUT": "1s"}, []string{"set", "timeout", "5s"}, "", "warning: here timeout has another value all the same: env:WXLOGIN_TIMEOUT is stronger\n"},
		{"variable of the same value", map[string]string{"WXLOGIN_TIMEOUT": "5s"}, []string{"set", "timeout", "5s"}, "", ""},
		{"profile in use", map[string]string{"WXLOGIN_PROFILE": "staging"}, []string{"set", "appid", appID}, "", "warning: here appid has another value all the same: profile:staging is stronger\n"},
		{"that profile", map[string]string{"WXLOGIN_PROFILE": "staging"}, []string{"set", "appid", appID}, "staging", ""},
		{"another profile", map[string]string{"WXLOGIN_APPID": "wx0000000000000009"}, []string{"set", "profiles.staging.appid", appID}, "", ""},
		{"secret", map[string]string{"WXLOGIN_SECRET": canary}, []string{"set", "secret", "env:X"}, "", "warning: here secret has another value all the same: env:WXLOGIN_SECRET is stronger\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, twoApps)
			d.profile = tt.profile
			maps.Copy(d.env, tt.env)
			diff(t, "stderr", d.must(tt.args...).errOut, tt.want)
		})
	}
}

func TestSetFieldsAreAPI(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.json = true
	if diff := cmp.Diff([]string{"file", "key", "value"}, fields(t, []byte(d.must("set", "lang", "zh").out))); diff != "" {
		t.Error(diff)
	}
}
