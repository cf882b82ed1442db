package term

import (
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// SetColor sets what --color says: "auto", "always" or "never". Anything else is a [*UsageError].
func (s *IO) SetColor(mode string) error {
	switch mode {
	case colorAuto, colorAlways, colorNever:
		s.color(mode)
		return nil
	}
	return usage(textBadColor.With(mode), nil)
}

// Colored reports whether standard output gets colour.
func (s *IO) Colored() bool {
	w, ok := s.Out.(*colorprofile.Writer)
	return ok && w.Profile > colorprofile.NoTTY
}

// profile decides about colour on one stream. colorprofile's own detection is not used: it reads NO_COLOR as a boolean, so
// that NO_COLOR=yes has no effect, and it does not know FORCE_COLOR.
func profile(mode string, tty bool, env func(string) (string, bool)) colorprofile.Profile {
	if wantsColor(mode, tty, env) {
		return colorprofile.ANSI // 16 colours: the terminal's own theme keeps them readable
	}
	return colorprofile.NoTTY
}

// wantsColor: the flag, then NO_COLOR (any value, no-color.org), then the variables that force, then those that forbid, then
// whether somebody looks at it.
func wantsColor(mode string, tty bool, env func(string) (string, bool)) bool {
	get := func(name string) string { value, _ := env(name); return value }
	forces := func(name string) bool { value := get(name); return value != "" && value != "0" }
	switch {
	case mode == colorAlways:
		return true
	case mode == colorNever, get("NO_COLOR") != "":
		return false
	case forces("CLICOLOR_FORCE"), forces("FORCE_COLOR"):
		return true
	case get("TERM") == "dumb", get("CLICOLOR") == "0":
		return false
	}
	return tty
}

// Styles are the looks of text. They use the 16 ANSI colours only.
type Styles struct {
	Heading, Key, OK, Warn, Fail, Command, Faint lipgloss.Style
}

func newStyles() Styles {
	plain := lipgloss.NewStyle()
	return Styles{
		Heading: plain.Bold(true),
		Key:     plain.Foreground(lipgloss.Cyan),
		OK:      plain.Foreground(lipgloss.Green),
		Warn:    plain.Foreground(lipgloss.Yellow),
		Fail:    plain.Foreground(lipgloss.Red),
		Command: plain.Bold(true),
		Faint:   plain.Faint(true),
	}
}

// of returns the style of a level.
func (s Styles) of(level Level) lipgloss.Style {
	switch level {
	case OK:
		return s.OK
	case Warn:
		return s.Warn
	case Fail:
		return s.Fail
	case Faint, Skip:
		return s.Faint
	}
	return lipgloss.NewStyle()
}
