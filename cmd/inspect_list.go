package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/term"
)

// readToken returns the one token that is given.
func readToken(a *app.App, args []string) (string, error) {
	text, list, err := readTokens(a, args)
	if err == nil && list != nil {
		return "", app.Usage(textOneToken)
	}
	return text, err
}

// readTokens returns the token that is given; or, where standard input or a file holds several lines, a reader of all of them.
func readTokens(a *app.App, args []string) (text string, list io.Reader, err error) {
	given := "-"
	switch {
	case len(args) == 1:
		given = args[0]
	case a.IO.InTTY:
		return "", nil, app.Usage(textNoToken)
	}
	path, fromFile := strings.CutPrefix(given, "@")
	switch {
	case given == "-", fromFile:
		text, list, err = readStream(a, path)
	default: // env: is not a form that this argument takes; the verdict will say so
		text = given
	}
	if err != nil || list != nil {
		return "", list, err
	}
	if text = bareToken(a, text); text == "" {
		return "", nil, app.Usage(textNoToken)
	}
	return text, nil, nil
}

// bareToken takes a token out of what it was copied with.
func bareToken(a *app.App, text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") { // copied from a header
		text = strings.TrimSpace(text[7:])
	}
	text, wrapped := unwrapToken(text)
	if wrapped {
		a.IO.Note(textUnwrapped.With())
	}
	return text
}

// readStream reads a file, or standard input for "-". What is one document, JSON over several lines included, is a text; several lines
// are a list, which is read as it is needed.
func readStream(a *app.App, path string) (text string, list io.Reader, err error) {
	in, closeIn, err := openInput(a, path)
	if err != nil {
		return "", nil, err
	}
	first, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		closeIn()
		return "", nil, cannotRead(path, "TOKEN", err)
	}
	if isList(first) {
		return "", io.MultiReader(bytes.NewReader(first), in), nil // the process ends with the list, and closes the file
	}
	closeIn()
	if len(first) > maxInput {
		return "", nil, &tooLargeError{"TOKEN"}
	}
	return string(first), nil, nil
}

func openInput(a *app.App, path string) (in io.Reader, closeIn func(), err error) {
	if path == "-" {
		in, err = a.IO.Stdin("TOKEN")
		return in, func() {}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, cannotRead(path, "TOKEN", err)
	}
	return file, func() { _ = file.Close() }, nil
}

// isList reports whether text has more than one line that says something, and is not one JSON document.
func isList(text []byte) bool {
	text = bytes.TrimSpace(text)
	if !bytes.ContainsRune(text, '\n') {
		return false
	}
	_, err := opendata.ParsePasted(text)
	_, wrapped := unwrapToken(string(text))
	return err != nil && !wrapped
}

// listed is one line of the answer to a list of tokens. The field names are API.
type listed struct {
	Line int `json:"line"` // of the input, from 1
	inspection
}

// inspectList judges a token a line and prints an object a line. It fails if one of them is not valid, or cannot be judged; what comes
// before has been printed by then.
func inspectList(ctx context.Context, a *app.App, in io.Reader, headersOnly bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	if !output.Machine() {
		output.Format = term.NDJSON
	}
	worst := error(nil)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxInput)
	for number := 1; lines.Scan(); number++ {
		text := bareToken(a, lines.Text())
		if text == "" {
			continue
		}
		judged := unverified(text)
		if !headersOnly {
			if judged, err = inspect(ctx, a, text); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		judged.answer()
		if err := output.Print(a.IO, listed{number, judged}, nil); err != nil {
			return err
		}
		if worst == nil && judged.Verdict != login.Valid && judged.Verdict != login.Unverified {
			worst = &verdictError{judged.Verdict}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return &tooLargeError{"TOKEN"}
	} else if err != nil {
		return cannotRead("-", "TOKEN", err)
	}
	return worst
}
