package diagnose

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxUnwrap bounds how often a text is taken out of another: JSON in a query in quotes is three.
const maxUnwrap = 5

// ExtractCode returns the code that a pasted text holds: a JSON object of wx.login or of the button's event, a URL or query with
// code or js_code, a text in quotes, percent-escaped, or with blanks around and line ends in it. The finding, E03, tells what it was
// taken out of; it is the zero one when the text is the code itself, or nothing to extract from.
func ExtractCode(text string) (wechat.Code, Finding) {
	code := strings.TrimSpace(text)
	var steps []lang.Message
	for range maxUnwrap {
		inner, what := unwrap(code)
		if inner == "" || inner == code {
			break
		}
		code = inner
		steps = append(steps, what.With())
	}
	if len(steps) == 0 {
		return wechat.Code(code), Finding{}
	}
	return wechat.Code(code), Finding{
		ID: "E03", Name: "wrapped",
		Verdict:  lang.T{En: "the code was taken out of %v", Zh: "code 取自%v"}.With(steps[0]),
		Evidence: steps[1:],
		Fix:      lang.T{En: "send the value of res.code alone", Zh: "只发送 res.code 的值"}.With(),
	}
}

// unwrap takes one layer off; "" where there is none.
func unwrap(text string) (inner string, what lang.T) {
	if text == wechat.MockCode {
		return "", lang.T{}
	}
	if strings.HasPrefix(text, "{") {
		return codeInJSON(text), lang.T{En: "a JSON object", Zh: " JSON 对象"}
	}
	if code := codeInQuery(text); code != "" {
		return code, lang.T{En: "a URL or query", Zh: " URL 或查询串"}
	}
	if rest := codeUnquoted(text); rest != "" {
		return rest, lang.T{En: "quotes", Zh: "引号"}
	}
	if strings.Contains(text, "%") {
		if plain, err := url.QueryUnescape(text); err == nil && plain != text && leadsOn(strings.TrimSpace(plain)) {
			return strings.TrimSpace(plain), lang.T{En: "percent-escapes", Zh: "百分号转义"}
		}
	}
	if joined := strings.Join(strings.Fields(text), ""); joined != text && isWhole(joined) {
		return joined, lang.T{En: "broken lines", Zh: "断开的多行"}
	}
	return "", lang.T{}
}

// codeInJSON finds "code" or "js_code" in an object, or in its "detail" or "res".
func codeInJSON(text string) string {
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return ""
	}
	for _, place := range []any{object, object["detail"], object["res"]} {
		members, isObject := place.(map[string]any)
		if !isObject {
			continue
		}
		for _, name := range []string{"code", "js_code"} {
			if code, isText := members[name].(string); isText && code != "" {
				return strings.TrimSpace(code)
			}
		}
	}
	return ""
}

// codeInQuery finds the parameter in a URL, or in a query alone.
func codeInQuery(text string) string {
	_, query, found := strings.Cut(text, "?")
	if !found {
		query = text
	}
	query, _, _ = strings.Cut(query, "#")
	if !strings.Contains(query, "code=") {
		return ""
	}
	values, _ := url.ParseQuery(query) // what could be read
	for _, name := range []string{"js_code", "code"} {
		if code := strings.TrimSpace(values.Get(name)); code != "" {
			return code
		}
	}
	return ""
}

// codeUnquoted takes one pair of quotes off, or the backslashes of quotes in quotes.
func codeUnquoted(text string) string {
	for _, pair := range []string{`""`, `''`, "``", `“”`, `‘’`, "「」"} {
		runes := []rune(pair)
		open, shut := string(runes[0]), string(runes[1])
		if len(text) > len(open)+len(shut) && strings.HasPrefix(text, open) && strings.HasSuffix(text, shut) {
			return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, open), shut))
		}
	}
	if inner, found := strings.CutPrefix(text, `\"`); found {
		return strings.TrimSuffix(inner, `\"`)
	}
	return ""
}

// leadsOn reports whether an unescaped text is a code or holds one in turn: a code that somebody made up may have any % in it.
func leadsOn(text string) bool {
	inner, _ := unwrap(text)
	return inner != "" || isWhole(text) || text == wechat.MockCode
}

// isWhole reports whether text is a whole code of some kind, so that the blanks that were in it are not its own.
func isWhole(text string) bool {
	shape := wechat.ShapeOf(text)
	return shape == wechat.ShapeLoginCode || shape == wechat.ShapePhoneCode
}
