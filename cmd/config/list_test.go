package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		"token_policy\tmulti\tdefault",
		"session_ttl\t72h\tdefault",
		"introspection_secret\t[redacted]\tenv:WXLOGIN_INTROSPECTION_SECRET",
		"trusted_proxy\t\tunset",
		"client_rate\t600/m\tdefault",
		"login_rate\toff\tdefault",
		"tls_cert\t\tunset",
		"tls_key\t\tunset",
		"log_format\ttext\tdefault",
		"stop_delay\t0s\tdefault",
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
