package mock

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An AssertError says that there were not as many calls as wanted. What was seen instead has been printed.
type AssertError struct {
	On  string
	Got int
}

func (e *AssertError) Error() string { return "assertion on calls of " + e.On + " does not hold" }

// newAssert is `wxlogin mock assert --on API --count N`.
func newAssert(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "assert",
		Short: lang.T{En: "Check how often the mock was called", Zh: "检查模拟服务被调用的次数"},
		Long: lang.T{
			En: "Counts the calls of an API in the mock's journal. If there are as many as wanted, one line says so; if not, the calls that were made instead are shown and the exit code is 9: the last step of a test. Calls before a mark are left out with --since, those of other tests with --appid, and mock reset starts from zero.",
			Zh: "在模拟服务的日志中统计某个接口的调用次数。符合期望时输出一行；否则列出实际的调用，退出码为 9，适合作为测试的最后一步。用 --since 排除标记之前的调用，用 --appid 排除其他测试的调用，mock reset 则从零开始。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a login called WeChat once, and WeChat agreed", Zh: "登录只调用了一次微信接口，而且成功了"}, Line: "wxlogin mock assert --on jscode2session --count 1 --errcode 0"},
			{Note: lang.T{En: "nothing was called that is not simulated", Zh: "没有调用未模拟的接口"}, Line: "wxlogin mock assert --on unknown --count 0"},
		},
	})
	var expect mockclient.Expect
	var appID string
	var errCode, count, atLeast, atMost int
	callFlags(a, c, &expect.On, &appID, &expect.User, &expect.Since)
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.IntVar(&count, "count", 0, text(lang.T{En: "exactly `N` calls", Zh: "恰好 `N` 次"}))
	f.IntVar(&atLeast, "at-least", 0, text(lang.T{En: "`N` calls or more", Zh: "至少 `N` 次"}))
	f.IntVar(&atMost, "at-most", 0, text(lang.T{En: "`N` calls or fewer", Zh: "至多 `N` 次"}))
	f.IntVar(&errCode, "errcode", 0, text(lang.T{En: "count only answers of this errcode `CODE`; 0 is success", Zh: "只计 errcode 为 `CODE` 的应答，0 表示成功"}))
	c.RunE = func(c *cobra.Command, _ []string) error {
		expect.AppID = wechat.AppID(appID)
		for flag, field := range map[string]struct {
			value *int
			into  **int
		}{
			"count": {&count, &expect.Count}, "at-least": {&atLeast, &expect.AtLeast},
			"at-most": {&atMost, &expect.AtMost}, "errcode": {&errCode, &expect.ErrCode},
		} {
			if c.Flags().Changed(flag) {
				*field.into = field.value
			}
		}
		switch bounds := expect.AtLeast != nil || expect.AtMost != nil; {
		case expect.On == "":
			return app.Usage(textAssertOn)
		case expect.Count == nil && !bounds:
			return app.Usage(textAssertCount)
		case expect.Count != nil && bounds:
			return app.Usage(textAssertBoth)
		}
		return runAssert(c.Context(), a, expect)
	}
	return c
}

func runAssert(ctx context.Context, a *app.App, expect mockclient.Expect) error {
	client, err := a.Mock()
	if err != nil {
		return err
	}
	counted, err := client.Assert(ctx, expect)
	if err != nil {
		return err
	}
	if err := printRaw(a, counted.Raw, func(p *term.Page) { printCounted(a, p, expect, counted) }); err != nil {
		return err
	}
	if !counted.OK {
		return &AssertError{On: expect.On, Got: counted.Got}
	}
	return nil
}

// maxShownAPI is in characters: an API can be named by its path.
const maxShownAPI = 200

func printCounted(a *app.App, p *term.Page, expect mockclient.Expect, counted mockclient.Counted) {
	on := wechat.Shown(expect.On, maxShownAPI)
	if counted.OK {
		p.Verdict(term.OK, textCounted, on, counted.Got, wanted(expect))
		return
	}
	p.Verdict(term.Fail, textCounted, on, counted.Got, wanted(expect))
	if counted.Evicted > 0 {
		p.Line(textUncertain, counted.Evicted)
	}
	if len(counted.Seen) == 0 {
		p.Line(textNothingSeen)
		return
	}
	p.Line(textSeen)
	PrintRecords(p, a.IO.OutTTY, counted.Seen)
}

// wanted says in words how many calls were expected.
func wanted(expect mockclient.Expect) lang.Message {
	switch {
	case expect.Count != nil:
		return lang.T{En: "exactly %d", Zh: "恰好 %d 次"}.With(*expect.Count)
	case expect.AtLeast != nil && expect.AtMost != nil:
		return lang.T{En: "%d to %d", Zh: "%d 到 %d 次"}.With(*expect.AtLeast, *expect.AtMost)
	case expect.AtLeast != nil:
		return lang.T{En: "at least %d", Zh: "至少 %d 次"}.With(*expect.AtLeast)
	}
	return lang.T{En: "at most %d", Zh: "至多 %d 次"}.With(*expect.AtMost)
}

var (
	textAssertOn    = lang.T{En: "say which calls to count: --on jscode2session", Zh: "请指明统计哪个接口：--on jscode2session"}
	textAssertCount = lang.T{En: "say how many calls there should be: --count, --at-least or --at-most", Zh: "请指明期望的次数：--count、--at-least 或 --at-most"}
	textAssertBoth  = lang.T{En: "--count is exact and goes without --at-least and --at-most", Zh: "--count 是确切次数，不能与 --at-least、--at-most 同用"}

	textCounted     = lang.T{En: "calls of %s: %d, wanted: %s", Zh: "%s 的调用次数：%d，期望：%s"}
	textUncertain   = lang.T{En: "%d older records were dropped, so there may have been more: keep more with serve --mock --journal-size, or count from a mark with --since", Zh: "有 %d 条较早的记录已被丢弃，实际次数可能更多：用 serve --mock --journal-size 保留更多，或用 --since 从某个标记开始统计"}
	textNothingSeen = lang.T{En: "nothing was called at all", Zh: "没有任何调用"}
	textSeen        = lang.T{En: "what was called, the newest last:", Zh: "实际的调用，最新的在最后："}
)
