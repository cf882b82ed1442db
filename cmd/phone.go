package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// phoneOptions of `wxlogin phone`.
type phoneOptions struct {
	codeOptions
	openID string
	unsent app.Unsent
}

// phoneResult is what phone prints with --json. The field names are API. The number is what the command is for, and stands there as
// it is.
type phoneResult struct {
	PhoneNumber     string        `json:"phone_number"` // with the country code in front only when that is not China's
	PurePhoneNumber string        `json:"pure_phone_number"`
	CountryCode     string        `json:"country_code"` // "" where WeChat did not tell
	AppID           wechat.AppID  `json:"appid"`
	OpenID          wechat.OpenID `json:"openid,omitempty"`    // that the code was bound to
	TappedAt        *time.Time    `json:"tapped_at,omitempty"` // when the user tapped the button
	Notes           []string      `json:"notes"`
}

// newPhone is `wxlogin phone [CODE | -]`.
func newPhone(a *app.App) *cobra.Command {
	opts := phoneOptions{}
	c := a.Command(app.Spec{
		Use:   "phone [CODE | -]",
		Short: lang.T{En: "Exchange the code of the phone number button for the number", Zh: "用手机号按钮的 code 换取手机号"},
		Long: lang.T{
			En: "Sends the code to WeChat (getuserphonenumber) and prints the number. The code is e.detail.code of a button with open-type getPhoneNumber or getRealtimePhoneNumber, not one of wx.login; it lives five minutes and works once, so it is sent once. The whole event may be pasted as JSON. --openid binds it: WeChat then refuses the code of anybody else.\nThis needs an access token, which wxlogin fetches from stable_token and keeps, and it costs money: 0.03 yuan (0.04 with getRealtimePhoneNumber) for each number beyond the first thousand of an account, in trial versions as well.",
			Zh: "把 code 发给微信（getuserphonenumber）并显示手机号。code 是 open-type 为 getPhoneNumber 或 getRealtimePhoneNumber 的按钮的 e.detail.code，不是 wx.login 的 code；五分钟内有效且只能用一次，所以只发送一次。也可以粘贴整个事件的 JSON。--openid 限定用户：code 属于别人时，微信会拒绝。\n需要 access_token，wxlogin 会从 stable_token 获取并保存。该接口收费：每个小程序前 1000 次免费，之后每成功一次 0.03 元（getRealtimePhoneNumber 为 0.04 元），体验版同样计费。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the code of the button's event", Zh: "按钮事件中的 code"}, Line: "wxlogin phone e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"},
			{Note: lang.T{En: "what a mock's button gives, pasted whole", Zh: "模拟服务的按钮给出的整个对象"}, Line: "wxlogin mock phone | wxlogin phone - -q .phone_number"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeMagic
	c.Flags().StringVar(&opts.openID, "openid", "", lang.T{En: "the user whose code it must be: `OPENID`", Zh: "限定 code 属于这个用户：`OPENID`"}.In(a.IO.Lang))
	opts.flags(a, c)
	a.UnsentFlags(c, &opts.unsent)
	a.CurlFlag(c, &opts.unsent)
	a.WeChatFlags(c)
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			opts.code = args[0]
		}
		if c.Flags().Changed("openid") && wechat.OpenID(opts.openID).Check() != nil {
			return app.Usage(textBadOpenID) // not repeated: it may be a phone number
		}
		return runPhone(c.Context(), a, opts)
	}
	return c
}

func runPhone(ctx context.Context, a *app.App, opts phoneOptions) error {
	s := spending{use: diagnose.UsePhone, noSave: opts.unsent.Wanted()}
	if err := s.glance(ctx, a, opts.codeOptions); err != nil {
		return err
	}
	connect := func() (*wxapi.Client, error) { return a.WeChat(ctx) }
	if opts.unsent.Wanted() {
		connect = a.WeChatUnsent
	}
	client, err := connect()
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
	openID := wechat.OpenID(opts.openID)
	if opts.unsent.Wanted() {
		return a.PrintUnsent(opts.unsent, client.PhoneNumberRequest(s.code, openID))
	}
	number, err := s.phoneNumber(ctx, a, client, openID)
	if err != nil {
		return err
	}
	return printPhone(a, &s, openID, number)
}

// phoneNumber sends the code with an access token, which is replaced once if WeChat does not take it. That spends no code.
func (s *spending) phoneNumber(ctx context.Context, a *app.App, client *wxapi.Client, openID wechat.OpenID) (number wxapi.PhoneNumber, err error) {
	tokens, err := a.AccessTokens(ctx, client)
	if err != nil {
		return wxapi.PhoneNumber{}, err
	}
	err = tokens.Call(ctx, func(ctx context.Context, token redact.Secret) error {
		return s.spend(ctx, a, func(ctx context.Context) (err error) {
			number, err = client.PhoneNumber(ctx, token, s.code, openID)
			return err
		})
	})
	return number, s.explain(a, err, openID != "")
}

func printPhone(a *app.App, s *spending, openID wechat.OpenID, number wxapi.PhoneNumber) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	result := phoneResult{
		PhoneNumber: number.Number.Reveal(), PurePhoneNumber: number.PureNumber.Reveal(), CountryCode: number.CountryCode,
		AppID: s.appID, OpenID: openID, Notes: []string{},
	}
	if !number.TappedAt.IsZero() {
		result.TappedAt = &number.TappedAt
	}
	for _, note := range s.notes {
		result.Notes = append(result.Notes, note.In(a.IO.Lang))
	}
	if number.AppID != "" && number.AppID != s.appID { // WeChat refuses such codes (40013), so nobody has seen this
		s.say(a, a.IO.Warn, textWrongApp.With(redact.Shorten(string(number.AppID), 40), s.appID))
	}
	err = output.Print(a.IO, result, func(p *term.Page) {
		p.Verdict(term.OK, textPhoneExchanged)
		p.Blank()
		tapped := ""
		if result.TappedAt != nil {
			tapped = p.Time(*result.TappedAt, a.Now())
		}
		p.Fields([]term.Field{
			{Label: labelPhone, Value: result.PhoneNumber},
			{Label: labelCountryCode, Value: result.CountryCode},
			{Label: labelAppID, Value: string(result.AppID)},
			{Label: labelOpenID, Value: string(openID)},
			{Label: labelTapped, Value: tapped},
		})
	})
	if err != nil {
		return &spentError{error: err}
	}
	return nil
}

var (
	textPhoneExchanged = lang.T{En: "the code was exchanged", Zh: "code 兑换成功"}
	textBadOpenID      = lang.T{En: `--openid is not 28 characters of A-Z a-z 0-9 _ - that start with "o"`, Zh: `--openid 不是以 "o" 开头的 28 位字符（A-Z a-z 0-9 _ -）`}
	labelTapped        = lang.T{En: "tapped", Zh: "点击时间"}
)
