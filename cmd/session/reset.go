package session

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
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// resetResult is what `session reset` prints with --json. The field names are API.
type resetResult struct {
	Origin     wechat.Origin `json:"origin"`
	AppID      wechat.AppID  `json:"appid"`
	OpenID     wechat.OpenID `json:"openid"`
	SessionKey string        `json:"session_key"` // the new one; "[redacted]" without --reveal
	ResetAt    time.Time     `json:"reset_at"`
}

func newReset(a *app.App) *cobra.Command {
	yes, reveal, unsent := false, false, app.Unsent{}
	c := a.Command(app.Spec{
		Use:   "reset [OPENID]",
		Short: lang.T{En: "Have WeChat replace the session_key", Zh: "让微信更换 session_key"},
		Long: lang.T{
			En: "Asks WeChat (resetUserSessionKey) for a new session_key of the user and saves it. The old one ends at once, also for servers that hold a copy of it; it stays among the keys before, so that wxlogin decrypt can name data that was made under it. The new key lasts no longer than the old one would have.\nThe saved key has to be the current one (wxlogin session check). Off a terminal this needs --yes.",
			Zh: "向微信申请（resetUserSessionKey）该用户的新 session_key 并保存。旧密钥立即失效，持有其副本的其他服务器也会受影响；它会保留在“之前的密钥”中，便于 wxlogin decrypt 识别用它加密的数据。新密钥的有效期不会比旧密钥更长。\n保存的密钥必须是当前密钥（wxlogin session check）。没有终端时需要 --yes。",
		},
		Examples: []app.Example{{Note: lang.T{En: "of the newest session, without asking", Zh: "重置最新会话的密钥，不询问"}, Line: "wxlogin session reset --yes"}},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeOpenIDs(a)
	c.Flags().BoolVar(&yes, "yes", false, lang.T{En: "do not ask", Zh: "不询问"}.In(a.IO.Lang))
	c.Flags().BoolVar(&reveal, "reveal", false, lang.T{En: "show the new key", Zh: "显示新密钥"}.In(a.IO.Lang))
	a.UnsentFlags(c, &unsent)
	a.CurlFlag(c, &unsent)
	a.WeChatFlags(c)
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		found, store, err := choose(c.Context(), a, args)
		if err != nil {
			return err
		}
		if unsent.Curl {
			a.IO.Warn(textKeyInAnswer.With())
		}
		if unsent.Wanted() {
			return describe(a, unsent, found, (*wxapi.Client).ResetSessionKeyRequest)
		}
		agreed, err := confirm(c.Context(), a, yes, textAskReset.With(found.OpenID))
		if err != nil {
			return err
		}
		if !agreed {
			a.IO.Note(textUnchanged.With())
			return nil
		}
		return runReset(c.Context(), a, found, store, reveal)
	}
	return c
}

func runReset(ctx context.Context, a *app.App, found session.Session, store session.Store, reveal bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	var key wechat.SessionKey
	err = call(ctx, a, found, func(ctx context.Context, client *wxapi.Client, token redact.Secret) (err error) {
		key, err = client.ResetSessionKey(ctx, token, found.OpenID, found.Key)
		return err
	})
	if err != nil {
		return lost(err, found)
	}
	now := a.Now()
	// The old key is dead: what stops the command now must not lose the new one.
	if _, err := store.Save(context.WithoutCancel(ctx), session.Login{ID: found.ID, Key: key, At: now, Reset: true}); err != nil {
		return err
	}
	result := resetResult{Origin: found.Origin, AppID: found.AppID, OpenID: found.OpenID, SessionKey: redact.Mask, ResetAt: second(now)}
	shownKey := key.Hint()
	if reveal {
		result.SessionKey, shownKey = key.Reveal(), key.Reveal()
	}
	return output.Print(a.IO, result, func(p *term.Page) {
		p.Verdict(term.OK, textReset)
		p.Blank()
		p.Fields([]term.Field{
			{Label: labelAppID, Value: string(found.AppID)},
			{Label: labelOpenID, Value: string(found.OpenID)},
			{Label: labelKey, Value: shownKey},
		})
	})
}

// A LostError says that WeChat may have replaced a session_key without our hearing of the new one.
type LostError struct {
	error
	OpenID wechat.OpenID
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.error }

func lost(err error, s session.Session) error {
	transport, isTransport := errors.AsType[*wxapi.TransportError](err)
	_, isAnswer := errors.AsType[*wxapi.AnswerError](err)
	if isAnswer || isTransport && transport.Sent {
		return &LostError{err, s.OpenID}
	}
	return err
}

var (
	textAskReset    = lang.T{En: "replace the session_key of %s? The present one ends at once, wherever it is used", Zh: "更换 %s 的 session_key？现有密钥将立即失效，无论在哪里使用"}
	textKeyInAnswer = lang.T{En: "whoever runs this has the new session_key in the answer, and wxlogin goes on with the old one, which is dead then", Zh: "执行该命令后，新的 session_key 只在返回内容中；wxlogin 保存的仍是旧密钥，而它已失效"}
	textReset       = lang.T{En: "WeChat gave a new session_key, and it is saved", Zh: "微信已签发新的 session_key，并已保存"}
)
