package cmd

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

// newKey is `wxlogin key`.
func newKey(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "key",
		Short: lang.T{En: "Look at the keys that seal login tokens and sessions", Zh: "查看加密登录令牌和会话的密钥"},
		Long: lang.T{
			En: "The key ring is a file that only its owner can read (wxlogin config path). One key seals new login tokens, retired ones still open old tokens, and the storage key seals saved session keys.",
			Zh: "密钥环是一个只有所有者可读的文件（wxlogin config path）。一个密钥用于加密新的登录令牌，已退役的密钥仍可打开旧令牌，存储密钥用于加密保存的 session_key。",
		},
		Examples: []app.Example{{Note: lang.T{En: "which keys there are", Zh: "有哪些密钥"}, Line: "wxlogin key list"}},
	}, newKeyList(a))
}

// newKeyList is `wxlogin key list`.
func newKeyList(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the keys, without their bytes", Zh: "列出密钥（不显示内容）"},
		Long: lang.T{
			En: "Lists id, use, state and age of every key. The keys themselves are never shown.",
			Zh: "列出每个密钥的编号、用途、状态和创建时间，绝不显示密钥本身。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the id of the key that seals new tokens", Zh: "加密新令牌的密钥编号"}, Line: `wxlogin key list -q '.keys[] | select(.use == "token" and .state == "active") | .id'`}},
	})
	c.RunE = func(*cobra.Command, []string) error { return listKeys(a) }
	return c
}

func listKeys(a *app.App) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	ring, found, err := a.SavedKeys()
	if err != nil {
		return err
	}
	keys := []token.KeyInfo{}
	if found {
		keys = ring.Keys()
	}
	return output.Print(a.IO, struct {
		Keys []token.KeyInfo `json:"keys"`
	}{keys}, func(p *term.Page) {
		if len(keys) == 0 {
			a.IO.Note(textNoKeys.With())
			return
		}
		var rows [][]term.Cell
		for _, k := range keys {
			rows = append(rows, term.Cells(k.ID, string(k.Use), string(k.State), when(p, k.Created), when(p, k.RetiredAt)))
		}
		p.Table([]lang.T{
			{En: "id", Zh: "编号"}, {En: "use", Zh: "用途"}, {En: "state", Zh: "状态"}, {En: "created", Zh: "创建于"}, {En: "retired", Zh: "退役于"},
		}, rows)
	})
}

var textNoKeys = lang.T{En: "there are no keys yet: the first exchange, or the first serve without --mock, makes them", Zh: "还没有密钥：首次执行 exchange 或不带 --mock 的 serve 时会生成"}

// when is a time, or "-" for none.
func when(p *term.Page, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return p.Clock(t)
}
