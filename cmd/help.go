package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

var (
	textUsage       = lang.T{En: "Usage", Zh: "用法"}
	textExamples    = lang.T{En: "Examples", Zh: "示例"}
	textCommands    = lang.T{En: "Commands", Zh: "命令"}
	textTopics      = lang.T{En: "Help topics", Zh: "帮助主题"}
	textFlags       = lang.T{En: "Flags", Zh: "参数"}
	textGlobalFlags = lang.T{En: "Flags of every command", Zh: "所有命令通用的参数"}
	textMoreHelp    = lang.T{En: "More: %s --help", Zh: "更多：%s --help"}
	textNoTopic     = lang.T{En: "no help for %q: it is neither a command nor a topic (topics: %s)", Zh: "没有关于 %q 的帮助：它既不是命令也不是主题（主题有：%s）"}
)

// newHelp is `wxlogin help [COMMAND | TOPIC]`.
func newHelp(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "help [COMMAND | TOPIC]",
		Short: lang.T{En: "Explain a command or a topic", Zh: "讲解某个命令或主题"},
		Long: lang.T{
			En: "Without an argument, help lists the commands and the topics. With one, it explains it.",
			Zh: "不带参数时列出所有命令和主题；带参数时讲解该命令或主题。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the exit codes, for scripts", Zh: "查看退出码（写脚本时用）"}, Line: "wxlogin help exit-codes"},
		},
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return explained(a, c.Root()), cobra.ShellCompDirectiveNoFileComp
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return printHelp(a, c.Root(), true)
		}
		if topic, ok := findTopic(args[0]); ok && len(args) == 1 {
			return a.IO.Print(func(p *term.Page) { topic.print(a, p) })
		}
		target, rest, err := c.Root().Find(args)
		if err != nil || len(rest) > 0 || target == c.Root() {
			return app.Usage(textNoTopic, strings.Join(args, " "), strings.Join(topicNames(), ", "))
		}
		return printHelp(a, target, true)
	}
	return c
}

// printHelp writes the help of a command to standard output: in short, or all of it.
func printHelp(a *app.App, c *cobra.Command, long bool) error {
	return a.IO.Print(func(p *term.Page) {
		if long && c.Long != "" {
			p.Paragraphs(c.Long)
		} else {
			p.Text(c.Short)
		}
		p.Heading(textUsage)
		p.Command(usageLine(c))
		helpExamples(p, c)
		helpCommands(p, c)
		helpFlags(p, textFlags, c.LocalNonPersistentFlags())
		if c == c.Root() || long {
			helpFlags(p, textGlobalFlags, c.Root().PersistentFlags())
		}
		if c == c.Root() {
			p.Heading(textTopics)
			p.Rows(topicRows(p.Lang()))
		}
		if !long && c != c.Root() {
			p.Blank()
			p.Note(textMoreHelp, c.CommandPath())
		}
	})
}

func usageLine(c *cobra.Command) string {
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " COMMAND"
	}
	if c.HasAvailableLocalFlags() && c != c.Root() && !strings.Contains(line, "[flags]") {
		before, after, child := strings.Cut(line, " [-- ")
		line = before + " [flags]"
		if child {
			line += " [-- " + after
		}
	}
	return line
}

func helpExamples(p *term.Page, c *cobra.Command) {
	if c.Example == "" {
		return
	}
	p.Heading(textExamples)
	for line := range strings.Lines(c.Example) {
		p.Text("  " + strings.TrimRight(line, "\n"))
	}
}

func helpCommands(p *term.Page, c *cobra.Command) {
	var rows []term.Row
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			rows = append(rows, term.Row{Name: sub.Name(), Text: sub.Short})
		}
	}
	if len(rows) > 0 {
		p.Heading(textCommands)
		p.Rows(rows)
	}
}

func helpFlags(p *term.Page, heading lang.T, flags *pflag.FlagSet) {
	if rows := flagRows(flags); len(rows) > 0 {
		p.Heading(heading)
		p.Rows(rows)
	}
}

// flagRows lists flags as "-q, --jq EXPR"; the placeholder is in the flag's text, in backquotes, or is its type.
func flagRows(flags *pflag.FlagSet) []term.Row {
	var rows []term.Row
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		placeholder, text := pflag.UnquoteUsage(f)
		if f.Value.Type() == "count" { // it takes no value
			placeholder = ""
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		if placeholder != "" {
			name += " " + placeholder
		}
		for _, colon := range []string{": ", "："} { // "iv: `VALUE`" says twice what the left column says; "of user `NAME`" needs its last word
			text = strings.TrimSuffix(text, colon+placeholder)
		}
		rows = append(rows, term.Row{Name: name, Text: text})
	})
	return rows
}

// explained lists everything that help explains, for completion. Where a command and a topic share a name, help shows the topic.
func explained(a *app.App, root *cobra.Command) []cobra.Completion {
	var all []cobra.Completion
	for _, c := range root.Commands() {
		if _, isTopic := findTopic(c.Name()); c.IsAvailableCommand() && !isTopic {
			all = append(all, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	slices.Sort(all)
	for _, t := range topics() {
		all = append(all, cobra.CompletionWithDesc(t.name, t.short.In(a.IO.Lang)))
	}
	return all
}
