package world

import "time"

// A meter counts calls against a quota. The zero value has counted nothing.
type meter struct {
	window int64 // which minute, or which day, the count is of
	count  int
}

// take counts a call in the window and reports whether the quota had room for it. A clock that is moved to another window, also
// to an earlier one, starts anew.
func (m *meter) take(window int64, limit int) bool {
	if m.window != window {
		*m = meter{window: window}
	}
	if m.count >= limit {
		return false
	}
	m.count++
	return true
}

func minuteOf(now int64) int64 { return now / int64(time.Minute) }

// dayOf counts days of China: quotas last "the rest of the day", in reports of people there. That midnight is the border is our
// choice.
func dayOf(now int64) int64 { return (now + 8*int64(time.Hour)) / (24 * int64(time.Hour)) }
