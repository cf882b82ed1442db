package journal

import "strings"

const (
	// wholeID is in bytes. An appid has 18, the longest grant_type 18; secrets and codes have 32, and one that stands where an
	// appid should is cut like a code.
	wholeID = 20

	// codeHead is in characters: enough to tell two codes of one test apart, and of no use to anybody else.
	codeHead = 6

	cut = "***"
)

// appendMasked appends what may be seen of a query to b. It goes by a list of what may be shown, not of what may not: a
// parameter that nobody thought of stays out. Values stay escaped as they came.
func appendMasked(b []byte, query string) []byte {
	start := len(b)
	for len(query) > 0 {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		whole := false
		switch name {
		case "appid", "grant_type":
			whole = len(value) <= wholeID
		case "js_code", "code":
		default:
			continue
		}
		if len(b)-start > maxQuery-len(name)-wholeID-len("&=") {
			break // somebody repeats parameters
		}
		if len(b) > start {
			b = append(b, '&')
		}
		b = append(append(b, name...), '=')
		if whole {
			b = append(b, value...)
		} else {
			b = appendHead(b, value)
		}
	}
	return b
}

// appendHead appends the beginning of a value: not more than half, so that no value is shown whole.
func appendHead(b []byte, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, upTo(value, min(codeHead, len(value)/2))...)
	return append(b, cut...)
}

// appendID appends an appid as the call gave it; what cannot be one, a secret in its place for example, is cut.
func appendID(b []byte, id string) []byte {
	if len(id) <= wholeID {
		return append(b, id...)
	}
	return appendHead(b, id)
}

// appendPath appends a path up to where a parameter begins that somebody forgot the question mark of.
func appendPath(b []byte, path string) []byte {
	for i := range min(len(path), maxPath) {
		if c := path[i]; c == '&' || c == '=' || c == ';' {
			return append(append(b, path[:i]...), cut...)
		}
	}
	return appendText(b, path, maxPath)
}

// appendText appends a text, cut with a sign that it is.
func appendText(b []byte, text string, limit int) []byte {
	if len(text) <= limit {
		return append(b, text...)
	}
	b = append(b, upTo(text, limit)...)
	return append(b, "…"...)
}

// upTo is not more than limit bytes of a text, whole characters.
func upTo(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xC0 == 0x80 { // inside a character
		limit--
	}
	return text[:limit]
}
