package mock

import (
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// newScenario is `wxlogin mock scenario`.
func newScenario(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "scenario",
		Short: lang.T{En: "Play a story that happens to mini programs", Zh: "重现小程序常遇到的状况"},
		Long: lang.T{
			En: "A scenario is a bundle of faults with a name: a new login that replaces the key too late, two servers that take each other's access token away, and others.",
			Zh: "场景是一组有名字的故障，例如登录时机不对导致密钥被更换、两台服务器互相顶掉 access_token 等。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the key that the server saved is out of date", Zh: "服务器保存的密钥已过时"}, Line: "wxlogin mock scenario start stale-key"},
			{Note: lang.T{En: "the end of the story", Zh: "结束场景"}, Line: "wxlogin mock fault clear"},
		},
	}, newScenarioList(a), newScenarioStart(a))
}

// newScenarioList is `wxlogin mock scenario list`.
func newScenarioList(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the scenarios", Zh: "列出所有场景"},
		Long: lang.T{
			En: "Says of each scenario what happens and what a good client makes of it.",
			Zh: "说明每个场景会发生什么，以及应当如何应对。",
		},
		Examples: []app.Example{{Note: lang.T{En: "their names", Zh: "只要名称"}, Line: "wxlogin mock scenario list -q '.scenarios[].name'"}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		list, err := client.Scenarios(c.Context())
		if err != nil {
			return err
		}
		return printRaw(a, list.Raw, func(p *term.Page) {
			var rows []term.Row
			for _, s := range list.Scenarios {
				rows = append(rows, term.Row{Name: s.Name, Text: s.Text.In(p.Lang())})
			}
			p.Rows(rows)
		})
	}
	return c
}

// newScenarioStart is `wxlogin mock scenario start NAME`.
func newScenarioStart(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "start NAME",
		Short: lang.T{En: "Start a scenario", Zh: "开始一个场景"},
		Long: lang.T{
			En: "Adds the faults of the scenario, which fault list shows and fault clear ends. With --appid they are for that mini program alone.",
			Zh: "添加场景中的故障，可用 fault list 查看，用 fault clear 结束。加 --appid 时只对该小程序生效。",
		},
		Examples: []app.Example{{Note: lang.T{En: "a minute in which WeChat refuses every login", Zh: "一分钟内微信拒绝所有登录"}, Line: "wxlogin mock scenario start busy-minute"}},
	})
	var appID string
	c.Flags().StringVar(&appID, "appid", "", lang.T{En: "only for this mini program: `APPID`", Zh: "只对该小程序：`APPID`"}.In(a.IO.Lang))
	c.Args = app.ExactArgs(1)
	c.ValidArgsFunction = completeFirst(func() []string {
		var names []string
		for _, s := range world.Scenarios() {
			names = append(names, s.Name)
		}
		return names
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		started, err := client.StartScenario(c.Context(), args[0], wechat.AppID(appID))
		if err != nil {
			return err
		}
		return printRaw(a, started.Raw, func(p *term.Page) {
			p.Verdict(term.OK, textScenarioStarted, started.Name)
			p.Blank()
			p.Paragraphs(p.In(started.Text))
			p.Blank()
			p.Line(textScenarioEnd)
			p.Command("wxlogin mock fault clear")
		})
	}
	return c
}

var (
	textScenarioStarted = lang.T{En: "the scenario %s has begun", Zh: "场景 %s 已开始"}
	textScenarioEnd     = lang.T{En: "To end it:", Zh: "结束场景："}
)
