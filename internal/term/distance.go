package term

import (
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
)

var (
	textIn  = lang.T{En: "in %s", Zh: "%s后"}
	textAgo = lang.T{En: "%s ago", Zh: "%s前"}
	textNow = lang.T{En: "now", Zh: "现在"}

	// An array, because nobody can append to it.
	timeUnits = [...]struct {
		size time.Duration
		name lang.T
	}{
		{24 * time.Hour, lang.T{En: "%d d", Zh: "%d 天"}},
		{time.Hour, lang.T{En: "%d h", Zh: "%d 小时"}},
		{time.Minute, lang.T{En: "%d min", Zh: "%d 分钟"}},
		{time.Second, lang.T{En: "%d s", Zh: "%d 秒"}},
	}
)

// Distance says how far away a moment is: "in 23 h 59 min", "3 min ago", "3 分钟前". Positive is the future. It uses the largest
// unit and the one below it, and drops the rest.
func Distance(d time.Duration, l lang.Lang) string {
	text := Span(d.Abs(), l)
	switch {
	case text == "":
		return textNow.In(l)
	case d < 0:
		return textAgo.With(text).In(l)
	}
	return textIn.With(text).In(l)
}

// Span writes a length of time: "4 min 59 s". Less than a second is "".
func Span(d time.Duration, l lang.Lang) string {
	for i, unit := range timeUnits {
		n := d / unit.size
		if n == 0 {
			continue
		}
		text := fmt.Sprintf(unit.name.In(l), n)
		if i+1 == len(timeUnits) {
			return text
		}
		below := timeUnits[i+1]
		if m := d % unit.size / below.size; m > 0 {
			text += " " + fmt.Sprintf(below.name.In(l), m)
		}
		return text
	}
	return ""
}

// Clock returns t as local time where standard output is a terminal, else as RFC 3339 in UTC.
func (s *IO) Clock(t time.Time) string { return clockText(t, s.OutTTY) }

func clockText(t time.Time, tty bool) string {
	if tty {
		return t.Local().Format(time.DateTime)
	}
	return t.UTC().Format(time.RFC3339)
}
