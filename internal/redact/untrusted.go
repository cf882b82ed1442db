package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Untrusted is text from WeChat, a token, a file or another program. It prints sanitised ([Clean]); [Untrusted.Raw]
// gives the bytes as they came.
type Untrusted string

// String returns the text as a terminal may see it.
func (u Untrusted) String() string { return Clean(string(u)) }

// Raw returns the text as it came.
func (u Untrusted) Raw() string { return string(u) }

// Clean returns s on one line without anything that moves a cursor, changes the direction of writing or hides: control
// characters (C0, C1, DEL), bidirectional controls, zero-width and other format characters, line and paragraph
// separators, and bytes that are not UTF-8. Tabs and line feeds become blanks.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b.WriteRune(utf8.RuneError)
		case hides(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain is the fast path: printable ASCII only.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hides reports whether r is invisible: category C (control, format, surrogate, private use), Zl, Zp, or one of the
// fillers that look like a blank. Variation selectors stay: emoji in nicknames need them.
func hides(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0': // Hangul fillers
		return true
	}
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// Shorten returns the cleaned text, cut to at most limit characters with "..." in place of the rest.
func Shorten(s string, limit int) string {
	s = Clean(s)
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "..."
}

// Path returns the path of a URL cleaned and shortened. What follows a sign of a parameter is cut: somebody forgot the question mark,
// and a secret may stand there.
func Path(path string, limit int) string {
	if i := strings.IndexAny(path, "&=;"); i >= 0 {
		return Shorten(path[:i], limit) + "***"
	}
	return Shorten(path, limit)
}
