package cmd

import (
	"errors"
	"time"

	sessioncmd "github.com/wxlogin/wxlogin/cmd/session"
	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// classifyData knows why data does not decrypt or verify.
func classifyData(err error) (failure, bool) {
	if e, ok := errors.AsType[*opendata.PastedError](err); ok {
		return pastedFailure(e), true
	}
	if e, ok := errors.AsType[*opendata.InputError](err); ok {
		return inputFailure(e), true
	}
	if e, ok := errors.AsType[*missingMemberError](err); ok {
		return invalid(textNoMember.With(e.name), hintInput), true
	}
	if e, ok := errors.AsType[*refusedError](err); ok {
		return invalid(textNoConsent.With(e.errMsg), hintConsent), true
	}
	if errors.Is(err, opendata.ErrPadding) {
		return invalid(textPadding.With(), hintOrder, hintNewestKey), true
	}
	if e, ok := errors.AsType[*opendata.PlaintextError](err); ok {
		return invalid(textPlaintext.With(string(e.Reason), e.Pos), hintOrder, hintNewestKey), true
	}
	if e, ok := errors.AsType[*opendata.CheckError](err); ok {
		f := checkFailure(e)
		if _, mocked := errors.AsType[*mockClockError](err); mocked {
			f.hints = append(f.hints, hintMockClock.With())
		}
		return f, true
	}
	if e, ok := errors.AsType[*unknownTextError](err); ok {
		return unknownTextFailure(e), true
	}
	if e, ok := errors.AsType[*tooLargeError](err); ok {
		return invalid(textInputTooLarge.With(e.by, maxInput>>10)), true
	}
	if e, ok := errors.AsType[*app.NoSessionError](err); ok {
		return noSessionFailure(e), true
	}
	if e, ok := errors.AsType[*wechat.ShapeError](err); ok { // of a session_key: classifyConfig took the others
		return invalid(textPlain.With(e.Error())), true
	}
	return failure{}, false
}

func invalid(message lang.Message, hints ...lang.T) failure {
	f := failure{exit: exitInvalid, message: message}
	for _, hint := range hints {
		f.hints = append(f.hints, hint.With())
	}
	return f
}

// inputFailure says which of the three inputs is malformed, and how.
func inputFailure(e *opendata.InputError) failure {
	switch {
	case e.Reason == opendata.ReasonEmpty:
		return invalid(textInputEmpty.With(e.Field), hintInput)
	case e.Reason == opendata.ReasonCharacter:
		return invalid(textInputCharacter.With(e.Field, e.Pos, e.Len), hintPlus)
	case e.Size >= 0:
		return invalid(textInputSize.With(e.Field, inputReasons(e.Reason), e.Len, e.Size))
	case e.Pos >= 0:
		return invalid(textInputPos.With(e.Field, inputReasons(e.Reason), e.Pos, e.Len))
	}
	return invalid(textInputLen.With(e.Field, inputReasons(e.Reason), e.Len), hintPlus)
}

func inputReasons(reason opendata.Reason) lang.T {
	switch reason {
	case opendata.ReasonPadding:
		return lang.T{En: `has "=" where none belongs`, Zh: `在不该出现的位置有 "="`}
	case opendata.ReasonLength:
		return lang.T{En: "has a length that is not a multiple of 4", Zh: "的长度不是 4 的倍数"}
	case opendata.ReasonTail:
		return lang.T{En: "ends in a character that no base64 encoder writes there", Zh: "结尾的字符不是任何 base64 编码器会写出的"}
	case opendata.ReasonSize:
		return lang.T{En: "does not hold 16 bytes", Zh: "解码后不是 16 字节"}
	case opendata.ReasonBlocks:
		return lang.T{En: "does not hold whole blocks of 16 bytes", Zh: "解码后不是 16 字节的整数倍"}
	}
	return lang.T{En: "is malformed", Zh: "格式有误"}
}

// checkFailure reports everything that did not hold, with the checks for --json.
func checkFailure(e *opendata.CheckError) failure {
	f := failure{exit: exitInvalid, checks: &e.Checks}
	for _, cause := range e.Failures {
		message, hint := checkText(cause)
		if f.message.IsZero() {
			f.message = message
		} else {
			f.message = textBoth.With(f.message, message)
		}
		if !hint.IsZero() {
			f.hints = append(f.hints, hint)
		}
	}
	return f
}

func checkText(cause error) (message, hint lang.Message) {
	if e, ok := errors.AsType[*opendata.AppIDError](cause); ok {
		return textWrongApp.With(redact.Clean(string(e.Got)), string(e.Want)), hintWrongApp.With()
	}
	if e, ok := errors.AsType[*opendata.AgeError](cause); ok {
		if e.Age < 0 {
			return textFuture.With(span(e.Age.Abs())), hintClock.With()
		}
		return textStale.With(span(e.Age), span(e.Max)), hintStale.With()
	}
	if e, ok := errors.AsType[*opendata.IncompleteError](cause); ok {
		if e.Missing == "rawData" {
			return textNoRawData.With(), hintGiveRawData.With()
		}
		return textNoSignature.With(), hintGiveSignature.With()
	}
	switch {
	case errors.Is(cause, opendata.ErrNoWatermark):
		return textMissingWatermark.With(), hintNoWatermark.With()
	case errors.Is(cause, opendata.ErrSignature):
		return textBadSignature.With(), hintSignature.With()
	}
	return textPlain.With(cause.Error()), lang.Message{}
}

// span is a length of time in both languages. Below a minute fractions of a second count: 1.7 s is more than the 1.5 s allowed.
func span(d time.Duration) lang.T {
	if d < time.Minute && d%time.Second != 0 {
		if d > time.Millisecond {
			d = d.Round(time.Millisecond)
		}
		return lang.T{En: d.String(), Zh: d.String()}
	}
	return lang.T{En: term.Span(d, lang.English), Zh: term.Span(d, lang.Chinese)}
}

func noSessionFailure(e *app.NoSessionError) failure {
	if e.KeyWillDo && e.OpenID == "" {
		message := textNoKeyAny.With(string(e.Origin))
		if e.AppID != "" {
			message = textNoKeyApp.With(string(e.AppID), string(e.Origin))
		}
		return invalid(message, hintExchangeFirst, hintGiveKey)
	}
	message := textNoSessionAny.With(string(e.Origin))
	switch {
	case e.OpenID != "":
		message = textNoSessionOf.With(string(e.OpenID), string(e.AppID), string(e.Origin))
	case e.AppID != "":
		message = textNoSessionApp.With(string(e.AppID), string(e.Origin))
	}
	if !e.KeyWillDo {
		return invalid(message, hintExchangeFirst)
	}
	return invalid(message, hintExchangeFirst, hintGiveKey)
}

var (
	textNoConsent = lang.T{En: "the mini program got no data: wx.* failed with %q", Zh: "小程序没有拿到数据：wx.* 返回 %q"}
	hintConsent   = lang.T{En: "a refusal of the user (deny) is to be handled in the mini program; no permission means that the account may not use this function", Zh: "用户拒绝（deny）应由小程序自行处理；no permission 表示该账号没有此接口的权限"}

	textInputEmpty     = lang.T{En: "%s is empty", Zh: "%s 为空"}
	textInputCharacter = lang.T{En: "%s is not standard base64: the character at index %d (of %d) does not belong there", Zh: "%s 不是标准 base64：下标 %d 处的字符（共 %d 个字符）不合法"}
	textInputSize      = lang.T{En: "%s %s (%d characters, %d bytes)", Zh: "%s %s（%d 个字符，%d 字节）"}
	textInputPos       = lang.T{En: "%s %s (index %d of %d)", Zh: "%s %s（下标 %d，共 %d 个字符）"}
	textInputLen       = lang.T{En: "%s %s (%d characters)", Zh: "%s %s（%d 个字符）"}
	textPadding        = lang.T{En: "the data does not decrypt under this session_key: no valid padding (another login's key, or altered data)", Zh: "用这个 session_key 无法解密：填充无效（密钥属于另一次登录，或数据被改动）"}
	textPlaintext      = lang.T{En: "the data decrypts to something WeChat does not send (%s, byte %d): wrong session_key or iv, or altered data", Zh: "解密结果不是微信会发送的内容（%s，第 %d 字节）：session_key 或 iv 有误，或数据被改动"}
	textBoth           = lang.T{En: "%s; %s", Zh: "%s；%s"}
	textWrongApp       = lang.T{En: "the data was made for appid %s, but %s is configured", Zh: "数据属于 appid %s，而配置的是 %s"}
	textFuture         = lang.T{En: "the data was made %s in the future", Zh: "数据的生成时间比现在晚 %s"}
	textStale          = lang.T{En: "the data was made %s ago, more than the %s allowed", Zh: "数据生成于 %s 之前，超过允许的 %s"}

	textMissingWatermark = lang.T{En: "the data has no watermark: nothing says for which app it was made, and when", Zh: "数据没有水印：无法得知它属于哪个小程序、何时生成"}
	textBadSignature     = lang.T{En: "the signature does not belong to this rawData under this session_key", Zh: "signature 与这份 rawData 及 session_key 不匹配"}
	textNoRawData        = lang.T{En: "there is a signature, but not the rawData that it signs", Zh: "有 signature，却没有它所签的 rawData"}
	textNoSignature      = lang.T{En: "there is a rawData, but not its signature", Zh: "有 rawData，却没有它的 signature"}
	textNoKeyAny         = lang.T{En: "there is no saved session from %s to take the session_key from", Zh: "没有来自 %s 的已保存会话，无法取得 session_key"}
	textNoKeyApp         = lang.T{En: "there is no saved session of appid %s from %s to take the session_key from", Zh: "没有 appid %s 来自 %s 的已保存会话，无法取得 session_key"}
	textNoSessionAny     = lang.T{En: "there is no saved session from %s", Zh: "没有来自 %s 的已保存会话"}
	textNoSessionApp     = lang.T{En: "there is no saved session of appid %s from %s", Zh: "没有 appid %s 来自 %s 的已保存会话"}
	textNoSessionOf      = lang.T{En: "there is no saved session of openid %s (appid %s) from %s", Zh: "没有 openid %s（appid %s）来自 %s 的已保存会话"}
	textNoMember         = lang.T{En: "the object has no %s", Zh: "对象中没有 %s"}

	hintInput         = lang.T{En: `the input is the JSON object of wx.*: {"encryptedData":"…","iv":"…"}, see wxlogin decrypt --help`, Zh: `输入应为 wx.* 返回的 JSON 对象：{"encryptedData":"…","iv":"…"}，参见 wxlogin decrypt --help`}
	hintPlus          = lang.T{En: "a + that became a blank on the way is the usual cause: send JSON, or encodeURIComponent the value", Zh: "常见原因是 + 在传输中变成了空格：请用 JSON 发送，或先 encodeURIComponent"}
	hintOrder         = lang.T{En: "the order is: wx.login, exchange, then ask for the data; wx.login inside the callback replaces the key", Zh: "正确顺序：先 wx.login、兑换 code，再获取数据；在回调里再调用 wx.login 会更换密钥"}
	hintNewestKey     = lang.T{En: "use the key of the user's newest login: wxlogin exchange CODE, then wxlogin decrypt --openid OPENID", Zh: "使用该用户最近一次登录的密钥：wxlogin exchange CODE，再 wxlogin decrypt --openid OPENID"}
	hintWrongApp      = lang.T{En: "compare the appid in project.config.json with: wxlogin config get appid", Zh: "把 project.config.json 中的 appid 与 wxlogin config get appid 比较"}
	hintClock         = lang.T{En: "check this machine's clock", Zh: "检查本机时钟"}
	hintFuture        = lang.T{En: "one of two clocks is wrong, or somebody made the data up; --max-age 5m refuses such data", Zh: "两边的时钟有一边不准，或数据是伪造的；用 --max-age 5m 可以拒绝这样的数据"}
	hintStale         = lang.T{En: "ask the mini program for fresh data, or raise --max-age", Zh: "让小程序重新获取数据，或放宽 --max-age"}
	hintNoWatermark   = lang.T{En: "if it is meant to have none: --no-watermark", Zh: "如果本来就没有水印：--no-watermark"}
	hintSignature     = lang.T{En: "sign exactly the bytes of rawData, unparsed, and use the session_key of the same login", Zh: "必须使用 rawData 的原始字节（不要重新序列化），并使用同一次登录的 session_key"}
	hintGiveRawData   = lang.T{En: `give it as "rawData" in the object, or with --raw-data`, Zh: `请在对象中以 "rawData" 给出，或使用 --raw-data`}
	hintGiveSignature = lang.T{En: `give it as "signature" in the object, or with --signature`, Zh: `请在对象中以 "signature" 给出，或使用 --signature`}
	hintMockClock     = lang.T{En: "the mock's clock is ahead: wxlogin mock clock reset", Zh: "模拟服务的时钟走在前面：wxlogin mock clock reset"}
	hintExchangeFirst = lang.T{En: "save one first: wxlogin exchange CODE", Zh: "先保存一个：wxlogin exchange CODE"}
	hintGiveKey       = lang.T{En: "or give the key: --session-key env:NAME", Zh: "或直接给出密钥：--session-key env:NAME"}
)

// classifyToken knows that inspect, or session check, has printed its verdict already.
func classifyToken(err error) (failure, bool) {
	if _, ok := errors.AsType[*sessioncmd.StaleError](err); ok {
		return failure{exit: exitInvalid, silent: true}, true
	}
	if _, ok := errors.AsType[*verdictError](err); ok {
		return failure{exit: exitInvalid, silent: true}, true
	}
	return failure{}, false
}
