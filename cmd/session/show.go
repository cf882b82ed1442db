package session

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
)

// shown is what `session show` prints with --json. The field names are API.
type shown struct {
	listed
	SessionKey string        `json:"session_key"` // "[redacted]" without --reveal
	Previous   []previousKey `json:"previous"`    // the newest first
}

type previousKey struct {
	SessionKey string    `json:"session_key"`
	ObtainedAt time.Time `json:"obtained_at"`
	ReplacedAt time.Time `json:"replaced_at"`
}

func newShow(a *app.App) *cobra.Command {
	reveal := false
	c := a.Command(app.Spec{
		Use:   "show [OPENID]",
		Short: lang.T{En: "Show a saved session", Zh: "显示一个已保存的会话"},
		Long: lang.T{
			En: "Shows the session of a user, or the newest one: when the user logged in first and last, since when the session_key is the current one, and the keys before it. Keys are masked unless --reveal is given.",
			Zh: "显示某个用户的会话（省略时为最新的）：首次与最近登录时间、当前 session_key 的取得时间，以及之前的密钥。密钥默认打码，加 --reveal 才完整显示。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the newest", Zh: "最新的会话"}, Line: "wxlogin session show"},
			{Note: lang.T{En: "when the key was obtained", Zh: "密钥的取得时间"}, Line: "wxlogin session show -q .key_obtained_at"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeOpenIDs(a)
	c.Flags().BoolVar(&reveal, "reveal", false, lang.T{En: "show the keys", Zh: "显示密钥"}.In(a.IO.Lang))
	stateFlags(a, c)
	c.RunE = func(c *cobra.Command, args []string) error { return runShow(c.Context(), a, args, reveal) }
	return c
}

func runShow(ctx context.Context, a *app.App, args []string, reveal bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	found, _, err := choose(ctx, a, args)
	if err != nil {
		return err
	}
	until, err := ends(a, found)
	if err != nil {
		return err
	}
	key := func(s redact.Secret) string {
		if reveal {
			return s.Reveal()
		}
		return redact.Mask
	}
	result := shown{
		listed: listed{
			Origin: found.Origin, AppID: found.AppID, OpenID: found.OpenID, UnionID: found.UnionID, CreatedAt: second(found.Created),
			RefreshedAt: second(found.Refreshed), KeyObtainedAt: second(found.KeyObtained), ExpiresAt: second(until), Active: until.After(a.Now()),
		},
		SessionKey: key(found.Key.Secret), Previous: []previousKey{},
	}
	for _, p := range found.Previous {
		result.Previous = append(result.Previous, previousKey{key(p.Key.Secret), second(p.Obtained), second(p.Replaced)})
	}
	return output.Print(a.IO, result, func(p *term.Page) { showPage(p, result, found, reveal, a.Now()) })
}

func showPage(p *term.Page, result shown, found session.Session, reveal bool, now time.Time) {
	level, verdict := term.OK, textIsActive
	if !result.Active {
		level, verdict = term.Warn, textHasEnded
	}
	p.Verdict(level, verdict)
	p.Blank()
	key := func(s redact.Secret) string {
		if reveal {
			return s.Reveal()
		}
		return s.Hint()
	}
	p.Fields([]term.Field{
		{Label: labelOrigin, Value: string(result.Origin)},
		{Label: labelAppID, Value: string(result.AppID)},
		{Label: labelOpenID, Value: string(result.OpenID)},
		{Label: labelUnionID, Value: string(result.UnionID)},
		{Label: labelKey, Value: key(found.Key.Secret)},
		{Label: labelSince, Value: p.Time(result.KeyObtainedAt, now)},
		{Label: labelCreated, Value: p.Time(result.CreatedAt, now)},
		{Label: labelRenewed, Value: p.Time(result.RefreshedAt, now)},
		{Label: labelEnds, Value: p.Time(result.ExpiresAt, now)},
	})
	if len(found.Previous) == 0 {
		return
	}
	p.Heading(textPrevious)
	var rows [][]term.Cell
	for _, k := range found.Previous {
		rows = append(rows, term.Cells(key(k.Key.Secret), p.Clock(k.Obtained), p.Clock(k.Replaced)))
	}
	p.Table([]lang.T{labelKey, {En: "obtained", Zh: "取得于"}, {En: "replaced", Zh: "替换于"}}, rows)
}

var (
	textIsActive = lang.T{En: "the session is active", Zh: "会话有效"}
	textHasEnded = lang.T{En: "the session has ended: its last login is too long ago", Zh: "会话已失效：最近一次登录时间过久"}
	textPrevious = lang.T{En: "Keys before", Zh: "之前的密钥"}
)
