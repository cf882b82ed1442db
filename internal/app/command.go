package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// Spec describes a command to its reader.
type Spec struct {
	Use      string // "decrypt [FILE | -]"
	Short    lang.T // one line, no full stop
	Long     lang.T // paragraphs
	Examples []Example
}

// An Example is a command line and what it is for. It is typed in the tests (cmd/testdata/script), so that it cannot rot.
type Example struct {
	Note lang.T
	Line string // without the prompt
}

// Command makes the command with its texts in the reader's language. Its usage errors are typed, and it takes no arguments
// unless Args is replaced.
func (a *App) Command(spec Spec) *cobra.Command {
	c := &cobra.Command{
		Use:                   spec.Use,
		Short:                 spec.Short.In(a.IO.Lang),
		Long:                  spec.Long.In(a.IO.Lang),
		Example:               a.examples(spec.Examples),
		Args:                  NoArgs,
		ValidArgsFunction:     cobra.NoFileCompletions,
		DisableFlagsInUseLine: true,
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &term.UsageError{Text: textBadFlag.With(err.Error()), Err: err}
	})
	return c
}

func (a *App) examples(list []Example) string {
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "# %s\n$ %s\n", e.Note.In(a.IO.Lang), e.Line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Group makes a command that only holds others. Alone it prints its help; with a verb it does not have, it is a usage error
// that suggests the nearest ones (cobra by itself would print help and exit 0).
func (a *App) Group(spec Spec, verbs ...*cobra.Command) *cobra.Command {
	c := a.Command(spec)
	c.AddCommand(verbs...)
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		if c.ArgsLenAtDash() == 0 {
			return Usage(textCommandAfterDash, c.CommandPath())
		}
		return UnknownCommand(c, args[0])
	}
	return c
}

// UnknownCommand is the usage error for a verb that c does not have.
func UnknownCommand(c *cobra.Command, name string) error {
	c.SuggestionsMinimumDistance = 2
	message := textUnknownCommand.With(name, c.CommandPath())
	if near := c.SuggestionsFor(name); len(near) > 0 {
		message = textUnknownCommandNear.With(name, c.CommandPath(), strings.Join(near, ", "))
	}
	return &term.UsageError{Text: message}
}

// Usage is a usage error of the command line, exit 2.
func Usage(text lang.T, args ...any) error { return &term.UsageError{Text: text.With(args...)} }

// NoArgs refuses arguments. Like its siblings it does not repeat them: they may be tokens.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage(textNoArguments, c.CommandPath(), len(args))
	}
	return nil
}

// MaxArgs refuses more than n arguments.
func MaxArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return Usage(textTooManyArguments, c.CommandPath(), textArguments.With(n), len(args))
		}
		return nil
	}
}

// ExactArgs wants exactly n arguments.
func ExactArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return Usage(textWrongArguments, c.CommandPath(), textArguments.With(n), len(args))
		}
		return nil
	}
}

// KeyFlag defines a flag that sets a configuration key for this run.
func (a *App) KeyFlag(c *cobra.Command, flag, key, placeholder string, text lang.T) {
	c.Flags().Var(keyFlag{a, key, placeholder}, flag, text.In(a.IO.Lang))
}

// keyFlag is a pflag.Value that writes to Flags.Keys.
type keyFlag struct {
	app         *App
	key         string
	placeholder string
}

func (f keyFlag) String() string {
	if f.app == nil { // pflag makes a zero value to learn the default
		return ""
	}
	return f.app.Flags.Keys[f.key]
}

func (f keyFlag) Set(value string) error {
	f.app.Flags.Keys[f.key] = value
	return nil
}

func (f keyFlag) Type() string { return f.placeholder }

var (
	textBadFlag            = lang.T{En: "%s", Zh: "参数有误：%s"}
	textArguments          = lang.T{En: "%d arguments", Zh: "%d 个参数"}
	textUnknownCommand     = lang.T{En: "unknown command %q for %q", Zh: "未知命令 %q（在 %q 之下）"}
	textUnknownCommandNear = lang.T{En: "unknown command %q for %q; did you mean %s?", Zh: "未知命令 %q（在 %q 之下），是否想输入 %s？"}
	textCommandAfterDash   = lang.T{En: "%s does not look for a command after --: leave the -- out", Zh: "%s 不会在 -- 之后查找命令：请去掉 --"}
	textNoArguments        = lang.T{En: "%s takes no arguments, but got %d", Zh: "%s 不接受参数，却收到 %d 个"}
	textTooManyArguments   = lang.T{En: "%s takes at most %s, but got %d", Zh: "%s 最多接受 %s，却收到 %d 个"}
	textWrongArguments     = lang.T{En: "%s takes exactly %s, but got %d", Zh: "%s 需要 %s，却收到 %d 个"}
)
