package term

import (
	"iter"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Where Chinese may be broken (UAX 14, the classes OP, CL and ID): anywhere between its characters, but not after a sign that opens
// and not before one that closes. The library's Wordwrap knows neither, and breaks after hyphens, in the middle of --json.
const (
	opening  = "（「『《“‘"
	closing  = "，。；：、！？）」』》"
	clinging = closing + "”’…" // stays with what is before it; English and JSON have these too, so a line does not end after them
)

// dataBreaks are the signs after which a list, a query string or JSON may be broken when it is longer than a whole line.
const dataBreaks = ",&"

// wrap breaks prose into lines of at most so many columns, at blanks and between Chinese characters. What is longer than a line and
// has no such place, a path for example, stays whole: it is there to be copied.
func wrap(text string, columns int) string {
	var lines []string
	line := ""
	for piece := range pieces(text, columns) {
		if line != "" && ansi.StringWidth(line+strings.TrimRight(piece, " ")) > columns {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += piece
	}
	return strings.Join(append(lines, strings.TrimRight(line, " ")), "\n")
}

// pieces yields the parts of a text between which a line may end. A part keeps the blanks behind it.
func pieces(text string, columns int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part := range split(text, breakable) {
			if ansi.StringWidth(strings.TrimRight(part, " ")) <= columns {
				if !yield(part) {
					return
				}
				continue
			}
			for data := range split(part, breakableData) {
				if !yield(data) {
					return
				}
			}
		}
	}
}

// split cuts a text wherever between says so of two neighbours.
func split(text string, between func(before, after rune) bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, before := 0, rune(-1)
		for i, r := range text {
			if before >= 0 && between(before, r) {
				if !yield(text[start:i]) {
					return
				}
				start = i
			}
			before = r
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

// breakableData reports whether what has no better place may end a line between two neighbours.
func breakableData(before, after rune) bool {
	return strings.ContainsRune(dataBreaks, before) && after != ' ' && !strings.ContainsRune(clinging, after)
}

// breakable reports whether a line may end between two neighbours.
func breakable(before, after rune) bool {
	switch {
	case after == ' ', strings.ContainsRune(clinging, after), strings.ContainsRune(opening, before):
		return false
	case before == ' ', strings.ContainsRune(closing, before):
		return true
	}
	word := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(opening, r)
	}
	return (unicode.Is(unicode.Han, before) || unicode.Is(unicode.Han, after)) && word(before) && word(after)
}
