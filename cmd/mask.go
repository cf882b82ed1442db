package cmd

import (
	"io"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maskErrors is the last net under error messages: it hides what was given in a wrong place. An AppSecret after --appid, a token where
// a command's name belongs, a login token that a broken mock repeats: a message that quotes the culprit must not quote these.
func maskErrors(a *app.App, args []string) {
	var pairs []string
	hide := func(text string) {
		if hint := redact.NewSecret(text).Hint(); hint != "" {
			pairs = append(pairs, text, hint)
		}
	}
	for _, name := range []string{"WXLOGIN_SECRET", "WXLOGIN_MOCK_TOKEN", "WXLOGIN_STORE_PASSWORD", "WXLOGIN_INTROSPECTION_SECRET", "WXLOGIN_KEYS"} {
		if value, _ := a.Env(name); len(value) >= 8 { // shorter ones are parts of words
			hide(value)
		}
	}
	for _, arg := range args {
		for _, text := range []string{arg, afterAny(arg, "="), afterAny(arg, ":"), cutShort(arg)} {
			if wechat.ShapeOf(text).IsSecret() {
				hide(text)
			}
		}
	}
	if len(pairs) > 0 {
		a.IO.Err = &maskWriter{w: a.IO.Err, replacer: strings.NewReplacer(pairs...)}
	}
}

// afterAny returns what follows the first separator: of --flag=value, of env:value.
func afterAny(arg, separator string) string {
	_, value, _ := strings.Cut(arg, separator)
	return value
}

// cutShort returns the value of -xVALUE.
func cutShort(arg string) string {
	if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
		return arg[2:]
	}
	return ""
}

// maskWriter replaces within each write, and messages are written in one.
type maskWriter struct {
	w        io.Writer
	replacer *strings.Replacer
}

func (m *maskWriter) Write(p []byte) (int, error) {
	if _, err := m.replacer.WriteString(m.w, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
