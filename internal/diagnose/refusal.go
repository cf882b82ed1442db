package diagnose

import (
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Project is a file of a mini program's project that names an appid.
type Project struct {
	File  string
	AppID wechat.AppID // as it stands there
}

// RefusalInput is a refusal by WeChat and what is known of how it came about.
type RefusalInput struct {
	ErrCode wechat.ErrCode
	Use     CodeUse
	Code    wechat.Code

	AppID    wechat.AppID // that the code was sent with
	Projects []Project
	Ledger   bool               // there is one
	History  []session.Exchange // of the ledger, before this sending
	IssuedAt time.Time          // zero where nobody knows
	Now      time.Time

	Bound     bool // the call named the openid whose phone code it should be
	Simulated bool // the code is a simulation's: no project of this machine has to do with it, and its shape says nothing

	// Again is what WeChat answered when the code was sent once more to find out; 0: it was not, or it was accepted.
	Again wechat.ErrCode
}

// Refusal lists the causes of a refusal, the likeliest first. What is confirmed stands before what is merely possible, and rules out
// what cannot be.
func Refusal(in RefusalInput) []Finding {
	if in.Simulated {
		in.Projects = nil
	}
	coded := in.Use == UseLogin || in.Use == UsePhone
	switch in.ErrCode {
	case wechat.CodeInvalidCode:
		if coded {
			return invalidCode(in)
		}
		return nil
	case wechat.CodeUsed:
		if coded {
			return []Finding{usedCode(in)}
		}
		return nil
	case wechat.CodeTokenNotLatest, wechat.CodeInvalidToken, wechat.CodeTokenExpired:
		if in.Use == UseLogin { // it takes no token, so nobody knows what WeChat means
			return nil
		}
		if in.Use == UseToken { // an older meaning of 40001
			return wrongSecret(in)
		}
	case wechat.CodeInvalidSecret:
		return wrongSecret(in)
	case wechat.CodeInvalidAppID:
		return wrongAppID(in)
	}
	if f, known := otherRefusal(in.ErrCode); known {
		return []Finding{f}
	}
	return nil
}

// invalidCode is about 40029, which WeChat answers for everything that can be wrong with a code but its second use.
func invalidCode(in RefusalInput) []Finding {
	if spent, found := session.Spending(in.History); found && (in.Use == UsePhone || spent.Outcome != session.OutcomeRefused) {
		return []Finding{usedHere(spent, in.Now)} // a phone code has no errcode of its own for that, and 40163 becomes 40029 after five minutes
	}
	if in.Use == UsePhone {
		return invalidPhoneCode(in)
	}
	other, others := otherApp(in)
	if in.Again == wechat.CodeUsed { // the first refusal spent it: it is a code, of somebody else
		f := Finding{
			ID: "E20", Name: "other-app",
			Verdict: lang.T{En: "the code is genuine, but of another mini program than %s: sent once more it counts as used, which an expired or made-up code never does", Zh: "code 是真的，但属于 %s 以外的小程序：再次发送时被视为已使用，而过期或伪造的 code 不会如此"}.With(in.AppID),
			Fix:     textSameAppID.With(),
		}
		f.Evidence = others
		return []Finding{f}
	}
	var found []Finding
	if !in.Simulated { // a magic code looks like none
		for _, f := range Code(CodeInput{Code: in.Code, Use: in.Use, Now: in.Now}) { // a code that cannot be one is reason enough
			found = append(found, f.Finding)
		}
	}
	damaged := len(found) > 0
	if in.Again == 0 && len(others) > 0 {
		found = append(found, other)
	}
	if f, old := tooOld(in.IssuedAt, in.Now); old {
		f.ID, f.Name = "E21", "expired"
		found = append(found, f)
	}
	switch {
	case damaged:
		return found
	case in.Again == 0 && len(others) == 0:
		found = append(found, other)
	}
	if in.IssuedAt.IsZero() {
		found = append(found, maybeExpired())
	}
	return append(found, Finding{
		ID: "E22", Name: "never-issued",
		Verdict: lang.T{En: "it may be no code of wx.login at all: of an official account, of WeCom, or made up", Zh: "它可能根本不是 wx.login 的 code：来自公众号、企业微信，或是随手编的"}.With(),
		Fix:     textNewCode.With(),
	})
}

// invalidPhoneCode is about 40029 of a phone code: WeChat has no errcode of its own for one that was used, and answers 40013 for one of
// another mini program.
func invalidPhoneCode(in RefusalInput) []Finding {
	var found []Finding
	if f, old := tooOld(in.IssuedAt, in.Now); old {
		f.ID, f.Name = "E21", "expired"
		found = append(found, f)
	}
	if !in.Simulated {
		for _, f := range Code(CodeInput{Code: in.Code, Use: in.Use, Now: in.Now}) {
			found = append(found, f.Finding)
		}
	}
	if in.Bound {
		found = append(found, Finding{
			ID: "E38", Name: "other-user",
			Verdict: lang.T{En: "the code may be of another user than the openid names", Zh: "code 可能属于该 openid 以外的用户"}.With(),
			Fix:     lang.T{En: "send the code with the openid of the user who tapped the button", Zh: "请使用点击按钮的那个用户的 openid"}.With(),
		})
	}
	found = append(found, Finding{
		ID: "E24", Name: "used-elsewhere",
		Verdict: lang.T{En: "the code may have been exchanged by somebody else, such as your own backend: a used phone code has no errcode of its own", Zh: "code 可能已被别处兑换（例如你自己的后端）：手机号 code 用过之后没有单独的错误码"}.With(),
		Fix:     lang.T{En: "let the user tap the button again: each code works once", Zh: "让用户再次点击按钮：每个 code 只能用一次"}.With(),
	})
	if in.IssuedAt.IsZero() {
		found = append(found, maybeExpired())
	}
	return found
}

func maybeExpired() Finding {
	return Finding{
		ID: "E21", Name: "expired",
		Verdict: lang.T{En: "the code may be older than five minutes", Zh: "code 可能已超过五分钟有效期"}.With(),
		Fix:     lang.T{En: "exchange a code at once; --issued-at TIME tells wxlogin how old it is", Zh: "拿到 code 后立即使用；--issued-at TIME 可告知 wxlogin 它的签发时间"}.With(),
	}
}

// otherApp compares the configured appid with those of the project files. evidence is empty when none differs.
func otherApp(in RefusalInput) (f Finding, evidence []lang.Message) {
	f = Finding{
		ID: "E20", Name: "other-app",
		Verdict: lang.T{En: "the code may belong to another mini program than %s", Zh: "code 可能属于 %s 以外的小程序"}.With(in.AppID),
		Fix:     textSameAppID.With(),
	}
	for _, p := range in.Projects {
		if p.AppID != in.AppID {
			evidence = append(evidence, textProjectAppID.With(p.File, wechat.Shown(string(p.AppID), 40), in.AppID))
		}
	}
	if len(evidence) > 0 {
		f.Verdict = lang.T{En: "the code most likely belongs to another mini program than %s", Zh: "code 很可能属于 %s 以外的小程序"}.With(in.AppID)
		f.Evidence = evidence
		return f, evidence
	}
	for _, p := range in.Projects {
		f.Evidence = append(f.Evidence, lang.T{En: "%s names the same appid", Zh: "%s 中的 appid 与之相同"}.With(p.File))
	}
	return f, nil
}

var (
	textSameAppID    = lang.T{En: "let the project in DevTools and the server use one appid, then get a new code", Zh: "让开发者工具的项目与服务器使用同一个 appid，然后重新获取 code"}
	textProjectAppID = lang.T{En: "%s names appid %s, and %s is configured", Zh: "%s 中的 appid 是 %s，而配置的是 %s"}
)

// usedCode is about 40163.
func usedCode(in RefusalInput) Finding {
	if spent, found := session.Spending(in.History); found {
		return usedHere(spent, in.Now)
	}
	f := Finding{
		ID: "E24", Name: "used-elsewhere",
		Verdict: lang.T{En: "somebody else exchanged the code before (your own backend, a retry of a client, a proxy or an SDK, a debugger)", Zh: "code 已被别处兑换（你自己的后端，客户端、代理或 SDK 的重试，调试工具）"}.With(),
		Fix:     lang.T{En: "never send a code twice: ask the mini program for a new one; a server that is asked twice answers from what it knows", Zh: "不要重复发送同一个 code：让小程序重新获取；服务器若被重复请求，应返回已有结果"}.With(),
	}
	if in.Ledger {
		f.Evidence = []lang.Message{lang.T{En: "wxlogin did not send it within the last seven days", Zh: "最近七天内 wxlogin 没有发送过它"}.With()}
	}
	return f
}

func usedHere(spent session.Exchange, now time.Time) Finding {
	return Finding{
		ID: "E23", Name: "used-here",
		Verdict: lang.T{En: "wxlogin sent this code before, %v", Zh: "wxlogin 之前发送过这个 code：%v"}.With(sentText(spent, now)),
		Fix:     textNewCode.With(),
	}
}

func wrongSecret(in RefusalInput) []Finding {
	f := Finding{
		ID: "E25", Name: "wrong-secret",
		Verdict: lang.T{En: "the AppSecret does not belong to %s, or it was reset (the old one works for some more minutes)", Zh: "AppSecret 不属于 %s，或已被重置（旧值还能再用几分钟）"}.With(in.AppID),
		Fix:     lang.T{En: "copy the AppSecret of this appid from mp.weixin.qq.com, then: wxlogin config set secret; wxlogin doctor checks the pair and spends no code", Zh: "在 mp.weixin.qq.com 复制该 appid 的 AppSecret，再执行 wxlogin config set secret；wxlogin doctor 可在不消耗 code 的情况下验证"}.With(),
	}
	for _, p := range in.Projects {
		if p.AppID != in.AppID {
			f.Evidence = append(f.Evidence, textProjectAppID.With(p.File, wechat.Shown(string(p.AppID), 40), in.AppID))
		}
	}
	return []Finding{f}
}

func wrongAppID(in RefusalInput) []Finding {
	f := Finding{
		ID: "E26", Name: "unknown-appid",
		Verdict: lang.T{En: "WeChat knows no app %s; its form is right, so a digit is wrong, or the app was removed", Zh: "微信没有 %s 这个应用；格式无误，可能某一位抄错，或应用已注销"}.With(in.AppID),
		Fix:     lang.T{En: "copy the AppID again from mp.weixin.qq.com, Development Management, Development Settings", Zh: "从 mp.weixin.qq.com 的“开发管理 - 开发设置”重新复制 AppID"}.With(),
	}
	if in.Use == UsePhone {
		f.Verdict = lang.T{En: "the phone code was issued to another mini program than %s", Zh: "这个手机号 code 属于 %s 以外的小程序"}.With(in.AppID)
		f.Fix = textSameAppID.With()
	}
	for _, p := range in.Projects {
		if p.AppID != in.AppID {
			f.Evidence = append(f.Evidence, textProjectAppID.With(p.File, wechat.Shown(string(p.AppID), 40), in.AppID))
		}
	}
	return []Finding{f}
}

// otherRefusal is about errcodes that have one cause each, where more can be told than the catalogue of errcodes does.
func otherRefusal(code wechat.ErrCode) (Finding, bool) {
	var row refusalRow
	switch code {
	case wechat.CodeBusy:
		row = busy
	case wechat.CodeAppIDMissing, wechat.CodeSecretMissing, wechat.CodeMissing, wechat.CodeInvalidGrantType:
		row = paramMissing
	case wechat.CodeMinuteQuota:
		row = tooOften
	case wechat.CodeBlocked:
		row = blocked
	case wechat.CodeSecretFrozen:
		row = secretFrozen
	case wechat.CodeIPNotListed:
		row = notListed
	case wechat.CodeTokenNotLatest, wechat.CodeInvalidToken, wechat.CodeTokenExpired:
		row = tokenReplaced
	case wechat.CodeNotGranted:
		row = notGranted
	case wechat.CodeThirdParty:
		row = thirdParty
	case wechat.CodeInvalidSignature:
		row = keyReplaced
	case wechat.CodeNoSessionKey:
		row = keyGone
	case wechat.CodeIPToConfirm, wechat.CodeIPRefused, wechat.CodeIPWaits:
		row = toConfirm
	default:
		return Finding{}, false
	}
	return Finding{ID: row.id, Name: row.name, Verdict: row.verdict.With(), Fix: row.fix.With()}, true
}

type refusalRow struct {
	id, name     string
	verdict, fix lang.T
}

// RIDNote tells what the request id of a refusal is good for. Those of /sns/ cannot be looked up: getRidInfo answers 76022 or 76001.
func RIDNote(rid string, use CodeUse) lang.Message {
	switch {
	case rid == "":
		return lang.Message{}
	case use != UseLogin:
		return lang.T{En: "rid %s can be looked up for seven days: POST /cgi-bin/openapi/rid/get", Zh: "rid %s 可在七天内查询：POST /cgi-bin/openapi/rid/get"}.With(rid)
	}
	return lang.T{En: "rid %s is for WeChat's staff: rids of /sns/ cannot be looked up (76022)", Zh: "rid %s 仅供向微信反馈：/sns/ 的 rid 无法查询（76022）"}.With(rid)
}

// SideOf tells who answers at an origin; loopback says that it is this machine.
func SideOf(origin wechat.Origin, loopback bool) Side {
	_, host, _ := strings.Cut(string(origin), "://")
	_, isWeChat := wechat.HostOf(host)
	switch {
	case loopback:
		return SideSimulation
	case isWeChat:
		return SideWeChat
	}
	return SideUnknown
}
