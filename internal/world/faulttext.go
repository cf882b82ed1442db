package world

import (
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// ParseFault reads a fault as it stands in a file: the arguments of `wxlogin mock fault add`, such as "--on jscode2session --times 2
// errcode:-1". What holds a blank stands in double quotes, as a string of Go. The error is a [*FaultError].
func ParseFault(text string) (Fault, error) {
	var f Fault
	words, ok := splitWords(text)
	if !ok {
		return Fault{}, faultError("a quote is not closed, or holds what Go would not")
	}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		name, isFlag := strings.CutPrefix(word, "--")
		if !isFlag {
			if f.Effect.Kind != "" {
				return Fault{}, faultError("a fault has one effect, and %q is a second", shownEffect(word))
			}
			e, err := ParseEffect(word)
			if err != nil {
				return Fault{}, err
			}
			f.Effect = e
			continue
		}
		name, value, joined := strings.Cut(name, "=")
		if !joined {
			if len(words) == 0 {
				return Fault{}, faultError("--%s needs a value", redact.Shorten(name, 40))
			}
			value, words = words[0], words[1:]
		}
		if problem := f.set(name, value); problem != "" {
			return Fault{}, faultError("--%s %s", redact.Shorten(name, 40), problem)
		}
	}
	return f, f.check()
}

// splitWords splits at blanks outside of quotes, and takes the quotes off.
func splitWords(text string) (words []string, ok bool) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var word strings.Builder
		for text != "" && !strings.ContainsAny(text[:1], " \t\r\n") {
			part := text[:1]
			if part == `"` {
				quoted, err := strconv.QuotedPrefix(text)
				if err != nil {
					return nil, false
				}
				text = text[len(quoted):]
				part, _ = strconv.Unquote(quoted)
			} else {
				text = text[1:]
			}
			word.WriteString(part)
		}
		words = append(words, word.String())
	}
	return words, true
}

// set takes a flag in and returns what is wrong with it.
func (f *Fault) set(name, value string) (problem string) {
	for _, flag := range f.flags() {
		if flag.name != name {
			continue
		}
		switch {
		case value == "":
			return "needs a value"
		case flag.text != nil:
			*flag.text = value
			return ""
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > maxFaultN {
			return "needs a number"
		}
		*flag.number = n
		return ""
	}
	switch name {
	case "appid":
		f.AppID = wechat.AppID(value)
	case "code":
		f.Code = wechat.Code(value)
	case "for":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return "needs a duration such as 90s or 1h"
		}
		f.For = d
	default:
		return "is no flag of a fault"
	}
	return ""
}

// flagOf is a flag that is a plain text or number.
type flagOf struct {
	name   string
	text   *string
	number *int
}

func (f *Fault) flags() []flagOf {
	return []flagOf{
		{name: "on", text: &f.On},
		{name: "user", text: &f.User},
		{name: "every", number: &f.Every},
		{name: "percent", number: &f.Percent},
		{name: "times", number: &f.Times},
		{name: "after", number: &f.After},
	}
}

// String is the text that [ParseFault] reads. Id and scenario are not in it.
func (f Fault) String() string {
	words := []string{}
	add := func(name, value string) {
		if strings.ContainsAny(value, "\"\\") || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || !strconv.IsPrint(r) }) {
			value = strconv.Quote(value)
		}
		if value != "" {
			words = append(words, "--"+name, value)
		}
	}
	add("appid", string(f.AppID))
	add("code", string(f.Code))
	for _, flag := range f.flags() {
		if flag.text != nil {
			add(flag.name, *flag.text)
		} else if *flag.number != 0 {
			add(flag.name, strconv.Itoa(*flag.number))
		}
	}
	if f.For != 0 {
		add("for", f.For.String())
	}
	return strings.Join(append(words, f.Effect.String()), " ")
}

// startFaults adds the faults that the world began with, after a reset: all of them for "", or those that are for one app alone.
func (w *World) startFaults(id wechat.AppID) {
	for _, f := range w.initialFaults {
		if id == "" || f.AppID == id {
			_, _ = w.faults.add(f, w.now()) // it was good when the world was made
		}
	}
}
