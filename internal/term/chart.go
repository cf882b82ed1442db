package term

import (
	"math"
	"strconv"
	"strings"
)

// A Bar is a value of a [Page.Chart] and what to write below it, two columns at most.
type Bar struct {
	Value int
	Label string
}

const (
	chartRows  = 8
	chartEvery = 7 // a label below each seventh bar, counted from the last one: the day of the week that today is
)

// Chart writes upright bars from left to right, of ASCII: terminals do not agree how wide other signs are. Where there is not room
// for all, it leaves the first ones out and returns how many it drew.
func (p *Page) Chart(bars []Bar) (drawn int) {
	top := 1
	for _, bar := range bars {
		top = max(top, bar.Value)
	}
	top = roundUp(top)
	axis := len(strconv.Itoa(top))
	room := p.width - axis - 2 // " |"
	pitch := 2
	if pitch*len(bars) > room {
		pitch = 1
	}
	if extra := len(bars) - room/pitch; extra > 0 {
		bars = bars[min(extra, len(bars)):]
	}
	for row := chartRows; row > 0; row-- {
		label := ""
		if row == chartRows || row == chartRows/2 {
			label = strconv.Itoa(top * row / chartRows)
		}
		var b strings.Builder
		for _, bar := range bars {
			b.WriteByte(cell(bar.Value, row, top))
			b.WriteString(strings.Repeat(" ", pitch-1))
		}
		p.writeln(strings.TrimRight(strings.Repeat(" ", axis-len(label))+label+" |"+b.String(), " "))
	}
	p.writeln(strings.Repeat(" ", axis-1) + "0 +" + strings.Repeat("-", pitch*len(bars)))
	p.writeln(strings.TrimRight(strings.Repeat(" ", axis+2)+below(bars, pitch), " "))
	return len(bars)
}

// cell draws one row of a bar: full from three quarters, half from one quarter. A value above zero shows at least at the bottom.
func cell(value, row, top int) byte {
	const full, half = 3, 1 // quarters of a row
	quarters := int(float64(value)/float64(top)*4*chartRows) - 4*(row-1)
	switch {
	case quarters >= full:
		return '#'
	case quarters >= half:
		return ':'
	case row == 1 && value > 0:
		return '.'
	}
	return ' '
}

// below writes the labels of each seventh bar, back from the last, left-aligned with their bar where that fits.
func below(bars []Bar, pitch int) string {
	line := []byte(strings.Repeat(" ", pitch*len(bars)+2))
	for i := len(bars) - 1; i >= 0; i -= chartEvery {
		copy(line[i*pitch:], bars[i].Label)
	}
	return string(line)
}

// roundUp returns a number of at least n whose half is worth writing beside an axis.
func roundUp(n int) int {
	for unit := 1; unit < math.MaxInt/100; unit *= 10 {
		for _, times := range []int{10, 12, 16, 20, 24, 30, 40, 50, 60, 80} {
			if top := unit * times; top >= n {
				return top
			}
		}
	}
	return n
}
