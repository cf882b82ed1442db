package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// Format is how an answer is written.
type Format int

// The formats.
const (
	Text   Format = iota // for people
	JSON                 // one object on one line
	NDJSON               // one object a line, for streams
)

// Output is what --json, -o and -q ask for. The zero Output is text.
type Output struct {
	Format Format
	JQ     *Query // nil: the whole object
}

// ParseOutput reads --json, the value of -o (or of its variable and key; "" is unset) and of -q (nil is unset). A query
// implies JSON and is compiled here, before anything is sent. Errors are a [*UsageError].
func ParseOutput(jsonFlag bool, format string, jq *string) (Output, error) {
	var o Output
	switch format {
	case "", "text":
	case "json":
		o.Format = JSON
	case "ndjson":
		o.Format = NDJSON
	default:
		return Output{}, usage(textBadOutput.With(format), nil)
	}
	if jq != nil {
		query, err := compile(*jq)
		if err != nil {
			return Output{}, err
		}
		o.JQ = query
	}
	if o.Format == Text && (jsonFlag || jq != nil) {
		o.Format = JSON
	}
	return o, nil
}

// Machine reports whether a program reads the output: messages then stay English and errors are JSON.
func (o Output) Machine() bool { return o.Format != Text }

// Print writes v to standard output: as text by calling human, else as JSON, one line for each call. human is not called
// for JSON, and v is not looked at for text. A failing query is a [*QueryError].
func (o Output) Print(s *IO, v any, human func(p *Page)) error {
	switch {
	case o.Format == Text:
		return s.Print(human)
	case o.JQ != nil:
		return o.JQ.run(s, v)
	}
	line, err := EncodeJSON(v)
	if err != nil {
		return err
	}
	return s.writeJSON(line)
}

// writeJSON writes data as it is, except to a terminal, where characters that steer it become their JSON escapes.
func (s *IO) writeJSON(data []byte) error {
	if s.OutTTY {
		data = escapeHidden(data)
	}
	_, err := s.RawOut.Write(data)
	return err
}

// EncodeJSON returns v as one line of JSON with a line feed at the end. <, > and & stand as they are.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return b.Bytes(), nil
}

// WriteJSON writes [EncodeJSON] of v to w, which is how errors go to standard error.
func WriteJSON(w io.Writer, v any) error {
	line, err := EncodeJSON(v)
	if err != nil {
		return err
	}
	_, err = w.Write(line)
	return err
}

// escapeHidden replaces what [redact.Clean] would drop (C1 controls, bidi controls, zero-width characters) by \uXXXX. Such
// characters stand only inside JSON strings, so the value stays the same.
func escapeHidden(data []byte) []byte {
	if redact.Clean(string(data)) == string(data) {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if redact.Clean(string(r)) != "" {
			out = append(out, data[:size]...)
		} else {
			out = append(out, jsonEscape(r)...)
		}
		data = data[size:]
	}
	return out
}

// jsonEscape writes r as UTF-16 escapes.
func jsonEscape(r rune) string {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// PrintDocument writes bytes that somebody else made: to a terminal indented, where they are JSON, and without what would steer it;
// anywhere else exactly as they are.
func (s *IO) PrintDocument(document []byte) error {
	if !s.OutTTY {
		_, err := s.RawOut.Write(document)
		return err
	}
	var indented bytes.Buffer
	if json.Indent(&indented, document, "", "  ") != nil {
		return s.Print(func(p *Page) { p.Text(string(document)) })
	}
	return s.writeJSON(append(bytes.TrimRight(indented.Bytes(), "\n"), '\n'))
}

// Lines returns a writer of the answer for commands whose answer is JSON by itself, an object a line. Each Write has to be whole
// lines. They go out as they are, or to the query, or to a terminal without what would steer it; Write returns how much of them did.
func (o Output) Lines(s *IO) io.Writer {
	if o.JQ == nil && !s.OutTTY {
		return s.RawOut
	}
	return &lineWriter{o, s}
}

type lineWriter struct {
	output Output
	io     *IO
}

func (w *lineWriter) Write(lines []byte) (int, error) {
	done := 0
	for line := range bytes.Lines(lines) {
		var err error
		if w.output.JQ != nil {
			err = w.output.JQ.run(w.io, json.RawMessage(line))
		} else {
			err = w.io.writeJSON(line)
		}
		if err != nil {
			return done, err
		}
		done += len(line)
	}
	return done, nil
}
