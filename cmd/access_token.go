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
)

// accessTokenResult is what access-token prints with --json. The field names are API.
type accessTokenResult struct {
	AppID       wechat.AppID `json:"appid"`
	AccessToken string       `json:"access_token"` // "[redacted]" without --reveal
	ExpiresAt   time.Time    `json:"expires_at"`
	ExpiresIn   int64        `json:"expires_in"` // seconds from now
	Cached      bool         `json:"cached"`     // it was in the store already
}

// newAccessToken is `wxlogin access-token`.
func newAccessToken(a *app.App) *cobra.Command {
	reveal, unsent := false, app.Unsent{}
	c := a.Command(app.Spec{
		Use:   "access-token",
		Short: lang.T{En: "Have an access token at hand, from stable_token", Zh: "从 stable_token 取得 access_token"},
		Long: lang.T{
			En: "Prints the access token that phone and session use, masked unless --reveal is given. It comes from /cgi-bin/stable_token, lies sealed in the store for its two hours, and is fetched by one process at a time.\nwxlogin never calls /cgi-bin/token: each call there gives a new token and ends the one before it, so that a server of yours that still uses it would lose its token (errcode 40001). Tokens of the two kinds leave each other alone.",
			Zh: "显示 phone 和 session 所用的 access_token，默认打码，加 --reveal 才完整显示。它来自 /cgi-bin/stable_token，有效期两小时，期间加密保存在存储中，同一时刻只有一个进程去获取。\nwxlogin 从不调用 /cgi-bin/token：那个接口每次调用都会签发新 token 并使旧的失效，还在用旧 token 的服务器就会报 40001。两种 token 互不影响。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "is there one, and how long does it last?", Zh: "手上有没有，还能用多久？"}, Line: "wxlogin access-token"},
			{Note: lang.T{En: "for a call that wxlogin does not make, without showing it", Zh: "用于 wxlogin 之外的调用，且不显示出来"}, Line: "wxlogin access-token --reveal -q .access_token > token.txt"},
		},
	})
	c.Flags().BoolVar(&reveal, "reveal", false, lang.T{En: "show the token", Zh: "显示 token"}.In(a.IO.Lang))
	a.UnsentFlags(c, &unsent)
	a.CurlFlag(c, &unsent)
	a.WeChatFlags(c)
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if unsent.Wanted() {
			client, err := a.WeChatUnsent()
			if err != nil {
				return err
			}
			return a.PrintUnsent(unsent, client.StableTokenRequest())
		}
		return runAccessToken(c.Context(), a, reveal)
	}
	return c
}

func runAccessToken(ctx context.Context, a *app.App, reveal bool) error {
	output, err := a.Output()
	if err != nil {
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
	token, cached, err := tokens.Token(ctx)
	if err != nil {
		return a.Explain(err, diagnose.RefusalInput{Use: diagnose.UseToken, AppID: tokens.AppID})
	}
	result := accessTokenResult{
		AppID: token.AppID, AccessToken: redact.Mask, ExpiresAt: token.Expires.UTC().Truncate(time.Second),
		ExpiresIn: int64(token.Expires.Sub(a.Now()) / time.Second), Cached: cached,
	}
	if reveal {
		result.AccessToken = token.Value.Reveal()
	}
	return output.Print(a.IO, result, func(p *term.Page) {
		source := textFetched
		if cached {
			source = textCached
		}
		p.Verdict(term.OK, source)
		p.Blank()
		shown := p.In(textHidden, token.Value.Hint())
		if reveal {
			shown = result.AccessToken
		}
		p.Fields([]term.Field{
			{Label: labelAppID, Value: string(result.AppID)},
			{Label: labelAccessToken, Value: shown},
			{Label: labelExpires, Value: p.Time(token.Expires, a.Now())},
		})
		p.Blank()
		p.Note(textTokenWarning)
	})
}

var (
	textFetched      = lang.T{En: "fetched from stable_token", Zh: "已从 stable_token 获取"}
	textCached       = lang.T{En: "taken from the store", Zh: "取自存储"}
	textTokenWarning = lang.T{En: "do not call /cgi-bin/token beside it: that ends the token of every server that still uses that kind", Zh: "请勿另行调用 /cgi-bin/token：那会使仍在使用该类 token 的服务器失效"}
	labelAccessToken = lang.T{En: "access_token", Zh: "access_token"}
)
