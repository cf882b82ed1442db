package config

import (
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
)

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
}

func TestGetJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
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
			"unknown key",
			[]string{"get", "app_id"},
			false, true,
			"app_id: there is no such key (did you mean appid?)\nthe keys are: appid, secret, api_base, profile, lang, output, timeout, store, addr, token_ttl, token_policy, session_ttl, introspection_secret, trusted_proxy, client_rate, login_rate, tls_cert, tls_key, log_format, stop_delay, mock.url, mock.user",
			"app_id: 没有这个配置项（是否想写 appid？）\n可用的配置项：appid, secret, api_base, profile, lang, output, timeout, store, addr, token_ttl, token_policy, session_ttl, introspection_secret, trusted_proxy, client_rate, login_rate, tls_cert, tls_key, log_format, stop_delay, mock.url, mock.user",
		},
		{
			"not set",
			[]string{"get", "store"},
			false, false,
			"store: is not set\nset it with: wxlogin config set store VALUE",
			"store: 未设置\n设置：wxlogin config set store VALUE",
		},
		{
			"secret",
			[]string{"get", "secret"},
			true, true,
			"secret: is a secret and is not printed\nsee where it is kept: wxlogin config list --show-origin\nshow it on a terminal: wxlogin config get secret --reveal",
			"secret: 是密钥，不会输出\n查看其保存位置：wxlogin config list --show-origin\n在终端上显示：wxlogin config get secret --reveal",
		},
		{
			"secret in a pipe",
			[]string{"get", "secret", "--reveal"},
			false, true,
			"--reveal: secret is shown on a terminal only, and standard output is not one\nsee where it is kept: wxlogin config list --show-origin",
			"--reveal: secret 只能在终端上显示，而标准输出不是终端\n查看其保存位置：wxlogin config list --show-origin",
		},
		{
			"secret of a profile",
			[]string{"get", "profiles.staging.secret", "--reveal"},
			true, true,
			"profiles.staging.secret: only the secret in use can be revealed\nuse the profile: wxlogin config get secret --reveal --profile staging",
			"profiles.staging.secret: 只能显示当前使用的密钥\n使用该 profile：wxlogin config get secret --reveal --profile staging",
		},
		{
			"secret not set",
			[]string{"get", "introspection_secret", "--reveal"},
			true, false,
			"introspection_secret: is not set\nset it with: wxlogin config set introspection_secret",
			"introspection_secret: 未设置\n设置：wxlogin config set introspection_secret",
		},
		{"no key", []string{"get"}, false, true, "config get takes exactly 1 argument, but got 0", "config get 需要 1 个参数，却收到 0 个"},
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
