package cmd

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/doctor"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A doctorError says that doctor found something wrong. What it found has been printed.
type doctorError struct{ failed int }

func (e *doctorError) Error() string { return fmt.Sprintf("%d check(s) failed", e.failed) }

// doctorResult is what doctor prints with --json. The field names are API.
type doctorResult struct {
	OK     bool         `json:"ok"`
	Checks []checkEntry `json:"checks"`
}

// checkEntry is a [doctor.Check] in the reader's language.
type checkEntry struct {
	Area    doctor.Area  `json:"area"`
	Name    string       `json:"name"`
	Level   doctor.Level `json:"level"`
	Message string       `json:"message"`
	Fix     string       `json:"fix"` // "" if there is nothing to do
}

// newDoctor is `wxlogin doctor`.
func newDoctor(a *app.App) *cobra.Command {
	offline, server := false, ""
	c := a.Command(app.Spec{
		Use:   "doctor",
		Short: lang.T{En: "Check configuration, credentials, network, clock, storage and terminal", Zh: "检查配置、凭据、网络、时钟、存储和终端"},
		Long: lang.T{
			En: "Each line is ok, warn, fail or skip, with what to do. The exit code is 9 when something failed; warnings do not count.\nThe credentials are checked with a code that was never issued: WeChat refuses it as one (40029) only after it has accepted appid and secret. That spends nothing and touches no access token. The project in this directory is compared with the configured appid, which is what most refused codes come from, and git is asked whether it keeps the secret. Nothing is made or changed.\n--offline leaves out what needs the network.\nWith --url it looks at nothing but a running login server, whether it lives (/healthz) and is ready (/readyz), and reads no configuration: the health check of a container, which has no shell. It fails only if the server does not live; one that waits for its store gets a warning.",
			Zh: "每行为 ok、warn、fail 或 skip，并附有处理办法。有失败项时退出码为 9，警告不计。\n凭据用一个从未签发的 code 检查：只有 appid 和 secret 都正确，微信才会回答 40029；这样什么也不消耗，也不影响 access_token。还会比较当前目录的小程序项目与所配置的 appid 是否一致（code 被拒多半是因为不一致），并用 git 检查密钥是否进了仓库。不会创建或修改任何东西。\n--offline 跳过需要网络的检查。\n加 --url 时只检查一个正在运行的登录服务器：是否存活（/healthz）、是否就绪（/readyz），不读取任何配置，可作为没有 shell 的容器的健康检查。只有服务器不存活才算失败；仍在等待存储的服务器只得到警告。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "is everything fit for use?", Zh: "一切是否就绪？"}, Line: "wxlogin doctor"},
			{Note: lang.T{En: "in a script: what failed", Zh: "在脚本中：列出失败项"}, Line: `wxlogin doctor --offline -q '.checks[] | select(.level == "fail") | .message'`},
			{Note: lang.T{En: "does the server on this machine live?", Zh: "本机的服务器是否存活？"}, Line: "wxlogin doctor --url http://127.0.0.1:8420"},
		},
	})
	c.Flags().BoolVar(&offline, "offline", false, lang.T{En: "do not use the network", Zh: "不访问网络"}.In(a.IO.Lang))
	c.Flags().StringVar(&server, "url", "", lang.T{En: "look only at the login server at `URL`", Zh: "只检查位于 `URL` 的登录服务器"}.In(a.IO.Lang))
	a.WeChatFlags(c)
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("url") {
			return runDoctorOfServer(c, a, server)
		}
		return runDoctor(c.Context(), a, offline)
	}
	return c
}

// runDoctorOfServer looks at a server and at nothing else.
func runDoctorOfServer(c *cobra.Command, a *app.App, server string) error {
	for _, flag := range []string{"offline", "appid", "api-base", "timeout", "secret-file", "store", "verbose"} {
		if c.Flags().Changed(flag) {
			return app.Usage(textDoctorURLAlone, flag)
		}
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	checks, err := doctor.Server(c.Context(), server, nil)
	if e, ok := errors.AsType[*doctor.AddressError](err); ok {
		return app.Usage(textDoctorURL, e.Reason)
	}
	return reportDoctor(c.Context(), a, output, checks)
}

func runDoctor(ctx context.Context, a *app.App, offline bool) error {
	configured, configErr := a.Config()
	output, err := a.Output()
	if err != nil {
		return err
	}
	checks := doctor.Run(ctx, doctor.Options{
		Config: configured, ConfigErr: configErr, Sources: a.SecretSources(false),
		Client: func(appID wechat.AppID, secret wechat.AppSecret, trace func(wxapi.Trace)) (*wxapi.Client, error) {
			told := a.Trace(secret)
			return wxapi.New(wxapi.Options{Base: configured.APIBase, AppID: appID, Secret: secret, Timeout: configured.Timeout, Trace: func(t wxapi.Trace) {
				trace(t)
				if told != nil {
					told(t)
				}
			}})
		},
		Store:    a.SavedStore,
		Ring:     func() (bool, error) { _, found, err := a.SavedKeys(); return found, err },
		Terminal: doctor.Terminal{TTY: a.IO.OutTTY, Color: a.IO.Colored(), Width: a.IO.Width, Lang: a.IO.Lang},
		Env:      a.Env, GOOS: runtime.GOOS, Now: a.Now, Offline: offline,
	})
	return reportDoctor(ctx, a, output, checks)
}

// reportDoctor prints what was found; the error says that something is wrong.
func reportDoctor(ctx context.Context, a *app.App, output term.Output, checks []doctor.Check) error {
	if ctx.Err() != nil { // half of the checks failed because somebody lost patience
		return ctx.Err()
	}
	result := doctorResult{Checks: []checkEntry{}}
	counts := map[doctor.Level]int{}
	for _, c := range checks {
		counts[c.Level]++
		result.Checks = append(result.Checks, checkEntry{c.Area, c.Name, c.Level, c.Message.In(a.IO.Lang), c.Fix.In(a.IO.Lang)})
	}
	result.OK = counts[doctor.Fail] == 0
	err := output.Print(a.IO, result, func(p *term.Page) { doctorPage(p, checks, counts) })
	if err == nil && !result.OK {
		return &doctorError{counts[doctor.Fail]}
	}
	return err
}

func doctorPage(p *term.Page, checks []doctor.Check, counts map[doctor.Level]int) {
	area := doctor.Area("")
	for _, c := range checks {
		if c.Area != area {
			area = c.Area
			p.Heading(area.Title())
		}
		app.PrintFinding(p, c.Level, c.Message, c.Fix)
	}
	app.PrintTotals(p, counts[doctor.Fail], counts[doctor.Warn], textDoctorWarned, textDoctorWell)
}

var (
	textDoctorURL      = lang.T{En: "--url: %v", Zh: "--url 有误：%v"}
	textDoctorURLAlone = lang.T{En: "--url looks at a server alone, so it does not go with --%s", Zh: "--url 只检查服务器，不能与 --%s 同时使用"}

	textDoctorWarned = lang.T{En: "fit for use, warnings: %d", Zh: "可以使用，警告 %d 项"}
	textDoctorWell   = lang.T{En: "everything is fit for use", Zh: "一切就绪"}
)
