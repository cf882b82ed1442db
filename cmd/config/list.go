package config

import (
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// listing is what `config list` prints with --json. The field names are API.
type listing struct {
	Entries []config.Entry `json:"entries"`
}

func newList(a *app.App) *cobra.Command {
	var origin bool
	c := a.Command(app.Spec{
		Use:   "list",
		Short: lang.T{En: "List every key with its value", Zh: "列出所有配置项及其值"},
		Long: lang.T{
			En: "Lists the values in use, then those of each profile. Of a secret it tells where it is (env:WX_SECRET), never what it is. --show-origin adds what set the value: a flag, a variable, a file, a profile, or nobody.",
			Zh: "先列出当前生效的值，再列出每个 profile 的值。密钥只显示存放在哪里（如 env:WX_SECRET），绝不显示内容。--show-origin 会加上来源：参数、环境变量、文件、profile 或未设置。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "with the source of each value", Zh: "同时显示每个值的来源"}, Line: "wxlogin config list --show-origin"},
			{Note: lang.T{En: "only what differs from the defaults", Zh: "只看与默认值不同的项"}, Line: `wxlogin config list -q '.entries[] | select(.origin | IN("default", "unset") | not) | .key'`},
		},
	})
	c.Flags().BoolVar(&origin, "show-origin", false, lang.T{En: "add where each value comes from", Zh: "显示每个值的来源"}.In(a.IO.Lang))
	c.RunE = func(*cobra.Command, []string) error { return runList(a, origin) }
	return c
}

func runList(a *app.App, origin bool) error {
	c, err := a.Config()
	if err != nil {
		return err
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	entries := c.List()
	return output.Print(a.IO, listing{entries}, func(p *term.Page) {
		header := []lang.T{labelKey, labelValue}
		if origin {
			header = append(header, labelOrigin)
		}
		var rows [][]term.Cell
		for _, e := range entries {
			row := []term.Cell{{Text: e.Key}, value(a, p, e)}
			if origin {
				row = append(row, term.Cell{Text: e.Origin.String(), Level: term.Faint})
			}
			rows = append(rows, row)
		}
		p.Table(header, rows)
	})
}

// value is empty for a key that nobody set, except where somebody looks at it.
func value(a *app.App, p *term.Page, e config.Entry) term.Cell {
	if e.Value == "" && a.IO.OutTTY {
		return term.Cell{Text: p.In(textUnset), Level: term.Faint}
	}
	return term.Cell{Text: e.Value}
}

var (
	labelKey    = lang.T{En: "key", Zh: "配置项"}
	labelValue  = lang.T{En: "value", Zh: "值"}
	labelOrigin = lang.T{En: "origin", Zh: "来源"}
	textUnset   = lang.T{En: "(not set)", Zh: "（未设置）"}
)
