// Package key is `wxlogin key`: the keys that seal login tokens and saved sessions, and their changes. What a change does to the ring,
// and how the file is written, is internal/token's affair.
package key

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

// New returns `wxlogin key`.
func New(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "key",
		Short: lang.T{En: "List and rotate the keys that seal login tokens", Zh: "查看和轮换加密登录令牌的密钥"},
		Long: lang.T{
			En: "The key ring is a file that only its owner can read (wxlogin config path). One key seals new login tokens, retired ones still open old tokens, and the storage key seals saved session keys. A server takes its ring from WXLOGIN_KEYS_FILE or WXLOGIN_KEYS where one is set.\nRotating logs nobody out, and running servers take a changed file up by themselves.",
			Zh: "密钥环是一个只有所有者可读的文件（wxlogin config path）。一个密钥用于加密新的登录令牌，已退役的密钥仍可解密旧令牌，存储密钥用于加密保存的 session_key。服务器可以改用 WXLOGIN_KEYS_FILE 或 WXLOGIN_KEYS 指定的密钥环。\n轮换不会让任何人掉线，正在运行的服务器会自动读取更改后的文件。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "which keys there are", Zh: "有哪些密钥"}, Line: "wxlogin key list"},
			{Note: lang.T{En: "seal new tokens with a fresh key", Zh: "改用新密钥加密令牌"}, Line: "wxlogin key rotate"},
		},
	}, newList(a), newRotate(a), newRetire(a), newImport(a), newExport(a))
}

// newList is `wxlogin key list`.
func newList(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the keys, without their bytes", Zh: "列出密钥（不显示内容）"},
		Long: lang.T{
			En: "Lists id, use, state and age of every key. The active token key seals new tokens; retired ones, and prepared ones that wait for the next rotation, only open them. The keys themselves are never shown.",
			Zh: "列出每个密钥的编号、用途、状态和创建时间。active 的令牌密钥用于加密新令牌；retired（已退役）以及等待下次轮换的 prepared（预备）密钥只用于解密令牌。绝不显示密钥本身。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the id of the key that seals new tokens", Zh: "加密新令牌的密钥编号"}, Line: `wxlogin key list -q '.keys[] | select(.use == "token" and .state == "active") | .id'`}},
	})
	c.RunE = func(*cobra.Command, []string) error { return runList(a) }
	return c
}

func runList(a *app.App) error {
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

// when is a time, or "-" for none.
func when(p *term.Page, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return p.Clock(t)
}

// confirm lets somebody at a terminal decide; anywhere else --yes must have.
func confirm(ctx context.Context, a *app.App, yes bool, question lang.Message) (bool, error) {
	if yes {
		return true, nil
	}
	if !a.IO.CanPrompt(a.Flags.NoInput) {
		return false, app.Usage(textNeedsYes, question)
	}
	return a.IO.Confirm(ctx, textGoOn.With(question).In(a.IO.Lang))
}

// completeIDs offers the ids of token keys in the states given.
func completeIDs(a *app.App, states ...token.State) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var ids []cobra.Completion
		if ring, found, err := a.SavedKeys(); err == nil && found {
			for _, key := range ring.Keys() {
				for _, state := range states {
					if key.Use == token.UseToken && key.State == state {
						ids = append(ids, cobra.CompletionWithDesc(key.ID, string(key.State)))
					}
				}
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

var (
	textNoKeys   = lang.T{En: "there are no keys yet: the first exchange, or the first serve without --mock, makes them", Zh: "还没有密钥：首次执行 exchange 或不带 --mock 的 serve 时会生成"}
	textGoOn     = lang.T{En: "%s Go on?", Zh: "%s 继续吗？"}
	textNeedsYes = lang.T{En: "%s Say --yes.", Zh: "%s 如确定，请加 --yes。"}

	labelID = lang.T{En: "key", Zh: "密钥"}
)
