// Package mock is `wxlogin mock`: the phone and the levers of a running simulation. Each verb is one call of its control API and
// prints the object that the API answers.
package mock

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// New returns the group.
func New(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "mock",
		Short: lang.T{En: "Use the phone, the clock and the levers of a running mock", Zh: "操作正在运行的模拟服务：手机、时钟等"},
		Long: lang.T{
			En: "Talks to a mock that wxlogin serve --mock runs: it lets simulated users log in and hand out encrypted data, and moves the time. The mock is looked for at --url, then WXLOGIN_URL, then http://127.0.0.1:8420.",
			Zh: "操作由 wxlogin serve --mock 运行的模拟服务：让模拟用户登录、给出加密数据，以及拨动时间。依次在 --url、WXLOGIN_URL、http://127.0.0.1:8420 查找模拟服务。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "log a user in at your own server", Zh: "在自己的服务器上登录一个用户"}, Line: `curl "http://127.0.0.1:3000/login?code=$(wxlogin mock login --user bob)"`},
			{Note: lang.T{En: "point a shell at the mock", Zh: "让当前终端指向模拟服务"}, Line: `eval "$(wxlogin mock env)"`},
		},
	},
		newLogin(a), newUserinfo(a), newPhone(a), newWeRun(a), newGroup(a), newClock(a), newReset(a), newEnv(a), newCA(a), newFault(a), newScenario(a), newUser(a), newApp(a), newWorld(a), newJournal(a), newAssert(a),
	)
}

// command makes a verb that finds the mock by --url.
func command(a *app.App, spec app.Spec) *cobra.Command {
	c := a.Command(spec)
	a.KeyFlag(c, "url", "mock.url", "URL", lang.T{En: "address of the mock", Zh: "模拟服务的地址"})
	return c
}

// phoneCommand makes a verb of the phone, which belongs to a user of an app.
func phoneCommand(a *app.App, spec app.Spec, run func(c *cobra.Command, who mockclient.Who) error) *cobra.Command {
	c := command(a, spec)
	a.KeyFlag(c, "user", "mock.user", "NAME", lang.T{En: "whose phone it is; made if new (default alice)", Zh: "手机属于谁，不存在则新建（默认 alice）"})
	var appID string
	c.Flags().StringVar(&appID, "appid", "", lang.T{En: "the mini program, if the mock has several: `APPID`", Zh: "模拟服务有多个小程序时，指定 `APPID`"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, _ []string) error {
		for _, name := range []string{"user", "appid"} {
			if flag := c.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
				return app.Usage(textFlagEmpty, name) // an unset variable in a script, most often
			}
		}
		configured, err := a.Config()
		if err != nil {
			return err
		}
		return run(c, mockclient.Who{User: configured.Mock.User, AppID: wechat.AppID(appID)})
	}
	return c
}

var textFlagEmpty = lang.T{En: "--%s is empty; leave it out, or give it a value", Zh: "--%s 为空：请给出值，或去掉该参数"}

// printRaw prints the mock's answer: with --json and off a terminal as it came, for people by human.
func printRaw(a *app.App, raw json.RawMessage, human func(p *term.Page)) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	return output.Print(a.IO, raw, human)
}

// newClock is `wxlogin mock clock [+6m | reset]`.
func newClock(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "clock [DURATION | set TIME | freeze | reset]",
		Short: lang.T{En: "Move the time of codes, sessions and tokens", Zh: "拨动 code、会话和令牌的时间"},
		Long: lang.T{
			En: "Moves the mock's clock by a duration such as +6m or +72h on top of earlier moves (back: wxlogin mock clock -- -1h); set puts it to a time such as 2026-11-23T10:00:00Z, or 2026-11-23 or \"2026-11-23 10:00\" where you are; freeze lets it stand still, so that only moves pass time; reset puts it back to the system's time and lets it run. Without an argument it tells the time. Logins that have not happened yet, because the clock went back, are forgotten.",
			Zh: "在之前的基础上把模拟服务的时钟拨动一段时间，例如 +6m 或 +72h（回拨：wxlogin mock clock -- -1h）；set 设定时间，例如 2026-11-23T10:00:00Z，或本地时间 2026-11-23、\"2026-11-23 10:00\"；freeze 冻结时钟，此后只有拨动才会让时间流逝；reset 恢复为系统时间并继续走动。不带参数时显示时间。时钟回拨后，那些“尚未发生”的登录会被遗忘。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "let every code expire", Zh: "让所有 code 过期"}, Line: "wxlogin mock clock +6m"},
			{Note: lang.T{En: "the same time in every run of a test", Zh: "每次测试都在同一时刻"}, Line: "wxlogin mock clock freeze && wxlogin mock clock set 2026-11-23T10:00:00Z"},
			{Note: lang.T{En: "back to the present", Zh: "回到现在"}, Line: "wxlogin mock clock reset"},
		},
	})
	c.Args = app.MaxArgs(2)
	plain := c.FlagErrorFunc()
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if e, ok := errors.AsType[*pflag.NotExistError](err); ok && strings.ContainsAny(e.GetSpecifiedName(), "0123456789.") {
			return app.Usage(textMoveBack) // a negative duration looks like flags
		}
		return plain(c, err)
	})
	c.ValidArgsFunction = cobra.FixedCompletions([]string{"+6m", "+24h", "set", "freeze", "reset"}, cobra.ShellCompDirectiveNoFileComp)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		clock, err := moveClock(c, client, args)
		if err != nil {
			return err
		}
		return printRaw(a, clock.Raw, func(p *term.Page) {
			if clock.Frozen {
				p.Line(lang.T{En: "%s, frozen", Zh: "%s，已冻结"}, p.Clock(clock.Now))
				return
			}
			if clock.OffsetSeconds == 0 {
				p.Line(lang.T{En: "%s, the system's time", Zh: "%s，与系统时间一致"}, p.Clock(clock.Now))
				return
			}
			p.Line(lang.T{En: "%s, moved by %s", Zh: "%s，已拨动 %s"}, p.Clock(clock.Now), clock.Offset)
		})
	}
	return c
}

func moveClock(c *cobra.Command, client *mockclient.Client, args []string) (mockclient.Clock, error) {
	switch {
	case len(args) == 0:
		return client.Clock(c.Context())
	case args[0] == "set":
		if len(args) == 2 {
			return setClock(c, client, args[1])
		}
		return mockclient.Clock{}, app.Usage(textBadTime, "")
	case len(args) == 2:
		return mockclient.Clock{}, app.Usage(textBadMove, args[0]+" "+args[1])
	case args[0] == "reset":
		return client.ResetClock(c.Context())
	case args[0] == "freeze":
		return client.FreezeClock(c.Context())
	}
	if _, err := time.ParseDuration(args[0]); err != nil {
		return mockclient.Clock{}, app.Usage(textBadMove, args[0])
	}
	return client.Move(c.Context(), args[0])
}

// setClock understands RFC 3339, and shorter forms as times of the user's zone.
func setClock(c *cobra.Command, client *mockclient.Client, text string) (mockclient.Clock, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if to, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return client.SetClock(c.Context(), to)
		}
	}
	return mockclient.Clock{}, app.Usage(textBadTime, text)
}

var (
	textBadMove  = lang.T{En: "%q is not a duration such as +6m, +72h or -1h, nor set TIME, freeze or reset", Zh: "%q 不是 +6m、+72h、-1h 这样的时长，也不是 set TIME、freeze 或 reset"}
	textBadTime  = lang.T{En: "%q is not a time such as 2026-11-23T10:00:00Z, 2026-11-23 or \"2026-11-23 10:00\"", Zh: "%q 不是 2026-11-23T10:00:00Z、2026-11-23、\"2026-11-23 10:00\" 这样的时间"}
	textMoveBack = lang.T{En: "to move the clock back, write -- before the duration: wxlogin mock clock -- -1h", Zh: "回拨时钟时，请在时长前写 --：wxlogin mock clock -- -1h"}
)

// newReset is `wxlogin mock reset`.
func newReset(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "reset",
		Short: lang.T{En: "Forget all users, codes and sessions", Zh: "清空所有用户、code 和会话"},
		Long: lang.T{
			En: "Puts the mock back to how it started, faults and the clock included: for between two tests. With --appid, only that mini program is put back, and the clock stays.",
			Zh: "把模拟服务恢复到启动时的状态，包括故障和时钟，适合在两个测试之间使用。加 --appid 时只恢复该小程序，时钟不变。",
		},
		Examples: []app.Example{{Note: lang.T{En: "between two tests", Zh: "在两个测试之间"}, Line: "wxlogin mock reset"}},
	})
	var appID string
	c.Flags().StringVar(&appID, "appid", "", lang.T{En: "only this mini program: `APPID`", Zh: "只恢复这个小程序：`APPID`"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		done, err := client.Reset(c.Context(), wechat.AppID(appID))
		if err != nil {
			return err
		}
		return printRaw(a, done.Raw, func(p *term.Page) {
			if appID != "" {
				p.Verdict(term.OK, lang.T{En: "for %s the mock is as it was when it started; the clock stays", Zh: "%s 已恢复到启动时的状态，时钟不变"}, appID)
				return
			}
			p.Verdict(term.OK, lang.T{En: "the mock is as it was when it started", Zh: "模拟服务已恢复到启动时的状态"})
		})
	}
	return c
}
