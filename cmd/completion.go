package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// A shell that completions are written for.
type shell struct {
	name     string
	file     string // in completions/, and as the shell wants it to be called
	generate func(root *cobra.Command, w io.Writer) error
	// dir is where the shell looks for a user's completions, given a look-up of the environment; "" where it has no such place.
	dir func(env func(string) string) string
}

func shells() []shell {
	return []shell{
		{
			"bash", "wxlogin.bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
			func(env func(string) string) string {
				return filepath.Join(dataHome(env), "bash-completion", "completions")
			},
		},
		{
			"zsh", "_wxlogin", (*cobra.Command).GenZshCompletion,
			func(env func(string) string) string { return filepath.Join(dataHome(env), "zsh", "site-functions") },
		},
		{
			"fish", "wxlogin.fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
			func(env func(string) string) string {
				return filepath.Join(orElse(env("XDG_CONFIG_HOME"), filepath.Join(env("HOME"), ".config")), "fish", "completions")
			},
		},
		{"powershell", "wxlogin.ps1", (*cobra.Command).GenPowerShellCompletionWithDesc, nil},
	}
}

func dataHome(env func(string) string) string {
	return orElse(env("XDG_DATA_HOME"), filepath.Join(env("HOME"), ".local", "share"))
}

// newCompletion is `wxlogin completion bash|zsh|fish|powershell` and `wxlogin completion install`.
func newCompletion(a *app.App) *cobra.Command {
	var verbs []*cobra.Command
	for _, s := range shells() {
		verbs = append(verbs, completionScript(a, s))
	}
	return a.Group(app.Spec{
		Use:   "completion",
		Short: lang.T{En: "Print or install shell completion", Zh: "输出或安装 shell 自动补全"},
		Long: lang.T{
			En: "Prints the completion script of a shell, or installs it for this user. No rc file is ever edited.",
			Zh: "输出某个 shell 的补全脚本，或为当前用户安装。绝不修改任何 rc 文件。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "install for the shell in $SHELL", Zh: "为 $SHELL 中的 shell 安装"}, Line: "wxlogin completion install"},
			{Note: lang.T{En: "only for this session", Zh: "只在当前会话中使用"}, Line: "source <(wxlogin completion bash)"},
		},
	}, append(verbs, newCompletionInstall(a))...)
}

func completionScript(a *app.App, s shell) *cobra.Command {
	c := a.Command(app.Spec{
		Use:      s.name,
		Short:    lang.T{En: "Print the completion script of this shell", Zh: "输出该 shell 的补全脚本"},
		Examples: []app.Example{{Note: lang.T{En: "keep it in a file", Zh: "保存到文件"}, Line: "wxlogin completion " + s.name + " > " + s.file}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error { return s.generate(c.Root(), a.IO.RawOut) }
	return c
}

// newCompletionInstall is `wxlogin completion install`.
func newCompletionInstall(a *app.App) *cobra.Command {
	var name string
	c := a.Command(app.Spec{
		Use:   "install",
		Short: lang.T{En: "Install the completion script for this user", Zh: "为当前用户安装补全脚本"},
		Long: lang.T{
			En: "Writes the script to where the shell looks for a user's completions, and says where that is. zsh needs that directory in its fpath before compinit; the line to add is printed, not added.",
			Zh: "把脚本写到 shell 查找用户补全的位置，并说明写在哪里。zsh 需要在 compinit 之前把该目录加入 fpath；需要添加的那一行只打印，不会自动写入。",
		},
		Examples: []app.Example{{Note: lang.T{En: "for fish", Zh: "为 fish 安装"}, Line: "wxlogin completion install --shell fish"}},
	})
	c.Flags().StringVar(&name, "shell", "", lang.T{En: "`bash|zsh|fish`; the one in $SHELL when absent", Zh: "`bash|zsh|fish`，缺省为 $SHELL 中的 shell"}.In(a.IO.Lang))
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"bash", "zsh", "fish"}, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, _ []string) error { return installCompletion(a, c.Root(), name) }
	return c
}

func installCompletion(a *app.App, root *cobra.Command, name string) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	env := func(name string) string { value, _ := a.Env(name); return value }
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(env("SHELL")), ".exe")
	}
	chosen, ok := installable(name)
	switch {
	case name == ".":
		return app.Usage(textNoShell)
	case !ok:
		return app.Usage(textNoInstall, name)
	}
	if env("HOME") == "" && env("XDG_DATA_HOME") == "" && env("XDG_CONFIG_HOME") == "" {
		return app.Usage(textNoHome)
	}
	var script bytes.Buffer
	if err := chosen.generate(root, &script); err != nil {
		return fmt.Errorf("generate completion: %w", err)
	}
	dir := chosen.dir(env)
	path := filepath.Join(dir, strings.TrimSuffix(chosen.file, ".bash")) // bash-completion loads a file of the command's name
	if err := os.MkdirAll(dir, 0o755); err != nil {                      //nolint:gosec // completions are no secret
		return err
	}
	if err := os.WriteFile(path, script.Bytes(), 0o644); err != nil { //nolint:gosec // likewise
		return err
	}
	result := struct {
		Shell string `json:"shell"`
		Path  string `json:"path"`
	}{chosen.name, path}
	return output.Print(a.IO, result, func(p *term.Page) {
		p.Verdict(term.OK, textInstalled, path)
		if chosen.name == "zsh" {
			p.Line(textFpath)
			p.Command("fpath=(" + dir + " $fpath)")
		}
		p.Note(textNewShell)
	})
}

// installable finds the shell by name; PowerShell has no directory of its own for completions.
func installable(name string) (shell, bool) {
	for _, s := range shells() {
		if s.name == name && s.dir != nil {
			return s, true
		}
	}
	return shell{}, false
}

var (
	textNoInstall = lang.T{En: "cannot install for shell %q: give --shell bash, zsh or fish (for PowerShell, add the output of wxlogin completion powershell to $PROFILE)", Zh: "无法为 shell %q 安装：请给出 --shell bash、zsh 或 fish（PowerShell 请把 wxlogin completion powershell 的输出加入 $PROFILE）"}
	textNoShell   = lang.T{En: "SHELL is not set: give --shell bash, zsh or fish", Zh: "未设置 SHELL：请给出 --shell bash、zsh 或 fish"}
	textNoHome    = lang.T{En: "HOME is not set, so there is no place for a user's completions", Zh: "HOME 未设置，没有存放用户补全脚本的位置"}
	textInstalled = lang.T{En: "completion written to %s", Zh: "补全脚本已写入 %s"}
	textFpath     = lang.T{En: "zsh reads it if this line stands before compinit in .zshrc:", Zh: "若 .zshrc 在 compinit 之前有下面这一行，zsh 就会读取它："}
	textNewShell  = lang.T{En: "It works in the next shell you open.", Zh: "在新打开的 shell 中生效。"}
)

// completeFlags says what values flags take: the words of those that take words, files where one is meant, else nothing.
func completeFlags(a *app.App, root *cobra.Command) {
	for flag, words := range map[string][]string{
		"lang": {"zh", "en"}, "color": {"auto", "always", "never"}, "output": {"text", "json", "ndjson"},
	} {
		_ = root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	_ = root.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		c, err := a.Config()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.Profiles(), cobra.ShellCompDirectiveNoFileComp
	})
	noFiles(root)
	plainTexts(root)
}

// noFiles keeps files away from flags that want none. A flag that has its completion already keeps it.
func noFiles(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if placeholder, _ := pflag.UnquoteUsage(f); !strings.Contains(placeholder, "FILE") {
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
		}
	})
	for _, sub := range c.Commands() {
		noFiles(sub)
	}
}

// plainTexts takes the backquotes, which mark placeholders for help, out of the descriptions that shells show.
func plainTexts(c *cobra.Command) {
	plain := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	c.PersistentFlags().VisitAll(plain)
	c.Flags().VisitAll(plain)
	for _, sub := range c.Commands() {
		plainTexts(sub)
	}
}
