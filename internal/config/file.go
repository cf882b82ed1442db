package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxFile bounds a configuration file: a thousand profiles have room, a disk image has none.
const maxFile = 1 << 20

// document is what a configuration file says. Keys that are present but empty are in empty and not in values.
type document struct {
	path     string
	mode     fs.FileMode
	values   map[string]string // by full name, profiles.NAME.KEY included
	lines    map[string]int
	empty    []string
	profiles []string // in the order of the file

	forbidden []string // what a project file may not hold, in the order of the file
}

// readDocument reads a file. allowed picks the keys that it may set.
func readDocument(path string, project bool) (*document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fileError(path, err)
	}
	if !stat.Mode().IsRegular() && stat.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) == 0 {
		return nil, &Error{File: path, Reason: textNotRegular.With()}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	doc, err := parse(path, data, project)
	if err != nil {
		return nil, err
	}
	doc.mode = stat.Mode()
	return doc, nil
}

// fileError names the path once: os's own errors repeat it.
func fileError(path string, err error) *Error {
	cause := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pathErr.Err
	}
	return &Error{File: path, Reason: textUnreadable.With(cause), Err: err}
}

// parse reads YAML: one mapping of scalars, with the nesting that the table of keys has.
func parse(path string, data []byte, project bool) (*document, error) {
	doc := &document{path: path, values: map[string]string{}, lines: map[string]int{}}
	root, err := parseTree(path, data)
	if err != nil || root == nil {
		return doc, err
	}
	err = doc.mapping(root, "", project)
	if len(doc.forbidden) > 0 { // before anything else that is wrong: it says whom the file can be trusted by
		return nil, doc.notInProject()
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// notInProject names every forbidden key and its line, so that one look at the file is enough.
func (d *document) notInProject() *Error {
	first := d.forbidden[0]
	reason := textNotInProject.With()
	for _, name := range d.forbidden[1:] {
		reason = textNorInProject.With(reason, name, d.lines[name])
	}
	return &Error{
		File: d.path, Line: d.lines[first], Key: first, Reason: reason,
		Fixes: []lang.Message{textFixProject.With(strings.Join(names(inProject), ", "))},
	}
}

// parseTree returns the top mapping, or nil for a file that says nothing.
func parseTree(path string, data []byte) (*yaml.Node, error) {
	if len(data) > maxFile {
		return nil, &Error{File: path, Reason: textTooLarge.With(maxFile)}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var node, second yaml.Node
	if err := dec.Decode(&node); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlError(path, err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, &Error{File: path, Line: second.Line, Reason: textTwoDocuments.With()}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(path, err)
	}
	if node.Kind != yaml.DocumentNode || len(node.Content) != 1 {
		return nil, nil
	}
	root := node.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, &Error{File: path, Line: root.Line, Reason: textNotMapping.With()}
	}
	return root, nil
}

// yamlError keeps the line of a syntax error, and its text unless that quotes from the file: what it quotes may be a secret.
func yamlError(path string, err error) *Error {
	e := &Error{File: path, Reason: textBadYAML.With()}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		e.Line, _ = strconv.Atoi(m[1]) // digits, and too many of them make 0: unknown
		text = text[len(m[0]):]
	}
	if !strings.ContainsAny(text, "'`\"\n") {
		e.Reason = textBadYAMLText.With(text)
	}
	return e
}

// mapping reads the keys of one level, whose full names begin with prefix.
func (d *document) mapping(node *yaml.Node, prefix string, project bool) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			return &Error{File: d.path, Line: name.Line, Reason: textBadName.With()}
		}
		full := prefix + name.Value
		if strings.Contains(name.Value, ".") { // the rest of the package takes the dot for nesting
			return &Error{File: d.path, Line: name.Line, Key: quotable(full), Reason: textDotted.With()}
		}
		if _, twice := d.lines[full]; twice {
			return &Error{File: d.path, Line: name.Line, Key: full, Reason: textTwice.With(d.lines[full])}
		}
		d.lines[full] = name.Line
		if err := d.entry(full, value, project); err != nil {
			return d.placed(err, full, name.Line)
		}
	}
	return nil
}

// placed adds file and line to an error that does not know them.
func (d *document) placed(err error, key string, line int) error {
	if e, ok := errors.AsType[*Error](err); ok && e.File == "" {
		e.File, e.Line = d.path, line
		if e.Key == "" && !errors.Is(err, ErrUnknownKey) { // an unknown key is named only where that is safe
			e.Key = key
		}
	}
	return err
}

func (d *document) entry(full string, value *yaml.Node, project bool) error {
	if project && !projectMay(full) {
		if _, _, err := resolve(full); err != nil && !isGroup(full) {
			return unknownKey(full, names(inProject))
		}
		d.forbidden = append(d.forbidden, full)
		return nil
	}
	if isGroup(full) {
		return d.group(full, value, project)
	}
	key, _, err := resolve(full)
	if err != nil {
		return err
	}
	switch {
	case value.Kind != yaml.ScalarNode:
		return &Error{Reason: textNotScalar.With()}
	case value.Tag == "!!null", value.Value == "":
		d.empty = append(d.empty, full)
		return nil
	}
	if reason := key.kind.check(value.Value); !reason.IsZero() {
		return &Error{Reason: reason}
	}
	if project && key.kind == kindURL && !loopbackURL(value.Value) {
		return &Error{Reason: textNotLoopback.With(), Fixes: []lang.Message{textFixNotLoopback.With(key.Env, full)}}
	}
	d.values[full] = value.Value
	return nil
}

// group reads what is nested: "profiles", "profiles.NAME", "mock".
func (d *document) group(full string, value *yaml.Node, project bool) error {
	if name, ok := strings.CutPrefix(full, profilePrefix); ok {
		if !validProfile(name) {
			return &Error{Reason: textBadProfile.With(wechat.Shown(name, maxShown))}
		}
		d.profiles = append(d.profiles, name)
	}
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
		return nil
	case value.Kind != yaml.MappingNode:
		return &Error{Reason: textNotMapping.With()}
	}
	return d.mapping(value, full+".", project)
}

// isGroup reports whether a full name holds keys instead of a value.
func isGroup(full string) bool {
	if rest, ok := strings.CutPrefix(full, profilePrefix); ok {
		return !strings.Contains(rest, ".")
	}
	return full == "profiles" || full == "mock"
}

// projectMay reports whether a project file may hold the name. Such a file comes with somebody's repository and must not
// decide where a secret is read from or sent to; so it may name a simulation on this machine only, because `mock env` makes
// that the API host.
func projectMay(full string) bool {
	if full == "mock" || strings.HasPrefix(full, "mock.") {
		return true
	}
	key, ok := lookup(full)
	return ok && key.project
}
