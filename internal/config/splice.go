package config

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// indentStep is how much deeper a new nested key stands.
const indentStep = 2

// splice puts a value into the text of a file, or removes a line for an empty value. It replaces the value of a key that is there, or adds a line after the last one of
// the mapping that the key belongs to. false means that the text is not of the plain kind it understands; its caller checks
// the result, so that it may guess.
func splice(data []byte, s Setting) ([]byte, bool) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, false
	}
	if s.Value == "" {
		return removeLine(data, &doc, s.Name)
	}
	value, ok := scalar(s.Value)
	if !ok {
		return nil, false
	}
	path := strings.Split(s.Name, ".")
	if doc.Kind == 0 { // only comments, or nothing
		return addLines(data, len(splitLines(data)), 0, path, value), true
	}
	node, line := doc.Content[0], len(splitLines(data))
	for depth, name := range path {
		if node.Kind != yaml.MappingNode || node.Style&yaml.FlowStyle != 0 || len(node.Content) == 0 {
			return nil, false
		}
		indent := node.Content[0].Column - 1
		if depth > 0 {
			line = lastLine(node)
		}
		next := find(node, name)
		switch {
		case next == nil:
			return addLines(data, line, indent, path[depth:], value), true
		case depth == len(path)-1:
			return replaceScalar(data, next, value)
		case next.Kind == yaml.ScalarNode && next.Value == "": // "profiles:" with nothing below
			return addLines(data, next.Line, indent+indentStep, path[depth+1:], value), true
		}
		node = next
	}
	return nil, false
}

// removeLine removes a key of the top level that stands on a line of its own, with what follows it there.
func removeLine(data []byte, doc *yaml.Node, name string) ([]byte, bool) {
	if doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode || doc.Content[0].Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	node := doc.Content[0]
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Value != name {
			continue
		}
		if lines := splitLines(data); value.Kind == yaml.ScalarNode && value.Line == key.Line && key.Line <= len(lines) {
			return bytes.Join(slices.Delete(lines, key.Line-1, key.Line), nil), true
		}
	}
	return nil, false
}

// scalar writes a string as YAML on one line, quoted where it needs to be.
func scalar(value string) (string, bool) {
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value})
	text := strings.TrimSuffix(string(out), "\n")
	return text, err == nil && !strings.Contains(text, "\n")
}

// lastLine returns the line on which the last scalar below node begins, from 1.
func lastLine(node *yaml.Node) int {
	last := node.Line
	for _, c := range node.Content {
		last = max(last, lastLine(c))
	}
	return last
}

// splitLines splits behind each line feed, so that joining gives the same bytes.
func splitLines(data []byte) [][]byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// addLines adds "a:", "  b: value" after the line with the number after, with the line end that the file has.
func addLines(data []byte, after, indent int, path []string, value string) []byte {
	end := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		end = "\r\n"
	}
	lines := splitLines(data)
	var b bytes.Buffer
	for i := 0; i < after && i < len(lines); i++ {
		b.Write(lines[i])
	}
	if n := b.Len(); n > 0 && b.Bytes()[n-1] != '\n' {
		b.WriteString(end)
	}
	for i, name := range path {
		b.WriteString(strings.Repeat(" ", indent+i*indentStep) + name + ":")
		if i == len(path)-1 {
			b.WriteString(" " + value)
		}
		b.WriteString(end)
	}
	for i := after; i < len(lines); i++ {
		b.Write(lines[i])
	}
	return b.Bytes()
}

// replaceScalar replaces a scalar that stands on one line, and leaves what follows it.
func replaceScalar(data []byte, node *yaml.Node, value string) ([]byte, bool) {
	lines := splitLines(data)
	if node.Kind != yaml.ScalarNode || node.Line < 1 || node.Line > len(lines) || node.Anchor != "" {
		return nil, false
	}
	line := lines[node.Line-1]
	start, ok := byteColumn(line, node.Column)
	if !ok {
		return nil, false
	}
	length, ok := scalarLength(string(line[start:]), node)
	if !ok {
		return nil, false
	}
	if start > 0 && line[start-1] == ':' { // "appid:" with nothing behind it
		value = " " + value
	}
	var b bytes.Buffer
	for i, l := range lines {
		if i != node.Line-1 {
			b.Write(l)
			continue
		}
		b.Write(l[:start])
		b.WriteString(value)
		b.Write(l[start+length:])
	}
	return b.Bytes(), true
}

// byteColumn turns a column in characters, from 1, into an offset in bytes.
func byteColumn(line []byte, column int) (int, bool) {
	offset, n := 0, 1
	for i := range string(line) {
		if n == column {
			return i, true
		}
		offset, n = i+1, n+1
	}
	return min(offset, len(line)), n == column
}

// scalarLength returns how many bytes of text, which begins with the scalar of node, belong to it.
func scalarLength(text string, node *yaml.Node) (int, bool) {
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0:
		return 0, false
	case node.Style&yaml.SingleQuotedStyle != 0:
		return quotedLength(text, '\'')
	case node.Style&yaml.DoubleQuotedStyle != 0:
		return quotedLength(text, '"')
	}
	text = strings.TrimRight(text, "\r\n")
	if comment := strings.Index(text, " #"); comment >= 0 {
		text = text[:comment]
	}
	return len(strings.TrimRight(text, " \t")), true
}

// quotedLength finds the closing quote. A quote inside is written twice in single quotes and escaped in double quotes.
func quotedLength(text string, quote byte) (int, bool) {
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		default:
			return i + 1, true
		}
	}
	return 0, false
}
