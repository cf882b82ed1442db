package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/child"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// freeAddr is where a simulation listens that is there for one program, unless it is told where.
const freeAddr = "127.0.0.1:0"

// commandArgs takes a program and its arguments after --, and nothing else.
func commandArgs(c *cobra.Command, args []string) error {
	switch dash := c.ArgsLenAtDash(); {
	case dash < 0 && len(args) == 0:
		return nil
	case dash != 0:
		return app.Usage(textNeedsDash, c.CommandPath())
	case len(args) == 0 || args[0] == "":
		return app.Usage(textNoCommand, c.CommandPath())
	}
	return nil
}

// checkCommand refuses flags that do not go with a program inside, or not without one.
func checkCommand(a *app.App, opts *serveOptions) error {
	switch {
	case len(opts.command) == 0:
		return nil
	case !opts.mock:
		return app.Usage(textCommandNeedsMock)
	case a.Flags.JQ != nil:
		return app.Usage(textQueryOfCommand)
	case a.Flags.SecretFile == "-":
		return app.Usage(textStdinOfCommand)
	}
	return nil
}

// forCommand is the configuration of a server that is there for one program: on a free port, unless a flag or a variable says where. A
// file that says so means other servers.
func forCommand(c *config.Config) *config.Config {
	if source := c.Origin("addr").Source; source == config.SourceFlag || source == config.SourceEnv {
		return c
	}
	moved := *c
	moved.Addr = freeAddr
	return &moved
}

// A commandEnd is the error of a run whose program did not end well: its exit code becomes ours. Everything has been said.
type commandEnd struct{ code int }

func (e *commandEnd) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", e.code)
}

// serveCommand runs a program inside the simulation. Standard output is the program's alone; on standard error we are silent unless
// something went wrong.
func serveCommand(ctx context.Context, a *app.App, options stack.Options, opts *serveOptions) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	// From here on signals are the program's, and the simulation lasts as long as it, whatever they are. The clean-up comes before their
	// default is put back.
	watch := child.NewWatch()
	defer watch.Stop()
	running, err := start(context.WithoutCancel(ctx), options, opts.readyFile)
	if err != nil {
		return err
	}
	if opts.verbose > 0 && !output.Machine() {
		a.IO.Note(textRunning.With(opts.command[0], running.URL(), running.Ready().AppID))
	}
	code, err := runInside(ctx, a, running.Stack, watch, opts.command)
	running.Settle()
	running.cancel()
	stopped := running.wait()
	if err != nil {
		return errors.Join(err, stopped)
	}
	sayEnd(a, output, ending(opts, running.Stack, code))
	if code == 0 {
		return stopped
	}
	if stopped != nil {
		a.IO.Warn(textPlain.With(redact.Clean(stopped.Error()))) // the code is the program's all the same
	}
	return &commandEnd{code}
}

// runInside runs a program in an environment that leads it to the simulation.
func runInside(ctx context.Context, a *app.App, running *stack.Stack, watch *child.Watch, command []string) (int, error) {
	vars, err := running.Environment(intercept.Before(a.Env), runtime.GOOS)
	if err != nil {
		return 0, err
	}
	in, out, errOut := a.IO.Streams()
	return child.Run(ctx, watch, child.Options{
		Args: command, Env: intercept.Merge(os.Environ(), vars), Stdin: in, Stdout: out, Stderr: errOut,
	})
}

// commandLogger is silent unless asked: the terminal is the program's.
func commandLogger(a *app.App, opts *serveOptions, json bool) *slog.Logger {
	if len(opts.command) > 0 && opts.verbose == 0 {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(a.LogHandler(json))
}

// classifyCommand knows how programs that run inside a simulation fail.
func classifyCommand(err error) (failure, bool) {
	if e, ok := errors.AsType[*commandEnd](err); ok {
		f := failure{exit: exitFailure, silent: true}
		f.exit.code = e.code
		return f, true
	}
	e, ok := errors.AsType[*child.StartError](err)
	if !ok {
		return failure{}, false
	}
	program, reason := redact.Shorten(e.Program, 80), redact.Clean(e.Err.Error())
	if e.Code == child.CodeNotExecutable {
		return failure{exit: exitNotExecutable, message: textNotExecutable.With(program, reason)}, true
	}
	f := failure{exit: exitNotFound, message: textCommandNotFound.With(program)}
	if strings.ContainsAny(e.Program, " \t;&|") {
		f.hints = append(f.hints, hintShell.With())
	}
	return f, true
}

var (
	textNeedsDash        = lang.T{En: "a command to run inside the simulation stands after --: %s --mock -- CMD ARGS...", Zh: "要在模拟环境中运行的命令须写在 -- 之后：%s --mock -- CMD ARGS..."}
	textNoCommand        = lang.T{En: "no command follows --; for example: %s --mock -- npm test", Zh: "-- 之后没有命令；例如：%s --mock -- npm test"}
	textCommandNeedsMock = lang.T{En: "a command runs inside the simulation, and without --mock there is none: its calls would go to the real WeChat", Zh: "命令是在模拟环境中运行的，不加 --mock 就没有模拟环境，它的调用会发往真实的微信"}
	textQueryOfCommand   = lang.T{En: "-q does not go with -- CMD: standard output is the command's; --json prints an object on standard error at the end", Zh: "-q 不能与 -- CMD 一起使用：标准输出属于该命令；--json 会在结束时向标准错误输出一个对象"}
	textStdinOfCommand   = lang.T{En: "--secret-file - does not go with -- CMD: standard input is the command's", Zh: "--secret-file - 不能与 -- CMD 一起使用：标准输入属于该命令"}
	textRunning          = lang.T{En: "running %s inside the simulation at %s (appid %s)", Zh: "正在模拟环境 %[2]s（appid %[3]s）中运行 %[1]s"}
	textCommandNotFound  = lang.T{En: "cannot run %q: there is no such program", Zh: "无法运行 %q：没有这个程序"}
	textNotExecutable    = lang.T{En: "cannot run %q: %s", Zh: "无法运行 %q：%s"}
	hintShell            = lang.T{En: "give the words one by one (-- npm test), or let a shell read the line: wxlogin serve --mock -- sh -c \"npm test && echo ok\"", Zh: "请逐词书写（-- npm test），或交给 shell 解析：wxlogin serve --mock -- sh -c \"npm test && echo ok\""}
)
