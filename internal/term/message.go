package term

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Fail writes one line "error: …" to standard error.
func (s *IO) Fail(m lang.Message) { s.say(s.Styles.Fail, textError, m) }

// Warn writes one line "warning: …" to standard error.
func (s *IO) Warn(m lang.Message) { s.say(s.Styles.Warn, textWarning, m) }

// Hint writes one line "hint: …" to standard error. A hint names a command to run.
func (s *IO) Hint(m lang.Message) { s.say(s.Styles.Key, textHint, m) }

// Cause writes one line "cause: …" to standard error: why that may have happened which an error reported.
func (s *IO) Cause(m lang.Message) { s.say(s.Styles.Faint, textCause, m) }

// Fix writes one line "fix: …" to standard error: what mends that which an error reported.
func (s *IO) Fix(m lang.Message) { s.say(s.Styles.OK, textFix, m) }

// Also writes one line "also: …" to standard error: a further finding.
func (s *IO) Also(m lang.Message) { s.say(s.Styles.Warn, textAlso, m) }

// Detail writes one indented line to standard error, below the message that it belongs to.
func (s *IO) Detail(m lang.Message) { s.line("  ", s.Styles.Faint, m) }

// Note writes one line without a prefix to standard error.
func (s *IO) Note(m lang.Message) { s.say(s.Styles.Faint, lang.T{}, m) }

func (s *IO) say(style lipgloss.Style, prefix lang.T, m lang.Message) {
	s.line(prefix.In(s.Lang), style, m)
}

// line cleans the whole line: an argument may carry text that somebody else wrote. On a terminal a long one is broken between words,
// and continues under its beginning.
func (s *IO) line(head string, style lipgloss.Style, m lang.Message) {
	text := redact.Clean(m.In(s.Lang))
	indent := lipgloss.Width(head)
	if room := s.Width - indent; s.ErrTTY && room >= narrow {
		text = strings.ReplaceAll(wrap(text, room), "\n", "\n"+strings.Repeat(" ", indent))
	}
	if head != "" {
		head = style.Render(head)
	}
	_, _ = fmt.Fprintln(s.Err, head+text) // nowhere is left to report a failure to
}

// IsBrokenPipe reports whether err says that the reader of our output went away, as head(1) does. The run then ends in silence.
func IsBrokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || isClosedPipe(err)
}
