package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
)

func newGet(a *app.App, keyring config.Keyring) *cobra.Command {
	var reveal bool
	c := a.Command(app.Spec{
		Use:   "get KEY",
		Short: lang.T{En: "Print the value of a key", Zh: "输出某个配置项的值"},
		Long: lang.T{
			En: "Prints the value in use, and nothing else. KEY may name a profile's own value: profiles.staging.appid. A key that nobody set and that has no default is an error (exit code 3).\nSecrets are not printed. --reveal shows one to a person at a terminal; in a pipe it is refused.",
			Zh: "只输出当前生效的值。KEY 也可以是某个 profile 自己的值：profiles.staging.appid。未设置且没有默认值的配置项视为错误（退出码 3）。\n不会输出密钥。--reveal 只在终端上有效，在管道中会被拒绝。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the appid in use", Zh: "当前的 appid"}, Line: "wxlogin config get appid"},
			{Note: lang.T{En: "the one of a profile", Zh: "某个 profile 的 appid"}, Line: "wxlogin config get profiles.staging.appid"},
		},
	})
	c.Args = app.ExactArgs(1)
	c.ValidArgsFunction = completeKey(a)
	c.Flags().BoolVar(&reveal, "reveal", false, lang.T{En: "show a secret, on a terminal only", Zh: "显示密钥，仅限终端"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error { return runGet(c.Context(), a, keyring, args[0], reveal) }
	return c
}

func runGet(ctx context.Context, a *app.App, keyring config.Keyring, key string, reveal bool) error {
	c, err := a.Config()
	if err != nil {
		return err
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	entry, err := c.Get(key)
	switch {
	case err != nil:
		return asArgument(err)
	case entry.Secret:
		secret, err := revealed(ctx, a, c, keyring, key, reveal)
		if err != nil {
			return err
		}
		entry.Value = secret.Reveal()
	}
	if entry.Value == "" {
		fix := fixSet.With(key)
		if entry.Secret {
			fix = fixSetSecret.With(key)
		}
		return &config.Error{Key: key, Reason: textNobodySet.With(), Fixes: []lang.Message{fix}}
	}
	return output.Print(a.IO, entry, func(p *term.Page) { p.Text(entry.Value) })
}

// revealed fetches a secret for somebody who looks at a terminal and asked for it by name.
func revealed(ctx context.Context, a *app.App, c *config.Config, keyring config.Keyring, key string, reveal bool) (redact.Secret, error) {
	profile, bare := splitName(key)
	switch {
	case !reveal:
		return redact.Secret{}, usage(key, textSecretNotShown.With(), fixWhere.With(), fixReveal.With(key))
	case !a.IO.OutTTY:
		return redact.Secret{}, usage("--reveal", textRevealNeedsTTY.With(key), fixWhere.With())
	case profile != "": // other sources may be stronger than the profile's own secret, and it is them that --profile fetches
		return redact.Secret{}, usage(key, textRevealProfile.With(), fixRevealProfile.With(bare, profile))
	case bare == "secret":
		secret, err := c.Secret(ctx, sources(a, keyring))
		return secret.Secret, err
	}
	return c.IntrospectionSecret(ctx, sources(a, keyring))
}

var (
	textNobodySet      = lang.T{En: "is not set", Zh: "未设置"}
	textSecretNotShown = lang.T{En: "is a secret and is not printed", Zh: "是密钥，不会输出"}
	textRevealNeedsTTY = lang.T{En: "%s is shown on a terminal only, and standard output is not one", Zh: "%s 只能在终端上显示，而标准输出不是终端"}
	textRevealProfile  = lang.T{En: "only the secret in use can be revealed", Zh: "只能显示当前使用的密钥"}

	fixSet           = lang.T{En: "set it with: wxlogin config set %s VALUE", Zh: "设置：wxlogin config set %s VALUE"}
	fixSetSecret     = lang.T{En: "set it with: wxlogin config set %s", Zh: "设置：wxlogin config set %s"}
	fixWhere         = lang.T{En: "see where it is kept: wxlogin config list --show-origin", Zh: "查看其保存位置：wxlogin config list --show-origin"}
	fixReveal        = lang.T{En: "show it on a terminal: wxlogin config get %s --reveal", Zh: "在终端上显示：wxlogin config get %s --reveal"}
	fixRevealProfile = lang.T{En: "use the profile: wxlogin config get %s --reveal --profile %s", Zh: "使用该 profile：wxlogin config get %s --reveal --profile %s"}
)
