package term

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// progressAfter is how long work lasts before a bar shows: what is done sooner needs none.
const progressAfter = 300 * time.Millisecond

// A Progress is a bar on standard error while work lasts. A nil Progress shows nothing.
type Progress struct {
	bar   *progressbar.ProgressBar
	start time.Time
}

// Progress returns a bar for work on so many bytes, -1 where nobody knows how many. It is nil where nobody would see it, or where it
// would stand between the lines of the answer.
func (s *IO) Progress(what lang.T, total int64, now time.Time) *Progress {
	const (
		width        = 24 // columns of the bar
		narrowBar    = 10 // in a terminal that has no room for bytes and times beside it
		wholeLine    = 72 // columns of a line with everything
		asciiSpinner = 9
	)
	if !s.ErrTTY || s.OutTTY {
		return nil
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(s.rawErr), progressbar.OptionSetDescription(what.In(s.Lang)),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(progressAfter / 3),
		progressbar.OptionSpinnerType(asciiSpinner), progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that turns it
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}),
	}
	if s.Width < wholeLine {
		options = append(options, progressbar.OptionSetWidth(narrowBar), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	} else {
		options = append(options, progressbar.OptionSetWidth(width), progressbar.OptionShowCount())
	}
	p := &Progress{start: now, bar: progressbar.NewOptions64(total, options...)}
	p.bar.StartWithoutRender()
	return p
}

// Set says that so many bytes are done.
func (p *Progress) Set(done int64, now time.Time) {
	if p != nil && now.Sub(p.start) >= progressAfter {
		_ = p.bar.Set64(done) // a standard error that is gone is nothing to end the work for
	}
}

// Done takes the bar away.
func (p *Progress) Done() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
