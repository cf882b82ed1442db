package session

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// listed is a session in `session list --json`. The field names are API.
type listed struct {
	Origin        wechat.Origin  `json:"origin"`
	AppID         wechat.AppID   `json:"appid"`
	OpenID        wechat.OpenID  `json:"openid"`
	UnionID       wechat.UnionID `json:"unionid,omitempty"`
	CreatedAt     time.Time      `json:"created_at"`
	RefreshedAt   time.Time      `json:"refreshed_at"`
	KeyObtainedAt time.Time      `json:"key_obtained_at"`
	ExpiresAt     time.Time      `json:"expires_at"`
	Active        bool           `json:"active"`
}

func newList(a *app.App) *cobra.Command {
	all, limit := false, 0
	c := a.Command(app.Spec{
		Use:   "list",
		Short: lang.T{En: "List saved sessions, the newest first", Zh: "列出已保存的会话，最新的在前"},
		Long: lang.T{
			En: "Lists the sessions of the configured API host, and of the configured appid if there is one; --all lists all of them. A session ends session_ttl after its last login; an ended one stays in the list until a server sweeps it away.",
			Zh: "列出所配置接口地址下的会话；配置了 appid 时只列该小程序的，--all 列出全部。距最近一次登录超过 session_ttl 的会话即告失效，但会留在列表中，直到服务器清除。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "who logged in lately", Zh: "最近谁登录过"}, Line: "wxlogin session list --limit 10"},
			{Note: lang.T{En: "the openids alone", Zh: "只要 openid"}, Line: "wxlogin session list -q .sessions[].openid"},
		},
	})
	c.Flags().BoolVar(&all, "all", false, lang.T{En: "of every host and app", Zh: "包括所有接口地址和小程序"}.In(a.IO.Lang))
	c.Flags().IntVar(&limit, "limit", 0, lang.T{En: "at most so many: `N`", Zh: "最多列出 `N` 个"}.In(a.IO.Lang))
	stateFlags(a, c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if limit < 0 || c.Flags().Changed("limit") && limit == 0 {
			return app.Usage(textBadLimit, limit)
		}
		return runList(c.Context(), a, all, limit)
	}
	return c
}

func runList(ctx context.Context, a *app.App, all bool, limit int) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	filter := session.Filter{Limit: limit}
	if !all {
		c, err := a.Config()
		if err != nil {
			return err
		}
		if filter.Origin, err = a.Origin(); err != nil {
			return err
		}
		filter.AppID = c.AppID
	}
	rows, err := sessions(ctx, a, filter)
	if err != nil {
		return err
	}
	return output.Print(a.IO, struct {
		Sessions []listed `json:"sessions"`
	}{rows}, func(p *term.Page) {
		if len(rows) == 0 {
			a.IO.Note(textNoSessions.With())
			return
		}
		listPage(p, rows, a.Now())
	})
}

func sessions(ctx context.Context, a *app.App, filter session.Filter) ([]listed, error) {
	rows := []listed{}
	store, found, err := a.SavedStore(ctx)
	if err != nil || !found {
		return rows, err
	}
	list, err := store.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		until, err := ends(a, s)
		if err != nil {
			return nil, err
		}
		rows = append(rows, listed{
			Origin: s.Origin, AppID: s.AppID, OpenID: s.OpenID, UnionID: s.UnionID, CreatedAt: second(s.Created), RefreshedAt: second(s.Refreshed),
			KeyObtainedAt: second(s.KeyObtained), ExpiresAt: second(until), Active: until.After(a.Now()),
		})
	}
	return rows, nil
}

// second is a time as JSON answers have it.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// listPage names host and app only where they differ.
func listPage(p *term.Page, rows []listed, now time.Time) {
	var cells [][]term.Cell
	mixed := false
	for _, r := range rows {
		mixed = mixed || r.Origin != rows[0].Origin || r.AppID != rows[0].AppID
	}
	for _, r := range rows {
		state := textActive
		if !r.Active {
			state = textEnded
		}
		line := term.Cells(string(r.OpenID), p.Time(r.RefreshedAt, now), p.In(state))
		if mixed {
			line = append(line, term.Cells(string(r.AppID), string(r.Origin))...)
		}
		cells = append(cells, line)
	}
	head := []lang.T{labelOpenID, labelRenewed, {En: "state", Zh: "状态"}}
	if mixed {
		head = append(head, labelAppID, labelOrigin)
	}
	p.Table(head, cells)
}

var (
	textBadLimit   = lang.T{En: "--limit takes a number above zero, not %d", Zh: "--limit 应为大于零的数，而不是 %d"}
	textNoSessions = lang.T{En: "there are no saved sessions here: wxlogin exchange CODE saves one (--all looks at other hosts and apps, too)", Zh: "这里没有已保存的会话：wxlogin exchange CODE 会保存一个（--all 可查看其他接口地址和小程序）"}
	textActive     = lang.T{En: "active", Zh: "有效"}
	textEnded      = lang.T{En: "ended", Zh: "已失效"}
)
