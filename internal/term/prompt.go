package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	xterm "golang.org/x/term"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// maxAnswer bounds the line that a prompt reads; a canonical terminal line has 4096 bytes.
const maxAnswer = 4096

// CanPrompt reports whether a question may be asked: somebody is at both ends and neither --no-input nor CI forbids it.
func (s *IO) CanPrompt(noInput bool) bool {
	return !noInput && s.InTTY && s.OutTTY && !InCI(s.Env)
}

// InCI reports whether the run belongs to a continuous integration service: CI is set, and not to "0" or "false".
func InCI(env func(string) (string, bool)) bool {
	value, _ := env("CI")
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// Prompt writes label, such as "AppID: ", to the terminal, broken between words where it is longer than a line, and returns the answer,
// one line, without surrounding blanks. Without a terminal it returns [ErrNoTTY], at the end of input (Ctrl-D) a [*UsageError] that is [io.EOF], and ctx's error
// once ctx is done.
func (s *IO) Prompt(ctx context.Context, label string) (string, error) {
	answer, err := s.ask(ctx, label, readLine)
	return strings.TrimSpace(answer), err
}

// PromptSecret is [IO.Prompt] without echo.
func (s *IO) PromptSecret(ctx context.Context, label string) (redact.Secret, error) {
	answer, err := s.ask(ctx, label, readHidden)
	return redact.NewSecret(strings.TrimSpace(answer)), err
}

// Confirm asks a question that only "y" and "yes" (also 是) answer with true.
func (s *IO) Confirm(ctx context.Context, question string) (bool, error) {
	answer, err := s.ask(ctx, fmt.Sprintf(textYesNo.In(s.Lang), question), readLine)
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return true, err
	}
	return false, err
}

// ask writes the label to the terminal and reads the answer. A read from a terminal cannot be cancelled everywhere, so a
// reader that ctx overtakes is left behind with its terminal, echo switched on again: the process is about to end.
func (s *IO) ask(ctx context.Context, label string, read func(io.ReadWriter) (string, error)) (string, error) {
	tty, err := s.TTY()
	if err != nil {
		return "", err
	}
	restore := remember(tty)
	if _, err := io.WriteString(tty, s.question(label)); err != nil {
		return "", errors.Join(fmt.Errorf("write to the terminal: %w", err), tty.Close())
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read(tty)
		_ = tty.Close()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, io.EOF) {
			return "", usage(textNoAnswer.With(), io.EOF)
		}
		return r.text, r.err
	case <-ctx.Done():
		restore()
		return "", ctx.Err()
	}
}

// question breaks a label into lines. The blanks at its end are the place of the answer.
func (s *IO) question(label string) string {
	text := strings.TrimRight(label, " ")
	if s.Width < narrow {
		return label
	}
	return wrap(text, s.Width-1) + label[len(text):]
}

// remember returns a function that puts the terminal back into its present state.
func remember(tty io.ReadWriter) func() {
	file, ok := tty.(interface{ Fd() uintptr })
	if !ok {
		return func() {}
	}
	fd := int(file.Fd())
	state, err := xterm.GetState(fd)
	if err != nil {
		return func() {}
	}
	return func() {
		_ = xterm.Restore(fd, state)
		_, _ = io.WriteString(tty, "\n")
	}
}

// readHidden reads a line without echo where tty is a terminal, and as it comes where a test stands in for one.
func readHidden(tty io.ReadWriter) (string, error) {
	file, ok := tty.(interface{ Fd() uintptr })
	if !ok || !xterm.IsTerminal(int(file.Fd())) {
		return readLine(tty)
	}
	answer, err := xterm.ReadPassword(int(file.Fd()))
	_, _ = io.WriteString(tty, "\n") // the Enter of the answer was not echoed either
	return string(answer), err
}

// readLine reads byte by byte: a buffered reader would take input that belongs to the next prompt.
func readLine(tty io.ReadWriter) (string, error) {
	var line []byte
	var one [1]byte
	for len(line) < maxAnswer {
		n, err := tty.Read(one[:])
		switch {
		case n == 1 && one[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, one[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case errors.Is(err, io.EOF):
			_, _ = io.WriteString(tty, "\n") // what comes next begins its own line
			return "", err
		case err != nil:
			return "", err
		}
	}
	return "", fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
}
