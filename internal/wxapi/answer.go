package wxapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// snippetLength is in characters: enough to recognise a portal or a gateway by.
const snippetLength = 200

// An answer is what came back, whatever it is.
type answer struct {
	status  int
	header  http.Header
	body    []byte // at most maxAnswer+1 bytes
	garbled bool   // the body does not unpack
	mask    mask   // of the call
	code    bool   // the call carried a code
}

// success returns the JSON object of a success. WeChat's refusals become [*wechat.Error] whatever the HTTP status; everything
// else becomes an [*AnswerError].
func (a answer) success() ([]byte, error) {
	switch {
	case 300 <= a.status && a.status < 400:
		return nil, a.fault(lang.T{
			En: "redirects to %s, which is not followed: the secret is in the URL",
			Zh: "重定向到 %s，没有跟随：URL 中有密钥",
		}.With(redirectTarget(a.header, a.mask)))
	case a.garbled:
		return nil, a.fault(lang.T{En: "does not unpack: its gzip is broken", Zh: "无法解压：gzip 已损坏"}.With())
	case len(a.body) > maxAnswer:
		return nil, a.fault(lang.T{En: "is longer than 1 MiB", Zh: "超过 1 MiB"}.With())
	}
	object, reason := parseObject(a.body)
	var refusal *wechat.Error
	if reason.IsZero() {
		refusal, reason = parseRefusal(object, a.mask)
	}
	switch {
	case refusal != nil:
		return nil, refusal
	case a.status != http.StatusOK:
		return nil, a.fault(lang.T{
			En: "has HTTP status %d, while WeChat answers 200 even when it refuses",
			Zh: "的 HTTP 状态是 %d，而微信即使拒绝也返回 200",
		}.With(a.status))
	case !reason.IsZero():
		return nil, a.fault(reason)
	case a.mask.shows(object): // it would be saved and shown as an openid
		return nil, a.fault(lang.T{En: "repeats the secret or the code that it was asked with", Zh: "重复了请求中的密钥或 code"}.With())
	}
	return object, nil
}

// fault returns the error that the answer is unusable for reason.
func (a answer) fault(reason lang.Message) *AnswerError {
	return &AnswerError{
		Status:      a.status,
		Code:        a.code,
		ContentType: redact.Shorten(a.mask.text(redact.Clean(a.header.Get("Content-Type"))), 100),
		Reason:      reason,
		Snippet:     snippet(a.body, a.mask),
	}
}

// snippet returns the start of a body that is not JSON. JSON, even broken, may hold a session_key, and is not shown. What counts is
// the text as it would be seen: a NUL between two letters of a name, as in UTF-16, hides it from nobody.
func snippet(body []byte, m mask) redact.Untrusted {
	text := strings.TrimSpace(redact.Clean(string(body[:min(len(body), 8<<10)])))
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return ""
	}
	folded := lowerASCII(text)
	for _, field := range []string{"session_key", "access_token", "phonenumber"} {
		if strings.Contains(folded, field) {
			return ""
		}
	}
	return redact.Untrusted(redact.Shorten(m.text(text), snippetLength))
}

func byteOrderMark() []byte { return []byte("\ufeff") }

// redirectTarget returns the host that an answer points to, and nothing of the path: it may repeat the query.
func redirectTarget(header http.Header, m mask) string {
	location, err := url.Parse(header.Get("Location"))
	if err != nil || location.Host == "" {
		return "another address"
	}
	return m.text(redact.Shorten(location.Scheme+"://"+location.Host, 100))
}

// parseObject returns the body as what can only be a JSON object, or the reason why it is none. The Content-Type does not matter: WeChat sends
// text/plain under /sns/ (dumps of 2020 and 2025).
func parseObject(body []byte) (object []byte, reason lang.Message) {
	object = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark()))
	switch {
	case len(object) == 0:
		return nil, lang.T{En: "is empty", Zh: "是空的"}.With()
	case object[0] == '<':
		return nil, lang.T{En: "is HTML or XML, not JSON", Zh: "是 HTML 或 XML，不是 JSON"}.With()
	case object[0] != '{':
		return nil, lang.T{En: "is not a JSON object", Zh: "不是 JSON 对象"}.With()
	}
	return object, lang.Message{}
}

// parseRefusal returns the refusal that the object is; nil when it is a success, which carries no errcode or 0. A reason says
// that it is neither.
func parseRefusal(object []byte, m mask) (refusal *wechat.Error, reason lang.Message) {
	var fields struct {
		ErrCode json.RawMessage `json:"errcode"`
		ErrMsg  json.RawMessage `json:"errmsg"`
	}
	if err := json.Unmarshal(object, &fields); err != nil { // raw messages take every value, so it is the syntax
		return nil, lang.T{En: "is JSON that breaks off or is damaged (%d bytes)", Zh: "是不完整或损坏的 JSON（%d 字节）"}.With(len(object))
	}
	digits := strings.Trim(string(fields.ErrCode), `"`) // some gateways send it as a string
	if digits == "" || digits == "null" {
		return nil, lang.Message{}
	}
	code, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return nil, lang.T{En: "has an errcode that is not a number", Zh: "的 errcode 不是数字"}.With()
	}
	if code == 0 {
		return nil, lang.Message{}
	}
	msg := m.text(redact.Clean(text(fields.ErrMsg)))
	return &wechat.Error{Code: wechat.ErrCode(code), Msg: redact.Untrusted(msg), RID: ridOf(msg)}, lang.Message{}
}

// text returns a JSON string's text; "" when raw is absent or another kind of value.
func text(raw json.RawMessage) string {
	if inner, plain := unescaped(raw); plain {
		return inner
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}

// unescaped returns the text of a JSON string of printable ASCII without escapes, as nearly all of WeChat's are.
func unescaped(raw json.RawMessage) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return "", false
		}
	}
	return string(inner), true
}

// ridOf returns the request id at the end of an errmsg: ", rid: x" under /sns/, " rid: x" elsewhere. The older "hints" forms
// hold another kind of id, which cannot be looked up.
func ridOf(msg string) string {
	const sign, length = "rid: ", 26
	at := strings.LastIndex(msg, sign)
	if at < 0 || at > 0 && msg[at-1] != ' ' && msg[at-1] != ',' {
		return ""
	}
	rid := strings.TrimRight(msg[at+len(sign):], " ")
	if len(rid) != length {
		return ""
	}
	for i := range length {
		hyphen := i == 8 || i == 17
		if hyphen != (rid[i] == '-') || !hyphen && !strings.ContainsRune("0123456789abcdef", rune(rid[i])) {
			return ""
		}
	}
	return rid
}
