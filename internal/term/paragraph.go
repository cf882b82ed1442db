package term

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// readable is the longest line of prose, in columns, however wide the terminal is.
const readable = 100

// narrow is the least room for text that is worth breaking it for: in less, broken lines read worse than long ones.
const narrow = 20

// Paragraphs writes prose, broken into lines at the reader's width if there is one. Paragraphs are separated by line feeds.
func (p *Page) Paragraphs(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n") {
		if i > 0 {
			p.Blank()
		}
		if paragraph = redact.Clean(paragraph); paragraph == "" {
			continue
		}
		if room := min(p.width, readable); room >= narrow {
			paragraph = wrap(paragraph, room)
		}
		p.writeln(paragraph)
	}
}

// Row is a name and what it means: a command, a flag.
type Row struct{ Name, Text string }

// Rows writes rows as two indented columns, the second one broken into lines at the reader's width.
func (p *Page) Rows(rows []Row) {
	widest := 0
	for _, row := range rows {
		widest = max(widest, lipgloss.Width(row.Name))
	}
	left := 2 + widest + columnGap
	for _, row := range rows {
		text := redact.Clean(row.Text)
		if room := min(p.width, readable) - left; room >= narrow {
			text = strings.ReplaceAll(wrap(text, room), "\n", "\n"+strings.Repeat(" ", left))
		}
		name := redact.Clean(row.Name)
		p.writeln("  " + p.styles.Key.Render(name) + strings.Repeat(" ", left-2-lipgloss.Width(name)) + text)
	}
}

// Indented writes a line of data such as JSON behind so many blanks. On a terminal it is broken at the width; elsewhere it stays one
// line, for grep.
func (p *Page) Indented(columns int, text string) {
	text = redact.Clean(text)
	left := strings.Repeat(" ", columns)
	if room := p.width - columns; p.tty && room >= narrow {
		text = strings.ReplaceAll(breakAnywhere(text, room), "\n", "\n"+left)
	}
	p.writeln(left + text)
}

// breakAnywhere breaks data into lines of at most so many columns, in the middle of a value if need be. The library lets the sign
// after which it breaks, of one column or two, stand beyond the limit; two columns are kept for it.
func breakAnywhere(text string, columns int) string {
	return lipgloss.Wrap(text, columns-2, "，。；：、）"+dataBreaks)
}

// Legend writes what signs mean behind so many blanks, as many a line as fit.
func (p *Page) Legend(columns int, parts ...lang.T) {
	line := ""
	end := func() { p.writeln(strings.Repeat(" ", columns) + p.styles.Faint.Render(line)) }
	for _, part := range parts {
		text := redact.Clean(part.In(p.lang))
		switch {
		case line == "":
		case p.tty && columns+lipgloss.Width(line)+columnGap+lipgloss.Width(text) > p.width:
			end()
			line = ""
		default:
			line += strings.Repeat(" ", columnGap)
		}
		line += text
	}
	end()
}

// Prose writes a text of a catalogue, broken into lines at the reader's width.
func (p *Page) Prose(t lang.T) { p.Paragraphs(p.In(t)) }

// A Term is a text behind its label. A Term without a text is not printed.
type Term struct{ Label, Text lang.T }

// Terms writes labels and texts in two indented columns.
func (p *Page) Terms(terms []Term) {
	widest := 0
	for _, t := range terms {
		widest = max(widest, lipgloss.Width(t.Label.In(p.lang)))
	}
	left := 2 + widest + columnGap
	for _, t := range terms {
		text := redact.Clean(t.Text.In(p.lang))
		if text == "" {
			continue
		}
		if room := min(p.width, readable) - left; room >= narrow {
			text = strings.ReplaceAll(wrap(text, room), "\n", "\n"+strings.Repeat(" ", left))
		}
		label := t.Label.In(p.lang)
		p.writeln("  " + p.styles.Key.Render(label) + strings.Repeat(" ", left-2-lipgloss.Width(label)) + text)
	}
}
