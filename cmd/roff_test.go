package cmd

import (
	"regexp"
	"strings"
	"unicode"
)

// A roff is a page in the man(7) macros, which groff, mandoc and the formatters of other systems read.
type roff struct{ b strings.Builder }

// escapeRoff makes text stand for itself. A hyphen becomes the minus sign of ASCII, so that what is copied out of a page can be typed;
// the accents that groff would draw in place of ^, ~ and ` become ASCII as well.
func escapeRoff(text string) string {
	return strings.NewReplacer(`\`, `\(rs`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
}

// line writes a line of text. One that would begin as a macro does gets a sign of no width before it.
func (r *roff) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	r.b.WriteString(text + "\n")
}

// macro writes a macro with its arguments. Those that are texts are quoted; requests of roff itself know no quotes.
func (r *roff) macro(name string, args ...string) {
	r.b.WriteString("." + name)
	for _, arg := range args {
		if arg == "" || strings.Contains(arg, " ") {
			arg = `"` + strings.ReplaceAll(arg, `"`, `\(dq`) + `"`
		}
		r.b.WriteString(" " + arg)
	}
	r.b.WriteByte('\n')
}

func (r *roff) section(title string) { r.macro("SH", escapeRoff(strings.ToUpper(title))) }

// tagged writes what a thing means, indented below or beside its name, which is roff already.
func (r *roff) tagged(name, meaning string) {
	r.macro("TP")
	r.line(name)
	r.line(prose(meaning))
}

// paragraphs writes prose that line feeds separate.
func (r *roff) paragraphs(text string) {
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			r.macro("PP")
		}
		r.line(prose(paragraph))
	}
}

// example writes a command to type below what it is for.
func (r *roff) example(note, command string) {
	r.macro("TP")
	r.line(prose(note))
	r.verbatim(command)
}

// verbatim writes lines that stay as they are.
func (r *roff) verbatim(lines ...string) {
	r.macro("nf")
	for _, line := range lines {
		r.line(escapeRoff(line))
	}
	r.macro("fi")
}

// option is what flags look like within a sentence.
var option = regexp.MustCompile(`(^|[\s(（、，“"])(--?[a-z][a-z0-9-]*)`)

// prose is a sentence with its flags in bold.
func prose(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range option.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(breakable(escapeRoff(text[last:at[4]])) + bold(text[at[4]:at[5]]))
		last = at[5]
	}
	return b.String() + breakable(escapeRoff(text[last:]))
}

// breakable lets lines end within long texts that have no blanks: between Chinese characters, not before a sign that may not begin a line, nor
// after one that may not end it.
func breakable(text string) string {
	var b strings.Builder
	var before rune
	for _, r := range text {
		between := wide(before) && wide(r) && !strings.ContainsRune(closing, r) && !strings.ContainsRune(opening, before)
		if between || before == ',' && r == '"' { // the latter between the members of a JSON object
			b.WriteString(`\:`)
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

const (
	opening = "（《“"
	closing = "，。；：、！？）》”"
)

func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || strings.ContainsRune(opening+closing, r)
}

func bold(text string) string { return `\fB` + escapeRoff(text) + `\fR` }

func italic(text string) string { return `\fI` + escapeRoff(text) + `\fR` }
