package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// Query is a compiled jq expression.
type Query struct {
	expr string
	code *gojq.Code
}

// compile compiles expr. It sees neither the environment ($ENV is empty) nor files.
func compile(expr string) (*Query, error) {
	if strings.TrimSpace(expr) == "" {
		return nil, usage(textEmptyQuery.With(), nil)
	}
	parsed, err := gojq.Parse(expr)
	if err != nil {
		return nil, usage(textBadQuery.With(expr, err), err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, usage(textBadQuery.With(expr, err), err)
	}
	return &Query{expr: expr, code: code}, nil
}

// run writes each result on its own line: strings as they are, anything else as JSON. Numbers pass through exactly.
func (q *Query) run(s *IO, v any) error {
	input, err := decode(v)
	if err != nil {
		return err
	}
	for results := q.code.Run(input); ; {
		result, more := results.Next()
		if !more {
			return nil
		}
		if failure, ok := result.(error); ok {
			if halt, ok := errors.AsType[*gojq.HaltError](failure); ok && halt.Value() == nil {
				return nil
			}
			return &QueryError{Expr: q.expr, Err: failure}
		}
		if err := s.writeResult(result); err != nil {
			return err
		}
	}
}

func (s *IO) writeResult(result any) error {
	if text, ok := result.(string); ok {
		if s.OutTTY {
			text = cleanLines(text)
		}
		_, err := s.RawOut.Write([]byte(text + "\n"))
		return err
	}
	line, err := gojq.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode JSON: %w", err)
	}
	return s.writeJSON(append(line, '\n'))
}

// decode turns v into what gojq computes with, by way of its JSON, so that the query sees the names that --json prints.
func decode(v any) (any, error) {
	data, err := EncodeJSON(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // float64 has no room for the id 9007199254740993
	var input any
	if err := dec.Decode(&input); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return input, nil
}

// cleanLines is [redact.Clean] that keeps line feeds.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = redact.Clean(line)
	}
	return strings.Join(lines, "\n")
}
