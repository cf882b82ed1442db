package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// flagText says in both languages what pflag says in English. It knows pflag's errors by their types, and says false of others.
func flagText(err error) (lang.Message, bool) {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if group := e.GetSpecifiedShortnames(); group != "" {
			return textUnknownShort.With(dashed(e.GetSpecifiedName()[:1]), group), true
		}
		return textUnknownFlag.With(e.GetSpecifiedName()), true
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return textFlagWithoutValue.With(dashed(e.GetFlag().Name)), true
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return badValue(e), true
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return textFlagSyntax.With(e.GetSpecifiedFlag()), true
	}
	return lang.Message{}, false
}

func badValue(e *pflag.InvalidValueError) lang.Message {
	name := dashed(e.GetFlag().Name)
	switch e.GetFlag().Value.Type() {
	case "bool":
		return textNotBool.With(name, e.GetValue())
	case "duration":
		return textNotDuration.With(name, e.GetValue())
	}
	return textBadValue.With(name, e.GetValue(), e.Unwrap())
}

// dashed writes the name of a flag as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + strings.TrimLeft(name, "-")
}

var (
	textUnknownFlag      = lang.T{En: "unknown flag: --%s", Zh: "未知参数：--%s"}
	textUnknownShort     = lang.T{En: "unknown flag: %s (in -%s)", Zh: "未知参数：%s（在 -%s 中）"}
	textFlagWithoutValue = lang.T{En: "%s needs a value", Zh: "%s 需要一个值"}
	textFlagSyntax       = lang.T{En: "%s is not a flag: it has no name", Zh: "%s 不是参数：没有名称"}
	textNotBool          = lang.T{En: "%s takes true or false, not %q", Zh: "%s 只接受 true 或 false，不接受 %q"}
	textNotDuration      = lang.T{En: "%s: %q is not a duration with a unit, such as 10s, 5m or 24h", Zh: "%s：%q 不是带单位的时长，例如 10s、5m 或 24h"}
	textBadValue         = lang.T{En: "%s: bad value %q: %v", Zh: "%s：值 %q 无效：%v"}
)
