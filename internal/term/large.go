package term

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// largeRows is the height of a large character.
const largeRows = 5

// largeForms are characters three columns wide, in rows from the top; a blank is one column.
var largeForms = map[rune][largeRows]string{
	'0': {"###", "# #", "# #", "# #", "###"},
	'1': {" # ", "## ", " # ", " # ", "###"},
	'2': {"###", "  #", "###", "#  ", "###"},
	'3': {"###", "  #", "###", "  #", "###"},
	'4': {"# #", "# #", "###", "  #", "  #"},
	'5': {"###", "#  ", "###", "  #", "###"},
	'6': {"###", "#  ", "###", "# #", "###"},
	'7': {"###", "  #", "  #", "  #", "  #"},
	'8': {"###", "# #", "###", "# #", "###"},
	'9': {"###", "# #", "###", "  #", "###"},
	'+': {"   ", " # ", "###", " # ", "   "},
	'-': {"   ", "   ", "###", "   ", "   "},
	' ': {" ", " ", " ", " ", " "},
}

// Large writes digits five lines high. Where they do not fit, or where there is a character without a large form, it writes the text
// as a heading, which is as prominent as that line can be.
func (p *Page) Large(text string) {
	const indent = "  "
	var rows [largeRows]string
	for _, c := range text {
		form, known := largeForms[c]
		if !known {
			p.writeln(p.styles.Heading.Render(redact.Clean(text)))
			return
		}
		for i := range rows {
			rows[i] += form[i] + " "
		}
	}
	if lipgloss.Width(indent+rows[0]) > p.width {
		p.writeln(p.styles.Heading.Render(redact.Clean(text)))
		return
	}
	for _, row := range rows {
		p.writeln(p.styles.Heading.Render(strings.TrimRight(indent+row, " ")))
	}
}
