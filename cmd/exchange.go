package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// exchangeOptions of `wxlogin exchange`.
type exchangeOptions struct {
	code   string // "-": the first line of standard input; "": ask
	noSave bool
	reveal bool
}

// exchangeResult is what exchange prints with --json. The field names are API.
type exchangeResult struct {
	AppID      wechat.AppID   `json:"appid"`
	OpenID     wechat.OpenID  `json:"openid"`
	UnionID    wechat.UnionID `json:"unionid,omitempty"` // absent when WeChat gave none
	SessionKey string         `json:"session_key"`       // "[redacted]" without --reveal
	Saved      bool           `json:"saved"`
	ObtainedAt time.Time      `json:"obtained_at"`
	Notes      []string       `json:"notes"`
}

// newExchange is `wxlogin exchange [CODE | -]`.
func newExchange(a *app.App) *cobra.Command {
	opts := exchangeOptions{}
	c := a.Command(app.Spec{
		Use:   "exchange [CODE | -]",
		Short: lang.T{En: "Exchange a wx.login code for openid and session_key", Zh: "用 wx.login 的 code 换取 openid 和 session_key"},
		Long: lang.T{
			En: "Sends the code to WeChat (code2Session) and saves the session for decrypt and inspect. A code comes from wx.login in the mini program, lives five minutes and works once, so it is sent once: nothing is retried after it left.\nThe session_key stays hidden; --reveal shows it. The appid comes from --appid, WXLOGIN_APPID or the configuration, the AppSecret from WXLOGIN_SECRET, a file or the configuration, never from a flag (see wxlogin help secrets).",
			Zh: "把 code 发给微信（code2Session），并保存会话供 decrypt 和 inspect 使用。code 由小程序的 wx.login 产生，五分钟内有效且只能用一次，所以只发送一次：发出之后绝不重试。\nsession_key 默认不显示，加 --reveal 才显示。appid 取自 --appid、WXLOGIN_APPID 或配置；AppSecret 取自 WXLOGIN_SECRET、文件或配置，从不通过参数传递（参见 wxlogin help secrets）。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a code from the mini program", Zh: "小程序里拿到的 code"}, Line: "wxlogin exchange 0a1HonW91tM3MN1NizW91F0mW91HonWu"},
			{Note: lang.T{En: "a code of a running mock, and just the openid", Zh: "模拟服务的 code，只输出 openid"}, Line: "wxlogin mock login | wxlogin exchange - -q .openid"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeMagic
	c.Flags().BoolVar(&opts.noSave, "no-save", false, lang.T{En: "do not save the session", Zh: "不保存会话"}.In(a.IO.Lang))
	c.Flags().BoolVar(&opts.reveal, "reveal", false, lang.T{En: "show the session_key", Zh: "显示 session_key"}.In(a.IO.Lang))
	weChatFlags(a, c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			opts.code = args[0]
		}
		return runExchange(c.Context(), a, opts)
	}
	return c
}

// completeMagic offers the magic codes of a mock; a code of WeChat's nobody can guess.
func completeMagic(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var codes []string
	if len(args) == 0 {
		for _, form := range world.MagicForms() {
			codes = append(codes, form.Example)
		}
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}

// weChatFlags are those of every command that calls WeChat.
func weChatFlags(a *app.App, c *cobra.Command) {
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program", Zh: "小程序的 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host in place of WeChat's", Zh: "代替微信接口地址的 URL"})
	a.KeyFlag(c, "timeout", "timeout", "DURATION", lang.T{En: "limit of the whole call, such as 10s", Zh: "整个调用的时限，例如 10s"})
	c.Flags().StringVar(&a.Flags.SecretFile, "secret-file", "", lang.T{En: "read the AppSecret from `FILE` (- is standard input)", Zh: "从文件 `FILE` 读取 AppSecret（- 表示标准输入）"}.In(a.IO.Lang))
}

func runExchange(ctx context.Context, a *app.App, opts exchangeOptions) error {
	client, err := a.WeChat(ctx)
	if err != nil {
		return err
	}
	appID, err := a.AppID()
	if err != nil {
		return err
	}
	code, err := readCode(ctx, a, opts.code)
	if err != nil {
		return err
	}
	var store session.Store
	if !opts.noSave { // made once nothing is missing any more, and before the code is spent: what would fail afterwards should fail now
		if store, err = a.Store(ctx); err != nil {
			return err
		}
	}
	answer, err := client.Code2Session(ctx, code)
	if err != nil {
		return err
	}
	now := a.Now().UTC()
	result := exchangeResult{
		AppID: appID, OpenID: answer.OpenID, UnionID: answer.UnionID, SessionKey: redact.Mask, ObtainedAt: now.Truncate(time.Second), Notes: []string{},
	}
	if opts.reveal {
		result.SessionKey = answer.SessionKey.Reveal()
	}
	for _, note := range answer.Notes {
		result.Notes = append(result.Notes, note.Text().In(a.IO.Lang))
	}
	result.Saved = save(ctx, a, store, client, appID, answer, now)
	if err := printExchange(a, result, answer); err != nil {
		e := &spentError{error: err}
		if result.Saved {
			e.savedIn = storeName(a)
		}
		return e
	}
	return nil
}

// A spentError is the failure to print what an exchange brought. The code works no second time.
type spentError struct {
	error
	savedIn string // where the session is; "" if it was not saved
}

func (e *spentError) Unwrap() error { return e.error }

// save keeps the session. The code is spent, so a store that fails now is a warning: the answer is still given.
func save(ctx context.Context, a *app.App, store session.Store, client *wxapi.Client, appID wechat.AppID, answer wxapi.Session, at time.Time) bool {
	if store == nil {
		return false
	}
	_, err := store.Save(context.WithoutCancel(ctx), session.Login{
		ID:      session.ID{Origin: client.Origin(), AppID: appID, OpenID: answer.OpenID},
		UnionID: answer.UnionID, Key: answer.SessionKey, At: at,
	})
	if err != nil {
		a.IO.Warn(textNotSaved.With(redact.Clean(err.Error())))
	}
	return err == nil
}

// readCode returns the code without the blanks around it that pasting leaves.
func readCode(ctx context.Context, a *app.App, arg string) (wechat.Code, error) {
	text := arg
	switch arg {
	case "-":
		in, err := a.IO.Stdin("CODE")
		if err != nil {
			return "", err
		}
		text, err = bufio.NewReader(io.LimitReader(in, 64<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	case "":
		if !a.IO.CanPrompt(a.Flags.NoInput) {
			return "", app.Usage(textNoCode)
		}
		var err error
		if text, err = a.IO.Prompt(ctx, textAskCode.In(a.IO.Lang)); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", app.Usage(textNoCode)
	}
	return wechat.Code(text), nil
}

var (
	textNoCode   = lang.T{En: "no code: give it as an argument, or - to read it from standard input", Zh: "没有 code：请作为参数给出，或用 - 从标准输入读取"}
	textAskCode  = lang.T{En: "code from wx.login: ", Zh: "wx.login 的 code："}
	textNotSaved = lang.T{En: "the session could not be saved: %s", Zh: "会话未能保存：%s"}

	textExchanged   = lang.T{En: "the code was exchanged", Zh: "code 兑换成功"}
	textHidden      = lang.T{En: "%s (hidden; --reveal shows it)", Zh: "%s（已隐藏，加 --reveal 显示）"}
	textSavedIn     = lang.T{En: "%s, for decrypt and inspect", Zh: "%s，供 decrypt 和 inspect 使用"}
	textNext        = lang.T{En: "Next: decrypt what wx.* handed to success under this session", Zh: "下一步：用这个会话解密 wx.* 返回的数据"}
	textNoUnionID   = lang.T{En: "WeChat gave no unionid: the app is not bound to an Open Platform account", Zh: "微信没有返回 unionid：该小程序未绑定微信开放平台账号"}
	labelAppID      = lang.T{En: "appid", Zh: "appid"}
	labelOpenID     = lang.T{En: "openid", Zh: "openid"}
	labelUnionID    = lang.T{En: "unionid", Zh: "unionid"}
	labelSessionKey = lang.T{En: "session_key", Zh: "session_key"}
	labelSaved      = lang.T{En: "saved in", Zh: "保存于"}
)

// storeName says where sessions are saved.
func storeName(a *app.App) string {
	path, err := a.StorePath()
	if err != nil || path == "" {
		return "memory"
	}
	return path
}

func printExchange(a *app.App, result exchangeResult, answer wxapi.Session) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	return output.Print(a.IO, result, func(p *term.Page) {
		p.Verdict(term.OK, textExchanged)
		p.Blank()
		key := p.In(textHidden, answer.SessionKey.Hint())
		if result.SessionKey != redact.Mask {
			key = result.SessionKey
		}
		saved := ""
		if result.Saved {
			saved = p.In(textSavedIn, storeName(a))
		}
		p.Fields([]term.Field{
			{Label: labelAppID, Value: string(result.AppID)},
			{Label: labelOpenID, Value: string(result.OpenID)},
			{Label: labelUnionID, Value: string(result.UnionID)},
			{Label: labelSessionKey, Value: key},
			{Label: labelSaved, Value: saved},
		})
		if result.UnionID == "" {
			p.Blank()
			p.Note(textNoUnionID)
		}
		for _, note := range result.Notes {
			p.Text(note)
		}
		if result.Saved {
			p.Blank()
			p.Line(textNext)
			p.Command("wxlogin decrypt --openid " + string(result.OpenID) + " payload.json")
		}
	})
}
