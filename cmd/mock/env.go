package mock

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// envOptions of `wxlogin mock env`.
type envOptions struct {
	appID     string
	readyFile string
	shell     string
	apiOnly   bool
	unset     bool
}

// newEnv is `wxlogin mock env`.
func newEnv(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "env",
		Short: lang.T{En: "Print the variables that lead programs to the mock", Zh: "打印让程序指向模拟服务的环境变量"},
		Long: lang.T{
			En: "With these variables, a server that has https://api.weixin.qq.com compiled in reaches the mock in its place: as a proxy that it uses and under a CA that it trusts. wxlogin help intercept tells which variable is for which runtime. wxlogin exchange, decrypt and inspect use the mock as well, and so does a server of your own whose API address can be set to WXLOGIN_API_BASE; if that is all you need, --api-only leaves out the rest.\nThe variables are good as long as the mock runs: afterwards programs would ask a proxy that is gone. Take them in a shell of their own, or take them back with --unset, which restores what stood there before.\nThe secret is printed only if it is that of the demo app or one that the mock made up: a configured one may be real.",
			Zh: "有了这些变量，即使服务器把 https://api.weixin.qq.com 写死在代码里，实际到达的也是模拟服务：它会使用该代理，并信任该 CA。每个变量对应哪些运行时，见 wxlogin help intercept。wxlogin 的 exchange、decrypt、inspect 以及能把接口地址设为 WXLOGIN_API_BASE 的自有服务器同样会使用模拟服务；如果只需要这些，加 --api-only 可省去其余变量。\n这些变量只在模拟服务运行期间有效，之后程序会去找一个已不存在的代理。请在单独的 shell 中使用，或用 --unset 撤销，它会恢复原来的值。\n只有演示小程序的 secret 或模拟服务自己生成的 secret 才会打印：配置的 secret 可能是真的。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "start a server inside the simulation by hand", Zh: "手动在模拟环境中启动服务器"}, Line: `(eval "$(wxlogin mock env)"; node server.js)`},
			{Note: lang.T{En: "in this shell, and back", Zh: "在当前 shell 中使用，然后撤销"}, Line: `eval "$(wxlogin mock env)"; node server.js; eval "$(wxlogin mock env --unset)"`},
			{Note: lang.T{En: "in fish", Zh: "在 fish 中"}, Line: "wxlogin mock env --shell fish | source"},
			{Note: lang.T{En: "for a program whose API address can be set, with an app of its own", Zh: "接口地址可配置的程序，使用单独的小程序"}, Line: `eval "$(wxlogin mock env --api-only --appid "$(wxlogin mock app add -q .appid)")"`},
			{Note: lang.T{En: "of a mock that is starting, in a script", Zh: "脚本中，模拟服务正在启动"}, Line: `eval "$(wxlogin mock env --ready-file ready.json)"`},
			{Note: lang.T{En: "a .env file", Zh: ".env 文件"}, Line: "wxlogin mock env --shell dotenv > .env"},
		},
	})
	var opts envOptions
	appIDFlag(a, c, &opts.appID)
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.StringVar(&opts.readyFile, "ready-file", "", text(lang.T{En: "wait for this `FILE` of serve --ready-file, and use the mock it names", Zh: "等待 serve --ready-file 写出的 `FILE`，并使用其中的模拟服务"}))
	f.StringVar(&opts.shell, "shell", "", text(lang.T{En: "`bash|fish|powershell|dotenv`; by $SHELL when absent", Zh: "`bash|fish|powershell|dotenv`，缺省时取决于 $SHELL"}))
	f.BoolVar(&opts.apiOnly, "api-only", false, text(lang.T{En: "only WXLOGIN_URL, WXLOGIN_API_BASE, WXLOGIN_APPID and WXLOGIN_SECRET", Zh: "只打印 WXLOGIN_URL、WXLOGIN_API_BASE、WXLOGIN_APPID、WXLOGIN_SECRET"}))
	f.BoolVar(&opts.unset, "unset", false, text(lang.T{En: "take back what this shell has taken, and restore what stood there before", Zh: "撤销当前 shell 中的这些变量，恢复原来的值"}))
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"bash", "fish", "powershell", "dotenv"}, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, _ []string) error { return runEnv(c.Context(), a, opts) }
	return c
}

func runEnv(ctx context.Context, a *app.App, opts envOptions) error {
	sh, err := shellFor(a, opts.shell)
	if err != nil {
		return err
	}
	if opts.unset {
		return printUnset(a, sh)
	}
	if opts.readyFile != "" {
		if a.Flags.Keys["mock.url"], err = waitForReady(ctx, opts.readyFile); err != nil {
			return err
		}
	}
	client, err := a.Mock()
	if err != nil {
		return err
	}
	env, err := client.Env(ctx, wechat.AppID(opts.appID))
	if err != nil {
		return err
	}
	// The mock's address is the one that we reached it at: its own idea of it may be another machine's.
	s := intercept.Simulation{URL: client.URL(), AppID: env.AppID, Secret: env.Secret}
	if !opts.apiOnly {
		if s.Files, err = clientFiles(ctx, a, client); err != nil {
			return err
		}
	}
	if s.Secret.IsZero() {
		a.IO.Hint(textOwnSecret.With(env.AppID))
	}
	return printEnv(a, intercept.Environment(s, intercept.Before(a.Env), runtime.GOOS), sh)
}

// clientFiles asks the mock for its files; there are none on this machine when it runs on another.
func clientFiles(ctx context.Context, a *app.App, client *mockclient.Client) (files intercept.ClientFiles, err error) {
	raw, err := client.Files(ctx)
	if err != nil {
		return files, err
	}
	if err := json.Unmarshal(raw, &files); err != nil {
		return files, fmt.Errorf("read what the mock says of its files: %w", err)
	}
	if _, err := os.Stat(files.CA); err != nil {
		a.IO.Hint(textElsewhere.With())
		return intercept.ClientFiles{}, nil
	}
	return files, nil
}

// printEnv prints the variables. To a shell it says as well what to take back later.
func printEnv(a *app.App, vars []intercept.Variable, sh shell) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	object, err := intercept.MarshalVariables(vars)
	if err != nil {
		return err
	}
	whole := slices.ContainsFunc(vars, func(v intercept.Variable) bool { return v.Name == "HTTPS_PROXY" })
	if whole && a.IO.ErrTTY && !output.Machine() && sh.unset != nil {
		a.IO.Hint(textTakeBack.With(sh.take("wxlogin mock env --unset")))
	}
	return output.Print(a.IO, object, func(p *term.Page) {
		if whole && sh.save != nil {
			saveBefore(a, p, vars, sh)
		}
		for _, v := range vars {
			p.Text(sh.set(v.Name, v.Value))
		}
	})
}

// saveBefore lets the shell remember what the user had, under other names; the values themselves are not printed. Our own variables are
// not worth it, and one of them may hold a secret.
func saveBefore(a *app.App, p *term.Page, vars []intercept.Variable, sh shell) {
	list, _ := a.Env(intercept.SetVariable)
	ours := strings.Fields(list)
	var names []string
	for _, v := range vars {
		names = append(names, v.Name)
		if _, set := a.Env(v.Name); set && !strings.HasPrefix(v.Name, "WXLOGIN_") && !slices.Contains(ours, v.Name) {
			p.Text(sh.save(intercept.WasPrefix+v.Name, v.Name))
		}
	}
	p.Text(sh.set(intercept.SetVariable, strings.Join(names, " ")))
}

// printUnset prints what undoes [printEnv]. It needs no mock: the shell knows what it took.
func printUnset(a *app.App, sh shell) error {
	if sh.unset == nil {
		return app.Usage(textUnsetShell)
	}
	list, _ := a.Env(intercept.SetVariable)
	if list == "" {
		a.IO.Note(textNothingTaken.With())
		return nil
	}
	return a.IO.Print(func(p *term.Page) {
		for _, name := range strings.Fields(list) {
			if was := intercept.WasPrefix + name; isSet(a, was) {
				p.Text(sh.save(name, was))
				p.Text(sh.unset(was))
				continue
			}
			p.Text(sh.unset(name))
		}
		p.Text(sh.unset(intercept.SetVariable))
	})
}

func isSet(a *app.App, name string) bool {
	_, set := a.Env(name)
	return set
}

var (
	textOwnSecret    = lang.T{En: "WXLOGIN_SECRET is not printed: use the secret that is configured for %s", Zh: "不打印 WXLOGIN_SECRET：请使用为 %s 配置的 secret"}
	textElsewhere    = lang.T{En: "the mock runs on another machine: programs that have WeChat's address compiled in are not led to it; see wxlogin mock ca", Zh: "模拟服务在另一台机器上：把微信地址写死的程序不会被引向它，参见 wxlogin mock ca"}
	textTakeBack     = lang.T{En: "these last as long as the mock; to take them back: %s", Zh: "这些变量只在模拟服务运行期间有效，撤销：%s"}
	textNothingTaken = lang.T{En: "this shell has taken nothing that could be taken back", Zh: "当前 shell 中没有可以撤销的变量"}
	textUnsetShell   = lang.T{En: "--unset is for shells; a file of variables is taken back by deleting it", Zh: "--unset 只用于 shell；变量文件删除即可"}
)
