package opendata

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The scanner is a set of functions, not a type: each takes the text and the index where something starts, and returns the index
// after it with an empty reason, or the index of the fault with its reason. What they return stays in registers, which makes one
// pass over a payload cheaper than its decryption.

// maxDepth bounds recursion. The deepest payload that WeChat documents has three levels.
const maxDepth = 32

// value checks the value that starts at i; depth is how many arrays and objects enclose it.
func value(src []byte, i, depth int) (int, Reason) {
	if i >= len(src) {
		return len(src), ReasonTruncated
	}
	if src[i] == '"' { // the usual case first, before the compiler's search through the others
		return str(src, i)
	}
	switch src[i] {
	case '{':
		return object(src, i, depth)
	case '[':
		return array(src, i, depth)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return number(src, i)
	case 't':
		return literal(src, i, "true")
	case 'f':
		return literal(src, i, "false")
	case 'n':
		return literal(src, i, "null")
	}
	return i, ReasonSyntax
}

// object checks an object whose fields do not matter.
func object(src []byte, i, depth int) (int, Reason) {
	var r Reason
	if depth >= maxDepth {
		return i, ReasonDepth
	}
	for i, more := open(src, i, '}'); ; i, more, r = next(src, i, '}') {
		if r != "" || !more {
			return i, r
		}
		if _, i, r = name(src, i); r != "" {
			return i, r
		}
		if i, r = value(src, i, depth+1); r != "" {
			return i, r
		}
	}
}

// array checks an array.
func array(src []byte, i, depth int) (int, Reason) {
	var r Reason
	if depth >= maxDepth {
		return i, ReasonDepth
	}
	for i, more := open(src, i, ']'); ; i, more, r = next(src, i, ']') {
		if r != "" || !more {
			return i, r
		}
		if i, r = value(src, i, depth+1); r != "" {
			return i, r
		}
	}
}

// open steps over the bracket at i. If the closing one follows, it steps over that, too, and more is false.
func open(src []byte, i int, closing byte) (_ int, more bool) {
	i = space(src, i+1)
	if i < len(src) && src[i] == closing {
		return i + 1, false
	}
	return i, true
}

// next steps over the comma that follows an element, or over the closing bracket, when more is false.
func next(src []byte, i int, closing byte) (_ int, more bool, _ Reason) {
	if i+1 < len(src) && src[i] == ',' && src[i+1] > ' ' {
		return i + 1, true, ""
	}
	i = space(src, i)
	switch {
	case i >= len(src):
		return len(src), false, ReasonTruncated
	case src[i] == ',':
		return space(src, i+1), true, ""
	case src[i] == closing:
		return i + 1, false, ""
	}
	return i, false, ReasonSyntax
}

// name steps over a field's name and the colon. It returns the index after the name, and where the value starts or the fault is.
func name(src []byte, i int) (end, at int, _ Reason) {
	if i >= len(src) {
		return 0, len(src), ReasonTruncated
	}
	if src[i] != '"' {
		return 0, i, ReasonSyntax
	}
	end, r := str(src, i)
	if r != "" {
		return 0, end, r
	}
	if end+1 < len(src) && src[end] == ':' && src[end+1] > ' ' {
		return end, end + 1, ""
	}
	i = space(src, end)
	if i >= len(src) {
		return 0, len(src), ReasonTruncated
	}
	if src[i] != ':' {
		return 0, i, ReasonSyntax
	}
	return end, space(src, i+1), ""
}

// space steps over white space.
func space(src []byte, i int) int {
	for i < len(src) && src[i] <= ' ' && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

func literal(src []byte, i int, word string) (int, Reason) {
	for k := range len(word) {
		switch {
		case i+k >= len(src):
			return len(src), ReasonTruncated
		case src[i+k] != word[k]:
			return i + k, ReasonSyntax
		}
	}
	return i + len(word), ""
}

// number checks a number by the grammar of RFC 8259 section 6. The character after it is for the caller to judge.
func number(src []byte, i int) (int, Reason) {
	if src[i] == '-' {
		i++
	}
	first := i
	i = digits(src, i)
	if i == first || i-first > 1 && src[first] == '0' {
		return first, ReasonNumberForm
	}
	if i < len(src) && src[i] == '.' {
		first = i + 1
		if i = digits(src, first); i == first {
			return i, ReasonNumberForm
		}
	}
	if i < len(src) && (src[i] == 'e' || src[i] == 'E') {
		first = i + 1
		if first < len(src) && (src[first] == '+' || src[first] == '-') {
			first++
		}
		if i = digits(src, first); i == first {
			return i, ReasonNumberForm
		}
	}
	return i, ""
}

func digits(src []byte, i int) int {
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	return i
}

// str checks the string whose opening quote is at i.
func str(src []byte, i int) (int, Reason) {
	i++
	for {
		i = plainRun(src, i)
		if i >= len(src) {
			return len(src), ReasonTruncated
		}
		switch c := src[i]; {
		case c == '"':
			return i + 1, ""
		case c == '\\':
			var r Reason
			if i, r = escape(src, i); r != "" {
				return i, r
			}
		case c < ' ':
			return i, ReasonControl
		case c < utf8.RuneSelf:
			i++ // only in the last seven bytes, where plainRun does not look
		default:
			r, size := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && size == 1 {
				return i, ReasonNotUTF8
			}
			i += size
		}
	}
}

// plainRun steps over characters of ASCII that stand for themselves, eight at a time, and stops at the first that does not, or
// within the last seven bytes.
func plainRun(src []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		// A byte's high bit gets set where the byte is above 0x7f, is a quote, a backslash, or below a blank. A borrow can set
		// further bits, but only above the first true one, and the first is all that counts.
		hit := (x | ((x ^ ones*'"') - ones) | ((x ^ ones*'\\') - ones) | (x - ones*' ')) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	return i
}

// escape checks the escape whose backslash is at i. A surrogate has to come with its other half: half a character is not UTF-8.
func escape(src []byte, i int) (int, Reason) {
	if i+1 >= len(src) {
		return len(src), ReasonTruncated
	}
	switch src[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, ""
	case 'u':
	default:
		return i + 1, ReasonEscape
	}
	unit, at, r := hex4(src, i+2)
	switch {
	case r != "":
		return at, r
	case unit < 0xd800 || unit > 0xdfff:
		return i + 6, ""
	case unit > 0xdbff || i+7 >= len(src) || src[i+6] != '\\' || src[i+7] != 'u':
		return i, ReasonSurrogate
	}
	switch low, at, r := hex4(src, i+8); {
	case r != "":
		return at, r
	case low < 0xdc00 || low > 0xdfff:
		return i, ReasonSurrogate
	}
	return i + 12, ""
}

// hex4 reads four hexadecimal digits at i.
func hex4(src []byte, i int) (unit rune, at int, _ Reason) {
	for at = i; at < i+4; at++ {
		if at >= len(src) {
			return 0, len(src), ReasonTruncated
		}
		c := src[at]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, at, ReasonEscape
		}
		unit = unit<<4 | rune(c)
	}
	return unit, at, ""
}
