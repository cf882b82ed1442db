// Package cmd is the command line: flags in, one call, one answer out. A file holds a command; groups with three or more
// verbs are sub-packages. What a command does lives in internal.
package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/cmd/config"
	"github.com/wxlogin/wxlogin/cmd/key"
	"github.com/wxlogin/wxlogin/cmd/mock"
	"github.com/wxlogin/wxlogin/cmd/session"
	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Main runs the tool with the process's streams and environment, and returns its exit code.
func Main(args []string) int {
	ctx, stop := notifyContext(context.Background())
	defer stop()
	return run(ctx, app.New(os.LookupEnv, build()), args)
}

// A signalError is the cause of a context that a signal ended, and then the error of the run.
type signalError struct {
	signal syscall.Signal
	during error // what the run was at; nil in a cause
}

func (e *signalError) Error() string { return "stopped by signal: " + e.signal.String() }

func (e *signalError) Unwrap() error { return e.during }

// notifyContext ends the context on the first SIGINT, SIGTERM or SIGHUP (a terminal that closes), with a [*signalError] as cause. The
// second one meets Go's default and ends the process at once. A reader that goes away, head(1) for example, is an error of the write
// and no signal.
func notifyContext(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			number, _ := s.(syscall.Signal)
			cancel(&signalError{signal: number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// run is Main without the process.
func run(ctx context.Context, a *app.App, args []string) int {
	peekFlags(a, args)
	root := newRoot(a)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		completeFlags(a, root)
	}
	root.SetArgs(protectNumbers(args))
	root.SetOut(a.IO.Out)
	root.SetErr(a.IO.Err)
	c, err := root.ExecuteContextC(ctx)
	if closeErr := a.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		return exitOK.code
	}
	if cause, ok := errors.AsType[*signalError](context.Cause(ctx)); ok && errors.Is(err, context.Canceled) {
		err = &signalError{signal: cause.signal, during: err}
	}
	maskErrors(a, args)
	return report(a, c, err)
}

// newRoot builds the tree of commands with its texts in the language that is known so far.
func newRoot(a *app.App) *cobra.Command {
	root := a.Group(app.Spec{
		Use: "wxlogin",
		Short: lang.T{
			En: "WeChat Mini Program login on your desk",
			Zh: "微信小程序登录，尽在手边",
		},
		Long: lang.T{
			En: "wxlogin exchanges wx.login codes, decrypts encryptedData, runs a login server together with a faithful simulation of WeChat, and reads the login tokens it issued.",
			Zh: "wxlogin 可以用 wx.login 的 code 换取会话、解密 encryptedData、运行登录服务器以及高度仿真的微信登录接口，并解读它签发的登录令牌。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "see the whole login in two seconds, without an AppID", Zh: "两秒看完整个登录流程，不需要 AppID"}, Line: "wxlogin demo"},
			{Note: lang.T{En: "run a WeChat to log in against", Zh: "运行一个可以登录的“微信”"}, Line: "wxlogin serve --mock"},
			{Note: lang.T{En: "find out why a payload does not decrypt", Zh: "查明数据为何无法解密"}, Line: "wxlogin decrypt payload.json"},
		},
	},
		newDemo(a), newServe(a), newExchange(a), newDecrypt(a), newInspect(a), newRevoke(a), newExplain(a), newPhone(a), newAccessToken(a),
		session.New(a), mock.New(a), key.New(a), config.New(a), newDoctor(a), newVersion(a), newCompletion(a),
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp(a))
	root.SetHelpFunc(func(c *cobra.Command, args []string) { _ = printHelp(a, c, slices.Contains(args, "--help")) })
	root.SetUsageFunc(func(*cobra.Command) error { return nil }) // errors are reported once, by report
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return prepare(a) }
	globalFlags(a, root.PersistentFlags())
	ownFlags(a, root)
	return root
}

// globalFlags are taken by every command.
func globalFlags(a *app.App, f *pflag.FlagSet) {
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.StringVar(&a.Flags.ConfigFile, "config", "", text(lang.T{En: "configuration `FILE` in place of the user's and the project's", Zh: "配置文件 `FILE`，取代用户配置和项目配置"}))
	f.StringVar(&a.Flags.Lang, "lang", "", text(lang.T{En: "language of messages: `zh|en`", Zh: "提示语言：`zh|en`"}))
	f.StringVar(&a.Flags.Color, "color", "auto", text(lang.T{En: "colour: `auto|always|never`", Zh: "颜色：`auto|always|never`"}))
	f.BoolVar(&a.Flags.JSON, "json", false, text(lang.T{En: "print one JSON object, and errors as JSON on stderr", Zh: "输出一个 JSON 对象，错误也以 JSON 写到 stderr"}))
	f.StringVarP(&a.Flags.Output, "output", "o", "", text(lang.T{En: "output format: `text|json|ndjson`", Zh: "输出格式：`text|json|ndjson`"}))
	f.VarP(queryFlag{a}, "jq", "q", text(lang.T{En: "print what this jq `EXPR` selects of the JSON", Zh: "对 JSON 执行 jq 表达式 `EXPR`"}))
	f.BoolVar(&a.Flags.NoInput, "no-input", false, text(lang.T{En: "never ask", Zh: "从不提问"}))
	f.Var(profileFlag{a}, "profile", text(lang.T{En: "profile `NAME` of the configuration", Zh: "配置中的 profile `NAME`"}))
}

// prepare applies the global flags before a command runs.
func prepare(a *app.App) error {
	if err := a.IO.SetColor(a.Flags.Color); err != nil {
		return err
	}
	if a.Flags.Lang != "" {
		if _, err := lang.Parse(a.Flags.Lang); err != nil {
			return app.Usage(textBadLang, a.Flags.Lang)
		}
	}
	a.DetectLang("")
	if id, given := a.Flags.Keys["appid"]; given && wechat.AppID(id).Check() != nil {
		return app.Usage(textBadAppID, redact.Shorten(id, 40))
	}
	_, err := a.Output() // a typo in -q costs nothing: it is found before anything is sent
	return err
}

var textBadAppID = lang.T{En: `--appid: %q is not "wx" and 16 lower-case hexadecimal digits`, Zh: `--appid：%q 不是 "wx" 加 16 位小写十六进制数字`}

var textBadLang = lang.T{En: "unknown language %q: --lang takes zh or en", Zh: "未知语言 %q：--lang 只接受 zh 或 en"}

// queryFlag tells an empty -q from an absent one.
type queryFlag struct{ app *app.App }

func (f queryFlag) String() string { return "" }
func (f queryFlag) Type() string   { return "EXPR" }
func (f queryFlag) Set(expr string) error {
	f.app.Flags.JQ = &expr
	return nil
}

// profileFlag sets the key profile.
type profileFlag struct{ app *app.App }

func (f profileFlag) String() string { return "" }
func (f profileFlag) Type() string   { return "NAME" }
func (f profileFlag) Set(name string) error {
	f.app.Flags.Keys["profile"] = name
	return nil
}

// peekFlags reads the flags that decide about language and format before the tree is built: help texts are made in one
// language, and an error in another flag must be reported in the right form.
func peekFlags(a *app.App, args []string) {
	f := pflag.NewFlagSet("peek", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.Usage = func() {}
	globalFlags(a, f)
	f.BoolP("help", "h", false, "")
	_ = f.Parse(args) // what is wrong is found again, and reported, by the real parse
	a.DetectLang("")
}

// ownFlags defines --help and --version: cobra's have English texts, and its --version links the template engine.
func ownFlags(a *app.App, root *cobra.Command) {
	root.PersistentFlags().BoolP("help", "h", false, lang.T{En: "show help", Zh: "显示帮助"}.In(a.IO.Lang))
	version := root.Flags().Bool("version", false, lang.T{En: "print the version", Zh: "显示版本"}.In(a.IO.Lang))
	bare := root.RunE
	root.RunE = func(c *cobra.Command, args []string) error {
		if *version {
			return printVersion(a)
		}
		return bare(c, args)
	}
}
