package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Setting is a key with its new value; [Use] removes a key by an empty one. Name is a full name: "timeout", "mock.url", "profiles.staging.appid".
type Setting struct {
	Name, Value string
	Literal     bool // for a secret: keep the value itself in the file, because the user asked for it
}

// Set writes values into the user's file at path, which it makes if need be. Everything else in the file stays byte for byte,
// comments included, unless the file is written in a way that forbids it (braces, literal blocks); then only comments and
// order stay. It checks everything before it writes; errors are an [*Error].
func Set(path string, settings ...Setting) error {
	for _, s := range settings {
		if err := s.check(); err != nil {
			return err
		}
	}
	return edit(path, settings)
}

// Init is [Set] for a file that must not exist yet.
func Init(path string, settings ...Setting) error {
	if _, err := os.Lstat(path); err == nil {
		return &Error{File: path, Reason: textExists.With(), Err: fs.ErrExist, Fixes: []lang.Message{textFixSet.With()}}
	}
	return Set(path, settings...)
}

// Use makes a profile of the file the one that is used. "" stands for none and removes the key; a file without it is not touched.
func Use(path, profile string) error {
	doc, err := readDocument(path, false)
	if err != nil {
		return err
	}
	if profile != "" && !slices.Contains(doc.profiles, profile) {
		c := Config{user: doc}
		return c.noProfile(profile, Origin{})
	}
	if _, present := doc.lines["profile"]; profile == "" && !present {
		return nil
	}
	return edit(path, []Setting{{Name: "profile", Value: profile}})
}

// check refuses what [Load] would refuse, a malformed appid, and a literal secret that nobody asked to keep in a file.
func (s Setting) check() error {
	key, _, err := resolve(s.Name)
	if err != nil {
		return err
	}
	switch {
	case s.Value == "":
		return &Error{Key: s.Name, Reason: textEmptyValue.With()}
	case redact.Clean(s.Value) != s.Value:
		return &Error{Key: s.Name, Reason: textControl.With()}
	case key.Secret && !s.Literal && parseReference(s.Value).kind == refLiteral:
		return &Error{Key: s.Name, Reason: textLiteralSecret.With(), Fixes: []lang.Message{textFixReference.With()}}
	}
	if reason := key.kind.check(s.Value); !reason.IsZero() {
		return &Error{Key: s.Name, Reason: reason}
	}
	if key.Name == "appid" { // stricter than Load: whoever sets one means to use it
		if reason := checkAppID(s.Value); !reason.IsZero() {
			return &Error{Key: s.Name, Reason: reason, Fixes: []lang.Message{textFixAppIDShape.With()}}
		}
	}
	return nil
}

func edit(path string, settings []Setting) error {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(path, err)
	}
	before, err := parse(path, data, false) // a file that cannot be read back is not touched
	if err != nil {
		return err
	}
	for _, s := range settings {
		if data, err = change(path, data, s); err != nil {
			return err
		}
		before.set(s)
	}
	if after, err := parse(path, data, false); err != nil || !after.says(before) {
		return &Error{File: path, Reason: textByHand.With()}
	}
	return writeFile(path, data)
}

// set does to the parsed file what an edit does to its text.
func (d *document) set(s Setting) {
	delete(d.values, s.Name)
	if s.Value != "" {
		d.values[s.Name] = s.Value
	}
}

// says reports whether two files have the same values.
func (d *document) says(other *document) bool { return reflect.DeepEqual(d.values, other.values) }

// change returns the file with one value changed: by cutting into its text, or, where the result does not read back as it
// should, by writing the node tree anew.
func change(path string, data []byte, s Setting) ([]byte, error) {
	want, err := parse(path, data, false)
	if err != nil {
		return nil, err
	}
	want.set(s)
	if cut, ok := splice(data, s); ok {
		if got, err := parse(path, cut, false); err == nil && got.says(want) {
			return cut, nil
		}
	}
	return rewrite(data, s)
}

// rewrite sets the value in the node tree, or removes a key of the top level, and writes the tree.
func rewrite(data []byte, s Setting) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, &Error{Reason: textBadYAML.With(), Err: err}
	}
	if doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	node := doc.Content[0]
	if s.Value == "" {
		remove(node, s.Name)
		return encode(&doc)
	}
	for name := range strings.SplitSeq(s.Name, ".") {
		node = child(node, name)
	}
	comments := *node
	node.SetString(s.Value)
	node.Style = 0
	node.HeadComment, node.LineComment, node.FootComment = comments.HeadComment, comments.LineComment, comments.FootComment
	return encode(&doc)
}

func encode(doc *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(doc), enc.Close()); err != nil {
		return nil, &Error{Reason: textBadYAML.With(), Err: err}
	}
	return b.Bytes(), nil
}

// remove takes a key with its value out of a mapping.
func remove(node *yaml.Node, name string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			node.Content = slices.Delete(node.Content, i, i+2)
			return
		}
	}
}

// child returns the value of a key of a mapping, and adds it if need be. A null becomes a mapping.
func child(node *yaml.Node, name string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		*node = yaml.Node{Kind: yaml.MappingNode, HeadComment: node.HeadComment, LineComment: node.LineComment, FootComment: node.FootComment}
	}
	if value := find(node, name); value != nil {
		return value
	}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
	return value
}

// find returns the value of a key of a mapping, or nil.
func find(node *yaml.Node, name string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}
