package mock

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newApp is `wxlogin mock app`.
func newApp(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "app",
		Short: lang.T{En: "Add mini programs to the mock, one for each parallel test", Zh: "为模拟服务添加小程序，供并行测试各用一个"},
		Long: lang.T{
			En: "Each mini program has its own secret, users, codes, keys and faults: what one test does to its own, others do not see. The login server of the mock works for the default one only.",
			Zh: "每个小程序拥有各自的 secret、用户、code、密钥和故障，测试之间互不可见。模拟服务自带的登录服务器只为默认小程序服务。",
		},
		Examples: []app.Example{{Note: lang.T{En: "point a test at a mini program of its own", Zh: "让测试使用单独的小程序"}, Line: `eval "$(wxlogin mock env --appid "$(wxlogin mock app add -q .appid)")"`}},
	}, newAppAdd(a), newAppList(a), newAppRemove(a))
}

func newAppAdd(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "add [APPID]",
		Short: lang.T{En: "Add a mini program, and print its appid and secret", Zh: "添加小程序，并打印其 appid 和 secret"},
		Long: lang.T{
			En: "Without an argument the mock makes an appid up. The secret is always made up, and good for nothing outside of this mock. The mini program lasts until it is removed or the whole mock is reset.",
			Zh: "不带参数时自动生成 appid。secret 总是自动生成，在此模拟服务之外毫无用处。小程序在被删除或重置整个模拟服务时消失。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "with unionids, and a thousand users u000001 to u001000", Zh: "有 unionid，并有 u000001 到 u001000 一千个用户"}, Line: "wxlogin mock app add --open-platform demo --users 1000"},
			{Note: lang.T{En: "in a script", Zh: "在脚本中"}, Line: "APPID=$(wxlogin mock app add -q .appid)"},
		},
	})
	c.Args = app.MaxArgs(1)
	var change mockclient.AppChange
	c.Flags().StringVar(&change.OpenPlatform, "open-platform", "", lang.T{En: "bind it to the Open Platform account `NAME`: users then have a unionid, the same in all apps of the account", Zh: "绑定到开放平台账号 `NAME`：用户会有 unionid，在该账号的所有小程序中相同"}.In(a.IO.Lang))
	c.Flags().IntVar(&change.Users, "users", 0, lang.T{En: "begin with `NUMBER` users: u000001 and so on", Zh: "初始有 `NUMBER` 个用户：u000001 等"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			change.AppID = wechat.AppID(args[0])
		}
		client, err := a.Mock()
		if err != nil {
			return err
		}
		added, err := client.AddApp(c.Context(), change)
		if err != nil {
			return err
		}
		return printRaw(a, added.Raw, func(p *term.Page) {
			p.Fields([]term.Field{
				{Label: lang.T{En: "appid", Zh: "小程序 appid"}, Value: string(added.AppID)},
				{Label: lang.T{En: "secret", Zh: "密钥 secret"}, Value: added.Secret.Reveal()}, // made up by the mock
			})
		})
	}
	return c
}

func newAppList(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the mini programs of the mock", Zh: "列出模拟服务的小程序"},
		Long: lang.T{
			En: "Lists the mini programs with the numbers of their users, without their secrets: wxlogin mock env --appid has those that the mock made up.",
			Zh: "列出小程序及其用户数量，不含 secret：模拟服务自己生成的 secret 可用 wxlogin mock env --appid 查看。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the appids alone", Zh: "只要 appid"}, Line: "wxlogin mock app list -q '.apps[].appid'"}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		list, err := client.Apps(c.Context())
		if err != nil {
			return err
		}
		return printRaw(a, list.Raw, func(p *term.Page) { printApps(p, list.Apps) })
	}
	return c
}

func printApps(p *term.Page, apps []mockclient.App) {
	var rows [][]term.Cell
	for _, one := range apps {
		kind := ""
		switch {
		case one.Default:
			kind = p.In(lang.T{En: "default", Zh: "默认"})
		case one.Adopted:
			kind = p.In(lang.T{En: "adopted", Zh: "自动接纳"})
		}
		rows = append(rows, term.Cells(string(one.AppID), strconv.Itoa(one.Users), one.OpenPlatform, kind))
	}
	p.Table([]lang.T{
		{En: "appid", Zh: "小程序 appid"}, {En: "users", Zh: "用户数"}, {En: "open platform", Zh: "开放平台"}, {En: "kind", Zh: "类型"},
	}, rows)
}

func newAppRemove(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "rm APPID",
		Short: lang.T{En: "Remove a mini program", Zh: "删除小程序"},
		Long: lang.T{
			En: "Its users, codes and faults go with it. The default one stays, because the login server works for it.",
			Zh: "其用户、code 和故障一并删除。默认小程序不能删除，因为登录服务器为它服务。",
		},
		Examples: []app.Example{{Note: lang.T{En: "after a test", Zh: "测试结束后"}, Line: `wxlogin mock app rm "$APPID"`}},
	})
	c.Args = app.ExactArgs(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		gone, err := client.RemoveApp(c.Context(), wechat.AppID(args[0]))
		if err != nil {
			return err
		}
		return printRaw(a, gone.Raw, func(p *term.Page) {
			p.Verdict(term.OK, lang.T{En: "the mock has no mini program %s any more", Zh: "模拟服务中已没有小程序 %s"}, string(gone.AppID))
		})
	}
	return c
}
