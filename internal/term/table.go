package term

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// columnGap is the blank space between two columns of a table.
const columnGap = 2

// underRow is how far a cell is indented that stands below its row.
const underRow = 4

// Cell is a value in a table.
type Cell struct {
	Text  string
	Level Level
}

// Cells makes plain cells.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

// Table writes rows under a header, in columns without borders. Off a terminal it writes the rows alone, their cells separated
// by tabs, for cut and awk.
func (p *Page) Table(header []lang.T, rows [][]Cell) {
	if !p.tty {
		for _, row := range rows {
			texts := make([]string, len(row))
			for i, cell := range row {
				texts[i] = redact.Clean(cell.Text)
			}
			p.writeln(strings.Join(texts, "\t"))
		}
		return
	}
	head := make([]string, len(header))
	for i, t := range header {
		head[i] = t.In(p.lang)
	}
	widths := columnWidths(head, rows)
	p.row(Cells(head...), widths, func(Level) lipgloss.Style { return p.styles.Heading })
	for _, row := range rows {
		p.row(row, widths, p.styles.of)
	}
}

func columnWidths(head []string, rows [][]Cell) []int {
	var widths []int
	for _, row := range append([][]Cell{Cells(head...)}, rows...) {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(redact.Clean(cell.Text)))
		}
	}
	return widths
}

// row pads outside the style, so that no blank is coloured. The last cell is broken where the terminal ends and goes on below itself, if
// there is room for that; if not, and it does not fit, it stands below the row.
func (p *Page) row(cells []Cell, widths []int, style func(Level) lipgloss.Style) {
	var b strings.Builder
	column := 0
	for i, cell := range cells {
		text := redact.Clean(cell.Text)
		if i < len(cells)-1 {
			b.WriteString(style(cell.Level).Render(text))
			b.WriteString(strings.Repeat(" ", widths[i]-lipgloss.Width(text)+columnGap))
			column += widths[i] + columnGap
			continue
		}
		switch room := p.width - column; {
		case room >= narrow:
			text = wrap(text, room)
		case i > 0 && lipgloss.Width(text) > room && p.width >= narrow+underRow:
			head := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(head)
			column = underRow
			text = "\n" + wrap(text, p.width-underRow)
		}
		for j, line := range strings.Split(text, "\n") {
			if j > 0 {
				b.WriteString("\n" + strings.Repeat(" ", column))
			}
			b.WriteString(style(cell.Level).Render(line))
		}
	}
	p.writeln(b.String())
}
