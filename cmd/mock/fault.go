package mock

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// newFault is `wxlogin mock fault`.
func newFault(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "fault",
		Short: lang.T{En: "Let calls fail, or answer strangely", Zh: "让调用失败，或返回异常的应答"},
		Long: lang.T{
			En: "A fault is a rule: of the calls that match it, some have its effect. wxlogin help mock lists the effects; for a test that has nothing but a code, magic codes such as err-45011 need no fault at all.",
			Zh: "故障是一条规则：符合条件的调用中，有一部分会受到影响。wxlogin help mock 列出所有效果；如果测试手里只有一个 code，用 err-45011 这样的魔法 code 即可，不必添加故障。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "WeChat is busy for two calls", Zh: "微信繁忙，持续两次调用"}, Line: "wxlogin mock fault add --on jscode2session --times 2 errcode:-1"},
			{Note: lang.T{En: "all is well again", Zh: "恢复正常"}, Line: "wxlogin mock fault clear"},
		},
	}, newFaultAdd(a), newFaultList(a), newFaultRemove(a), newFaultClear(a))
}

// newFaultAdd is `wxlogin mock fault add`.
func newFaultAdd(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "add EFFECT",
		Short: lang.T{En: "Add a fault", Zh: "添加故障"},
		Long: lang.T{
			En: "Of the calls that match --on, --appid, --user and --code, the first --after are spared; of the others every --every-th is taken, of those --percent of a hundred, until --times is reached. Each mini program is counted for itself. Several faults may strike one call.",
			Zh: "在符合 --on、--appid、--user、--code 的调用中，先放过前 --after 次，其余每 --every 次取一次，再按 --percent 抽取，直到达到 --times 次。各小程序分别计数。一次调用可以同时受多个故障影响。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "every third exchange finds the user limited", Zh: "每第三次兑换都被限流"}, Line: "wxlogin mock fault add --on jscode2session --every 3 errcode:45011"},
			{Note: lang.T{En: "the code is spent, and the answer is lost, once", Zh: "code 已作废，应答却丢失，仅一次"}, Line: "wxlogin mock fault add --on jscode2session --times 1 consume-then-drop"},
			{Note: lang.T{En: "everything is slow for a minute of the mock's clock", Zh: "在模拟时钟的一分钟内，一切都很慢"}, Line: "wxlogin mock fault add --for 1m delay:3s"},
		},
	})
	var rule mockclient.FaultRule
	var appID, code string
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.StringVar(&rule.On, "on", "", text(lang.T{En: "only calls of this `API`, such as jscode2session", Zh: "只对该接口 `API` 的调用，例如 jscode2session"}))
	f.StringVar(&appID, "appid", "", text(lang.T{En: "only calls of this mini program: `APPID`", Zh: "只对该小程序的调用：`APPID`"}))
	f.StringVar(&rule.User, "user", "", text(lang.T{En: "only calls about this user: `NAME`", Zh: "只对涉及该用户的调用：`NAME`"}))
	f.StringVar(&code, "code", "", text(lang.T{En: "only calls with exactly this `CODE`", Zh: "只对使用该 `CODE` 的调用"}))
	f.IntVar(&rule.Every, "every", 0, text(lang.T{En: "every `N`th matching call", Zh: "每 `N` 次符合条件的调用取一次"}))
	f.IntVar(&rule.Percent, "percent", 0, text(lang.T{En: "`P` of a hundred, by the seed of the mock", Zh: "百分之 `P`，由模拟服务的种子决定"}))
	f.IntVar(&rule.Times, "times", 0, text(lang.T{En: "`N` times at most", Zh: "最多 `N` 次"}))
	f.IntVar(&rule.After, "after", 0, text(lang.T{En: "spare the first `N` matching calls", Zh: "放过前 `N` 次符合条件的调用"}))
	f.StringVar(&rule.For, "for", "", text(lang.T{En: "end after a `DURATION` on the mock's clock", Zh: "在模拟时钟经过 `DURATION` 后结束"}))
	_ = c.RegisterFlagCompletionFunc("on", cobra.FixedCompletions(wxhttp.APIs(), cobra.ShellCompDirectiveNoFileComp))
	c.Args = app.ExactArgs(1)
	c.ValidArgsFunction = completeFirst(func() []string {
		var list []string
		for _, form := range world.Effects() {
			list = append(list, form.Example+"\t"+form.Help.In(a.IO.Lang))
		}
		return list
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		rule.AppID, rule.Code, rule.Effect = wechat.AppID(appID), wechat.Code(code), args[0]
		fault, err := client.AddFault(c.Context(), rule)
		if err != nil {
			return err
		}
		return printRaw(a, fault.Raw, func(p *term.Page) { p.Verdict(term.OK, textFaultAdded, fault.ID, fault.Effect, p.In(where(fault))) })
	}
	return c
}

// completeFirst completes the first argument, and no file.
func completeFirst(list func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list(), cobra.ShellCompDirectiveNoFileComp
	}
}

// where is the API of a fault.
func where(f mockclient.Fault) lang.T {
	if f.On == "" {
		return textEveryAPI
	}
	return lang.T{En: f.On, Zh: f.On}
}

// newFaultList is `wxlogin mock fault list`.
func newFaultList(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the faults and how often they struck", Zh: "列出故障及其生效次数"},
		Long: lang.T{
			En: "Shows for each fault how many calls matched it and how many of them had its effect.",
			Zh: "显示每个故障符合条件的调用数，以及其中实际受影响的次数。",
		},
		Examples: []app.Example{{Note: lang.T{En: "how often the first one struck", Zh: "第一个故障生效了几次"}, Line: "wxlogin mock fault list -q '.faults[0].applied'"}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		list, err := client.Faults(c.Context())
		if err != nil {
			return err
		}
		return printRaw(a, list.Raw, func(p *term.Page) {
			if len(list.Faults) == 0 && a.IO.OutTTY {
				p.Note(textNoFaults)
				return
			}
			var rows [][]term.Cell
			for _, f := range list.Faults {
				rows = append(rows, term.Cells(f.ID, p.In(where(f)), conditions(p, f), f.Effect,
					strconv.FormatUint(f.Matched, 10), strconv.FormatUint(f.Applied, 10)))
			}
			p.Table([]lang.T{labelID, labelOn, labelWhen, labelEffect, labelMatched, labelApplied}, rows)
		})
	}
	return c
}

// conditions are what a fault asks for besides its API, as the flags that ask for it.
func conditions(p *term.Page, f mockclient.Fault) string {
	var list []string
	add := func(flag, value string) {
		if value != "" && value != "0" {
			list = append(list, "--"+flag+" "+value)
		}
	}
	add("appid", string(f.AppID))
	add("user", f.User)
	add("code", string(f.Code))
	add("every", strconv.Itoa(f.Every))
	add("percent", strconv.Itoa(f.Percent))
	add("times", strconv.Itoa(f.Times))
	add("after", strconv.Itoa(f.After))
	if !f.Until.IsZero() {
		list = append(list, p.In(textUntil, p.Clock(f.Until)))
	}
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, " ")
}

// newFaultRemove is `wxlogin mock fault rm ID`.
func newFaultRemove(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "rm ID",
		Short: lang.T{En: "Remove a fault", Zh: "移除一个故障"},
		Long: lang.T{
			En: "The id is what fault add and fault list print. What the fault did lastingly, such as secret-reset, ends with it.",
			Zh: "编号由 fault add 和 fault list 给出。故障造成的持续影响（例如 secret-reset）随之结束。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the first fault", Zh: "第一个故障"}, Line: "wxlogin mock fault rm f1"}},
	})
	c.Args = app.ExactArgs(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		if args[0] == "" {
			return app.Usage(textEmptyID) // an empty id would mean all faults
		}
		client, err := a.Mock()
		if err != nil {
			return err
		}
		done, err := client.RemoveFault(c.Context(), args[0])
		if err != nil {
			return err
		}
		return printRaw(a, done.Raw, func(p *term.Page) { p.Verdict(term.OK, textFaultRemoved, args[0]) })
	}
	return c
}

// newFaultClear is `wxlogin mock fault clear`.
func newFaultClear(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "clear",
		Short: lang.T{En: "Remove all faults", Zh: "移除所有故障"},
		Long: lang.T{
			En: "Removes all faults, those of scenarios included; with --appid only those that were added for that mini program.",
			Zh: "移除所有故障，包括场景中的故障；加 --appid 时只移除为该小程序添加的故障。",
		},
		Examples: []app.Example{{Note: lang.T{En: "after a test", Zh: "测试之后"}, Line: "wxlogin mock fault clear"}},
	})
	var appID string
	c.Flags().StringVar(&appID, "appid", "", lang.T{En: "only those of this mini program: `APPID`", Zh: "只移除该小程序的故障：`APPID`"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		done, err := client.ClearFaults(c.Context(), wechat.AppID(appID))
		if err != nil {
			return err
		}
		return printRaw(a, done.Raw, func(p *term.Page) { p.Verdict(term.OK, textFaultsCleared, done.Removed) })
	}
	return c
}

var (
	textFaultAdded    = lang.T{En: "fault %s: %s on %s", Zh: "故障 %s：%s，作用于 %s"}
	textEveryAPI      = lang.T{En: "every API", Zh: "所有接口"}
	textNoFaults      = lang.T{En: "there are no faults", Zh: "没有故障"}
	textUntil         = lang.T{En: "until %s", Zh: "至 %s"}
	textFaultRemoved  = lang.T{En: "fault %s is gone", Zh: "已移除故障 %s"}
	textFaultsCleared = lang.T{En: "faults removed: %d", Zh: "已移除的故障数：%d"}
	textEmptyID       = lang.T{En: "the id is empty: fault list shows the ids, fault clear removes all faults", Zh: "编号为空：fault list 显示编号，fault clear 移除所有故障"}

	labelID      = lang.T{En: "id", Zh: "编号"}
	labelOn      = lang.T{En: "on", Zh: "接口"}
	labelWhen    = lang.T{En: "condition", Zh: "条件"}
	labelEffect  = lang.T{En: "effect", Zh: "效果"}
	labelMatched = lang.T{En: "matched", Zh: "符合"}
	labelApplied = lang.T{En: "applied", Zh: "生效"}
)
