package worldfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	maxFile   = 64 << 20 // bytes; some 300 000 users with all that can be said of them
	maxQuoted = 60       // characters of a file that an error repeats
)

// An Error says what is wrong with a file of the world, and where. It never holds the value of a secret.
type Error struct {
	Path   string // of the file
	Line   int    // from 1; 0 if unknown
	Field  string // "apps[0].users[2].phone"; "" if the fault is not in one
	Reason string
	Err    error // the cause, may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Path == "" {
		b.WriteString("file of the world")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Load reads a file. The error is an [*Error] for what stands in it, and one of package os when it cannot be read.
func Load(path string) (*File, error) {
	opened, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return nil, err
	}
	f, err := Parse(data)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Path = path
	}
	return f, err
}

// Parse reads the text of a file. The error is an [*Error].
func Parse(data []byte) (*File, error) {
	if len(data) > maxFile {
		return nil, &Error{Reason: fmt.Sprintf("is larger than %d MiB", maxFile>>20)}
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{Reason: "is empty; it begins with version: 1"}
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &Error{Reason: "holds more than one document, or something after it that is not YAML"}
	}
	root := doc.Content[0]
	if err := check(root, reflect.TypeFor[File](), ""); err != nil {
		return nil, err
	}
	var f File
	if err := root.Decode(&f); err != nil { // what check lets through fits
		return nil, &Error{Reason: "does not fit: " + redact.Shorten(err.Error(), maxQuoted), Err: err}
	}
	if f.Version != Version {
		return nil, &Error{Line: lineOf(root, "version"), Field: "version", Reason: fmt.Sprintf("is %d; this version of wxlogin reads %d", f.Version, Version)}
	}
	return &f, nil
}

// syntaxError takes the line out of the text of the parser, which is "yaml: line 3: did not find ...". The text names no values.
func syntaxError(err error) *Error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{Reason: "is not YAML: " + redact.Shorten(text, 2*maxQuoted), Err: err}
	if after, found := strings.CutPrefix(text, "line "); found {
		number, rest, _ := strings.Cut(after, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			e.Line, e.Reason = line, "is not YAML: "+redact.Shorten(rest, 2*maxQuoted)
		}
	}
	return e
}

func lineOf(node *yaml.Node, key string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line
		}
	}
	return 0
}

// check holds a node against the type that it is to be read into: known fields, each once, values of the right kind. What it
// lets through, the parser can read.
func check(node *yaml.Node, t reflect.Type, field string) error {
	wrong := func(reason string) error { return &Error{Line: node.Line, Field: field, Reason: reason} }
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return wrong("anchors and aliases are not supported here")
	case t == reflect.TypeFor[Secret]():
		t = reflect.TypeFor[string]()
	case t.Kind() == reflect.Pointer:
		if node.Tag == "!!null" {
			return nil
		}
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkFields(node, t, field)
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			return wrong("is not a list")
		}
		for i, element := range node.Content {
			if err := check(element, t.Elem(), fmt.Sprintf("%s[%d]", field, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if node.Kind != yaml.ScalarNode {
		return wrong("is not a single value")
	}
	if !fits(node, t) {
		return wrong("is not " + kindName(t))
	}
	return nil
}

func checkFields(node *yaml.Node, t reflect.Type, field string) error {
	if node.Kind != yaml.MappingNode {
		return &Error{Line: node.Line, Field: field, Reason: "is not a list of fields"}
	}
	known := fields(t)
	var seen []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		wrong := func(format string, args ...any) error {
			return &Error{Line: key.Line, Field: field, Reason: fmt.Sprintf(format, args...)}
		}
		position := slices.Index(known, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "":
			return wrong("a name of a field is not a word")
		case position < 0:
			name := wechat.Shown(key.Value, maxQuoted)
			if near := nearest(key.Value, known); near != "" {
				return wrong("unknown field %q; did you mean %s?", name, near)
			}
			return wrong("unknown field %q; there are %s", name, strings.Join(known, ", "))
		case slices.Contains(seen, key.Value):
			return wrong("field %s is there twice", key.Value)
		}
		seen = append(seen, key.Value)
		name := key.Value
		if field != "" {
			name = field + "." + name
		}
		if err := check(node.Content[i+1], t.Field(position).Type, name); err != nil {
			return err
		}
	}
	return nil
}

// fields returns the names of a struct's fields in the file, in order.
func fields(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return names
}

// fits reports whether a scalar can be read into a value of the type. A number is a text as well: phone numbers need no quotes.
func fits(node *yaml.Node, t reflect.Type) bool {
	var err error
	switch t.Kind() {
	case reflect.String:
		return node.Tag != "!!null" && node.Tag != "!!binary" && node.Tag != "!!bool"
	case reflect.Bool:
		return node.Tag == "!!bool" && node.Decode(new(bool)) == nil
	case reflect.Int:
		err = node.Decode(new(int))
	case reflect.Uint64:
		err = node.Decode(new(uint64))
	}
	return err == nil && node.Tag == "!!int"
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	}
	return "a whole number"
}
