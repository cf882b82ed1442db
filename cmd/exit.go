package cmd

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/child"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// An exit is a row of the table of exit codes, which `wxlogin help exit-codes` prints.
type exit struct {
	code  int
	kind  string // "kind" of the JSON error
	when  lang.T
	retry lang.T
}

var (
	exitOK       = exit{0, "ok", lang.T{En: "it worked", Zh: "成功"}, lang.T{En: "-", Zh: "-"}}
	exitFailure  = exit{1, "failure", lang.T{En: "anything not below, internal errors", Zh: "下面未列出的情况，以及内部错误"}, retryNo}
	exitUsage    = exit{2, "usage", lang.T{En: "unknown command or flag, bad argument, flags that exclude each other", Zh: "未知的命令或参数、参数值有误、参数互相冲突"}, retryNo}
	exitConfig   = exit{3, "config", lang.T{En: "no appid or secret, unreadable configuration or key ring", Zh: "没有 appid 或 secret，配置或密钥环无法读取"}, retryNo}
	exitAuth     = exit{4, "auth", lang.T{En: "WeChat refuses the appid, the secret or a permission", Zh: "微信拒绝了 appid、secret 或权限"}, retryNo}
	exitLogin    = exit{5, "login", lang.T{En: "the login is refused: code used, expired or wrong, user blocked; stopped before it was sent; or no answer of WeChat's after it was", Zh: "登录被拒：code 已用过、已过期或有误，用户被拦截；发送前检查未通过；或 code 已发出但没有收到微信的答复"}, lang.T{En: "with a new code", Zh: "换新 code 再试"}}
	exitInvalid  = exit{6, "invalid", lang.T{En: "data or a token does not decrypt or verify", Zh: "数据或令牌无法解密或验证"}, retryNo}
	exitNetwork  = exit{7, "network", lang.T{En: "DNS, connection, TLS or timeout, before anything was consumed", Zh: "DNS、连接、TLS 失败或超时，此时尚未消耗任何东西"}, lang.T{En: "yes", Zh: "可以"}}
	exitUpstream = exit{8, "upstream", lang.T{En: "WeChat is busy or limits (-1, 45009, 45011), HTTP 5xx", Zh: "微信繁忙或限流（-1、45009、45011），或 HTTP 5xx"}, lang.T{En: "later", Zh: "稍后再试"}}
	exitFindings = exit{9, "findings", lang.T{En: "doctor or config validate found something wrong; mock assert did not hold", Zh: "doctor 或 config validate 发现了问题；mock assert 未通过"}, retryNo}

	exitNotExecutable = exit{child.CodeNotExecutable, "not_executable", lang.T{En: "CMD of serve --mock -- CMD cannot be run", Zh: "serve --mock -- CMD 的 CMD 无法执行"}, retryNo}
	exitNotFound      = exit{child.CodeNotFound, "not_found", lang.T{En: "CMD of serve --mock -- CMD is not there", Zh: "serve --mock -- CMD 的 CMD 不存在"}, retryNo}

	exitSignal = exit{130, "signal", lang.T{En: "Ctrl-C (143 for SIGTERM)", Zh: "Ctrl-C（SIGTERM 时为 143）"}, lang.T{En: "-", Zh: "-"}}

	retryNo = lang.T{En: "no", Zh: "否"}
)

// exits is the table, in order.
func exits() []exit {
	return []exit{exitOK, exitFailure, exitUsage, exitConfig, exitAuth, exitLogin, exitInvalid, exitNetwork, exitUpstream, exitFindings, exitNotExecutable, exitNotFound, exitSignal}
}

// A failure is an error as its user gets it.
type failure struct {
	exit    exit
	errcode *wechat.ErrCode
	rid     string
	message lang.Message
	cause   lang.Message // why it may have happened, where that is worth a line
	hints   []lang.Message
	checks  *opendata.Checks // of decrypt
	summary *bulk.Summary    // of decrypt --bulk
	silent  bool             // the answer on standard output says it all

	verdict     *diagnose.Finding  // the message is its verdict
	diagnosis   []diagnose.Finding // all that was found, the verdict first
	facts       []lang.Message     // in place of a diagnosis
	explanation *explanation       // of --explain

	found   []diagnose.Finding // the causes of a refusal, likeliest first; in place of cause
	stopped []diagnose.Finding // why a code was not sent: what the message and the hints are made of
}

// classify maps error types, never their texts, to what the user is told. The first table that knows the error decides.
func classify(err error) failure {
	for _, known := range []func(error) (failure, bool){
		classifySignal, classifyCommand, classifyBulk, classifyDiagnosis, classifyUsage, classifyConfig, classifyWeChat, classifyData, classifyToken,
		classifyLocal,
	} {
		if f, ok := known(err); ok {
			return f
		}
	}
	return failure{exit: exitFailure, message: textPlain.With(redact.Clean(err.Error()))}
}

// classifySignal knows that the run was ended from outside. That is the user's own doing and needs no words, unless a code is gone.
func classifySignal(err error) (failure, bool) {
	number := syscall.SIGINT
	if cause, ok := errors.AsType[*signalError](err); ok {
		number = cause.signal
	} else if !errors.Is(err, context.Canceled) {
		return failure{}, false
	}
	f := failure{exit: exitSignal, silent: true}
	f.exit.code = 128 + int(number)
	if e, ok := errors.AsType[*wxapi.TransportError](err); ok && e.CodeMayBeConsumed() {
		f.message, f.silent = textStopped.With(e.Host), false
	}
	return f, true
}

var textStopped = lang.T{En: "stopped after the code was sent to %s, before the answer came; the code may be consumed", Zh: "code 已发往 %s，在收到答复之前被中断；该 code 可能已被消耗"}

var textPlain = lang.T{En: "%s", Zh: "出错：%s"}

// report tells the user about err and returns the exit code. With --json that is one object on standard error.
func report(a *app.App, c *cobra.Command, err error) int {
	if term.IsBrokenPipe(err) {
		return exitOK.code // the reader, head(1) for example, had enough
	}
	f := classify(err)
	if f.exit.kind == exitUsage.kind && c != nil {
		f.hints = append(f.hints, textSeeHelp.With(c.CommandPath()))
	}
	output, outputErr := a.Output()
	switch {
	case f.silent:
	case a.Flags.JSON || a.Flags.JQ != nil || outputErr == nil && output.Machine():
		_ = term.WriteJSON(a.IO.Err, jsonError(f, a.IO.Lang)) // nothing is left to tell it to
	default:
		printError(a, f)
	}
	return f.exit.code
}

// printError writes the message, its cause and a line for each hint.
func printError(a *app.App, f failure) {
	if f.explanation != nil {
		_ = a.IO.PrintErr(f.explanation.show) // nothing is left to tell it to
		a.IO.Note(lang.Message{})
	}
	if f.verdict != nil {
		f.message = textFinding.With(f.message, f.verdict.ID+" "+f.verdict.Name)
	}
	a.IO.Fail(f.message)
	printDiagnosis(a, f)
	if !f.cause.IsZero() {
		a.IO.Cause(f.cause)
	}
	for _, found := range f.found {
		a.IO.Cause(verdictOf(found))
		a.IO.Hint(found.Fix)
	}
	for _, hint := range f.hints {
		a.IO.Hint(hint)
	}
}

var textLikelyCause = lang.T{En: "likely cause: %s", Zh: "可能原因：%s"}

var textSeeHelp = lang.T{En: "see %s --help", Zh: "参见 %s --help"}

// errorObject is the JSON error: API.
type errorObject struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Kind    string           `json:"kind"`
	Exit    int              `json:"exit"`
	ErrCode *wechat.ErrCode  `json:"errcode,omitempty"`
	RID     string           `json:"rid,omitempty"`
	Message string           `json:"message"`
	Hint    []string         `json:"hint"`
	Checks  *opendata.Checks `json:"checks,omitempty"`

	Diagnosis   []diagnosisObject  `json:"diagnosis,omitempty"`
	Explanation *explanationObject `json:"explanation,omitempty"`
	Summary     *bulk.Summary      `json:"summary,omitempty"`
}

func jsonError(f failure, l lang.Lang) errorObject {
	body := errorBody{
		Kind: f.exit.kind, Exit: f.exit.code, ErrCode: f.errcode, RID: f.rid,
		Message: f.message.In(l), Hint: []string{}, Checks: f.checks, Summary: f.summary,
		Diagnosis: diagnosisObjects(slices.Concat(f.stopped, f.found, f.diagnosis), l), Explanation: f.explanation.in(l),
	}
	for _, found := range f.found {
		body.Hint = append(body.Hint, textLikelyCause.With(found.Verdict).In(l), found.Fix.In(l))
	}
	if !f.cause.IsZero() {
		body.Hint = append(body.Hint, textLikelyCause.With(f.cause).In(l))
	}
	if f.verdict != nil {
		body.Hint = append(body.Hint, bare(f.verdict.Fix).In(l))
	}
	for _, hint := range f.hints {
		body.Hint = append(body.Hint, hint.In(l))
	}
	return errorObject{body}
}
