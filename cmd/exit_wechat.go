package cmd

import (
	"errors"
	"strings"
	"unicode/utf8"

	sessioncmd "github.com/wxlogin/wxlogin/cmd/session"
	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

var (
	textRefused       = lang.T{En: "WeChat refused with errcode %d (%s): %s", Zh: "微信返回 errcode %d（%s）：%s"}
	textRefusedRaw    = lang.T{En: "WeChat refused with errcode %d (%s), which the catalogue does not know", Zh: "微信返回 errcode %d（%s），目录中没有这个错误码"}
	textNoAnswer      = lang.T{En: "no answer from %s after the code was sent: %s; the code may be consumed", Zh: "code 已发往 %s，但没有收到答复：%s；该 code 可能已被消耗"}
	textUnreachable   = lang.T{En: "cannot reach %s: %s; nothing was sent, the code is still good", Zh: "无法连接 %s：%s；请求没有发出，code 仍然可用"}
	textNonsense      = lang.T{En: "unusable answer, which is not from WeChat's API (HTTP %d, %v): it %v", Zh: "收到的答复不像是来自微信接口（HTTP %d，%v）：它%v"}
	textMaybeConsumed = lang.T{En: "%v; the code was sent and may be consumed", Zh: "%v；code 已发出，可能已被消耗"}
	textNoType        = lang.T{En: "no content type", Zh: "没有 Content-Type"}

	textNotSent          = lang.T{En: "not sent: %v", Zh: "没有发送：%v"}
	textAlso             = lang.T{En: "besides: %v", Zh: "另外：%v"}
	textNoAnswerPlain    = lang.T{En: "no answer from %s: %s", Zh: "没有收到 %s 的答复：%s"}
	textUnreachablePlain = lang.T{En: "cannot reach %s: %s", Zh: "无法连接 %s：%s"}

	hintMaybeReset  = lang.T{En: "WeChat may have replaced the key all the same: wxlogin session check %s", Zh: "微信可能已经更换了密钥：wxlogin session check %s"}
	hintReturnCodes = lang.T{En: "WeChat lists its errcodes at %s", Zh: "微信的错误码列表：%s"}
	hintBegins      = lang.T{En: "the answer begins: %v", Zh: "答复的开头：%v"}
	hintForce       = lang.T{En: "to send it all the same: --force", Zh: "仍要发送：--force"}
	hintNewCode     = lang.T{En: "get a new code from wx.login and exchange it at once", Zh: "在小程序中重新调用 wx.login，拿到新 code 后立即使用"}
	hintMockCode    = lang.T{En: "with a running mock: wxlogin mock login", Zh: "若正在运行模拟服务：wxlogin mock login"}
	hintCheckConfig = lang.T{En: "see what is configured, and from where: wxlogin config list --show-origin", Zh: "查看当前配置及其来源：wxlogin config list --show-origin"}
	hintRetry       = lang.T{En: "try again in a moment; the same code is still good", Zh: "稍候重试，同一个 code 仍可使用"}
	hintWait        = lang.T{En: "wait a minute before the next login of this user; look for a login loop", Zh: "等一分钟再让该用户登录，并检查是否存在循环登录"}
	hintNetwork     = lang.T{En: "check the network, a proxy (HTTPS_PROXY) and api_base: wxlogin config get api_base", Zh: "检查网络、代理（HTTPS_PROXY）以及 api_base：wxlogin config get api_base"}
)

// classifyWeChat knows what WeChat answered, and what came in place of an answer.
func classifyWeChat(err error) (failure, bool) {
	f, known := classifyAnswer(err)
	if e, ok := errors.AsType[*sessioncmd.LostError](err); ok && known {
		f.hints = append(f.hints, hintMaybeReset.With(e.OpenID))
	}
	return f, known
}

func classifyAnswer(err error) (failure, bool) {
	if e, ok := errors.AsType[*preflightError](err); ok {
		return notSent(e), true
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		f := refusal(e)
		if known, ok := errors.AsType[*app.RefusedError](err); ok {
			f = withCauses(f, known)
		}
		return f, true
	}
	if e, ok := errors.AsType[*wxapi.TransportError](err); ok {
		switch {
		case e.Sent && !e.Code:
			return failure{exit: exitNetwork, message: textNoAnswerPlain.With(e.Host, wxapi.Cause(e.Err)), hints: []lang.Message{hintNetwork.With()}}, true
		case e.Sent:
			return failure{exit: exitLogin, message: textNoAnswer.With(e.Host, wxapi.Cause(e.Err)), hints: []lang.Message{hintNewCode.With()}}, true
		}
		f := failure{exit: exitNetwork, message: textUnreachable.With(e.Host, wxapi.Cause(e.Err)), hints: []lang.Message{hintNetwork.With()}}
		if !e.Code {
			f.message = textUnreachablePlain.With(e.Host, wxapi.Cause(e.Err))
		}
		if isLoopback(e.Host) {
			f.hints = []lang.Message{hintStartMock.With(), hintCheckConfig.With()}
		}
		return f, true
	}
	if e, ok := errors.AsType[*wxapi.AnswerError](err); ok {
		f := failure{exit: exitNetwork, message: textNonsense.With(e.Status, contentTypeOf(e), e.Reason)}
		if e.Code { // not exit 7, after which the same code may be sent again
			f.exit, f.message = exitLogin, textMaybeConsumed.With(f.message)
		}
		if e.Snippet != "" && !strings.ContainsRune(e.Snippet.String(), utf8.RuneError) { // bytes tell nobody anything
			f.hints = append(f.hints, hintBegins.With(e.Snippet))
		}
		f.hints = append(f.hints, hintNetwork.With())
		if e.Code {
			f.hints = append(f.hints, hintNewCode.With())
		}
		if e.Status >= 500 {
			f.exit = exitUpstream
		}
		return f, true
	}
	return failure{}, false
}

func contentTypeOf(e *wxapi.AnswerError) lang.Message {
	if e.ContentType == "" {
		return textNoType.With()
	}
	return textClause.With(e.ContentType)
}

// notSent tells why a code was not sent: the first reason is the message, and what goes for all of them comes last.
func notSent(e *preflightError) failure {
	first := e.findings[0]
	f := failure{exit: exitLogin, message: textNotSent.With(verdictOf(first)), stopped: e.findings}
	for _, more := range e.findings[1:] {
		f.hints = append(f.hints, textAlso.With(verdictOf(more)))
	}
	for _, found := range e.findings {
		f.hints = append(f.hints, found.Fix)
	}
	f.hints = append(f.hints, hintForce.With())
	return f
}

// withCauses puts the causes that are known of a refused code in place of the catalogue's, and says what the rid is good for.
func withCauses(f failure, e *app.RefusedError) failure {
	if len(e.Findings) > 0 {
		f.found, f.cause, f.hints = e.Findings, lang.Message{}, nil
	}
	if f.exit.code == exitLogin.code && *f.errcode != wechat.CodeBlocked && e.Use == diagnose.UseLogin {
		f.hints = append(f.hints, hintMockCode.With())
	}
	if f.exit.code == exitAuth.code {
		f.hints = append(f.hints, hintCheckConfig.With())
	}
	if note := diagnose.RIDNote(f.rid, e.Use); !note.IsZero() {
		f.hints = append(f.hints, note)
	}
	return f
}

// refusal is an errcode, with what the catalogue knows about it.
func refusal(e *wechat.Error) failure {
	f := failure{exit: exitOf(e.Code), errcode: &e.Code, rid: e.RID, message: textRefusedRaw.With(int(e.Code), e.Msg)}
	entry, known := wechat.Lookup(e.Code)
	if known {
		f.message = textRefused.With(int(e.Code), e.Msg, clause(entry.Meaning))
		f.cause = textClause.With(clause(entry.Cause))
		f.hints = append(f.hints, textPlainHint.With(clause(entry.Fix)))
	} else {
		f.hints = append(f.hints, hintReturnCodes.With(returnCodes))
	}
	switch f.exit.code {
	case exitLogin.code:
		if e.Code != wechat.CodeBlocked {
			f.hints = append(f.hints, hintMockCode.With())
		}
	case exitAuth.code:
		f.hints = append(f.hints, hintCheckConfig.With())
	case exitUpstream.code:
		f.hints = append(f.hints, map[bool]lang.T{true: hintRetry, false: hintWait}[e.Code == wechat.CodeBusy].With())
	}
	return f
}

// returnCodes is WeChat's page of errcodes that its server API shares.
const returnCodes = "https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html"

// clause turns sentences of the catalogue into part of a line that has no full stop: "compare the two; then get a new code". Nothing
// here exchanges phone codes, so what is said of them alone is left out.
func clause(t lang.T) lang.T {
	return lang.T{En: joinSentences(t.En, ".", ". ", "; ", "For a phone code"), Zh: joinSentences(t.Zh, "。", "。", "；", "若是手机号 code")}
}

func joinSentences(text, stop, between, joint, phone string) string {
	var kept []string
	for sentence := range strings.SplitSeq(strings.TrimSuffix(text, stop), between) {
		if !strings.HasPrefix(sentence, phone) {
			kept = append(kept, uncapitalized(sentence))
		}
	}
	return strings.Join(kept, joint)
}

// uncapitalized begins an English sentence in lower case, unless its first word is a name or an abbreviation: WeChat, AppID, TLS.
func uncapitalized(sentence string) string {
	word, _, _ := strings.Cut(sentence, " ")
	if word == "" || word[0] < 'A' || word[0] > 'Z' || strings.ToLower(word[1:]) != word[1:] {
		return sentence
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

// textClause is a text that is one already.
var textClause = lang.T{En: "%s", Zh: "%s"}

var textPlainHint = lang.T{En: "%s", Zh: "建议：%s"}

// exitOf maps errcodes: what blames the code, what passes by itself, and, for all others, what blames the app's credentials.
func exitOf(code wechat.ErrCode) exit {
	switch code {
	case wechat.CodeInvalidCode, wechat.CodeUsed, wechat.CodeBlocked:
		return exitLogin
	case wechat.CodeBusy, wechat.CodeDailyQuota, wechat.CodeMinuteQuota:
		return exitUpstream
	}
	if _, known := wechat.Lookup(code); known {
		return exitAuth
	}
	return exitFailure
}
