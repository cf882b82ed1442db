package app_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// tree is "tool" with the command "run", which takes what args says, and the group "group" with "login" and "logout".
func tree(a *app.App, args cobra.PositionalArgs) *cobra.Command {
	ran := func(*cobra.Command, []string) error { return nil }
	run := a.Command(app.Spec{Use: "run"})
	run.RunE = ran
	if args != nil {
		run.Args = args
	}
	a.KeyFlag(run, "appid", "appid", "ID", lang.T{En: "the appid", Zh: "appid"})
	in, out := a.Command(app.Spec{Use: "login"}), a.Command(app.Spec{Use: "logout"})
	in.RunE, out.RunE = ran, ran
	root := a.Group(app.Spec{Use: "tool"}, run, a.Group(app.Spec{Use: "group", Short: lang.T{En: "A group", Zh: "一组"}}, in, out))
	root.SilenceErrors, root.SilenceUsage = true, true
	return root
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args cobra.PositionalArgs
		line string
		want string // the error; "" for none
	}{
		{"no arguments", nil, "run", ""},
		{"one too many", nil, "run x", `tool run takes no arguments, but got 1`},
		{"at most one", app.MaxArgs(1), "run x", ""},
		{"at most one of none", app.MaxArgs(1), "run", ""},
		{"at most one of two", app.MaxArgs(1), "run sesame open", "tool run takes at most 1 argument, but got 2"},
		{"exactly two", app.ExactArgs(2), "run x y", ""},
		{"exactly two of one", app.ExactArgs(2), "run sesame", "tool run takes exactly 2 arguments, but got 1"},
		{"exactly two of three", app.ExactArgs(2), "run sesame x y", "tool run takes exactly 2 arguments, but got 3"},
		{"unknown flag", nil, "run --none", "unknown flag: --none"},
		{"flag without its value", nil, "run --appid", "flag needs an argument: --appid"},
		{"unknown command", nil, "xyzzy", `unknown command "xyzzy" for "tool"`},
		{"mistyped command", nil, "rnu", `unknown command "rnu" for "tool"; did you mean run?`},
		{"unknown verb", nil, "group xyzzy", `unknown command "xyzzy" for "tool group"`},
		{"mistyped verb", nil, "group logn", `unknown command "logn" for "tool group"; did you mean login?`},
		{"command after --", nil, "-- run", "tool does not look for a command after --: leave the -- out"},
		{"verb after --", nil, "group -- login", "tool group does not look for a command after --: leave the -- out"},
		{"unknown command before --", nil, "xyzzy -- run", `unknown command "xyzzy" for "tool"`},
		{"group alone", nil, "group", ""},
		{"verb", nil, "group login", ""},
		{"argument of a verb", nil, "group login x", `tool group login takes no arguments, but got 1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := newApp(nil)
			root := tree(a, tt.args)
			root.SetArgs(strings.Fields(tt.line))
			root.SetOut(a.IO.Out)
			root.SetErr(a.IO.Err)
			err := root.ExecuteContext(t.Context())
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			usage, isUsage := errors.AsType[*term.UsageError](err)
			if !isUsage {
				t.Fatalf("%T %v", err, err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if chinese := usage.Message().In(lang.Chinese); chinese == tt.want || strings.Contains(chinese, "%!") || strings.Contains(chinese, "sesame") {
				t.Errorf("in Chinese: %s", chinese)
			}
		})
	}
}

func TestKeyFlag(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp(nil)
	root := tree(a, nil)
	root.SetArgs([]string{"run", "--appid", "wx4f4bc4dec97d474b"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"appid": "wx4f4bc4dec97d474b"}, a.Flags.Keys); diff != "" {
		t.Error(diff)
	}
	run, _, err := root.Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	if usage := run.Flags().FlagUsages(); !strings.Contains(usage, "--appid ID   the appid") || strings.Contains(usage, "default") {
		t.Errorf("help of the flag: %s", usage)
	}
}

func TestCommandTexts(t *testing.T) {
	t.Parallel()
	spec := app.Spec{
		Use: "verb [FILE | -]", Short: lang.T{En: "Do it", Zh: "做"}, Long: lang.T{En: "Do it well.", Zh: "好好做。"},
		Examples: []app.Example{{lang.T{En: "from a file", Zh: "从文件"}, "tool verb x"}, {lang.T{En: "from a pipe", Zh: "从管道"}, "x | tool verb -"}},
	}
	a, _, _ := newApp(nil)
	c := a.Command(spec)
	got := []string{c.Use, c.Short, c.Long, c.Example}
	want := []string{"verb [FILE | -]", "Do it", "Do it well.", "# from a file\n$ tool verb x\n# from a pipe\n$ x | tool verb -"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	a.IO.Lang = lang.Chinese
	if c = a.Command(spec); c.Short != "做" || c.Long != "好好做。" || !strings.HasPrefix(c.Example, "# 从文件\n$ tool verb x") {
		t.Errorf("%s %s %s", c.Short, c.Long, c.Example)
	}
}
