package session

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A StaleError says that WeChat does not know the saved session_key as the current one. It has been printed.
type StaleError struct{ Code wechat.ErrCode }

func (e *StaleError) Error() string { return "the saved session_key is not the current one" }

// checked is what `session check` prints with --json. The field names are API.
type checked struct {
	Current bool            `json:"current"`
	Origin  wechat.Origin   `json:"origin"`
	AppID   wechat.AppID    `json:"appid"`
	OpenID  wechat.OpenID   `json:"openid"`
	ErrCode *wechat.ErrCode `json:"errcode,omitempty"` // where it is not current
	Reason  string          `json:"reason,omitempty"`
	Fix     string          `json:"fix,omitempty"`
}

func newCheck(a *app.App) *cobra.Command {
	unsent := app.Unsent{}
	c := a.Command(app.Spec{
		Use:   "check [OPENID]",
		Short: lang.T{En: "Ask WeChat whether the saved session_key is the current one", Zh: "向微信核实保存的 session_key 是否为当前密钥"},
		Long: lang.T{
			En: "Proves to WeChat (checkSessionKey) that wxlogin has the session_key of the user, without sending it. What wx.checkSession tells in the mini program is about the newest key, not about the one that a server saved; this is about the saved one. Data that wx.* encrypts decrypts under the current key only.\nThe exit code is 6 when it is not the current one.",
			Zh: "向微信证明持有该用户的 session_key（checkSessionKey），但并不发送密钥。小程序里的 wx.checkSession 检查的是最新的密钥，而不是服务器保存的那个；这里检查的是保存的密钥。wx.* 加密的数据只能用当前密钥解密。\n不是当前密钥时退出码为 6。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the newest session", Zh: "最新的会话"}, Line: "wxlogin session check"},
			{Note: lang.T{En: "in a script", Zh: "在脚本中"}, Line: "wxlogin session check -q .current"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeOpenIDs(a)
	a.UnsentFlags(c, &unsent)
	a.CurlFlag(c, &unsent)
	a.WeChatFlags(c)
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error { return runCheck(c.Context(), a, args, unsent) }
	return c
}

func runCheck(ctx context.Context, a *app.App, args []string, unsent app.Unsent) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	found, _, err := choose(ctx, a, args)
	if err != nil {
		return err
	}
	if unsent.Wanted() {
		return describe(a, unsent, found, (*wxapi.Client).CheckSessionRequest)
	}
	err = call(ctx, a, found, func(ctx context.Context, client *wxapi.Client, token redact.Secret) error {
		return client.CheckSession(ctx, token, found.OpenID, found.Key)
	})
	result := checked{Current: err == nil, Origin: found.Origin, AppID: found.AppID, OpenID: found.OpenID}
	refusal, refused := errors.AsType[*wechat.Error](err)
	if refused && (refusal.Code == wechat.CodeInvalidSignature || refusal.Code == wechat.CodeNoSessionKey) {
		cause := diagnose.Refusal(diagnose.RefusalInput{ErrCode: refusal.Code})[0]
		result.ErrCode, result.Reason, result.Fix = &refusal.Code, cause.Verdict.In(a.IO.Lang), cause.Fix.In(a.IO.Lang)
		err = &StaleError{refusal.Code}
	} else if err != nil {
		return err
	}
	printed := output.Print(a.IO, result, func(p *term.Page) {
		level, verdict := term.OK, textCurrent
		if !result.Current {
			level, verdict = term.Fail, textStale
		}
		p.Verdict(level, verdict)
		p.Blank()
		p.Fields([]term.Field{
			{Label: labelAppID, Value: string(found.AppID)},
			{Label: labelOpenID, Value: string(found.OpenID)},
			{Label: labelSince, Value: p.Time(found.KeyObtained, a.Now())},
		})
		if !result.Current {
			p.Blank()
			p.Text(result.Reason)
			p.Note(textFix, result.Fix)
		}
	})
	if printed != nil {
		return printed
	}
	return err
}

// call calls WeChat for the app of the session, which need not be the configured one, with an access token. The token is replaced
// once if WeChat does not take it.
func call(ctx context.Context, a *app.App, s session.Session, ask func(context.Context, *wxapi.Client, redact.Secret) error) error {
	if err := sameApp(a, s); err != nil {
		return err
	}
	client, err := a.WeChat(ctx)
	if err != nil {
		return err
	}
	tokens, err := a.AccessTokens(ctx, client)
	if err != nil {
		return err
	}
	err = tokens.Call(ctx, func(ctx context.Context, token redact.Secret) error { return ask(ctx, client, token) })
	return a.Explain(err, diagnose.RefusalInput{Use: diagnose.UseSession, AppID: s.AppID})
}

// sameApp lets calls be made for the app of the session: where none is configured the newest session may be of any.
func sameApp(a *app.App, s session.Session) error {
	c, err := a.Config()
	if err != nil || c.AppID != "" {
		return err
	}
	return app.Usage(textWhichApp, s.AppID)
}

func describe(a *app.App, unsent app.Unsent, s session.Session, request func(*wxapi.Client, wechat.OpenID) wxapi.Request) error {
	client, err := a.WeChatUnsent()
	if err != nil {
		return err
	}
	return a.PrintUnsent(unsent, request(client, s.OpenID))
}

var (
	textCurrent  = lang.T{En: "the saved session_key is the user's current one", Zh: "保存的 session_key 就是该用户的当前密钥"}
	textStale    = lang.T{En: "the saved session_key is not the user's current one", Zh: "保存的 session_key 不是该用户的当前密钥"}
	textFix      = lang.T{En: "fix: %s", Zh: "处理：%s"}
	textWhichApp = lang.T{En: "the newest session is of appid %s, and no appid is configured: give --appid", Zh: "最新的会话属于 appid %s，而没有配置 appid：请给出 --appid"}
)
