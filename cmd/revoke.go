package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// revokeOptions of `wxlogin revoke`.
type revokeOptions struct {
	token  string // as it was read; "" for none
	openID string
	before string
	reason string
	yes    bool
	atMock bool // --url was given
}

// newRevoke is `wxlogin revoke {TOKEN | - | @FILE | --openid OPENID | --before TIME}`.
func newRevoke(a *app.App) *cobra.Command {
	var opts revokeOptions
	c := a.Command(app.Spec{
		Use:   "revoke {TOKEN | - | @FILE | --openid OPENID | --before TIME}",
		Short: lang.T{En: "End login tokens before their time", Zh: "提前吊销登录令牌"},
		Long: lang.T{
			En: "Ends one token, all tokens of a user (--openid), or every token that was issued before a moment (--before, alone for everybody or with --openid for one user; --before now is all there are). Every server on the same store refuses them from then on, and inspect tells when and why (--reason). The user's mini program logs in again by itself: to keep a user out, refuse the openid in your own services.\nIt works on the session store and key ring of this machine; tokens of a mock are ended by the running mock, and so are those of a user where --url is given. Services elsewhere use POST /revoke (docs/tokens.md).",
			Zh: "吊销一个令牌、某个用户的全部令牌（--openid），或某一时刻之前签发的所有令牌（--before：单独使用时针对所有用户，与 --openid 一起使用时针对一个用户；--before now 表示现有的全部令牌）。此后使用同一存储的每台服务器都会拒绝它们，inspect 会显示吊销时间和原因（--reason）。小程序会自行重新登录：若要禁止某个用户，请在你自己的服务中拒绝其 openid。\n默认对本机的会话存储和密钥环生效；模拟服务的令牌由正在运行的模拟服务吊销，给出 --url 时按用户吊销也是如此。其他机器上的服务请使用 POST /revoke（docs/zh-CN/tokens.md）。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a token that turned up in a log", Zh: "出现在日志里的令牌"}, Line: "wxlogin revoke @token.txt --reason 'found in a log'"},
			{Note: lang.T{En: "all tokens of a user", Zh: "某个用户的全部令牌"}, Line: "wxlogin revoke --openid oGZUI0egBJY1zhBYw2KhdUfwVJJE"},
			{Note: lang.T{En: "everybody logs in anew", Zh: "让所有人重新登录"}, Line: "wxlogin revoke --before now --yes"},
		},
	})
	c.Args = app.MaxArgs(1)
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f := c.Flags()
	f.StringVar(&opts.openID, "openid", "", text(lang.T{En: "all tokens of this user: `OPENID`", Zh: "该用户的全部令牌：`OPENID`"}))
	f.StringVar(&opts.before, "before", "", text(lang.T{En: "tokens issued before `TIME`: now, 2026-11-23T10:00:00Z, or a duration ago such as 2h", Zh: "在 `TIME` 之前签发的令牌：now、2026-11-23T10:00:00Z，或 2h 这样的时长（表示多久以前）"}))
	f.StringVar(&opts.reason, "reason", "", text(lang.T{En: "why, for whoever inspects the token: `TEXT`", Zh: "吊销原因，供查看令牌的人参考：`TEXT`"}))
	f.BoolVar(&opts.yes, "yes", false, text(lang.T{En: "do not ask before everybody is logged out", Zh: "让所有人重新登录前不询问"}))
	a.KeyFlag(c, "url", "mock.url", "URL", lang.T{En: "address of the running mock", Zh: "正在运行的模拟服务的地址"})
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program", Zh: "小程序的 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host that the sessions come from", Zh: "会话所属的接口地址"})
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		opts.atMock = f.Changed("url")
		for _, name := range []string{"openid", "before", "reason"} {
			if flag := f.Lookup(name); flag.Changed && flag.Value.String() == "" {
				return app.Usage(textFlagEmpty, name)
			}
		}
		many := opts.openID != "" || opts.before != ""
		switch {
		case len(args) == 1 && many:
			return app.Usage(textTokenOrMany)
		case !many:
			read, err := readToken(a, args)
			if err != nil {
				return err
			}
			opts.token = read
			return revokeOne(c.Context(), a, opts)
		}
		return revokeMany(c.Context(), a, opts)
	}
	return c
}

// revokeOne ends a token. One that is not good is told of as inspect tells of it, and with the same exit code.
func revokeOne(ctx context.Context, a *app.App, opts revokeOptions) error {
	header, err := token.Peek(opts.token)
	if err != nil {
		return printVerdict(a, opts.token, notAToken(opts.token, err))
	}
	atMock := strings.HasPrefix(header.KeyID, stack.MockKeyPrefix)
	judge := inspectHere
	if atMock {
		judge = inspectAtMock
	}
	judged, err := judge(ctx, a, opts.token)
	if err != nil {
		return err
	}
	switch judged.Verdict {
	case login.Valid:
	case login.Revoked:
		return printRevoked(a, *judged.Revocation, textAlreadyRevoked)
	default:
		return printVerdict(a, opts.token, judged)
	}
	var done login.Revocation
	if atMock {
		done, err = revokeAtMock(ctx, a, mockclient.Revocation{Token: redact.NewSecret(opts.token), Reason: opts.reason})
	} else {
		var service *login.Service
		if service, err = revoker(ctx, a); err == nil {
			done, err = service.Revoke(ctx, opts.token, reasonOf(opts))
		}
	}
	if err != nil {
		return err
	}
	return printRevoked(a, done, textRevokedOne)
}

// revokeMany ends the tokens of a user, or of everybody.
func revokeMany(ctx context.Context, a *app.App, opts revokeOptions) error {
	before, err := parseBefore(a, opts.before)
	if err != nil {
		return err
	}
	user := wechat.OpenID(opts.openID)
	if user == "" {
		if agreed, err := confirmEverybody(ctx, a, opts.yes); err != nil || !agreed {
			return err
		}
	}
	var done login.Revocation
	if opts.atMock {
		what := mockclient.Revocation{OpenID: user, Everybody: user == "", Reason: opts.reason}
		if !before.IsZero() {
			what.Before = &before
		}
		done, err = revokeAtMock(ctx, a, what)
	} else {
		var service *login.Service
		if service, err = revoker(ctx, a); err == nil {
			done, err = service.RevokeBefore(ctx, user, before, reasonOf(opts))
		}
	}
	if err != nil {
		return err
	}
	text := textRevokedUser
	if user == "" {
		text = textRevokedEverybody
	}
	return printRevoked(a, done, text)
}

// reasonOf is what stands in the store: an empty reason would read like one that was lost.
func reasonOf(opts revokeOptions) string {
	if opts.reason == "" {
		return "wxlogin revoke"
	}
	return redact.Shorten(opts.reason, maxReason)
}

// maxReason is in characters: a sentence.
const maxReason = 200

// parseBefore reads a moment, or how long ago it is. The zero time is now.
func parseBefore(a *app.App, text string) (time.Time, error) {
	if text == "" || text == "now" {
		return time.Time{}, nil
	}
	moment, err := parseMoment(a, text)
	switch {
	case err != nil:
		return time.Time{}, err
	case moment.After(a.Now()):
		return time.Time{}, app.Usage(textBeforeFuture, text)
	}
	return moment, nil
}

func parseMoment(a *app.App, text string) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return a.Now().Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if moment, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return moment, nil
		}
	}
	return time.Time{}, app.Usage(textBadBefore, redact.Shorten(text, 40))
}

func confirmEverybody(ctx context.Context, a *app.App, yes bool) (bool, error) {
	if yes {
		return true, nil
	}
	if !a.IO.CanPrompt(a.Flags.NoInput) {
		return false, app.Usage(textEverybodyNeedsYes)
	}
	agreed, err := a.IO.Confirm(ctx, textAskEverybody.In(a.IO.Lang))
	if err == nil && !agreed {
		a.IO.Note(textNothingRevoked.With())
	}
	return agreed, err
}

// revoker is the service of this machine's store and keys, for the app that is configured.
func revoker(ctx context.Context, a *app.App) (*login.Service, error) {
	appID, err := a.AppID()
	if err != nil {
		return nil, err
	}
	if gone, err := a.InMemory(); err != nil {
		return nil, err
	} else if gone {
		return nil, app.Usage(textStoreInMemory)
	}
	return localService(ctx, a, appID)
}

func revokeAtMock(ctx context.Context, a *app.App, what mockclient.Revocation) (login.Revocation, error) {
	client, err := a.Mock()
	if err != nil {
		return login.Revocation{}, err
	}
	if what.Reason == "" {
		what.Reason = reasonOf(revokeOptions{})
	}
	raw, err := client.Revoke(ctx, what)
	if err != nil {
		return login.Revocation{}, err
	}
	var done login.Revocation
	if err := json.Unmarshal(raw, &done); err != nil {
		return login.Revocation{}, errors.Join(errMockAnswer, err)
	}
	return done, nil
}

var errMockAnswer = errors.New("the mock's answer is not what this version understands")

func printRevoked(a *app.App, done login.Revocation, text lang.T) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	return output.Print(a.IO, done, func(p *term.Page) {
		p.Verdict(term.OK, text)
		p.Blank()
		fields := []term.Field{{Label: labelOpenID, Value: string(done.OpenID)}, {Label: labelAppID, Value: string(done.AppID)}, {Label: labelTokenID, Value: done.JTI}}
		if done.Before != nil {
			fields = append(fields, term.Field{Label: labelBefore, Value: p.Clock(*done.Before)})
		}
		p.Fields(append(fields, term.Field{Label: labelRevoked, Value: p.Clock(done.At)}, term.Field{Label: labelReason, Value: done.Reason}))
	})
}

var (
	textTokenOrMany       = lang.T{En: "a token excludes --openid and --before: it is one token or many", Zh: "令牌不能与 --openid、--before 同时使用：要么吊销一个，要么吊销多个"}
	textBadBefore         = lang.T{En: "--before: %q is not a time such as 2026-11-23T10:00:00Z, a duration ago such as 2h, or now", Zh: "--before：%q 不是 2026-11-23T10:00:00Z 这样的时间、2h 这样的时长，也不是 now"}
	textBeforeFuture      = lang.T{En: "--before: %q is in the future: tokens that nobody has yet cannot be revoked", Zh: "--before：%q 在未来：无法吊销尚未签发的令牌"}
	textEverybodyNeedsYes = lang.T{En: "without --openid this ends the tokens of all users: say --yes if that is wanted", Zh: "不加 --openid 会吊销所有用户的令牌：如确需如此，请加 --yes"}
	textAskEverybody      = lang.T{En: "This ends the tokens of all users, who will have to log in again. Go on?", Zh: "这会吊销所有用户的令牌，他们需要重新登录。继续吗？"}
	textNothingRevoked    = lang.T{En: "nothing was revoked", Zh: "没有吊销任何令牌"}
	textStoreInMemory     = lang.T{En: "sessions are kept in the server's memory, which no command reaches: use the server's POST /revoke", Zh: "会话保存在服务器的内存中，命令无法访问：请使用服务器的 POST /revoke"}

	textRevokedOne       = lang.T{En: "revoked: the token lets nobody in any more", Zh: "已吊销：该令牌不再有效"}
	textAlreadyRevoked   = lang.T{En: "it was revoked before, and that stands", Zh: "此前已被吊销，仍以那次为准"}
	textRevokedUser      = lang.T{En: "revoked: the user's tokens let nobody in any more", Zh: "已吊销：该用户的令牌不再有效"}
	textRevokedEverybody = lang.T{En: "revoked: the tokens of all users let nobody in any more", Zh: "已吊销：所有用户的令牌不再有效"}

	labelTokenID = lang.T{En: "token id", Zh: "令牌编号"}
	labelBefore  = lang.T{En: "issued before", Zh: "签发早于"}
	labelRevoked = lang.T{En: "revoked", Zh: "吊销时间"}
	labelReason  = lang.T{En: "reason", Zh: "原因"}
)
