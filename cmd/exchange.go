package cmd

import (
	"context"
	"errors"
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
	codeOptions
	noSave bool
	reveal bool
	probe  bool
	unsent app.Unsent
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
			En: "Sends the code to WeChat (code2Session) and saves the session for decrypt and inspect. A code comes from wx.login in the mini program, lives five minutes and works once, so it is sent once: nothing is retried after it left. Before that it is looked at: what cannot be a code, or was sent already, is not sent (--force sends it anyway). When WeChat refuses it, the likeliest causes are told first; --probe sends a refused code once more, which tells a code of another mini program (errcode 40163) from one that has expired or never was one (40029).\nThe session_key stays hidden; --reveal shows it. The appid comes from --appid, WXLOGIN_APPID or the configuration, the AppSecret from WXLOGIN_SECRET, a file or the configuration, never from a flag (see wxlogin help secrets).",
			Zh: "把 code 发给微信（code2Session），并保存会话供 decrypt 和 inspect 使用。code 由小程序的 wx.login 产生，五分钟内有效且只能用一次，所以只发送一次：发出之后绝不重试。发送之前会先检查：明显不是 code 或者已经发送过的，就不再发送（--force 强制发送）。被微信拒绝时，先列出最可能的原因；--probe 会把被拒的 code 再发送一次，以区分它属于别的小程序（40163），还是已过期或从未签发（40029）。\nsession_key 默认不显示，加 --reveal 才显示。appid 取自 --appid、WXLOGIN_APPID 或配置；AppSecret 取自 WXLOGIN_SECRET、文件或配置，从不通过参数传递（参见 wxlogin help secrets）。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a code from the mini program", Zh: "小程序里拿到的 code"}, Line: "wxlogin exchange 0a1HonW91tM3MN1NizW91F0mW91HonWu"},
			{Note: lang.T{En: "a code of a running mock, and just the openid", Zh: "模拟服务的 code，只输出 openid"}, Line: "wxlogin mock login | wxlogin exchange - -q .openid"},
			{Note: lang.T{En: "what would be sent, without sending it", Zh: "只看要发送的请求"}, Line: "wxlogin exchange 0a1HonW91tM3MN1NizW91F0mW91HonWu --dry-run"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeMagic
	c.Flags().BoolVar(&opts.noSave, "no-save", false, lang.T{En: "do not save the session", Zh: "不保存会话"}.In(a.IO.Lang))
	c.Flags().BoolVar(&opts.reveal, "reveal", false, lang.T{En: "show the session_key", Zh: "显示 session_key"}.In(a.IO.Lang))
	c.Flags().BoolVar(&opts.probe, "probe", false, lang.T{En: "when WeChat does not accept the code (40029), send it once more to find out why", Zh: "微信不接受 code（40029）时再发送一次，以查明原因"}.In(a.IO.Lang))
	opts.flags(a, c)
	a.UnsentFlags(c, &opts.unsent)
	a.CurlFlag(c, &opts.unsent)
	a.WeChatFlags(c)
	a.StoreFlag(c)
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

func runExchange(ctx context.Context, a *app.App, opts exchangeOptions) error {
	s := spending{noSave: opts.noSave || opts.unsent.Wanted()}
	if err := s.glance(ctx, a, opts.codeOptions); err != nil {
		return err
	}
	if opts.unsent.Wanted() {
		return s.exchangeUnsent(ctx, a, opts)
	}
	client, err := a.WeChat(ctx)
	if err != nil {
		return err
	}
	s.origin = client.Origin()
	if s.appID, err = a.AppID(); err != nil {
		return err
	}
	if err := s.read(ctx, a, opts.codeOptions); err != nil {
		return err
	}
	answer, err := s.exchange(ctx, a, client, opts.probe)
	if err != nil {
		return err
	}
	result := exchangeResult{
		AppID: s.appID, OpenID: answer.OpenID, UnionID: answer.UnionID, SessionKey: redact.Mask,
		Saved: s.saved, ObtainedAt: a.Now().UTC().Truncate(time.Second), Notes: []string{},
	}
	if opts.reveal {
		result.SessionKey = answer.SessionKey.Reveal()
	}
	for _, note := range s.notes {
		result.Notes = append(result.Notes, note.In(a.IO.Lang))
	}
	for _, note := range answer.Notes {
		result.Notes = append(result.Notes, note.Text().In(a.IO.Lang))
	}
	if err := printExchange(a, result, answer); err != nil {
		e := &spentError{error: err}
		if result.Saved {
			e.savedIn = a.StoreName()
		}
		return e
	}
	return nil
}

// exchangeUnsent shows the request. It looks at the code as if it were to be sent.
func (s *spending) exchangeUnsent(ctx context.Context, a *app.App, opts exchangeOptions) error {
	client, err := a.WeChatUnsent()
	if err != nil {
		return err
	}
	s.origin = client.Origin()
	if s.appID, err = a.AppID(); err != nil {
		return err
	}
	if err := s.read(ctx, a, opts.codeOptions); err != nil {
		return err
	}
	return a.PrintUnsent(opts.unsent, client.Code2SessionRequest(s.code))
}

// exchange sends the code, once, and with probe a second time if WeChat does not know it.
func (s *spending) exchange(ctx context.Context, a *app.App, client *wxapi.Client, probe bool) (answer wxapi.Session, err error) {
	send := func(ctx context.Context) (err error) {
		if answer, err = client.Code2Session(ctx, s.code); err != nil {
			return err
		}
		s.saved = save(ctx, a, s.store, client, s.appID, answer, a.Now().UTC())
		return nil
	}
	err = s.spend(ctx, a, send)
	refusal, refused := errors.AsType[*wechat.Error](err)
	if !refused {
		return answer, err
	}
	if probe && refusal.Code == wechat.CodeInvalidCode {
		s.say(a, a.IO.Note, textProbing.With())
		again := s.spend(ctx, a, send)
		if again == nil {
			return answer, nil
		}
		if second, ok := errors.AsType[*wechat.Error](again); ok {
			s.again = second.Code
		} else {
			s.say(a, a.IO.Warn, textProbeFailed.With(redact.Clean(again.Error())))
		}
	}
	return answer, s.explain(a, err, false)
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

var (
	textProbing     = lang.T{En: "--probe: sending the refused code once more; 40163 means that it is another mini program's", Zh: "--probe：把被拒的 code 再发送一次；若返回 40163，说明它属于别的小程序"}
	textProbeFailed = lang.T{En: "--probe found nothing out: %s", Zh: "--probe 没有结果：%s"}
	textNotSaved    = lang.T{En: "the session could not be saved: %s", Zh: "会话未能保存：%s"}

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
			saved = p.In(textSavedIn, a.StoreName())
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
