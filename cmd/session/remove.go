package session

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// removed is what `session rm` prints with --json. The field names are API.
type removed struct {
	Removed []removedSession `json:"removed"`
}

type removedSession struct {
	Origin wechat.Origin `json:"origin"`
	AppID  wechat.AppID  `json:"appid"`
	OpenID wechat.OpenID `json:"openid"`
}

func newRemove(a *app.App) *cobra.Command {
	yes, all := false, false
	c := a.Command(app.Spec{
		Use:   "rm OPENID",
		Short: lang.T{En: "Forget a saved session", Zh: "删除已保存的会话"},
		Long: lang.T{
			En: "Removes the session of a user with its keys from this machine; WeChat is not told. With --all it removes those that session list shows. Data that was encrypted under these keys can no longer be decrypted here. Off a terminal this needs --yes.",
			Zh: "从本机删除某个用户的会话及其密钥，不会通知微信。加 --all 时删除 session list 列出的全部会话。用这些密钥加密的数据将无法再在本机解密。没有终端时需要 --yes。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "of one user", Zh: "删除一个用户的会话"}, Line: "wxlogin session rm okQ-s5X1ILvDud0amynR1Psw-URs --yes"},
			{Note: lang.T{En: "of this host and app", Zh: "删除当前接口地址和小程序的全部会话"}, Line: "wxlogin session rm --all --yes"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeOpenIDs(a)
	c.Flags().BoolVar(&yes, "yes", false, lang.T{En: "do not ask", Zh: "不询问"}.In(a.IO.Lang))
	c.Flags().BoolVar(&all, "all", false, lang.T{En: "of all users of the configured host and app", Zh: "所配置接口地址和小程序的所有用户"}.In(a.IO.Lang))
	stateFlags(a, c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if all == (len(args) == 1) {
			return app.Usage(textWhom)
		}
		return runRemove(c.Context(), a, args, yes)
	}
	return c
}

func runRemove(ctx context.Context, a *app.App, args []string, yes bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	doomed, store, err := toRemove(ctx, a, args)
	if err != nil {
		return err
	}
	result := removed{Removed: []removedSession{}}
	if len(doomed) > 0 {
		question := textAskRemoveAll.With(len(doomed))
		if len(args) == 1 {
			question = textAskRemove.With(doomed[0].OpenID)
		}
		agreed, err := confirm(ctx, a, yes, question)
		if err != nil {
			return err
		}
		if !agreed {
			a.IO.Note(textUnchanged.With())
			return nil
		}
	}
	for _, id := range doomed {
		if err := store.Delete(ctx, id); err != nil && !errors.Is(err, session.ErrNotFound) { // somebody else may be faster
			return err
		}
		result.Removed = append(result.Removed, removedSession(id))
	}
	return output.Print(a.IO, result, func(p *term.Page) { p.Verdict(term.OK, textRemoved, len(result.Removed)) })
}

// toRemove finds what is to go. A session that cannot be unsealed can be removed all the same.
func toRemove(ctx context.Context, a *app.App, args []string) ([]session.ID, session.Store, error) {
	c, err := a.Config()
	if err != nil {
		return nil, nil, err
	}
	openID, err := argument(args)
	if err != nil {
		return nil, nil, err
	}
	if openID != "" && c.AppID == "" {
		return nil, nil, app.Usage(textOpenIDNeedsApp)
	}
	origin, err := a.Origin()
	if err != nil {
		return nil, nil, err
	}
	store, found, err := a.SavedStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	if openID != "" {
		id := session.ID{Origin: origin, AppID: c.AppID, OpenID: openID}
		if !found || missing(ctx, store, id) {
			return nil, nil, &app.NoSessionError{Origin: origin, AppID: c.AppID, OpenID: openID}
		}
		return []session.ID{id}, store, nil
	}
	if !found {
		return nil, nil, nil
	}
	list, err := store.List(ctx, session.Filter{Origin: origin, AppID: c.AppID})
	var ids []session.ID
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids, store, err
}

func missing(ctx context.Context, store session.Store, id session.ID) bool {
	_, err := store.Get(ctx, id)
	return errors.Is(err, session.ErrNotFound)
}

var (
	textWhom         = lang.T{En: "want the openid of the user whose session is to go, or --all", Zh: "请给出要删除会话的用户 openid，或使用 --all"}
	textAskRemove    = lang.T{En: "remove the session of %s?", Zh: "删除 %s 的会话？"}
	textAskRemoveAll = lang.T{En: "remove %d saved sessions?", Zh: "删除 %d 个已保存的会话？"}
	textRemoved      = lang.T{En: "sessions removed: %d", Zh: "已删除会话：%d 个"}
)
