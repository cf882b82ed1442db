package term

import (
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Level says how good or bad a thing is.
type Level int

// The levels. Plain has no colour and no word.
const (
	Plain Level = iota
	OK
	Warn
	Fail
	Faint
	Skip
)

// word is the status word: ASCII in every language, because signs have no agreed width on Chinese terminals.
func (l Level) word() string {
	switch l {
	case OK:
		return "ok"
	case Warn:
		return "warn"
	case Fail:
		return "fail"
	case Skip:
		return "skip"
	}
	return ""
}

// statusWidth is the width of the widest status word.
const statusWidth = len("warn")

// Field is a named value. A field whose Value is empty is not printed.
type Field struct {
	Label lang.T
	Value string
	Level Level
}

// Page collects text for people and is written as a whole. All texts are cleaned of what steers a terminal.
type Page struct {
	b      strings.Builder
	styles Styles
	lang   lang.Lang
	tty    bool
	width  int
}

// Print writes a page to standard output.
func (s *IO) Print(human func(p *Page)) error { return s.page(s.Out, s.OutTTY, human) }

// PrintErr writes a page to standard error.
func (s *IO) PrintErr(human func(p *Page)) error { return s.page(s.Err, s.ErrTTY, human) }

func (s *IO) page(w io.Writer, tty bool, human func(p *Page)) error {
	p := &Page{styles: s.Styles, lang: s.Lang, tty: tty, width: s.Width}
	human(p)
	if p.b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Lang returns the language of the reader.
func (p *Page) Lang() lang.Lang { return p.lang }

// Width returns the columns there are.
func (p *Page) Width() int { return p.width }

// In renders a text with its arguments in the reader's language.
func (p *Page) In(t lang.T, args ...any) string { return t.With(args...).In(p.lang) }

// Line writes a sentence.
func (p *Page) Line(t lang.T, args ...any) { p.prose(Plain, p.In(t, args...)) }

// Message writes a message that somebody else made.
func (p *Page) Message(m lang.Message) { p.put(Plain, m.In(p.lang)) }

// Text writes a line that has no language, such as a code or a path.
func (p *Page) Text(text string) { p.put(Plain, text) }

// Note writes a sentence of less weight.
func (p *Page) Note(t lang.T, args ...any) { p.prose(Faint, p.In(t, args...)) }

// Blank writes an empty line, unless the page is empty or ends with one.
func (p *Page) Blank() {
	if text := p.b.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		p.b.WriteByte('\n')
	}
}

// Heading writes a heading after an empty line.
func (p *Page) Heading(t lang.T, args ...any) {
	p.Blank()
	text := redact.Clean(p.In(t, args...))
	if p.tty && p.width >= narrow {
		text = wrap(text, p.width)
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.writeln(p.styles.Heading.Render(line))
	}
}

// Pieces writes a line of texts that have their own levels, without anything between them.
func (p *Page) Pieces(cells ...Cell) {
	var b strings.Builder
	for _, cell := range cells {
		b.WriteString(p.styles.of(cell.Level).Render(redact.Clean(cell.Text)))
	}
	p.writeln(b.String())
}

// Command writes a command to copy, on a line of its own.
func (p *Page) Command(line string) {
	p.writeln("  " + p.styles.Command.Render(redact.Clean(line)))
}

// Verdict writes a status word and a sentence: "ok    the token is valid".
func (p *Page) Verdict(level Level, t lang.T, args ...any) { p.Status(level, t.With(args...)) }

// Status is [Page.Verdict] for a message that somebody else made.
func (p *Page) Status(level Level, m lang.Message) {
	word := level.word()
	text := redact.Clean(m.In(p.lang))
	if room := p.width - statusWidth - columnGap; p.tty && room >= narrow {
		text = strings.ReplaceAll(wrap(text, room), "\n", "\n"+strings.Repeat(" ", statusWidth+columnGap))
	}
	pad := strings.Repeat(" ", statusWidth-len(word)+columnGap)
	p.writeln(p.styles.of(level).Render(word) + pad + text)
}

// Under writes a sentence of less weight under the text of a status line, and broken as that is.
func (p *Page) Under(m lang.Message) {
	indent := strings.Repeat(" ", statusWidth+columnGap)
	text := redact.Clean(m.In(p.lang))
	if room := p.width - len(indent); p.tty && room >= narrow {
		text = wrap(text, room)
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.writeln(indent + p.styles.Faint.Render(line))
	}
}

// Fields writes names and values in two columns. On a terminal a long value is broken between words; what has none, a URL for
// example, stays whole.
func (p *Page) Fields(fields []Field) {
	widest := 0
	for _, f := range fields {
		if f.Value != "" {
			widest = max(widest, lipgloss.Width(f.Label.In(p.lang)))
		}
	}
	for _, f := range fields {
		if f.Value == "" {
			continue
		}
		label := f.Label.In(p.lang)
		value := redact.Clean(f.Value)
		if room := p.width - widest - columnGap; p.tty && room >= narrow {
			value = strings.ReplaceAll(wrap(value, room), "\n", "\n"+strings.Repeat(" ", widest+columnGap))
		}
		if f.Level != Plain {
			value = p.styles.of(f.Level).Render(value)
		}
		p.writeln(p.styles.Key.Render(label) + strings.Repeat(" ", widest-lipgloss.Width(label)+columnGap) + value)
	}
}

// Time returns t for this page ([IO.Clock]) with its distance from now.
func (p *Page) Time(t, now time.Time) string {
	return clockText(t, p.tty) + " (" + Distance(t.Sub(now), p.lang) + ")"
}

// Clock returns t for this page, without a distance.
func (p *Page) Clock(t time.Time) string { return clockText(t, p.tty) }

func (p *Page) put(level Level, text string) {
	text = redact.Clean(text)
	if level != Plain {
		text = p.styles.of(level).Render(text)
	}
	p.writeln(text)
}

// prose is put for sentences, which are broken between words on a terminal.
func (p *Page) prose(level Level, text string) {
	if text = redact.Clean(text); p.tty && p.width >= narrow {
		text = wrap(text, p.width)
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.put(level, line)
	}
}

func (p *Page) writeln(line string) {
	p.b.WriteString(line)
	p.b.WriteByte('\n')
}
