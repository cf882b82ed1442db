package cmd

import (
	"errors"
	"io/fs"

	configcmd "github.com/wxlogin/wxlogin/cmd/config"
	"github.com/wxlogin/wxlogin/cmd/mock"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// classifyUsage knows what is wrong with the command line.
func classifyUsage(err error) (failure, bool) {
	if e, ok := errors.AsType[*term.UsageError](err); ok {
		message, ofFlag := flagText(e.Err)
		if !ofFlag {
			message = e.Message()
		}
		return failure{exit: exitUsage, message: message}, true
	}
	if e, ok := errors.AsType[*term.QueryError](err); ok {
		return spent(err, failure{exit: exitUsage, message: e.Message()}), true
	}
	if e, ok := errors.AsType[*config.Error](err); ok && e.Usage() {
		return failure{exit: exitUsage, message: e.Message(), hints: e.Hints()}, true
	}
	if errors.Is(err, term.ErrNoTTY) {
		return failure{exit: exitUsage, message: textNoTTY.With()}, true
	}
	return failure{}, false
}

// spent adds what became of the code, where an exchange had succeeded before its answer could not be printed.
func spent(err error, f failure) failure {
	e, ok := errors.AsType[*spentError](err)
	switch {
	case ok && e.savedIn != "":
		f.hints = append(f.hints, hintSpentSaved.With(e.savedIn))
	case ok:
		f.hints = append(f.hints, hintSpent.With())
	}
	return f
}

var (
	hintSpentSaved = lang.T{En: "the code is spent; the session is saved in %s, for decrypt and inspect", Zh: "code 已被使用；会话已保存于 %s，供 decrypt 和 inspect 使用"}
	hintSpent      = lang.T{En: "the code is spent and the session is not saved: get a new code from wx.login", Zh: "code 已被使用，且会话没有保存：请重新调用 wx.login 获取新 code"}
)

var textNoTTY = lang.T{En: "there is no terminal to ask on; give the value as an argument, a file or a variable", Zh: "没有可以提问的终端；请通过参数、文件或环境变量给出"}

// classifyConfig knows what is wrong with the configuration, the key ring and the credentials' shapes.
func classifyConfig(err error) (failure, bool) {
	if e, ok := errors.AsType[*config.Error](err); ok {
		return failure{exit: exitConfig, message: e.Message(), hints: e.Hints()}, true
	}
	if e, ok := errors.AsType[*token.FileError](err); ok {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{ringHint(e)}}, true
	}
	if e, ok := errors.AsType[*session.UnsealError](err); ok {
		return failure{exit: exitConfig, message: textUnseal.With(e.ID.OpenID), hints: []lang.Message{hintNewCode.With()}}, true
	}
	if e, ok := errors.AsType[*sqlite.FileError](err); ok {
		return storeFailure(e), true
	}
	if e, ok := errors.AsType[*redis.Error](err); ok {
		return redisFailure(e), true
	}
	if e, ok := errors.AsType[*server.CertificateError](err); ok {
		message := textCertificate.With(e.CertFile, e.KeyFile, redact.Clean(e.Err.Error()))
		return failure{exit: exitConfig, message: message, hints: []lang.Message{hintCertificatePair.With()}}, true
	}
	if e, ok := errors.AsType[*worldfile.Error](err); ok {
		return failure{exit: exitConfig, message: textPlain.With(e.Error())}, true
	}
	if e, ok := errors.AsType[*wxapi.BaseError](err); ok {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{hintCheckConfig.With()}}, true
	}
	if e, ok := errors.AsType[*wechat.ShapeError](err); ok && e.Field != "session_key" {
		return failure{exit: exitConfig, message: textPlain.With(e.Error()), hints: []lang.Message{hintCheckConfig.With()}}, true
	}
	return failure{}, false
}

// ringHint says what to do about a key ring that cannot be used. Only a damaged one is worth losing the old sessions for.
func ringHint(e *token.FileError) lang.Message {
	switch {
	case errors.Is(e, token.ErrOpen):
		return hintMode.With(e.Path)
	case errors.Is(e, token.ErrNewer):
		return hintUpdate.With()
	case e.Path == "WXLOGIN_KEYS":
		return hintKeysVariable.With()
	case errors.Is(e, token.ErrDamaged):
		return hintKeysFile.With(e.Path)
	case errors.Is(e, fs.ErrNotExist):
		return hintMakeKeys.With()
	}
	return hintAccess.With(e.Path)
}

// storeFailure says what is wrong with the session store. Nothing in it is lost by that.
func storeFailure(e *sqlite.FileError) failure {
	f := failure{exit: exitConfig, message: textPlain.With(e.Error())}
	switch {
	case errors.Is(e, sqlite.ErrOpen):
		f.hints = []lang.Message{hintMode.With(e.Path)}
	case errors.Is(e, fs.ErrPermission), errors.Is(e, fs.ErrNotExist):
		f.hints = []lang.Message{hintAccess.With(e.Path)}
	case errors.Is(e, sqlite.ErrNewer):
		f.hints = []lang.Message{hintUpdate.With()}
	case errors.Is(e, sqlite.ErrDamaged):
		f.hints = []lang.Message{hintDamaged.With(e.SetAside()), hintForgotten.With()}
	}
	return f
}

var (
	hintMode    = lang.T{En: "keep it to yourself: chmod 600 %s", Zh: "只允许自己访问：chmod 600 %s"}
	hintAccess  = lang.T{En: "see that %s is a file of yours in a directory that you may write to, or use another state directory: WXLOGIN_STATE_DIR", Zh: "请确认 %s 是你自己的文件且所在目录可写，或换一个状态目录：WXLOGIN_STATE_DIR"}
	hintUpdate  = lang.T{En: "update wxlogin, or use another state directory: WXLOGIN_STATE_DIR", Zh: "升级 wxlogin，或换一个状态目录：WXLOGIN_STATE_DIR"}
	hintDamaged = lang.T{
		En: "stop every wxlogin that uses it, then restore it from a backup, or set it aside, and a new one is made: %s",
		Zh: "先停止所有正在使用它的 wxlogin，再从备份恢复，或将其移到一旁（程序会新建一个）：%s",
	}
	hintForgotten = lang.T{
		En: "a new one knows of no revocation: a revoked token counts again once its user logs in; to end all old tokens: wxlogin key rotate, then wxlogin key retire ID --yes",
		Zh: "新建的存储不记得任何吊销：用户再次登录后，已吊销的令牌会重新有效；要让旧令牌全部失效：先 wxlogin key rotate，再 wxlogin key retire ID --yes",
	}

	textUnseal       = lang.T{En: "the saved session of %s cannot be opened: the key ring has changed since it was saved", Zh: "无法打开 %s 的已保存会话：保存之后密钥环已被更换"}
	hintKeysVariable = lang.T{En: "set it to the JSON of a key ring file (wxlogin config path names one), quotes and all", Zh: "请设为密钥环文件的 JSON 内容（wxlogin config path 显示其位置），包括引号"}
	hintMakeKeys     = lang.T{En: "make it: wxlogin key rotate", Zh: "新建一个：wxlogin key rotate"}

	hintKeysFile = lang.T{En: "restore %s from a backup, or move it away: a new one is made, and old sessions and tokens end", Zh: "从备份恢复 %s，或将其移走：程序会新建一个，旧会话和旧令牌随之失效"}
)

// classifyLocal knows this machine: the running mock, the address to listen on, what has been printed already.
func classifyLocal(err error) (failure, bool) {
	if _, ok := errors.AsType[*configcmd.FindingsError](err); ok {
		return failure{exit: exitFindings, silent: true}, true
	}
	if _, ok := errors.AsType[*doctorError](err); ok {
		return failure{exit: exitFindings, silent: true}, true
	}
	if _, ok := errors.AsType[*mock.AssertError](err); ok {
		return failure{exit: exitFindings, silent: true}, true
	}
	if e, ok := errors.AsType[*mockclient.UnreachableError](err); ok {
		return failure{exit: exitNetwork, message: textNoMock.With(e.URL, wxapi.Cause(e.Err)), hints: []lang.Message{hintStartMock.With(), hintMockURL.With()}}, true
	}
	if e, ok := errors.AsType[*mockclient.NotAMockError](err); ok {
		return failure{exit: exitNetwork, message: textNotAMock.With(e.URL), hints: []lang.Message{hintStartMock.With(), hintMockURL.With()}}, true
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
	f := failure{exit: exitFailure, message: textMockRefused.With(refusalText(p))}
	switch p.Reason {
	case "not_logged_in":
		f.exit = exitInvalid
		f.hints = []lang.Message{hintLogInFirst.With()}
	case "unauthorized":
		f.exit = exitConfig
		f.hints = []lang.Message{hintMockToken.With()}
	case "bad_request", "unknown_app", "unknown_user", "unknown_fault":
		f.exit = exitUsage
	}
	return f
}

// refusalText is the mock's own sentence, which is English and names the culprit; in Chinese, what its reason means.
func refusalText(p *problem.Problem) lang.T {
	chinese := mockReason(p.Reason)
	if chinese == (lang.T{}) {
		chinese.Zh = p.Error()
	}
	return lang.T{En: p.Error(), Zh: chinese.Zh}
}

func mockReason(reason string) lang.T {
	switch reason {
	case "not_logged_in":
		return lang.T{En: "the user has not logged in", Zh: "该用户还没有在这个小程序中登录"}
	case "unknown_app":
		return lang.T{En: "it has no such app", Zh: "它没有这个 appid 的小程序"}
	case "unauthorized":
		return lang.T{En: "it is open to the network and wants its token", Zh: "它对网络开放，需要 WXLOGIN_MOCK_TOKEN"}
	case "world_full":
		return lang.T{En: "it has no room for another user", Zh: "无法再添加用户"}
	case "try_later":
		return lang.T{En: "it is busy", Zh: "它正忙，稍后再试"}
	}
	return lang.T{}
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
