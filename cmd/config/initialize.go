package config

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// initOptions of `wxlogin config init`.
type initOptions struct {
	appID      string
	secretFrom string // a reference
}

// initResult is what `config init` prints with --json. The field names are API.
type initResult struct {
	File    string       `json:"file"`
	Profile string       `json:"profile"` // "" for none
	AppID   wechat.AppID `json:"appid"`
	Secret  string       `json:"secret"` // where it is; "[redacted]": in the file; "": not configured
}

func newInit(a *app.App, keyring config.Keyring) *cobra.Command {
	opts := initOptions{}
	c := a.Command(app.Spec{
		Use:   "init",
		Short: lang.T{En: "Make the user's file, by questions and answers", Zh: "以问答方式创建用户配置文件"},
		Long: lang.T{
			En: "Asks for the AppID, for the AppSecret (without echo) and for where to keep it: the system's keyring, the file itself, or a variable that you set. --appid and --secret-from answer in advance, which is what a script does; WXLOGIN_APPID answers, too. With --profile NAME the answers go into that profile.\nA file that exists is changed only after you agreed, and then only in these two values; without a terminal it is left alone.",
			Zh: "依次询问 AppID、AppSecret（不回显）以及密钥的存放位置：系统钥匙串、文件本身或你自己设置的环境变量。--appid 和 --secret-from 可预先回答，适用于脚本；WXLOGIN_APPID 也可以。加 --profile NAME 时写入该 profile。\n文件已存在时，经你同意才会修改，而且只改这两项；没有终端时不会改动。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "at a terminal", Zh: "在终端上"}, Line: "wxlogin config init"},
			{Note: lang.T{En: "in a script", Zh: "在脚本中"}, Line: "wxlogin config init --appid wx4f4bc4dec97d474b --secret-from env:WX_SECRET"},
		},
	})
	c.Flags().StringVar(&opts.appID, "appid", "", lang.T{En: "the mini program: `APPID`", Zh: "小程序的 appid：`APPID`"}.In(a.IO.Lang))
	c.Flags().StringVar(&opts.secretFrom, "secret-from", "", lang.T{En: "where the AppSecret is: `env:NAME|file:PATH|cmd:COMMAND|keyring`", Zh: "AppSecret 从哪里取：`env:NAME|file:PATH|cmd:COMMAND|keyring`"}.In(a.IO.Lang))
	_ = c.RegisterFlagCompletionFunc("appid", cobra.NoFileCompletions)
	_ = c.RegisterFlagCompletionFunc("secret-from", completeReference)
	c.RunE = func(c *cobra.Command, _ []string) error { return runInit(c.Context(), a, keyring, opts) }
	return c
}

func runInit(ctx context.Context, a *app.App, keyring config.Keyring, opts initOptions) error {
	_, _ = a.Config() // only for the language
	output, err := a.Output()
	if err != nil {
		return err
	}
	file, err := userFile(a)
	if err != nil {
		return err
	}
	write := config.Init
	if _, err := os.Lstat(file); err == nil {
		if !a.IO.CanPrompt(a.Flags.NoInput) {
			return config.Init(file) // refuses: the file exists
		}
		agreed, err := a.IO.Confirm(ctx, textAskChange.With(file).In(a.IO.Lang))
		if err := answered(err); err != nil {
			return err
		}
		if !agreed {
			a.IO.Note(textLeftAlone.With(file))
			return nil
		}
		write = config.Set
	}
	settings, err := initSettings(ctx, a, keyring, opts)
	if err != nil {
		return err
	}
	if err := write(file, settings...); err != nil {
		return asArgument(err)
	}
	for _, s := range settings {
		warnOverridden(a, s)
	}
	result := initResult{File: file, Profile: a.Flags.Keys["profile"], AppID: wechat.AppID(settings[0].Value)}
	if len(settings) > 1 {
		result.Secret = shown(settings[1])
	}
	return output.Print(a.IO, result, func(p *term.Page) { initPage(p, result, settings, secretBefore(a)) })
}

// initSettings returns the appid, then the secret if there is one.
func initSettings(ctx context.Context, a *app.App, keyring config.Keyring, opts initOptions) ([]config.Setting, error) {
	from, ok := reference(opts.secretFrom)
	if opts.secretFrom != "" && !ok {
		return nil, usage("--secret-from", textNoReference.With(), fixSecretFrom.With())
	}
	appID, err := initAppID(ctx, a, opts)
	if err != nil {
		return nil, err
	}
	settings := []config.Setting{{Name: fullName(a, "appid"), Value: string(appID)}}
	name := fullName(a, "secret")
	switch {
	case ok:
		return append(settings, config.Setting{Name: name, Value: from}), tryKeyring(ctx, a, keyring, name, from)
	case !a.IO.CanPrompt(a.Flags.NoInput):
		return settings, nil
	}
	secret, err := askSecret(ctx, a, keyring, name)
	if err != nil {
		return nil, err
	}
	if secret.Name != "" {
		settings = append(settings, secret)
	}
	return settings, nil
}

func initAppID(ctx context.Context, a *app.App, opts initOptions) (wechat.AppID, error) {
	fromEnv, _ := a.Env("WXLOGIN_APPID")
	given := wechat.AppID(cmp.Or(opts.appID, fromEnv))
	switch {
	case given != "" && given.Check() != nil:
		return "", usage("--appid", badAppID(string(given)), fixAppID.With())
	case given != "":
		return given, nil
	case !a.IO.CanPrompt(a.Flags.NoInput):
		return "", usage("--appid", textNoAppID.With(), fixInitFlags.With(), fixAppIDVariable.With())
	}
	for range attempts {
		answer, err := a.IO.Prompt(ctx, textAskAppID.In(a.IO.Lang))
		if err := answered(err); err != nil {
			return "", err
		}
		if wechat.AppID(answer).Check() == nil {
			return wechat.AppID(answer), nil
		}
		a.IO.Warn(badAppID(answer))
	}
	return "", app.Usage(textGivenUp)
}

// badAppID does not repeat what may be the secret.
func badAppID(text string) lang.Message {
	if looksSecret(text) {
		return textSecretAsAppID.With()
	}
	return textBadAppID.With(redact.Shorten(text, 40))
}

// askSecret asks where the secret is to be kept and for the secret. A keyring that does not work is reported, and the user
// decides anew: nothing is ever kept in a weaker place than the one that was said. The zero Setting means "not now".
func askSecret(ctx context.Context, a *app.App, keyring config.Keyring, name string) (config.Setting, error) {
	var secret redact.Secret // typed once, wherever it ends up
	for range attempts {
		where, err := askPlace(ctx, a, textAskPlaceInit)
		if err != nil || where == nowhere {
			return config.Setting{}, err
		}
		if where == inVariable {
			return askVariable(ctx, a, name)
		}
		if secret.IsZero() {
			if secret, err = readSecret(ctx, a, name, false); err != nil {
				return config.Setting{}, err
			}
		}
		setting, err := keep(ctx, keyring, name, where, secret)
		if e, ok := errors.AsType[*config.Error](err); ok {
			a.IO.Warn(e.Message())
			continue
		}
		return setting, err
	}
	return config.Setting{}, app.Usage(textGivenUp)
}

func askVariable(ctx context.Context, a *app.App, name string) (config.Setting, error) {
	for range attempts {
		answer, err := a.IO.Prompt(ctx, textAskVariable.With(defaultVariable).In(a.IO.Lang))
		if err := answered(err); err != nil {
			return config.Setting{}, err
		}
		answer = cmp.Or(answer, defaultVariable)
		if isVariable(answer) && !looksSecret(answer) {
			return config.Setting{Name: name, Value: "env:" + answer}, nil
		}
		a.IO.Warn(textBadVariable.With()) // not repeated: it may be the secret
	}
	return config.Setting{}, app.Usage(textGivenUp)
}

// defaultVariable is not WXLOGIN_SECRET, which counts without being referred to, and above every profile.
const defaultVariable = "WX_SECRET"

// secretBefore is where the secret comes from; the zero Origin for none. It matters where none was given now.
func secretBefore(a *app.App) config.Origin {
	c, err := reloaded(a)
	if err != nil {
		return config.Origin{}
	}
	value, err := c.Get("secret")
	if err != nil || value.Origin.Source == config.SourceNone {
		return config.Origin{}
	}
	return value.Origin
}

func initPage(p *term.Page, result initResult, settings []config.Setting, before config.Origin) {
	p.Verdict(term.OK, textWrote, result.File)
	p.Blank()
	secret := cmp.Or(result.Secret, p.In(textUnset))
	switch {
	case len(settings) < 2 && before != (config.Origin{}):
		secret = p.In(textAsBefore, before)
	case len(settings) < 2:
	case settings[1].Literal:
		secret = p.In(textInThisFile)
	case settings[1].Value == keyringReference:
		secret = p.In(textKeyringEntry, account(settings[1].Name))
	}
	p.Fields([]term.Field{
		{Label: labelProfile, Value: result.Profile},
		{Label: labelAppID, Value: string(result.AppID)},
		{Label: labelSecret, Value: secret},
	})
	p.Blank()
	p.Line(textNext)
	option := ""
	if result.Profile != "" {
		option = " --profile " + result.Profile
		p.Command("wxlogin config use " + result.Profile)
	}
	if result.Secret == "" && (before == config.Origin{}) {
		p.Command("wxlogin config set secret" + option)
	}
	p.Command("wxlogin config validate" + option)
}

var (
	textAskChange     = lang.T{En: "%s exists already: change the appid and the secret in it?", Zh: "%s 已存在，是否修改其中的 appid 和 secret？"}
	textAskAppID      = lang.T{En: "AppID (wx...): ", Zh: "AppID（wx 开头）："}
	textAskPlaceInit  = lang.T{En: "keep the AppSecret in the keyring (k), as it is in the file (f), in a variable that you set (e), or not now (n)? [k] ", Zh: "AppSecret 存放在系统钥匙串 (k)、明文写入文件 (f)、你自己设置的环境变量 (e)，还是暂不设置 (n)？[k] "}
	textAskVariable   = lang.T{En: "name of the variable [%s]: ", Zh: "环境变量名称 [%s]："}
	textLeftAlone     = lang.T{En: "%s was left as it is", Zh: "%s 保持不变"}
	textBadAppID      = lang.T{En: `%q is not "wx" and 16 lower-case hexadecimal digits`, Zh: `%q 不是 "wx" 加 16 位小写十六进制数字`}
	textSecretAsAppID = lang.T{En: "that looks like an AppSecret, not an AppID", Zh: "这看起来是 AppSecret，不是 AppID"}
	textNoAppID       = lang.T{En: "there is no terminal to ask for the AppID on", Zh: "没有可供询问 AppID 的终端"}
	textNoReference   = lang.T{En: "want where the AppSecret is, never the AppSecret itself; nothing was written", Zh: "这里要写 AppSecret 存放在哪里，而不是 AppSecret 本身；未写入任何内容"}
	textBadVariable   = lang.T{En: "a variable's name is made of letters, digits and _", Zh: "环境变量名称只能由字母、数字和 _ 组成"}
	textWrote         = lang.T{En: "wrote %s", Zh: "已写入 %s"}
	textNext          = lang.T{En: "Next:", Zh: "下一步："}
	textAsBefore      = lang.T{En: "as before: %v", Zh: "与之前相同：%v"}
	textInThisFile    = lang.T{En: "in this file, which only its owner can read", Zh: "明文写在此文件中，仅所有者可读"}
	textKeyringEntry  = lang.T{En: "in the keyring, entry %q", Zh: "系统钥匙串的条目 %q"}

	labelProfile = lang.T{En: "profile", Zh: "配置档"}
	labelAppID   = lang.T{En: "appid", Zh: "appid"}
	labelSecret  = lang.T{En: "secret", Zh: "密钥"}

	fixAppID         = lang.T{En: "copy the AppID from mp.weixin.qq.com, Development Management, Development Settings", Zh: "从 mp.weixin.qq.com 的“开发管理 - 开发设置”复制 AppID"}
	fixInitFlags     = lang.T{En: "answer in advance: wxlogin config init --appid APPID --secret-from env:NAME | file:PATH | cmd:COMMAND | keyring", Zh: "预先回答：wxlogin config init --appid APPID --secret-from env:NAME | file:PATH | cmd:COMMAND | keyring"}
	fixAppIDVariable = lang.T{En: "or set WXLOGIN_APPID", Zh: "或设置 WXLOGIN_APPID"}
	fixSecretFrom    = lang.T{En: "name the place: --secret-from env:NAME | file:PATH | cmd:COMMAND | keyring", Zh: "指明位置：--secret-from env:NAME | file:PATH | cmd:COMMAND | keyring"}
)
