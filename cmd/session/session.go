// Package session is the command group `wxlogin session`: what was saved of logins, and what WeChat says about it.
package session

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// New is `wxlogin session`.
func New(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "session",
		Short: lang.T{En: "Look at saved sessions, and ask WeChat about them", Zh: "查看已保存的会话，并向微信核实"},
		Long: lang.T{
			En: "exchange and serve save a session for each user who logged in: openid, unionid and the session_key, which is sealed. A verb takes the OPENID of a user of the configured appid; without one it takes the newest session.",
			Zh: "exchange 和 serve 会为每个登录的用户保存会话：openid、unionid 和加密保存的 session_key。各子命令的 OPENID 是所配置 appid 下的某个用户，省略时取最新的会话。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "who logged in", Zh: "谁登录过"}, Line: "wxlogin session list"},
			{Note: lang.T{En: "is the saved session_key still the current one?", Zh: "保存的 session_key 是否仍然有效？"}, Line: "wxlogin session check"},
		},
	}, newList(a), newShow(a), newCheck(a), newReset(a), newRemove(a))
}

// choose finds the session that the arguments name.
func choose(ctx context.Context, a *app.App, args []string) (session.Session, session.Store, error) {
	c, err := a.Config()
	if err != nil {
		return session.Session{}, nil, err
	}
	openID, err := argument(args)
	if err != nil {
		return session.Session{}, nil, err
	}
	if openID != "" && c.AppID == "" {
		return session.Session{}, nil, app.Usage(textOpenIDNeedsApp)
	}
	return a.SavedSession(ctx, c.AppID, openID)
}

func argument(args []string) (wechat.OpenID, error) {
	if len(args) == 0 {
		return "", nil
	}
	if openID := wechat.OpenID(args[0]); openID != "" && len(openID) <= maxOpenID {
		return openID, nil
	}
	return "", app.Usage(textBadOpenID)
}

// maxOpenID is in bytes. WeChat's have 28; what is longer is something else, which a message must not repeat.
const maxOpenID = 64

// ends is when a session can no longer be used.
func ends(a *app.App, s session.Session) (time.Time, error) {
	c, err := a.Config()
	if err != nil {
		return time.Time{}, err
	}
	return s.Refreshed.Add(c.SessionTTL), nil
}

// completeOpenIDs offers the users of the saved sessions, the newest first. It makes no store.
func completeOpenIDs(a *app.App) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		configured, err := a.Config()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		origin, err := a.Origin()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		store, found, err := a.SavedStore(c.Context())
		if err != nil || !found {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, err := store.List(c.Context(), session.Filter{Origin: origin, AppID: configured.AppID, Limit: maxCompletions})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var ids []string
		for _, s := range list {
			ids = append(ids, string(s.OpenID))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// maxCompletions is more than anybody looks through.
const maxCompletions = 50

// stateFlags choose among the saved sessions.
func stateFlags(a *app.App, c *cobra.Command) {
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program", Zh: "小程序的 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host that the sessions come from", Zh: "会话来自哪个接口地址"})
	a.StoreFlag(c)
}

// confirm asks before something is lost. Where nobody can be asked it wants --yes.
func confirm(ctx context.Context, a *app.App, yes bool, question lang.Message) (bool, error) {
	switch {
	case yes:
		return true, nil
	case !a.IO.CanPrompt(a.Flags.NoInput):
		return false, app.Usage(textNeedsYes)
	}
	return a.IO.Confirm(ctx, question.In(a.IO.Lang))
}

var (
	textBadOpenID      = lang.T{En: "the argument is not an openid", Zh: "参数不是 openid"}
	textOpenIDNeedsApp = lang.T{En: "an openid belongs to an app: give --appid or configure one", Zh: "openid 属于某个小程序：请给出 --appid 或先配置"}
	textNeedsYes       = lang.T{En: "there is no terminal to ask on: --yes says that it is meant", Zh: "没有可以询问的终端：请用 --yes 确认"}
	textUnchanged      = lang.T{En: "nothing was changed", Zh: "没有做任何改动"}

	labelOrigin  = lang.T{En: "from", Zh: "来源"}
	labelAppID   = lang.T{En: "appid", Zh: "appid"}
	labelOpenID  = lang.T{En: "openid", Zh: "openid"}
	labelUnionID = lang.T{En: "unionid", Zh: "unionid"}
	labelKey     = lang.T{En: "session_key", Zh: "session_key"}
	labelSince   = lang.T{En: "key since", Zh: "密钥取得于"}
	labelCreated = lang.T{En: "first login", Zh: "首次登录"}
	labelRenewed = lang.T{En: "last login", Zh: "最近登录"}
	labelEnds    = lang.T{En: "ends", Zh: "失效时间"}
)
