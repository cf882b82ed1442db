package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
)

const (
	askAppID  = "AppID (wx...): "
	askWhere  = "keep the AppSecret in the keyring (k), as it is in the file (f), in a variable that you set (e), or not now (n)? [k] "
	askHidden = "secret (not shown): "
	askName   = "name of the variable [WX_SECRET]: "
)

func TestInitDialogue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		profile string
		answers []string
		tty     string
		errOut  string
		file    string
		page    string // below the first line
	}{
		{
			"keyring", nil, "",
			[]string{appID, "", canary},
			askAppID + askWhere + askHidden, "",
			"appid: " + appID + "\nsecret: keyring\n",
			"appid   " + appID + "\nsecret  in the keyring, entry \"default\"\n\nNext:\n  wxlogin config validate\n",
		},
		{
			"file", nil, "",
			[]string{appID, "f", canary},
			askAppID + askWhere + askHidden, "",
			"appid: " + appID + "\nsecret: " + canary + "\n",
			"appid   " + appID + "\nsecret  in this file, which only its owner can read\n\nNext:\n  wxlogin config validate\n",
		},
		{
			"variable", nil, "",
			[]string{appID, "e", canary, "MY_SECRET"},
			askAppID + askWhere + askName + askName,
			"warning: a variable's name is made of letters, digits and _\n",
			"appid: " + appID + "\nsecret: env:MY_SECRET\n",
			"appid   " + appID + "\nsecret  env:MY_SECRET\n\nNext:\n  wxlogin config validate\n",
		},
		{
			"not now, in a profile", nil, "staging",
			[]string{appID, "n"},
			askAppID + askWhere, "",
			"profiles:\n  staging:\n    appid: " + appID + "\n",
			"profile  staging\nappid    " + appID + "\nsecret   (not set)\n\nNext:\n  wxlogin config use staging\n  wxlogin config set secret --profile staging\n  wxlogin config validate --profile staging\n",
		},
		{
			"answers that do not fit", nil, "",
			[]string{canary, "wx1", appID, "?", "e", ""},
			strings.Repeat(askAppID, 3) + askWhere + askWhere + askName,
			"warning: that looks like an AppSecret, not an AppID\nwarning: \"wx1\" is not \"wx\" and 16 lower-case hexadecimal digits\nwarning: answer with one of the letters in parentheses, or with Enter for the one in brackets\n",
			"appid: " + appID + "\nsecret: env:WX_SECRET\n",
			"appid   " + appID + "\nsecret  env:WX_SECRET\n\nNext:\n  wxlogin config validate\n",
		},
		{
			"appid answered in advance",
			[]string{"--appid", appID},
			"",
			[]string{"k", canary},
			askWhere + askHidden, "",
			"appid: " + appID + "\nsecret: keyring\n",
			"appid   " + appID + "\nsecret  in the keyring, entry \"default\"\n\nNext:\n  wxlogin config validate\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.answers, d.profile = strings.Join(tt.answers, "\n")+"\n", tt.profile
			r := d.must(append([]string{"init"}, tt.args...)...)
			diff(t, "terminal", r.tty, tt.tty)
			diff(t, "stderr", r.errOut, tt.errOut)
			diff(t, "file", d.content(), tt.file)
			diff(t, "page", r.out, "ok    wrote "+d.path()+"\n\n"+tt.page)
		})
	}
}

func TestInitInChinese(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.answers, d.lang = appID+"\nk\n"+canary+"\n", lang.Chinese
	r := d.must("init")
	diff(t, "terminal", r.tty, "AppID（wx 开头）：AppSecret 存放在系统钥匙串 (k)、明文写入文件 (f)、你自己设置的环境变量 (e)，还是暂不设置 (n)？[k] secret（输入时不显示）：")
	diff(t, "page", r.out, "ok    已写入 "+d.path()+"\n\nappid  "+appID+"\n密钥   系统钥匙串的条目 \"default\"\n\n下一步：\n  wxlogin config validate\n")
}

func TestInitTriesAnotherPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.answers, d.keyring.err = strings.Join([]string{appID, "k", canary, "f", ""}, "\n"), errors.New("no bus")
	r := d.must("init")
	diff(t, "terminal", r.tty, askAppID+askWhere+askHidden+askWhere)
	diff(t, "stderr", r.errOut, "warning: secret: the keyring did not take it: no bus\n")
	diff(t, "file", d.content(), "appid: "+appID+"\nsecret: "+canary+"\n")
}

func TestInitInAScript(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.json = true
	out := d.must("init", "--appid", appID, "--secret-from", "env:WX_SECRET").out
	diff(t, "JSON", out, `{"file":"`+d.path()+`","profile":"","appid":"`+appID+`","secret":"env:WX_SECRET"}`+"\n")
	if diff := cmp.Diff([]string{"appid", "file", "profile", "secret"}, fields(t, []byte(out))); diff != "" {
		t.Error(diff)
	}
	diff(t, "file", d.content(), "appid: "+appID+"\nsecret: env:WX_SECRET\n")

	d = newDesk(t, "")
	d.env["WXLOGIN_APPID"] = appID
	r := d.must("init")
	diff(t, "by variable", d.content(), "appid: "+appID+"\n")
	diff(t, "stderr", r.errOut, "")
	if !strings.Contains(r.out, "\n  wxlogin config set secret\n") {
		t.Errorf("what is next:\n%s", r.out)
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		answers string
		noInput bool
		want    string
	}{
		{"no terminal", nil, "", false, "--appid: there is no terminal to ask for the AppID on\nanswer in advance: wxlogin config init --appid APPID --secret-from env:NAME | file:PATH | cmd:COMMAND | keyring\nor set WXLOGIN_APPID"},
		{"--no-input", nil, appID + "\n", true, "--appid: there is no terminal"},
		{"bad appid", []string{"--appid", "wx1"}, "", false, `--appid: "wx1" is not "wx" and 16 lower-case hexadecimal digits`},
		{"secret as appid", []string{"--appid", canary}, "", false, "--appid: that looks like an AppSecret, not an AppID"},
		{"secret as reference", []string{"--appid", appID, "--secret-from", canary}, "", false, "--secret-from: want where the AppSecret is, never the AppSecret itself; nothing was written\nname the place: --secret-from env:NAME"},
		{"answers end", nil, appID + "\n", false, "no answer; nothing was written"},
		{"answers end at once", nil, "\n", false, "no answer; nothing was written"},
		{"no appid in three answers", nil, "a\nb\nc\n", false, "none of the answers fits; nothing was written"},
		{"no variable in three answers", []string{"--appid", appID}, "e\n1\n2\n3\n", false, "none of the answers fits; nothing was written"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.answers, d.noInput = tt.answers, tt.noInput
			r := d.run(append([]string{"init"}, tt.args...)...)
			if !isUsage(r.err) || r.out != "" || d.content() != "" {
				t.Fatalf("output %q, error %v, file %q", r.out, r.err, d.content())
			}
			if got := told(r.err, lang.English); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestInitOfAFileThatExists(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	r := d.run("init", "--appid", "wx0000000000000003")
	if !isConfig(r.err) || !errors.Is(r.err, fs.ErrExist) || d.content() != twoApps {
		t.Fatalf("error %v, file %q", r.err, d.content())
	}
	diff(t, "error", told(r.err, lang.English), d.path()+": already exists\nchange single values with: wxlogin config set KEY VALUE")

	d.answers = "n\n"
	r = d.must("init")
	diff(t, "question", r.tty, d.path()+" exists already: change the appid and the secret in it? [y/N] ")
	diff(t, "stderr", r.errOut, d.path()+" was left as it is\n")
	diff(t, "file", d.content(), twoApps)

	d.answers = "y\n" + appID + "\nn\n" // the secret stays as it was, which is not "not set"
	r = d.must("init")
	diff(t, "page", r.out, "ok    wrote "+d.path()+"\n\nappid   "+appID+"\nsecret  as before: file:"+d.path()+"\n\nNext:\n  wxlogin config validate\n")
	diff(t, "file", d.content(), twoApps)

	d.answers = "y\n"
	d.must("init", "--appid", "wx0000000000000003", "--secret-from", "keyring")
	diff(t, "file", d.content(), strings.NewReplacer(appID, "wx0000000000000003", "env:WX_SECRET", "keyring").Replace(twoApps))
}
