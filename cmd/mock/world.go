package mock

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

// newWorld is `wxlogin mock world`.
func newWorld(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "world",
		Short: lang.T{En: "Write the simulated WeChat down as a file", Zh: "把模拟的微信写成文件"},
		Long: lang.T{
			En: "A world is mini programs, users of whom something is known, the clock and the seed. wxlogin serve --mock --world FILE starts with one, and wxlogin mock reset comes back to it. What users did (codes, keys, tokens) is not in it.",
			Zh: "模拟世界包括小程序、指定过信息的用户、时钟和种子。wxlogin serve --mock --world FILE 以它启动，wxlogin mock reset 恢复到它。不包含用户的行为（code、密钥、令牌）。",
		},
		Examples: []app.Example{{Note: lang.T{En: "keep a world for a test suite", Zh: "为测试保存模拟世界"}, Line: "wxlogin mock world save world.yaml"}},
	}, newWorldSave(a), newWorldShow(a))
}

func newWorldSave(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "save [FILE | -]",
		Short: lang.T{En: "Save the world to a file", Zh: "把模拟世界保存到文件"},
		Long: lang.T{
			En: "The file can be read by you alone, because it holds the secrets that came from such a file. A configured secret may be real and is never written. Without FILE, and with -, the world goes to standard output.",
			Zh: "文件只有你能读取，因为其中有来自这种文件的 secret。配置的 secret 可能是真的，绝不会写入。不带 FILE 或使用 - 时输出到标准输出。",
		},
		Examples: []app.Example{{Note: lang.T{En: "save, and start with it", Zh: "保存并以它启动"}, Line: "wxlogin mock world save world.yaml && wxlogin serve --mock --world world.yaml"}},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	force := c.Flags().Bool("force", false, lang.T{En: "overwrite FILE", Zh: "覆盖已有文件"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		text, err := client.WorldFile(c.Context(), true)
		if err != nil {
			return err
		}
		if len(args) == 0 || args[0] == "-" {
			return printLines(a, text)
		}
		if err := worldfile.Write(args[0], text, *force); err != nil {
			return err
		}
		a.IO.Note(textWorldSaved.With(args[0]))
		return nil
	}
	return c
}

var textWorldSaved = lang.T{En: "saved; start with it: wxlogin serve --mock --world %s", Zh: "已保存；以它启动：wxlogin serve --mock --world %s"}

func newWorldShow(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "show",
		Short: lang.T{En: "Show the world, without secrets", Zh: "显示模拟世界，不含 secret"},
		Long: lang.T{
			En: "Prints what save would write, with the secrets hidden: YAML, or the same as JSON.",
			Zh: "打印 save 会写入的内容，其中 secret 已隐藏：YAML 格式，加 --json 则为同样内容的 JSON。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the seed, to start again with", Zh: "种子，供再次启动使用"}, Line: "wxlogin mock world show -q .seed"}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		output, err := a.Output()
		if err != nil {
			return err
		}
		if output.Machine() {
			world, err := client.World(c.Context())
			if err != nil {
				return err
			}
			return output.Print(a.IO, world, nil)
		}
		text, err := client.WorldFile(c.Context(), false)
		if err != nil {
			return err
		}
		return printLines(a, text)
	}
	return c
}

// printLines writes a text of several lines: to a terminal line by line, so that each keeps its place, anywhere else as it is.
func printLines(a *app.App, text []byte) error {
	if !a.IO.OutTTY {
		return a.IO.PrintDocument(text)
	}
	return a.IO.Print(func(p *term.Page) {
		for line := range strings.Lines(string(text)) {
			p.Text(strings.TrimSuffix(line, "\n"))
		}
	})
}
