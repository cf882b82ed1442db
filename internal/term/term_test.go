package term

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/lang"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares got with testdata/NAME.golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// environ makes a lookup function of pairs.
func environ(pairs ...string) func(string) (string, bool) {
	vars := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		vars[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) { value, ok := vars[name]; return value, ok }
}

func TestWantsColor(t *testing.T) {
	t.Parallel()
	// no-color.org: "when present and not an empty string (regardless of its value)"; bixense.com/clicolors for the others.
	tests := []struct {
		name string
		mode string
		tty  bool
		env  []string
		want bool
	}{
		{"a terminal", colorAuto, true, nil, true},
		{"a pipe", colorAuto, false, nil, false},
		{"flag always beats NO_COLOR", colorAlways, false, []string{"NO_COLOR", "1"}, true},
		{"flag never beats force", colorNever, true, []string{"CLICOLOR_FORCE", "1"}, false},
		{"NO_COLOR=yes", colorAuto, true, []string{"NO_COLOR", "yes"}, false},
		{"NO_COLOR=0", colorAuto, true, []string{"NO_COLOR", "0"}, false},
		{"NO_COLOR empty", colorAuto, true, []string{"NO_COLOR", ""}, true},
		{"NO_COLOR beats force", colorAuto, false, []string{"NO_COLOR", "1", "FORCE_COLOR", "1"}, false},
		{"CLICOLOR_FORCE in a pipe", colorAuto, false, []string{"CLICOLOR_FORCE", "1"}, true},
		{"CLICOLOR_FORCE=0", colorAuto, false, []string{"CLICOLOR_FORCE", "0"}, false},
		{"FORCE_COLOR in a pipe", colorAuto, false, []string{"FORCE_COLOR", "true"}, true},
		{"force beats dumb", colorAuto, true, []string{"FORCE_COLOR", "1", "TERM", "dumb"}, true},
		{"dumb", colorAuto, true, []string{"TERM", "dumb"}, false},
		{"CLICOLOR=0", colorAuto, true, []string{"CLICOLOR", "0"}, false},
		{"CLICOLOR=1 in a pipe", colorAuto, false, []string{"CLICOLOR", "1"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wantsColor(tt.mode, tt.tty, environ(tt.env...)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSetColor(t *testing.T) {
	t.Parallel()
	s, _, out, errOut := Test()
	if err := s.SetColor("sometimes"); err == nil || err.Error() != `unknown --color "sometimes" (want auto, always or never)` {
		t.Errorf("SetColor = %v", err)
	}
	if err := s.SetColor("always"); err != nil {
		t.Fatal(err)
	}
	styled := s.Styles.Fail.Render("x")
	_, _ = io.WriteString(s.Out, styled)
	if got, want := out.String(), "\x1b[31mx\x1b[m"; got != want { // ECMA-48: 31 is red, m alone resets
		t.Errorf("always: %q, want %q", got, want)
	}
	if err := s.SetColor("never"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(s.Err, s.Styles.Heading.Render("bold")+"\x1b]8;;https://x\x07link\x1b]8;;\x07")
	if got := errOut.String(); got != "boldlink" {
		t.Errorf("never: %q", got)
	}
}

func TestDetectLang(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		flag       string
		env        []string
		configured string
		machine    bool
		want       lang.Lang
	}{
		{"nothing", "", nil, "", false, lang.English},
		{"flag beats all", "en", []string{"WXLOGIN_LANG", "zh", "LANG", "zh_CN.UTF-8"}, "zh", false, lang.English},
		{"variable beats config", "", []string{"WXLOGIN_LANG", "zh", "LANG", "C"}, "en", false, lang.Chinese},
		{"config beats locale", "", []string{"LC_ALL", "C"}, "zh", false, lang.Chinese},
		{"LC_ALL beats LC_MESSAGES", "", []string{"LC_ALL", "zh_TW", "LC_MESSAGES", "en_US"}, "", false, lang.Chinese},
		{"LC_MESSAGES beats LANG", "", []string{"LC_MESSAGES", "POSIX", "LANG", "zh_CN"}, "", false, lang.English},
		{"an empty LC_ALL is passed over", "", []string{"LC_ALL", "", "LANG", "zh_CN.UTF-8"}, "", false, lang.Chinese},
		{"other locale", "", []string{"LANG", "de_DE.UTF-8"}, "", false, lang.English},
		{"machine ignores the locale", "", []string{"LANG", "zh_CN.UTF-8"}, "zh", true, lang.English},
		{"machine, flag", "zh", nil, "", true, lang.Chinese},
		{"machine, variable", "", []string{"WXLOGIN_LANG", "zh"}, "", true, lang.Chinese},
		{"unknown names are passed over", "fr", []string{"WXLOGIN_LANG", "x", "LANG", "zh"}, "y", false, lang.Chinese},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := DetectLang(tt.flag, environ(tt.env...), tt.configured, tt.machine); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	const s, m, h, d = time.Second, time.Minute, time.Hour, 24 * time.Hour
	tests := []struct {
		in     time.Duration
		en, zh string
	}{
		{0, "now", "现在"},
		{999 * time.Millisecond, "now", "现在"},
		{42 * s, "in 42 s", "42 秒后"},
		{-3 * m, "3 min ago", "3 分钟前"},
		{4*m + 59*s, "in 4 min 59 s", "4 分钟 59 秒后"},
		{24*h - s, "in 23 h 59 min", "23 小时 59 分钟后"},
		{-(24*h + 10*m), "1 d ago", "1 天前"},
		{3*d + 2*h + 59*m, "in 3 d 2 h", "3 天 2 小时后"},
		{-1 << 63, "106751 d 23 h ago", "106751 天 23 小时前"}, // Abs saturates
	}
	for _, tt := range tests {
		if got := Distance(tt.in, lang.English); got != tt.en {
			t.Errorf("Distance(%v) = %q, want %q", tt.in, got, tt.en)
		}
		if got := Distance(tt.in, lang.Chinese); got != tt.zh {
			t.Errorf("Distance(%v) = %q, want %q", tt.in, got, tt.zh)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 18, 4, 5, 999, time.FixedZone("CST", 8*3600))
	s, _, _, _ := Test()
	if got, want := s.Clock(at), "2026-11-02T10:04:05Z"; got != want {
		t.Errorf("off a terminal %q, want %q", got, want)
	}
	s.OutTTY = true
	if got, want := s.Clock(at), at.Local().Format("2006-01-02 15:04:05"); got != want {
		t.Errorf("at a terminal %q, want %q", got, want)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	text := lang.T{En: "nick %s", Zh: "昵称 %s"}
	s, _, out, errOut := Test()
	s.Warn(text.With("a\x1b[31m\nb"))
	s.Cause(text.With("h"))
	s.Hint(text.With("c"))
	s.Note(text.With("d"))
	s.Fail(text.With("x"))
	s.Lang = lang.Chinese
	s.Warn(text.With("e"))
	s.Cause(text.With("i"))
	s.Hint(text.With("f"))
	s.Fail(text.With("g"))
	want := "warning: nick a[31m b\ncause: nick h\nhint: nick c\nnick d\nerror: nick x\n警告：昵称 e\n原因：昵称 i\n提示：昵称 f\n错误：昵称 g\n"
	if diff := cmp.Diff(want, errOut.String()); diff != "" {
		t.Error(diff)
	}
	if out.Len() != 0 {
		t.Errorf("standard output holds %q", out)
	}
}

func TestStdinIsClaimedOnce(t *testing.T) {
	t.Parallel()
	s, in, _, errOut := Test()
	s.InTTY = true
	in.WriteString("data")
	r, err := s.Stdin("--data")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); string(got) != "data" {
		t.Errorf("read %q", got)
	}
	if !bytes.Contains(errOut.Bytes(), []byte("reading --data from the terminal")) {
		t.Errorf("standard error holds %q", errOut)
	}
	_, err = s.Stdin("--session-key")
	if _, ok := errors.AsType[*UsageError](err); !ok || err.Error() != "--data and --session-key both read standard input; only one can" {
		t.Errorf("second claim: %v", err)
	}
}

func TestIsBrokenPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); !IsBrokenPipe(err) {
		t.Errorf("IsBrokenPipe(%v) = false", err)
	}
	if IsBrokenPipe(nil) || IsBrokenPipe(io.EOF) {
		t.Error("something else counts as a broken pipe")
	}
}
