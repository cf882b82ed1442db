// Package term is the edge towards the person or the script that runs the tool: streams, colour, width, prompts, and
// output as text, JSON or the result of a jq expression.
//
// Standard output carries the answer and nothing else; warnings and hints go to standard error; questions go to the
// terminal itself, so that a pipe on standard input does not stop them. Text is styled fully and the writer of each
// stream takes away what the stream does not want. The terminal is never asked anything: one that stays silent costs
// seconds.
package term

import (
	"bytes"
	"io"
	"os"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	xterm "golang.org/x/term"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// defaultWidth is the width of a terminal that does not tell: what a VT100 had.
const defaultWidth = 80

// IO is the streams of one run of the tool, with what is known about them. It is not safe for concurrent use.
type IO struct {
	In  io.Reader // standard input; [IO.Stdin] claims it
	Out io.Writer // standard output; takes away colour that the stream does not want
	Err io.Writer // standard error; likewise

	RawOut io.Writer // standard output for bytes that must arrive unchanged

	InTTY, OutTTY, ErrTTY bool
	Width                 int // columns of the terminal, 80 if unknown
	Lang                  lang.Lang
	Styles                Styles

	Env func(string) (string, bool)        // looks up an environment variable
	TTY func() (io.ReadWriteCloser, error) // opens the terminal for a prompt; tests replace it

	rawErr  io.Writer
	stdinBy string // who claimed In
}

// System returns the streams of the process, with colour as for --color=auto. The language is English until set.
func System(env func(string) (string, bool)) *IO {
	s := &IO{
		In: os.Stdin, RawOut: os.Stdout, rawErr: os.Stderr,
		InTTY: isTerminal(os.Stdin), OutTTY: isTerminal(os.Stdout), ErrTTY: isTerminal(os.Stderr),
		Width: defaultWidth, Env: env, TTY: openTTY, Styles: newStyles(),
	}
	for _, f := range []*os.File{os.Stderr, os.Stdout} { // the latter counts where both are terminals
		if width, _, err := xterm.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.Width = width
		}
	}
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		lipgloss.EnableLegacyWindowsANSI(f) // old consoles of Windows show escape sequences as text until asked; elsewhere nothing
	}
	s.color(colorAuto)
	return s
}

// Test returns streams over buffers: no terminal, no colour, an empty environment, English. Tests set the fields they bend.
func Test() (s *IO, in, out, errOut *bytes.Buffer) {
	in, out, errOut = new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	s = &IO{
		In: in, RawOut: out, rawErr: errOut, Width: defaultWidth, Styles: newStyles(),
		Env: func(string) (string, bool) { return "", false },
		TTY: func() (io.ReadWriteCloser, error) { return nil, ErrNoTTY },
	}
	s.color(colorAuto)
	return s, in, out, errOut
}

// Stdin claims standard input for the argument called by, such as "--data". One argument only can have it: the second
// claim is a [*UsageError] that names both. At a terminal it says that it waits.
func (s *IO) Stdin(by string) (io.Reader, error) {
	if s.stdinBy != "" {
		return nil, usage(textStdinTwice.With(s.stdinBy, by), nil)
	}
	s.stdinBy = by
	if s.InTTY {
		s.Note(textStdinWaits.With(by))
	}
	return s.In, nil
}

// Streams returns the streams as the process has them, for a program that is to have them in our place.
func (s *IO) Streams() (in io.Reader, out, errOut io.Writer) { return s.In, s.RawOut, s.rawErr }

func isTerminal(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }

// color puts the writers that mode asks for in front of the streams.
func (s *IO) color(mode string) {
	s.Out = &colorprofile.Writer{Forward: s.RawOut, Profile: profile(mode, s.OutTTY, s.Env)}
	s.Err = &colorprofile.Writer{Forward: s.rawErr, Profile: profile(mode, s.ErrTTY, s.Env)}
}
