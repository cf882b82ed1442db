package config

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

const twoApps = `# mine
appid: wx4f4bc4dec97d474b
secret: env:WX_SECRET
timeout: 5s
profiles:
  staging:
    appid: wx0000000000000001
    secret: keyring
`

func TestPath(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	here, err := filepath.Abs("wxlogin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(d.home, "state", "wxlogin")
	want := "config\t" + d.path() + "\texists\n" +
		"project\t" + here + "\tmissing\n" +
		"state\t" + state + "\tmissing\n" +
		"store\t" + filepath.Join(state, "wxlogin.db") + "\tmissing\n" +
		"keys\t" + filepath.Join(state, "keys.json") + "\tmissing\n"
	diff(t, "in a pipe", d.must("path").out, want)

	d.write(filepath.Join(state, "keys.json"), "{}")
	d.tty, d.lang = true, lang.Chinese
	out := d.must("path").out
	for _, want := range []string{"名称", "路径", "状态", d.path() + " ", "keys.json   存在", "不存在"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestPathJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "store: memory\n")
	d.file, d.json = d.path(), true
	out := d.must("path").out
	if diff := cmp.Diff([]string{"config", "keys", "project", "state", "store"}, fields(t, []byte(out))); diff != "" {
		t.Error(diff)
	}
	var got locations
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(d.home, "state", "wxlogin")
	want := locations{ // no project file beside a named one, no store file for memory
		Config: &location{d.path(), true}, State: &location{state, false}, Keys: &location{filepath.Join(state, "keys.json"), false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPathOfABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: [\n")
	if r := d.must("path"); !strings.Contains(r.out, "config\t"+d.path()+"\texists") || !strings.Contains(r.out, "wxlogin.db") {
		t.Errorf("output %q", r.out)
	}
}

func TestPathWithoutHome(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	clear(d.env)
	d.json = true
	if out := d.must("path").out; !strings.HasPrefix(out, `{"config":null,`) || !strings.Contains(out, `"state":null,"store":null,"keys":null`) {
		t.Errorf("output %s", out)
	}
	if r := d.run("set", "timeout", "5s"); !isConfig(r.err) || !strings.Contains(told(r.err, lang.English), "WXLOGIN_CONFIG_DIR") {
		t.Errorf("set: %v", r.err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	d.env["WX_SECRET"] = canary
	d.env["WXLOGIN_INTROSPECTION_SECRET"] = canary
	d.env["WXLOGIN_ADDR"] = "127.0.0.1:1"
	file := "file:" + d.path()
	want := strings.Join([]string{
		"appid\t" + appID + "\t" + file,
		"secret\tenv:WX_SECRET (set)\t" + file,
		"api_base\thttps://api.weixin.qq.com\tdefault",
		"profile\t\tunset",
		"lang\t\tunset",
		"output\ttext\tdefault",
		"timeout\t5s\t" + file,
		"store\t\tunset",
		"addr\t127.0.0.1:1\tenv:WXLOGIN_ADDR",
		"token_ttl\t24h\tdefault",
		"session_ttl\t72h\tdefault",
		"introspection_secret\t[redacted]\tenv:WXLOGIN_INTROSPECTION_SECRET",
		"mock.url\thttp://127.0.0.1:8420\tdefault",
		"mock.user\talice\tdefault",
		"profiles.staging.appid\twx0000000000000001\t" + file,
		"profiles.staging.secret\tkeyring\t" + file,
		"",
	}, "\n")
	diff(t, "with origins", d.must("list", "--show-origin").out, want)

	plain := d.must("list").out
	if !strings.HasPrefix(plain, "appid\t"+appID+"\nsecret\t") || strings.Contains(plain, "default") {
		t.Errorf("without origins:\n%s", plain)
	}
	d.tty = true
	shown := d.must("list", "--show-origin").out
	for _, want := range []string{"key ", "value ", "origin", "lang                     (not set)"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
}

func TestListJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	d.json, d.profile = true, "staging"
	out := []byte(d.must("list").out)
	if diff := cmp.Diff([]string{"entries"}, fields(t, out)); diff != "" {
		t.Error(diff)
	}
	var got struct{ Entries []json.RawMessage }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for _, entry := range got.Entries {
		if diff := cmp.Diff([]string{"key", "origin", "value"}, fields(t, entry)); diff != "" {
			t.Error(diff)
		}
	}
	diff(t, "first entry", string(got.Entries[0]), `{"key":"appid","value":"wx0000000000000001","origin":"profile:staging"}`)
}

func TestListOfABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "app_id: x\n")
	r := d.run("list")
	if !isConfig(r.err) || r.out != "" || !strings.Contains(r.err.Error(), "did you mean appid") {
		t.Errorf("output %q, error %v", r.out, r.err)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	tests := []struct{ name, key, profile, want string }{
		{"of the file", "appid", "", appID},
		{"default", "token_ttl", "", "24h"},
		{"nested", "mock.user", "", "alice"},
		{"of a profile by name", "profiles.staging.appid", "", "wx0000000000000001"},
		{"of a profile by --profile", "appid", "staging", "wx0000000000000001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := *d
			d.t, d.profile = t, tt.profile
			diff(t, "output", d.must("get", tt.key).out, tt.want+"\n")
		})
	}
	d.json = true
	diff(t, "JSON", d.must("get", "timeout").out, `{"key":"timeout","value":"5s","origin":"file:`+d.path()+`"}`+"\n")
}

func TestGetRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   []string
		tty    bool
		usage  bool
		en, zh string
	}{
		{
			"unknown key", []string{"get", "app_id"}, false, true,
			"app_id: there is no such key (did you mean appid?)\nthe keys are: appid, secret, api_base, profile, lang, output, timeout, store, addr, token_ttl, session_ttl, introspection_secret, mock.url, mock.user",
			"app_id: 没有这个配置项（是否想写 appid？）\n可用的配置项：appid, secret, api_base, profile, lang, output, timeout, store, addr, token_ttl, session_ttl, introspection_secret, mock.url, mock.user",
		},
		{
			"not set", []string{"get", "store"}, false, false,
			"store: is not set\nset it with: wxlogin config set store VALUE",
			"store: 未设置\n设置：wxlogin config set store VALUE",
		},
		{
			"secret", []string{"get", "secret"}, true, true,
			"secret: is a secret and is not printed\nsee where it is kept: wxlogin config list --show-origin\nshow it on a terminal: wxlogin config get secret --reveal",
			"secret: 是密钥，不会输出\n查看其保存位置：wxlogin config list --show-origin\n在终端上显示：wxlogin config get secret --reveal",
		},
		{
			"secret in a pipe", []string{"get", "secret", "--reveal"}, false, true,
			"--reveal: secret is shown on a terminal only, and standard output is not one\nsee where it is kept: wxlogin config list --show-origin",
			"--reveal: secret 只能在终端上显示，而标准输出不是终端\n查看其保存位置：wxlogin config list --show-origin",
		},
		{
			"secret of a profile", []string{"get", "profiles.staging.secret", "--reveal"}, true, true,
			"profiles.staging.secret: only the secret in use can be revealed\nuse the profile: wxlogin config get secret --reveal --profile staging",
			"profiles.staging.secret: 只能显示当前使用的密钥\n使用该 profile：wxlogin config get secret --reveal --profile staging",
		},
		{
			"secret not set", []string{"get", "introspection_secret", "--reveal"}, true, false,
			"introspection_secret: is not set\nset it with: wxlogin config set introspection_secret",
			"introspection_secret: 未设置\n设置：wxlogin config set introspection_secret",
		},
		{"no key", []string{"get"}, false, true, "config get takes exactly 1 argument(s), but got 0", "config get 需要 1 个参数，却收到 0 个"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, twoApps)
			d.tty = tt.tty
			r := d.run(tt.args...)
			if r.err == nil || r.out != "" || isUsage(r.err) != tt.usage || isConfig(r.err) == tt.usage {
				t.Fatalf("output %q, error %v", r.out, r.err)
			}
			diff(t, "English", told(r.err, lang.English), tt.en)
			diff(t, "Chinese", told(r.err, lang.Chinese), tt.zh)
		})
	}
}

func TestGetReveals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	d.tty, d.env["WX_SECRET"], d.keyring.entries["staging"] = true, canary, strings.ToUpper(canary)
	diff(t, "own", d.must("get", "secret", "--reveal").out, canary+"\n")
	d.profile = "staging"
	diff(t, "of the profile", d.must("get", "secret", "--reveal").out, strings.ToUpper(canary)+"\n")
	delete(d.keyring.entries, "staging")
	if r := d.run("get", "secret", "--reveal"); !isConfig(r.err) {
		t.Errorf("missing entry: %v", r.err)
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	diff(t, "text", d.must("use", "staging").out, "ok    the profile is now staging ("+d.path()+")\n")
	if !strings.HasPrefix(d.content(), twoApps) || !strings.Contains(d.content(), "\nprofile: staging\n") {
		t.Errorf("file:\n%s", d.content())
	}
	diff(t, "in use", d.must("get", "appid").out, "wx0000000000000001\n")
	d.json = true
	diff(t, "JSON", d.must("use", "--none").out, `{"profile":"","file":"`+d.path()+`"}`+"\n")
	diff(t, "no more", d.must("get", "appid", "--reveal").out, `{"key":"appid","value":"`+appID+`","origin":"file:`+d.path()+`"}`+"\n")
	d.json, d.lang = false, lang.Chinese
	diff(t, "Chinese", d.must("use", "--none").out, "ok    已不再使用 profile（"+d.path()+"）\n")
}

func TestUseTellsWhatIsStronger(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps+"  live: {appid: wx4f4bc4dec97d474b}\n")
	d.env["WXLOGIN_PROFILE"] = "staging"
	r := d.must("use", "live")
	diff(t, "warning", r.errOut, `warning: here the profile is "staging" all the same: env:WXLOGIN_PROFILE is stronger than the user's file`+"\n")
}

func TestUseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		args       []string
		usage      bool
		want       string
	}{
		{"typing error", twoApps, []string{"use", "stagin"}, true, "profile: there is no profile \"stagin\" (did you mean staging?)\nthe profiles are: staging\nmake it with: wxlogin config set profiles.stagin.appid APPID"},
		{"none named", twoApps, []string{"use"}, true, "PROFILE: no profile is named\nuse one: wxlogin config use staging\nuse none: wxlogin config use --none"},
		{"both", twoApps, []string{"use", "staging", "--none"}, true, "PROFILE and --none exclude each other"},
		{"two", twoApps, []string{"use", "staging", "live"}, true, "config use takes at most 1 argument(s), but got 2"},
		{"no file", "", []string{"use", "staging"}, false, "FILE: cannot be read: no such file or directory\nmake one by questions and answers: wxlogin config init"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, tt.file)
			r := d.run(tt.args...)
			if r.err == nil || isUsage(r.err) != tt.usage || d.content() != tt.file {
				t.Fatalf("error %v, file %q", r.err, d.content())
			}
			diff(t, "error", strings.ReplaceAll(told(r.err, lang.English), d.path(), "FILE"), tt.want)
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	tests := []struct {
		name string
		args []string
		want []string // in this order, perhaps among others
		not  string
	}{
		{"keys of get", []string{"get", ""}, []string{"appid\tAppID of the mini program", "mock.url", "profiles.staging.appid", "profiles.staging.api_base", ":4"}, "profiles.staging.timeout"},
		{"one key only", []string{"get", "appid", ""}, []string{":4"}, "appid"},
		{"keys of set", []string{"set", ""}, []string{"appid", "profiles.staging.secret", ":4"}, "unknown"},
		{"languages", []string{"set", "lang", ""}, []string{"zh", "en", ":4"}, "ndjson"},
		{"formats", []string{"set", "output", ""}, []string{"text", "json", "ndjson", ":4"}, "zh"},
		{"stores", []string{"set", "store", ""}, []string{"memory", "sqlite:", ":6"}, "zh"},
		{"profile as value", []string{"set", "profile", ""}, []string{"staging", ":4"}, "zh"},
		{"references", []string{"set", "profiles.staging.secret", ""}, []string{"env:", "file:", "cmd:", "keyring", ":6"}, "zh"},
		{"no files", []string{"set", "timeout", ""}, []string{":4"}, "env:"},
		{"no third argument", []string{"set", "timeout", "5s", ""}, []string{":4"}, "env:"},
		{"profiles", []string{"use", ""}, []string{"staging", ":4"}, "appid"},
		{"one profile only", []string{"use", "staging", ""}, []string{":4"}, "appid"},
		{"flag", []string{"init", "--secret-from", ""}, []string{"env:", "keyring", ":6"}, "appid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := *d
			d.t = t
			out := d.must(append([]string{"__complete"}, tt.args...)...).out
			rest := out
			for _, want := range tt.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q in its place in\n%s", want, out)
				}
				rest = after
			}
			if strings.Contains(out, tt.not) {
				t.Errorf("%q in\n%s", tt.not, out)
			}
		})
	}
}

func TestCompleteWithABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "nonsense: [\n")
	if out := d.must("__complete", "get", "").out; !strings.Contains(out, "appid\t") {
		t.Errorf("keys:\n%s", out)
	}
	diff(t, "profiles", d.must("__complete", "use", "").out, ":4\n")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: wx4f4bc4dec97d474b\nsecret: env:WX_SECRET\n")
	d.env["WX_SECRET"] = canary
	want := "ok    appid: wx4f4bc4dec97d474b has the shape of an AppID (file:FILE)\n" +
		"ok    secret: the secret has the shape of an AppSecret (file:FILE)\n" +
		"ok    api_base: https://api.weixin.qq.com is WeChat's own address\n" +
		"ok    FILE is for its owner only\n\n" +
		"everything is in place\n"
	diff(t, "output", strings.ReplaceAll(d.must("validate").out, d.path(), "FILE"), want)

	d.env["WXLOGIN_API_BASE"] = "https://wx.example.com"
	out := d.must("validate").out
	if !strings.Contains(out, "warn  api_base: https://wx.example.com is not WeChat's own address (env:WXLOGIN_API_BASE)\n") || !strings.HasSuffix(out, "\nusable, warnings: 1\n") {
		t.Errorf("with a warning:\n%s", out)
	}
}

func TestValidateFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: wx4f4b\n")
	d.keyring.entries["default"] = "0123****************************"
	d.lang = lang.Chinese
	r := d.run("validate")
	if e, ok := r.err.(*FindingsError); !ok || e.Failed != 2 || e.Error() != "2 finding(s) failed" {
		t.Fatalf("error %v", r.err)
	}
	want := "fail  appid：\"wx4f4b\" 没有复制完整：只有 6 个字符，AppID 有 18 个\n" +
		"      处理：从 mp.weixin.qq.com 的“开发管理 - 开发设置”复制 AppID\n" +
		"fail  secret：密钥是打码后的副本：含有 *\n" +
		"      处理：在 mp.weixin.qq.com 重置 AppSecret，并在显示时复制，它只显示一次\n" +
		"ok    api_base：https://api.weixin.qq.com 是微信官方地址\n" +
		"ok    FILE 仅所有者可访问\n\n" +
		"失败 2 项，警告 0 项\n"
	diff(t, "output", strings.ReplaceAll(r.out, d.path(), "FILE"), want)
}

func TestValidateJSON(t *testing.T) {
	t.Parallel()
	for file, ok := range map[string]bool{twoApps: true, "appid: wrong\n": false, "appid: [\n": false, "zzz: 1\n": false} {
		d := newDesk(t, file)
		d.json, d.env["WX_SECRET"] = true, canary
		r := d.run("validate")
		if _, failed := r.err.(*FindingsError); failed == ok || !ok && !failed {
			t.Errorf("%q: error %v", file, r.err)
		}
		if diff := cmp.Diff([]string{"findings", "ok"}, fields(t, []byte(r.out))); diff != "" {
			t.Error(diff)
		}
		var got struct {
			OK       bool
			Findings []json.RawMessage
		}
		if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.OK != ok || len(got.Findings) == 0 {
			t.Errorf("%q: %v, %s", file, err, r.out)
		}
		for _, f := range got.Findings {
			if diff := cmp.Diff([]string{"fix", "key", "level", "message"}, fields(t, f)); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestValidateKeepsUsageErrors(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	d.profile = "nope"
	if r := d.run("validate"); !isUsage(r.err) || r.out != "" {
		t.Errorf("output %q, error %v", r.out, r.err)
	}
}

func TestFindingsOfAnUnreadableFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: wx4f4bc4dec97d474b\nappid2: x\n")
	r := d.run("validate")
	want := "fail  appid2：FILE:2: appid2: 没有这个配置项（是否想写 appid？）"
	d.lang = lang.Chinese
	r = d.run("validate")
	if got := strings.ReplaceAll(r.out, d.path(), "FILE"); !strings.HasPrefix(got, want+"\n      处理：可用的配置项：") {
		t.Errorf("got %s", got)
	}
	_ = config.LevelFail
}
