// Package lang holds texts in the two languages of the tool, English and Chinese, beside their use.
//
// Command and flag names, JSON keys, log lines and WeChat's own errmsg are never translated.
package lang

import (
	"fmt"
	"strings"
)

// Lang is a language of the interface.
type Lang int

// The languages.
const (
	English Lang = iota
	Chinese
)

// String returns "en" or "zh".
func (l Lang) String() string {
	if l == Chinese {
		return "zh"
	}
	return "en"
}

// Parse reads the name of a language as --lang, WXLOGIN_LANG and the key lang take it: "en" or "zh".
func Parse(name string) (Lang, error) {
	switch name {
	case "en":
		return English, nil
	case "zh":
		return Chinese, nil
	}
	return English, fmt.Errorf("unknown language %q (want zh or en)", name)
}

// FromLocale reads a POSIX locale such as "zh_CN.UTF-8": zh* is Chinese, anything else (C, POSIX, garbage) English.
func FromLocale(locale string) Lang {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return Chinese
	}
	return English
}

// T is one text in both languages. Both have the same fmt verbs in the same order (a test holds that).
type T struct {
	En, Zh string
}

// In returns the text in the language l.
func (t T) In(l Lang) string {
	if l == Chinese {
		return t.Zh
	}
	return t.En
}

// With binds the text's verbs to args. An argument that is itself a [T] or a [Message] is rendered in the reader's language.
func (t T) With(args ...any) Message { return Message{text: t, args: args} }

// Message is a text with its arguments, not yet in any language.
type Message struct {
	text T
	args []any
}

// IsZero reports whether there is no text.
func (m Message) IsZero() bool { return m.text == T{} }

// In renders the message in the language l.
func (m Message) In(l Lang) string {
	if len(m.args) == 0 {
		return m.text.In(l)
	}
	args := make([]any, len(m.args))
	for i, arg := range m.args {
		switch arg := arg.(type) {
		case T:
			args[i] = arg.In(l)
		case Message:
			args[i] = arg.In(l)
		default:
			args[i] = arg
		}
	}
	if l == English {
		return Count(m.text.En, args...)
	}
	return fmt.Sprintf(m.text.Zh, args...)
}
