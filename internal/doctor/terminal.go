package doctor

import (
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Terminal is what is known of the streams.
type Terminal struct {
	TTY, Color bool
	Width      int
	Lang       lang.Lang
}

// terminal tells how messages look here, and why.
func (x *examination) terminal() {
	t := x.Terminal
	switch {
	case !t.TTY:
		x.ok(AreaTerminal, "terminal", textPipe)
	case t.Color:
		x.ok(AreaTerminal, "terminal", textColor, t.Width)
	default:
		x.ok(AreaTerminal, "terminal", textNoColor, t.Width)
	}
	name, value := x.locale()
	switch {
	case value == "":
		x.ok(AreaTerminal, "locale", textNoLocale, languageName(t.Lang))
	case t.TTY && t.Lang == lang.Chinese && !isUTF8(value) && x.GOOS != "windows":
		x.add(AreaTerminal, "locale", Warn, textNotUTF8.With(name, redact.Shorten(value, 40)), textFixUTF8.With())
	default:
		x.ok(AreaTerminal, "locale", textLocale, name, redact.Shorten(value, 40), languageName(t.Lang))
	}
}

// locale returns the variable that decides about characters.
func (x *examination) locale() (name, value string) {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := x.env(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

func languageName(l lang.Lang) lang.T {
	if l == lang.Chinese {
		return lang.T{En: "Chinese", Zh: "中文"}
	}
	return lang.T{En: "English", Zh: "英文"}
}

func isUTF8(locale string) bool {
	folded := strings.ToLower(strings.ReplaceAll(locale, "-", ""))
	return strings.Contains(folded, "utf8") || !strings.Contains(locale, ".") && !strings.EqualFold(locale, "C") && !strings.EqualFold(locale, "POSIX")
}

var (
	textPipe     = lang.T{En: "standard output is no terminal: no colour, no questions", Zh: "标准输出不是终端：不着色，不提问"}
	textColor    = lang.T{En: "a terminal of %d columns, with colour", Zh: "终端宽 %d 列，着色"}
	textNoColor  = lang.T{En: "a terminal of %d columns, without colour", Zh: "终端宽 %d 列，不着色"}
	textNoLocale = lang.T{En: "no locale is set; messages are in %v (--lang zh|en)", Zh: "没有设置 locale；消息语言为%v（--lang zh|en）"}
	textLocale   = lang.T{En: "%s=%s; messages are in %v (--lang zh|en)", Zh: "%s=%s；消息语言为%v（--lang zh|en）"}
	textNotUTF8  = lang.T{En: "%s=%s is not UTF-8, in which wxlogin writes Chinese", Zh: "%s=%s 不是 UTF-8，而 wxlogin 以 UTF-8 输出中文"}
	textFixUTF8  = lang.T{En: "set LANG=zh_CN.UTF-8, or --lang en", Zh: "设置 LANG=zh_CN.UTF-8，或使用 --lang en"}
)
