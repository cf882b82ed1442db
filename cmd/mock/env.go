package mock

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newEnv is `wxlogin mock env`.
func newEnv(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "env",
		Short: lang.T{En: "Print the variables that point programs at the mock", Zh: "打印让程序指向模拟服务的环境变量"},
		Long: lang.T{
			En: "With these variables, wxlogin exchange, decrypt and inspect use the mock, and so does a server of your own that reads them. The secret is printed only if it is that of the demo app or one that the mock made up: a configured one may be real.",
			Zh: "有了这些变量，wxlogin 的 exchange、decrypt、inspect 都会使用模拟服务，读取它们的自有服务器也是如此。只有演示小程序的 secret 或模拟服务自己生成的 secret 才会打印：配置的 secret 可能是真的。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "in bash and zsh", Zh: "在 bash 和 zsh 中"}, Line: `eval "$(wxlogin mock env)"`},
			{Note: lang.T{En: "in fish", Zh: "在 fish 中"}, Line: "wxlogin mock env --shell fish | source"},
			{Note: lang.T{En: "for an app of its own, in a test", Zh: "在测试中使用单独的小程序"}, Line: `eval "$(wxlogin mock env --appid "$(wxlogin mock app add -q .appid)")"`},
			{Note: lang.T{En: "of a mock that is starting, in a script", Zh: "脚本中，模拟服务正在启动"}, Line: `eval "$(wxlogin mock env --ready-file ready.json)"`},
			{Note: lang.T{En: "a .env file", Zh: ".env 文件"}, Line: "wxlogin mock env --shell dotenv > .env"},
		},
	})
	var shell, appID, readyFile string
	appIDFlag(a, c, &appID)
	c.Flags().StringVar(&readyFile, "ready-file", "", lang.T{En: "wait for this `FILE` of serve --ready-file, and use the mock it names", Zh: "等待 serve --ready-file 写出的 `FILE`，并使用其中的模拟服务"}.In(a.IO.Lang))
	c.Flags().StringVar(&shell, "shell", "", lang.T{En: "`bash|fish|powershell|dotenv`; by $SHELL when absent", Zh: "`bash|fish|powershell|dotenv`，缺省时取决于 $SHELL"}.In(a.IO.Lang))
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"bash", "fish", "powershell", "dotenv"}, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, _ []string) error {
		write, err := writerFor(a, shell)
		if err != nil {
			return err
		}
		if readyFile != "" {
			if a.Flags.Keys["mock.url"], err = waitForReady(c.Context(), readyFile); err != nil {
				return err
			}
		}
		client, err := a.Mock()
		if err != nil {
			return err
		}
		env, err := client.Env(c.Context(), wechat.AppID(appID))
		if err != nil {
			return err
		}
		return printEnv(a, env, client.URL(), write)
	}
	return c
}

// A variable to set.
type variable struct{ name, value string }

// printEnv prints the variables. The mock's address is the one that we reached it at: its own idea of it may be another machine's.
func printEnv(a *app.App, env mockclient.Env, url string, write func(variable) string) error {
	variables := []variable{{"WXLOGIN_URL", url}, {"WXLOGIN_API_BASE", url}, {"WXLOGIN_APPID", string(env.AppID)}}
	if !env.Secret.IsZero() {
		variables = append(variables, variable{"WXLOGIN_SECRET", env.Secret.Reveal()}) // public, or good for nothing elsewhere
	} else {
		a.IO.Hint(textOwnSecret.With(env.AppID))
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	object := struct {
		URL     string `json:"WXLOGIN_URL"`
		APIBase string `json:"WXLOGIN_API_BASE"`
		AppID   string `json:"WXLOGIN_APPID"`
		Secret  string `json:"WXLOGIN_SECRET,omitempty"`
	}{url, url, string(env.AppID), env.Secret.Reveal()}
	return output.Print(a.IO, object, func(p *term.Page) {
		for _, v := range variables {
			p.Text(write(v))
		}
	})
}

var textOwnSecret = lang.T{En: "WXLOGIN_SECRET is not printed: use the secret that is configured for %s", Zh: "不打印 WXLOGIN_SECRET：请使用为 %s 配置的 secret"}

// writerFor returns how a shell sets a variable. Values are URLs and hexadecimal numbers, but they are quoted all the same: what a
// mock answers is not ours to trust.
func writerFor(a *app.App, shell string) (func(variable) string, error) {
	if shell == "" {
		path, _ := a.Env("SHELL")
		shell = strings.TrimSuffix(filepath.Base(path), ".exe")
		if shell != "fish" {
			shell = "bash"
		}
	}
	switch shell {
	case "bash", "zsh", "sh":
		return func(v variable) string { return "export " + v.name + "=" + posixQuote(v.value) }, nil
	case "fish":
		return func(v variable) string {
			return "set -gx " + v.name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.value) + "'"
		}, nil
	case "powershell", "pwsh":
		return func(v variable) string {
			return "$env:" + v.name + " = '" + strings.ReplaceAll(v.value, "'", "''") + "'"
		}, nil
	case "dotenv":
		return func(v variable) string { return v.name + "=" + posixQuote(v.value) }, nil
	}
	return nil, app.Usage(textUnknownShell, shell)
}

var textUnknownShell = lang.T{En: "unknown shell %q: --shell takes bash, fish, powershell or dotenv", Zh: "未知的 shell %q：--shell 可用 bash、fish、powershell、dotenv"}

func posixQuote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
