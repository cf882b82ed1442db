package cmd

import (
	"errors"
	"testing"

	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestFlagText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		en, zh string
	}{
		{[]string{"--none"}, "unknown flag: --none", "未知参数：--none"},
		{[]string{"-xy"}, "unknown flag: -x (in -xy)", "未知参数：-x（在 -xy 中）"},
		{[]string{"--for"}, "--for needs a value", "--for 需要一个值"},
		{[]string{"-n"}, "--times needs a value", "--times 需要一个值"},
		{[]string{"--=x"}, "--=x is not a flag: it has no name", "--=x 不是参数：没有名称"},
		{[]string{"--quick=maybe"}, `--quick takes true or false, not "maybe"`, `--quick 只接受 true 或 false，不接受 "maybe"`},
		{[]string{"--for", "soon"}, `--for: "soon" is not a duration with a unit, such as 10s, 5m or 24h`, `--for："soon" 不是带单位的时长，例如 10s、5m 或 24h`},
		{[]string{"-n", "x"}, `--times: bad value "x": strconv.ParseInt: parsing "x": invalid syntax`, `--times：值 "x" 无效：strconv.ParseInt: parsing "x": invalid syntax`},
	} {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		f.Usage = func() {}
		f.Bool("quick", false, "")
		f.Duration("for", 0, "")
		f.IntP("times", "n", 0, "")
		got, ok := flagText(f.Parse(tt.args))
		if !ok || got.In(lang.English) != tt.en || got.In(lang.Chinese) != tt.zh {
			t.Errorf("%v: %q, %q", tt.args, got.In(lang.English), got.In(lang.Chinese))
		}
	}
	for _, err := range []error{nil, errors.New("x"), pflag.ErrHelp} {
		if _, ok := flagText(err); ok {
			t.Errorf("%v is taken for an error of a flag", err)
		}
	}
}
