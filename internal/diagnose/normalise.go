package diagnose

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// A normalisation undoes one kind of damage that a text takes on its way. It returns the text and what it changed, or a zero message
// when there is nothing of its kind.
type normalisation struct {
	id    string
	run   func(f field, text string) (string, lang.Message)
	doubt doubt // nil where there is one way back
}

// normalisations in the order in which a text is taken apart: the outermost wrapping first.
func normalisations() []normalisation {
	return []normalisation{
		{"D12", fromUTF16, nil},
		{"D07", stripped(isStray), nil},
		{"D07", stripped(isStrayOrBlank), blankOrPlus},
		{"D05", unquoted, nil},
		{"D06", htmlUnescaped, nil},
		{"D03", percentUnescaped, nil},
		{"D03", formUnescaped, nil},
		{"D04", jsonUnescaped, nil},
		{"D35", once, nil},
		{"D01", blanksToPlus, nil},
		{"D08", fromBase64URL, nil},
		{"D14", withoutExtra, nil},
		{"D15", canonicalTail, lastDigit},
		{"D09", fromHex, nil},
		{"D10", fromRaw, rawBytes},
		{"D11", decodedTwice, nil},
	}
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// unbase64 decodes without skipping line ends, which the library does.
func unbase64(encoding *base64.Encoding, text string) ([]byte, error) {
	if at := strings.IndexAny(text, "\r\n"); at >= 0 {
		return nil, base64.CorruptInputError(at)
	}
	return encoding.DecodeString(text)
}

// fromUTF16 undoes what PowerShell's > does: two bytes a character, with or without a mark in front.
func fromUTF16(_ field, text string) (string, lang.Message) {
	order := [2]int{0, 1} // of the bytes: little-endian has the low one first
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
		text = text[2:]
	case strings.HasPrefix(text, "\xfe\xff"):
		text, order = text[2:], [2]int{1, 0}
	case len(text) >= 4 && text[1] == 0 && text[3] == 0:
	case len(text) >= 4 && text[0] == 0 && text[2] == 0:
		order = [2]int{1, 0}
	default:
		return text, lang.Message{}
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i+order[0]]) | uint16(text[2*i+order[1]])<<8
	}
	return string(utf16.Decode(units)), textUTF16.With(len(text))
}

// isStray reports whether a character has no business in base64 and is easily overlooked: line ends, tabs, zero-width characters,
// byte order marks, blanks other than the ASCII one.
func isStray(r rune) bool {
	if r <= unicode.MaxASCII {
		return '\t' <= r && r <= '\r' // tab to carriage return; a look-up for each digit would be most of the search's time
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

func isStrayOrBlank(r rune) bool { return r == ' ' || isStray(r) }

// stripped drops characters, and turns full-width ones, which an input method writes, into those they stand for.
func stripped(drop func(rune) bool) func(field, string) (string, lang.Message) {
	return func(_ field, text string) (string, lang.Message) {
		wide := func(r rune) bool { return r >= '！' && r <= '～' }
		first := strings.IndexFunc(text, func(r rune) bool { return drop(r) || wide(r) })
		if first < 0 || !utf8.ValidString(text) {
			return text, lang.Message{}
		}
		count := 0
		text = strings.Map(func(r rune) rune {
			switch {
			case drop(r):
				count++
				return -1
			case wide(r):
				count++
				return r - '！' + '!'
			}
			return r
		}, text)
		return text, textStray.With(count, first)
	}
}

// unquoted takes one layer of quotes off: those of JSON, escaped ones, or single ones.
func unquoted(_ field, text string) (string, lang.Message) {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		var inner string
		if json.Unmarshal([]byte(text), &inner) == nil {
			return inner, textQuotes.With()
		}
	}
	for _, quote := range []string{`\"`, `"`, `'`, "`", "“", "”"} {
		inner := strings.TrimSuffix(strings.TrimPrefix(text, quote), quote)
		if inner != text && (quote != `"` || !strings.HasSuffix(inner, `\`)) {
			return inner, textQuotes.With()
		}
	}
	return text, lang.Message{}
}

// htmlUnescaped replaces the entities that filters write for the characters of base64 and its quotes.
func htmlUnescaped(_ field, text string) (string, lang.Message) {
	first, count := -1, 0
	var b strings.Builder
	for i := 0; i < len(text); {
		end := -1
		if text[i] == '&' {
			end = strings.IndexByte(text[i:min(len(text), i+maxEntity)], ';')
		}
		if end > 0 {
			if c, ok := entity(text[i+1 : i+end]); ok {
				if first < 0 {
					first = i
				}
				count++
				b.WriteByte(c)
				i += end + 1
				continue
			}
		}
		b.WriteByte(text[i])
		i++
	}
	if count == 0 {
		return text, lang.Message{}
	}
	return b.String(), textEntities.With(count, first)
}

// maxEntity is longer than any entity that entity knows.
const maxEntity = 12

func entity(name string) (byte, bool) {
	switch strings.ToLower(name) {
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "plus":
		return '+', true
	case "sol":
		return '/', true
	case "equals":
		return '=', true
	}
	number, base := name, 10
	if !strings.HasPrefix(number, "#") {
		return 0, false
	}
	if number = number[1:]; strings.HasPrefix(number, "x") || strings.HasPrefix(number, "X") {
		number, base = number[1:], 16
	}
	n, err := strconv.ParseUint(number, base, 7)
	return byte(n), err == nil && n > ' '
}

// percentUnescaped undoes one round of URL escaping. A "+" stays one: decoding it once more is how it got lost.
func percentUnescaped(_ field, text string) (string, lang.Message) {
	first, count := -1, 0
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				if first < 0 {
					first = i
				}
				count++
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	if count == 0 {
		return text, lang.Message{}
	}
	return b.String(), textPercent.With(count, text[first:first+3], first)
}

// formUnescaped does so to bytes that a form wrote, which has "+" for a blank. Base64 has no blank.
func formUnescaped(f field, text string) (string, lang.Message) {
	if !strings.Contains(text, "%") || !strings.Contains(text, "+") {
		return text, lang.Message{}
	}
	bytes, what := percentUnescaped(f, strings.ReplaceAll(text, "+", " "))
	if what.IsZero() || unreadable([]byte(bytes)) == 0 {
		return text, lang.Message{}
	}
	return bytes, what
}

// jsonUnescaped undoes the escapes of a JSON string whose quotes are gone: \/ and \u002b.
func jsonUnescaped(_ field, text string) (string, lang.Message) {
	first := strings.IndexByte(text, '\\')
	if first < 0 {
		return text, lang.Message{}
	}
	var inner string
	if json.Unmarshal([]byte(`"`+strings.Trim(text, `"`)+`"`), &inner) != nil {
		inner = strings.ReplaceAll(text, `\`, "")
	}
	return inner, textBackslash.With(strings.Count(text, `\`), first)
}

// once takes the first of two equal halves, as a parameter has them that was sent twice.
func once(_ field, text string) (string, lang.Message) {
	for _, between := range []string{"", ",", ", ", ";", "\n"} {
		half := (len(text) - len(between)) / 2
		if half > 0 && 2*half+len(between) == len(text) && text[:half] == text[half+len(between):] && text[half:half+len(between)] == between {
			return text[:half], textTwice.With(half)
		}
	}
	return text, lang.Message{}
}

func blanksToPlus(_ field, text string) (string, lang.Message) {
	count := strings.Count(text, " ")
	first := strings.IndexByte(text, ' ')
	what := textBlanks.With(count, first)
	switch count {
	case 0:
		return text, lang.Message{}
	case 1:
		what = textBlank.With(first)
	}
	return strings.ReplaceAll(text, " ", "+"), what
}

// fromBase64URL maps the other alphabet, and adds the "=" that it is mostly written without.
func fromBase64URL(_ field, text string) (string, lang.Message) {
	mapped := strings.NewReplacer("-", "+", "_", "/").Replace(text)
	digits := strings.TrimRight(mapped, "=")
	if strings.Trim(digits, base64Digits) != "" {
		return text, lang.Message{}
	}
	padded := digits + strings.Repeat("=", (4-len(digits)%4)%4)
	switch {
	case len(digits)%4 == 1 && mapped != text: // a character is missing besides
		return mapped, textURLAlphabet.With(strings.IndexAny(text, "-_"))
	case padded == text || len(padded) < len(text) || len(digits)%4 == 1:
		return text, lang.Message{}
	case mapped != text && padded != mapped:
		return padded, textURLAndPadding.With(strings.IndexAny(text, "-_"), len(padded)-len(mapped))
	case mapped != text:
		return padded, textURLAlphabet.With(strings.IndexAny(text, "-_"))
	}
	return padded, textNoPadding.With(len(padded) - len(text))
}

// withoutExtra cuts "=" that are too many, and whatever follows the 24 characters of a key or an iv.
func withoutExtra(f field, text string) (string, lang.Message) {
	if end := strings.IndexByte(text, '='); end >= 0 && strings.Trim(text[end:], "=") == "" {
		want := (4 - end%4) % 4
		if extra := len(text) - end - want; extra > 0 && end%4 != 1 {
			return text[:end+want], textExtraEquals.With(extra)
		}
	}
	const textLen = digitsOf16 + 2
	if f != fieldData && len(text) > textLen && text[textLen-2:textLen] == "==" {
		return text[:textLen], textExtra.With(len(text) - textLen)
	}
	return text, lang.Message{}
}

// canonicalTail clears the spare bits of the last digit.
func canonicalTail(_ field, text string) (string, lang.Message) {
	digits := strings.TrimRight(text, "=")
	if len(text)%4 != 0 || len(digits) == 0 || len(digits) == len(text) {
		return text, lang.Message{}
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
		return text, lang.Message{}
	}
	raw, err := unbase64(base64.StdEncoding, text)
	if err != nil {
		return text, lang.Message{}
	}
	return base64.StdEncoding.EncodeToString(raw), textTail.With(len(digits) - 1)
}

// fromHex reads hexadecimal of the bytes, or of their text.
func fromHex(f field, text string) (string, lang.Message) {
	raw, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	switch {
	case err != nil:
		return text, lang.Message{}
	case isText(raw):
		return string(raw), textHex.With(2 * len(raw))
	case !f.size(len(raw)) && (f != fieldData || len(raw) < 2*blockSize): // data may have been cut
		return text, lang.Message{}
	}
	return base64.StdEncoding.EncodeToString(raw), textHex.With(2 * len(raw))
}

// isText reports whether bytes are a text on their way to base64: so many random ones are text with a probability below 1e-6.
func isText(raw []byte) bool { return len(raw) > blockSize && utf8.Valid(raw) && unreadable(raw) == 0 }

// fromRaw takes the text for the bytes themselves: as they are, or each of them written as the character of that number.
func fromRaw(f field, text string) (string, lang.Message) {
	raw := []byte(text)
	if !f.size(len(raw)) || f == fieldData && strings.Trim(strings.TrimRight(text, "="), base64Digits+"-_% \r\n") == "" {
		raw = raw[:0]
		for _, r := range text {
			if r > 0xff {
				return text, lang.Message{}
			}
			raw = append(raw, byte(r))
		}
		if len(raw) == len(text) || !f.size(len(raw)) {
			return text, lang.Message{}
		}
	}
	return base64.StdEncoding.EncodeToString(raw), textRaw.With(len(raw))
}

// decodedTwice decodes a text that decodes to a text again.
func decodedTwice(_ field, text string) (string, lang.Message) {
	inner, err := unbase64(base64.StdEncoding, text)
	if err != nil {
		return text, lang.Message{}
	}
	if _, wide := fromUTF16(fieldData, string(inner)); !isText(inner) && (wide.IsZero() || len(inner) <= 2*blockSize) {
		return text, lang.Message{}
	}
	return string(inner), textDouble.With(len(inner))
}

var (
	textUTF16         = lang.T{En: "UTF-16, %d bytes", Zh: "UTF-16 编码，共 %d 字节"}
	textStray         = lang.T{En: "%d characters that belong into no base64 (line ends, invisible or full-width ones), the first at index %d", Zh: "有 %d 个不属于 base64 的字符（换行、不可见字符或全角字符），第一个在下标 %d"}
	textQuotes        = lang.T{En: "wrapped in quotes", Zh: "外面有引号"}
	textEntities      = lang.T{En: "%d HTML entities, the first at index %d", Zh: "有 %d 个 HTML 实体，第一个在下标 %d"}
	textPercent       = lang.T{En: "%d URL escapes, the first is %s at index %d", Zh: "有 %d 处 URL 转义，第一处 %s 在下标 %d"}
	textBackslash     = lang.T{En: "%d backslashes of JSON, the first at index %d", Zh: "有 %d 个 JSON 反斜杠，第一个在下标 %d"}
	textTwice         = lang.T{En: "the same %d characters twice", Zh: "同样的 %d 个字符出现了两遍"}
	textBlank         = lang.T{En: "a blank at index %d", Zh: "下标 %d 处有一个空格"}
	textBlanks        = lang.T{En: "%d blanks, the first at index %d", Zh: "有 %d 个空格，第一个在下标 %d"}
	textURLAlphabet   = lang.T{En: `"-" or "_" of the URL-safe alphabet, the first at index %d`, Zh: "含 URL 安全字母表的“-”或“_”，第一个在下标 %d"}
	textURLAndPadding = lang.T{En: `"-" or "_" of the URL-safe alphabet, the first at index %d, and %d "=" missing`, Zh: "含 URL 安全字母表的“-”或“_”，第一个在下标 %d，并缺少 %d 个“=”"}
	textNoPadding     = lang.T{En: `%d "=" missing at the end`, Zh: "末尾缺少 %d 个“=”"}
	textExtraEquals   = lang.T{En: `%d "=" too many`, Zh: "多出 %d 个“=”"}
	textExtra         = lang.T{En: "%d characters too many behind the 24", Zh: "24 个字符之后多出 %d 个字符"}
	textTail          = lang.T{En: "the digit at index %d has bits that no encoder sets", Zh: "下标 %d 的字符含有编码器不会写出的比特位"}
	textHex           = lang.T{En: "%d hexadecimal digits", Zh: "%d 位十六进制字符"}
	textRaw           = lang.T{En: "%d bytes that are decoded already", Zh: "已经解码过的 %d 个字节"}
	textDouble        = lang.T{En: "it decodes to %d characters that are a text again", Zh: "解码后仍是文本，共 %d 个字符"}
)
