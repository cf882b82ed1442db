package term

import (
	"errors"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// ErrNoTTY means that there is no terminal to ask a question on.
var ErrNoTTY = errors.New("no terminal to ask on")

// A UsageError says that the command line is wrong: a bad value of an output flag, or two arguments that both want standard input.
type UsageError struct {
	Text lang.Message
	Err  error // the cause, may be nil
}

func usage(text lang.Message, cause error) *UsageError { return &UsageError{Text: text, Err: cause} }

// Error returns the text in English.
func (e *UsageError) Error() string { return e.Text.In(lang.English) }

// Message returns the text in both languages.
func (e *UsageError) Message() lang.Message { return e.Text }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// A QueryError says that a jq expression failed on the object it ran over. What it printed before stays printed.
type QueryError struct {
	Expr string
	Err  error
}

// Error returns the text in English.
func (e *QueryError) Error() string { return e.Message().In(lang.English) }

// Message returns the text in both languages.
func (e *QueryError) Message() lang.Message { return textQueryFailed.With(e.Expr, e.Err) }

// Unwrap returns the cause.
func (e *QueryError) Unwrap() error { return e.Err }
