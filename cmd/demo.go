package cmd

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
)

// newDemo is `wxlogin demo`.
func newDemo(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "demo",
		Short: lang.T{En: "Show the whole login in two seconds", Zh: "两秒演示完整的登录流程"},
		Long: lang.T{
			En: "Starts a simulated WeChat inside this process, logs a user in, and prints each step with what went over the wire. It opens no port, writes no file and needs no AppID.",
			Zh: "在进程内启动模拟的微信，让一个用户登录，并打印每一步以及传输的内容。不开端口、不写文件、不需要 AppID。",
		},
		Examples: []app.Example{{Note: lang.T{En: "from a checkout, with nothing but Go", Zh: "在源码目录中，只需要 Go"}, Line: "go run . demo"}},
	})
	c.RunE = func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), a) }
	return c
}

// demoStep is a step with --json. The field names are API.
type demoStep struct {
	Step    int        `json:"step"`
	Title   string     `json:"title"`
	Command string     `json:"command"`
	OK      bool       `json:"ok"`
	Calls   []demoCall `json:"calls"`
	Outcome string     `json:"outcome"`
}

type demoCall struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Request string `json:"request"`
	Status  int    `json:"status,omitempty"`
	Answer  string `json:"answer"`
}

func runDemo(ctx context.Context, a *app.App) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	if output.Machine() {
		return demoJSON(ctx, a, output)
	}
	var steps []stack.Step
	err = stack.Demo(ctx, func(step stack.Step) { steps = append(steps, step) })
	return errors.Join(a.IO.Print(func(p *term.Page) { demoPage(p, steps, err == nil) }), err)
}

func demoPage(p *term.Page, steps []stack.Step, complete bool) {
	for i, step := range steps {
		stepText(p, i+1, step)
	}
	if !complete {
		return
	}
	p.Heading(lang.T{En: "Try next", Zh: "接下来可以试试"})
	p.Rows([]term.Row{
		{Name: "wxlogin serve --mock", Text: p.In(lang.T{En: "a WeChat of your own, and a login server beside it", Zh: "自己的“微信”，外加登录服务器"})},
		{Name: "wxlogin mock login", Text: p.In(lang.T{En: "a code from it, for your own server or for wxlogin exchange", Zh: "从中获取 code，供你的服务器或 wxlogin exchange 使用"})},
		{Name: "wxlogin decrypt --help", Text: p.In(lang.T{En: "data of your own, and the reason when it does not decrypt", Zh: "解密你自己的数据，失败时说明原因"})},
	})
}

// demoJSON prints the steps as one object.
func demoJSON(ctx context.Context, a *app.App, output term.Output) error {
	steps := []demoStep{}
	err := stack.Demo(ctx, func(step stack.Step) {
		out := demoStep{
			Step: len(steps) + 1, Title: step.Title.In(a.IO.Lang), Command: step.Command, OK: step.OK, Calls: []demoCall{},
			Outcome: step.Outcome.In(a.IO.Lang),
		}
		for _, call := range step.Calls {
			out.Calls = append(out.Calls, demoCall{call.From.En, call.To.En, call.Request, call.Status, call.Answer})
		}
		steps = append(steps, out)
	})
	if err != nil {
		return err
	}
	return output.Print(a.IO, struct {
		Steps []demoStep `json:"steps"`
	}{steps}, nil)
}

// stepText prints a step: title, command, each call with its answer beneath, and what to take from it.
func stepText(p *term.Page, number int, step stack.Step) {
	p.Heading(lang.T{En: "%d. %s", Zh: "%d. %s"}, number, step.Title)
	p.Command("$ " + step.Command)
	for _, call := range step.Calls {
		p.Indented(2, p.In(call.From)+" -> "+p.In(call.To)+": "+call.Request)
		answer := call.Answer
		if call.Status != 0 {
			answer = strconv.Itoa(call.Status) + " " + answer
		}
		p.Indented(4, answer)
	}
	level := term.OK
	if !step.OK {
		level = term.Warn
	}
	p.Status(level, step.Outcome)
}
