package cmd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestExamples parses every example of every command up to where it would run: the command exists, so do its flags, and the number of
// arguments is right.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		walkCommands(newRoot(quietApp(l)), func(c *cobra.Command) {
			lines := exampleLines(c)
			if len(lines) == 0 {
				t.Errorf("%s (%v) has no example", c.CommandPath(), l)
			}
			for _, line := range lines {
				found := 0
				for _, words := range shellCommands(line) {
					rest, ours := afterProgram(words)
					if !ours {
						continue
					}
					found++
					if err := parses(rest); err != nil {
						t.Errorf("%s: %q: %v", c.CommandPath(), line, err)
					}
				}
				if found == 0 {
					t.Errorf("%s: the example %q does not run wxlogin", c.CommandPath(), line)
				}
			}
		})
	}
}

// TestTexts: every command and flag explains itself, in one line without a full stop.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		root := newRoot(quietApp(l))
		check := func(where, text string) {
			if text == "" || strings.ContainsAny(text, "\n") || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "。") {
				t.Errorf("%s (%v): bad short text %q", where, l, text)
			}
		}
		walkCommands(root, func(c *cobra.Command) {
			check(c.CommandPath(), c.Short)
			c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { check(c.CommandPath()+" --"+f.Name, f.Usage) })
		})
		root.PersistentFlags().VisitAll(func(f *pflag.Flag) { check("--"+f.Name, f.Usage) })
	}
}

// afterProgram returns the arguments of a command that runs this tool.
func afterProgram(words []string) (args []string, ours bool) {
	for _, program := range [][]string{{"wxlogin"}, {"go", "run", "."}} {
		if len(words) >= len(program) && slices.Equal(words[:len(program)], program) {
			return words[len(program):], true
		}
	}
	return nil, false
}

func walkCommands(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		walkCommands(sub, visit)
	}
}

func exampleLines(c *cobra.Command) []string {
	var lines []string
	for line := range strings.Lines(c.Example) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			lines = append(lines, strings.TrimSuffix(command, "\n"))
		}
	}
	return lines
}

// parses does what cobra does with a command line before it runs the command. A word that is a variable of the shell stands for 1, which
// is a text as well as a number.
func parses(words []string) error {
	words = slices.Clone(words)
	for i, word := range words {
		if strings.HasPrefix(word, "$") {
			words[i] = "1"
		}
	}
	root := newRoot(quietApp(lang.English))
	root.InitDefaultHelpCmd()
	c, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	args := c.Flags().Args()
	if c.Name() == "help" && len(args) > 0 {
		if _, ok := findTopic(args[0]); ok {
			return nil
		}
		return parses(args)
	}
	if c.HasSubCommands() && len(args) > 0 {
		return fmt.Errorf("%s has no verb %q", c.CommandPath(), args[0])
	}
	return c.ValidateArgs(args)
}

// shellCommands takes a line of shell apart into the commands that it runs, each as its words. It knows pipes, quotes, redirections,
// assignments, $(...) and <(...), which is what the examples use.
func shellCommands(line string) [][]string {
	p := &shellParser{rest: line}
	p.list("")
	return p.commands
}

type shellParser struct {
	rest     string
	commands [][]string
}

// list reads commands up to end, ")" or the end of the line.
func (p *shellParser) list(end string) {
	var words []string
	var word strings.Builder
	inWord, redirected := false, false
	flush := func() {
		text := word.String()
		word.Reset()
		name, _, assigns := strings.Cut(text, "=")
		switch {
		case !inWord:
		case redirected:
			redirected = false
		case len(words) == 0 && assigns && name == strings.ToUpper(name): // VAR=value before the command
		default:
			words = append(words, text)
		}
		inWord = false
	}
	finish := func() {
		flush()
		if len(words) > 0 {
			p.commands = append(p.commands, words)
		}
		words = nil
	}
	for p.rest != "" {
		switch {
		case end != "" && strings.HasPrefix(p.rest, end):
			p.rest = p.rest[len(end):]
			finish()
			return
		case strings.HasPrefix(p.rest, "$("), strings.HasPrefix(p.rest, "<("):
			p.rest = p.rest[2:]
			inWord = true
			p.list(")")
		case p.rest[0] == '\'':
			quoted, after, _ := strings.Cut(p.rest[1:], "'")
			word.WriteString(quoted)
			inWord, p.rest = true, after
		case p.rest[0] == '"':
			p.rest = p.rest[1:]
			inWord = true
			p.quoted(&word)
		case strings.ContainsRune("|;&", rune(p.rest[0])):
			p.rest = p.rest[1:]
			finish()
		case strings.ContainsRune("<>", rune(p.rest[0])):
			p.rest = p.rest[1:]
			flush()
			redirected = true
		case p.rest[0] == ' ':
			p.rest = p.rest[1:]
			flush()
		default:
			word.WriteByte(p.rest[0])
			inWord, p.rest = true, p.rest[1:]
		}
	}
	finish()
}

// quoted reads to the closing double quote; what $(...) prints is not known and left out.
func (p *shellParser) quoted(word *strings.Builder) {
	for p.rest != "" {
		switch {
		case p.rest[0] == '"':
			p.rest = p.rest[1:]
			return
		case strings.HasPrefix(p.rest, "$("):
			p.rest = p.rest[2:]
			p.list(")")
		default:
			word.WriteByte(p.rest[0])
			p.rest = p.rest[1:]
		}
	}
}

func TestShellCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][][]string{
		`wxlogin mock phone | wxlogin decrypt - -q '.a | .b'`: {{"wxlogin", "mock", "phone"}, {"wxlogin", "decrypt", "-", "-q", ".a | .b"}},
		`eval "$(wxlogin mock env)"`:                          {{"wxlogin", "mock", "env"}, {"eval", ""}},
		`CODE=$(wxlogin mock login)`:                          {{"wxlogin", "mock", "login"}},
		`source <(wxlogin completion bash)`:                   {{"wxlogin", "completion", "bash"}, {"source", ""}},
		`A=b wxlogin serve > log`:                             {{"wxlogin", "serve"}},
		`curl "http://x?code=$(wxlogin mock login)&y"`:        {{"wxlogin", "mock", "login"}, {"curl", "http://x?code=&y"}},
	} {
		if diff := cmp.Diff(want, shellCommands(line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}
