package config

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: wx4f4bc4dec97d474b\nsecret: env:WX_SECRET\n")
	d.env["WX_SECRET"] = canary
	want := "ok    appid: wx4f4bc4dec97d474b has the shape of an AppID (file:FILE)\n" +
		"ok    secret: the secret has the shape of an AppSecret (file:FILE)\n" +
		"ok    api_base: https://api.weixin.qq.com is WeChat's own address\n" +
		"ok    FILE is for its owner only\n\n" +
		"ok    everything is in place\n"
	diff(t, "output", strings.ReplaceAll(d.must("validate").out, d.path(), "FILE"), want)

	d.env["WXLOGIN_API_BASE"] = "https://wx.example.com"
	out := d.must("validate").out
	if !strings.Contains(out, "warn  api_base: https://wx.example.com is not WeChat's own address (env:WXLOGIN_API_BASE)\n") || !strings.HasSuffix(out, "\nwarn  usable, warnings: 1\n") {
		t.Errorf("with a warning:\n%s", out)
	}
}

func TestValidateFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: wx4f4b\n")
	d.keyring.entries["default"] = "0123****************************"
	d.lang = lang.Chinese
	r := d.run("validate")
	if e, ok := errors.AsType[*FindingsError](r.err); !ok || e.Failed != 2 || e.Error() != "2 finding(s) failed" {
		t.Fatalf("error %v", r.err)
	}
	want := "fail  appid：\"wx4f4b\" 没有复制完整：只有 6 个字符，AppID 有 18 个\n" +
		"      处理：从 mp.weixin.qq.com 的“开发管理 - 开发设置”复制 AppID\n" +
		"fail  secret：密钥是打码后的副本：含有 *\n" +
		"      处理：在 mp.weixin.qq.com 重置 AppSecret，并在显示时复制，它只显示一次\n" +
		"ok    api_base：https://api.weixin.qq.com 是微信官方地址\n" +
		"ok    FILE 仅所有者可访问\n\n" +
		"fail  失败 2 项，警告 0 项\n"
	diff(t, "output", strings.ReplaceAll(r.out, d.path(), "FILE"), want)
}

func TestValidateJSON(t *testing.T) {
	t.Parallel()
	for file, ok := range map[string]bool{twoApps: true, "appid: wrong\n": false, "appid: [\n": false, "zzz: 1\n": false} {
		d := newDesk(t, file)
		d.json, d.env["WX_SECRET"] = true, canary
		r := d.run("validate")
		if _, failed := errors.AsType[*FindingsError](r.err); failed == ok || !ok && !failed {
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
	want := "fail  appid2：FILE:2: 没有这个配置项（是否想写 appid？）"
	d.lang = lang.Chinese
	r := d.run("validate")
	if got := strings.ReplaceAll(r.out, d.path(), "FILE"); !strings.HasPrefix(got, want+"\n      处理：可用的配置项：") {
		t.Errorf("got %s", got)
	}
}
