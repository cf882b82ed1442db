package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// misplaced tells by their shape the values that stand in the wrong place. Nothing decrypts with them, so the shape has to be proof
// enough: none of them is base64 of the right length.
func (a *analysis) misplaced() {
	a.ran["shapes"] = true
	a.callFailed()
	a.notOpenData()
	if a.stillDocument() {
		return // the members that are missing are not empty: nobody has looked for them elsewhere yet
	}
	for _, f := range []field{fieldKey, fieldIV, fieldData} {
		a.nothing(f)
	}
}

// notAKey does the same for the key, once no block has proven that it is one.
func (a *analysis) notAKey() {
	if a.found("D23") || a.keyReads() {
		return
	}
	for _, v := range first(a.variants(fieldKey, fieldKey), maxPlain*2) {
		if name, ok := valueName(v.text); ok && !a.inHex() {
			a.add(newFinding("D22").saying(textNotAKey, name).since(textKeyLength, len(a.texts[fieldKey])))
			return
		}
	}
	a.placeholder()
}

// inHex reports whether key and iv both are hexadecimal. A key is then no AppSecret, which has the same shape.
func (a *analysis) inHex() bool {
	return isHex(strings.TrimSpace(a.texts[fieldKey]), 2*blockSize) && isHex(strings.TrimSpace(a.texts[fieldIV]), 2*blockSize)
}

// keyReads reports whether the key can be read as one. Sixteen or thirty-two characters can be taken for bytes or for hexadecimal,
// whatever they are, so that does not count.
func (a *analysis) keyReads() bool {
	for _, r := range a.readings(fieldKey, fieldKey) {
		if !slices.ContainsFunc(r.changes, func(c change) bool { return c.id == "D09" || c.id == "D10" }) {
			return true
		}
	}
	return false
}

func (a *analysis) callFailed() {
	if strings.Contains(string(a.in.ErrMsg), ":fail") {
		a.add(newFinding("D27").since(textErrMsg, redact.Shorten(string(a.in.ErrMsg), 120)))
	}
}

// nothing knows what programs print for a value that is not there.
func (a *analysis) nothing(f field) {
	if a.found("D27") { // no value is to be expected
		return
	}
	for _, v := range first(a.variants(f, f), maxPlain*2) {
		text := strings.Trim(v.text, " \t\r\n\"'")
		missing := newFinding("D23")
		if f != fieldKey {
			missing.Fix = textNotSentAlong.With(f.String())
		}
		switch strings.ToLower(text) {
		default:
			continue
		case "":
			a.add(missing.saying(textIsEmpty, f.String()))
		case "undefined", "null", "none", "nil", "<nil>", "nan", "[object object]", "[object+object]", "[object promise]", "false", "(null)", "{}", "[]":
			a.add(missing.saying(textIsNothing, f.String(), text))
		}
		a.nothingIV = a.nothingIV || f == fieldIV
		return
	}
}

// valueName names a value by its shape.
func valueName(text string) (lang.T, bool) {
	switch wechat.ShapeOf(text) {
	case wechat.ShapeLoginCode:
		if text[0] != '0' { // as all known codes begin; base64 of 24 bytes has the same shape one time in three
			return lang.T{}, false
		}
		return lang.T{En: "a code of wx.login", Zh: "wx.login 的 code"}, true
	case wechat.ShapeMockLiteral:
		return lang.T{En: "the code that DevTools gives to a project without an AppID", Zh: "开发者工具在没有 AppID 的项目中给出的 code"}, true
	case wechat.ShapePhoneCode:
		return lang.T{En: "a code of the phone button", Zh: "手机号按钮的 code"}, true
	case wechat.ShapeOpenID:
		return lang.T{En: "an openid or a unionid", Zh: "openid 或 unionid"}, true
	case wechat.ShapeAppSecret:
		return lang.T{En: "an AppSecret", Zh: "小程序密钥（AppSecret）"}, true
	case wechat.ShapeAppID:
		return lang.T{En: "an appid", Zh: "小程序的 appid"}, true
	case wechat.ShapeOriginalID:
		return lang.T{En: "the original id of an account", Zh: "公众平台的原始 ID"}, true
	case wechat.ShapeAccessToken:
		return lang.T{En: "an access_token", Zh: "接口凭据 access_token"}, true
	case wechat.ShapeJWE, wechat.ShapeJWS:
		return lang.T{En: "a login token (JWT)", Zh: "登录令牌（JWT）"}, true
	}
	return lang.T{}, false
}

// placeholder knows keys that somebody made up: words, which random bytes have none of.
func (a *analysis) placeholder() {
	for _, v := range first(a.variants(fieldKey, fieldKey), maxPlain*2) {
		text := strings.ToLower(v.text)
		if raw, err := unbase64(base64.StdEncoding, v.text); err == nil && len(raw) > blockSize {
			continue // random text has a word of four letters in it once in thousands
		}
		for _, word := range []string{"mock", "session", "fake", "dummy", "test", "demo", "sample", "example", "your", "xxxx", "1234567"} {
			if strings.Contains(text, word) {
				a.add(newFinding("D24").since(textWord, word, len(a.texts[fieldKey])))
				return
			}
		}
	}
}

// notOpenData knows what else mini programs and servers handle that is taken for encryptedData.
func (a *analysis) notOpenData() {
	for _, v := range first(a.variants(fieldData, fieldData), maxPlain*2) {
		text := strings.TrimSpace(v.text)
		switch {
		case isHex(text, sha1Digits):
			a.add(newFinding("D25").saying(textSignatureAsData).since(textDataLength, len(text)))
			return
		case strings.HasPrefix(text, "<xml>"):
			if strings.Contains(text, "<Encrypt>") {
				a.add(newFinding("D29").since(textPushBody))
				return
			}
		case strings.HasPrefix(text, "{"):
			if a.objectAsData(text) {
				return
			}
		}
	}
}

const sha1Digits = 40

func isHex(text string, digits int) bool {
	return len(text) == digits && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// objectAsData names a JSON object that stands in the place of the data by its members.
func (a *analysis) objectAsData(text string) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil {
		return false
	}
	has := func(name string) bool { _, ok := object[name]; return ok }
	switch {
	case has("nickName") && has("avatarUrl"):
		f := newFinding("D25").saying(textRawAsData).since(textDataLength, len(text))
		if a.in.Signature != "" {
			f = f.since(a.signedBy(text))
		}
		a.add(f)
	case has("Encrypt") && (has("ToUserName") || len(object) == 1):
		a.add(newFinding("D29").since(textPushBody))
	case has("response") && has("sign"):
		a.add(newFinding("D28").saying(textPlatform, platformAlipay).since(textMembers, "response, sign"))
	case has("openid") && has("session_key"):
		a.add(newFinding("D22").saying(textLoginAnswer))
	default:
		return false
	}
	return true
}

// signedBy says whether the signature belongs to the rawData that was given as data.
func (a *analysis) signedBy(rawData string) lang.T {
	if opendata.VerifySignature(rawData, a.in.Signature, a.in.SessionKey) == nil {
		return textRawVerifies
	}
	return textRawFails
}

var (
	textNotAKey         = lang.T{En: "What is given as session_key is %s.", Zh: "填在 session_key 处的是%s。"}
	textKeyLength       = lang.T{En: "it has %d characters; a session_key has 24, which end in ==", Zh: "它有 %d 个字符；session_key 是 24 个字符，以 == 结尾"}
	textErrMsg          = lang.T{En: "errMsg: %s", Zh: "errMsg 的内容：%s"}
	textIsEmpty         = lang.T{En: "%s is empty.", Zh: "%s 为空。"}
	textIsNothing       = lang.T{En: "%s is the text %q, which a program prints for a value that is not there.", Zh: "%s 是文本 %q，这是程序对空值的输出。"}
	textNotSentAlong    = lang.T{En: "The mini program did not send %s along, or the server reads it under another name: print the request body.", Zh: "小程序没有把 %s 一起发来，或服务端读取的字段名不对：请打印请求体核对。"}
	textWord            = lang.T{En: "it has %q in it, and %d characters that are not base64 of 16 bytes", Zh: "其中有 %q，共 %d 个字符，且不是 16 字节的 base64"}
	textSignatureAsData = lang.T{En: "What is given as encryptedData is a signature, which is not encrypted data.", Zh: "填在 encryptedData 处的是 signature，它不是加密数据。"}
	textRawAsData       = lang.T{En: "What is given as encryptedData is rawData, which is readable as it is.", Zh: "填在 encryptedData 处的是 rawData，它本来就是明文。"}
	textDataLength      = lang.T{En: "it has %d characters", Zh: "共 %d 个字符"}
	textRawVerifies     = lang.T{En: "the signature belongs to it under this session_key: both are genuine", Zh: "在此 session_key 下 signature 与它相符：两者都是真的"}
	textRawFails        = lang.T{En: "the signature does not belong to it under this session_key", Zh: "在此 session_key 下 signature 与它不符"}
	textPushBody        = lang.T{En: "it is the body of a push, with Encrypt in it", Zh: "它是消息推送的请求体，其中有 Encrypt"}
	textPlatform        = lang.T{En: "The data comes from %s, not from a WeChat mini program.", Zh: "数据来自%s，不是微信小程序。"}
	textMembers         = lang.T{En: "its members: %s", Zh: "其中的字段：%s"}
	textLoginAnswer     = lang.T{En: "What is given as encryptedData is the answer of jscode2session, which is the login itself.", Zh: "填在 encryptedData 处的是 jscode2session 的返回，它就是登录结果本身。"}

	platformAlipay = lang.T{En: "Alipay", Zh: "支付宝"}
	platformDouyin = lang.T{En: "Douyin or Toutiao", Zh: "抖音或头条"}
	platformWeCom  = lang.T{En: "WeCom", Zh: "企业微信"}
)
