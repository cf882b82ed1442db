package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
)

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
	diff(t, "file as it was", d.content(), twoApps)
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
		{"two", twoApps, []string{"use", "staging", "live"}, true, "config use takes at most 1 argument, but got 2"},
		{"no file", "", []string{"use", "staging"}, false, "FILE: cannot be read: REASON\nmake one by questions and answers: wxlogin config init"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, tt.file)
			r := d.run(tt.args...)
			if r.err == nil || isUsage(r.err) != tt.usage || d.content() != tt.file {
				t.Fatalf("error %v, file %q", r.err, d.content())
			}
			reason := "" // in the words of this system
			if e, ok := errors.AsType[*fs.PathError](r.err); ok {
				reason = e.Err.Error()
			}
			diff(t, "error", strings.ReplaceAll(told(r.err, lang.English), d.path(), "FILE"), strings.Replace(tt.want, "REASON", reason, 1))
		})
	}
}
