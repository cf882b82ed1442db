package cmd

import (
	"errors"
	"fmt"
	"io/fs"

	configcmd "github.com/wxlogin/wxlogin/cmd/config"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// classifyUsage knows what is wrong with the command line.
func classifyUsage(err error) (failure, bool) {
	if e, ok := errors.AsType[*term.UsageError](err); ok {
		return failure{exit: exitUsage, message: e.Message()}, true
	}
	if e, ok := errors.AsType[*term.QueryError](err); ok {
		return failure{exit: exitUsage, message: e.Message()}, true
	}
	if e, ok := errors.AsType[*config.Error](err); ok && e.Usage() {
		return failure{exit: exitUsage, message: e.Message(), hints: e.Hints()}, true
	}
	if errors.Is(err, term.ErrNoTTY) {
		return failure{exit: exitUsage, message: textNoTTY.With()}, true
	}
	return failure{}, false
}

var textNoTTY = lang.T{En: "there is no terminal to ask on; give the value as an argument, a file or a variable", Zh: "没有可以提问的终端；请通过参数、文件或环境变量给出"}

// classifyConfig knows what is wrong with the configuration, the key ring and the credentials' shapes.
func classifyConfig(err error) (failure, bool) {
	if e, ok := errors.AsType[*config.Error](err); ok {
		return failure{exit: exitConfig, message: e.Message(), hints: e.Hints()}, true
	}
	if e, ok := errors.AsType[*token.FileError](err); ok {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{hintKeysFile.With(e.Path)}}, true
	}
	if e, ok := errors.AsType[*session.UnsealError](err); ok {
		return failure{exit: exitConfig, message: textUnseal.With(e.ID.OpenID), hints: []lang.Message{hintNewCode.With()}}, true
	}
	if e, ok := errors.AsType[*sqlite.FileError](err); ok {
		return storeFailure(e), true
	}
	if e, ok := errors.AsType[*wxapi.BaseError](err); ok {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{hintCheckConfig.With()}}, true
	}
	if e, ok := errors.AsType[*wechat.ShapeError](err); ok && e.Field != "session_key" {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{hintCheckConfig.With()}}, true
	}
	return failure{}, false
}

// storeFailure says what is wrong with the session store. Nothing in it is lost by that.
func storeFailure(e *sqlite.FileError) failure {
	f := failure{exit: exitConfig, message: textPlain.With(e.Error())}
	switch {
	case errors.Is(e, sqlite.ErrNewer):
		f.hints = []lang.Message{hintUpdate.With()}
	case errors.Is(e, sqlite.ErrDamaged):
		f.hints = []lang.Message{hintDamaged.With(e.Path)}
	}
	return f
}

var (
	hintUpdate  = lang.T{En: "update wxlogin, or use another state directory: WXLOGIN_STATE_DIR", Zh: "升级 wxlogin，或换一个状态目录：WXLOGIN_STATE_DIR"}
	hintDamaged = lang.T{En: "restore %s from a backup, or move it away: a new one is made", Zh: "从备份恢复 %s，或将其移走：程序会新建一个"}

	textUnseal   = lang.T{En: "the saved session of %s cannot be opened: the key ring has changed since it was saved", Zh: "无法打开 %s 的已保存会话：保存之后密钥环已被更换"}
	hintKeysFile = lang.T{En: "restore %s from a backup, or move it away: a new one is made, and old sessions and tokens end", Zh: "从备份恢复 %s，或将其移走：程序会新建一个，旧会话和旧令牌随之失效"}
)

// classifyLocal knows this machine: the running mock, the address to listen on, what has been printed already.
func classifyLocal(err error) (failure, bool) {
	if _, ok := errors.AsType[*configcmd.FindingsError](err); ok {
		return failure{exit: exitFindings, silent: true}, true
	}
	if e, ok := errors.AsType[*mockclient.UnreachableError](err); ok {
		return failure{exit: exitNetwork, message: textNoMock.With(e.URL, redact.Clean(fmt.Sprint(e.Err))), hints: []lang.Message{hintStartMock.With(), hintMockURL.With()}}, true
	}
	if e, ok := errors.AsType[*mockclient.NotAMockError](err); ok {
		return failure{exit: exitFailure, message: textNotAMock.With(e.URL), hints: []lang.Message{hintMockURL.With()}}, true
	}
	if e, ok := errors.AsType[*problem.Problem](err); ok {
		return classifyProblem(e), true
	}
	if e, ok := errors.AsType[*server.ListenError](err); ok {
		f := failure{exit: exitFailure, message: textPlain.With(e.Error())}
		if e.InUse {
			f.message = textPortTaken.With(e.Addr)
			f.hints = []lang.Message{hintOtherPort.With(), hintWhoListens.With()}
		}
		return f, true
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return failure{exit: exitFailure, message: textFile.With(e.Op, e.Path, e.Err)}, true
	}
	return failure{}, false
}

// classifyProblem knows what the control API of a mock refuses.
func classifyProblem(p *problem.Problem) failure {
	f := failure{exit: exitFailure, message: textMockRefused.With(p.Error())}
	switch p.Reason {
	case "not_logged_in":
		f.exit = exitInvalid
		f.hints = []lang.Message{hintLogInFirst.With()}
	case "unauthorized":
		f.exit = exitConfig
		f.hints = []lang.Message{hintMockToken.With()}
	case "bad_request", "unknown_app":
		f.exit = exitUsage
	}
	return f
}

var (
	textNoMock      = lang.T{En: "no mock answers at %s: %s", Zh: "%s 没有模拟服务响应：%s"}
	textNotAMock    = lang.T{En: "%s answers, but it is not a wxlogin mock", Zh: "%s 有响应，但它不是 wxlogin 的模拟服务"}
	textMockRefused = lang.T{En: "the mock refused: %s", Zh: "模拟服务拒绝了请求：%s"}
	textPortTaken   = lang.T{En: "address %s is already in use", Zh: "地址 %s 已被占用"}
	textFile        = lang.T{En: "cannot %s %s: %v", Zh: "无法执行 %s %s：%v"}

	hintStartMock  = lang.T{En: "start one: wxlogin serve --mock", Zh: "启动一个：wxlogin serve --mock"}
	hintMockURL    = lang.T{En: "another address: --url URL or WXLOGIN_URL", Zh: "若在别的地址：--url URL 或 WXLOGIN_URL"}
	hintLogInFirst = lang.T{En: "log the user in first: wxlogin mock login --user NAME", Zh: "先让该用户登录：wxlogin mock login --user NAME"}
	hintMockToken  = lang.T{En: "set WXLOGIN_MOCK_TOKEN to the value that the mock was started with", Zh: "把 WXLOGIN_MOCK_TOKEN 设为启动模拟服务时的值"}
	hintOtherPort  = lang.T{En: "take a free port: --addr 127.0.0.1:0", Zh: "使用空闲端口：--addr 127.0.0.1:0"}
	hintWhoListens = lang.T{En: "if a mock runs there already, use it: wxlogin mock env", Zh: "如果那里已经在运行模拟服务，直接使用即可：wxlogin mock env"}
)
