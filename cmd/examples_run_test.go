package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestExamplesAreTyped: every example of every command stands in a script, which runs it.
func TestExamplesAreTyped(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "examples_*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var typed []string
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "example ") {
				typed = append(typed, strings.TrimSpace(line))
			}
		}
	}
	for _, line := range allExamples() {
		if !slices.ContainsFunc(typed, func(command string) bool { return strings.HasSuffix(command, " "+quoted(line)) }) {
			t.Errorf("no script runs the example %s: add it to testdata/script/examples_*.txtar as: example %s", line, quoted(line))
		}
	}
}

// quoted is a line of shell as one word of a script.
func quoted(line string) string { return "'" + strings.ReplaceAll(line, "'", "''") + "'" }

// allExamples lists the examples of all commands. They are the same in both languages.
var allExamples = sync.OnceValue(func() []string {
	var lines []string
	root := newRoot(quietApp(lang.English))
	root.InitDefaultHelpCmd()
	walkCommands(root, func(c *cobra.Command) { lines = append(lines, exampleLines(c)...) })
	return lines
})

// typeExample runs an example of help in a shell, as it stands there:
//
//	example [-shell SHELL] [-exit CODE] [-stop PATTERN] [-tty] [-at OLD=NEW] 'LINE'
//
// -exit is for those that must fail here, -stop for those that go on until they are stopped, which is done when they have printed a line
// like PATTERN, -tty for those that ask questions at a terminal, and -at puts another address in the place of one that may be taken on
// the machine of the test.
func typeExample(ts *testscript.TestScript, neg bool, args []string) {
	shell, code, stop, tty := "bash", "0", "", false
	var swap []string
	for len(args) > 1 {
		switch flag := args[0]; flag {
		case "-tty":
			tty, args = true, args[1:]
			continue
		case "-stop":
			stop = args[1]
		case "-shell":
			shell = args[1]
		case "-exit":
			code = args[1]
		case "-at":
			old, replacement, _ := strings.Cut(args[1], "=")
			swap = append(swap, old, replacement)
		default:
			ts.Fatalf("example knows no %s", flag)
		}
		args = args[2:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: example [FLAGS] 'LINE'")
	}
	if !slices.Contains(allExamples(), args[0]) {
		ts.Fatalf("no command has the example %s", args[0])
	}
	line := strings.NewReplacer(swap...).Replace(args[0])
	switch {
	case stop != "":
		ts.Check(ts.Exec("bash", "-c", speaks, "bash", shell, line, stop))
	case tty:
		exitsWith(ts, false, []string{code, "script", "-qec", line, "/dev/null"})
	default:
		exitsWith(ts, false, []string{code, shell, "-c", line})
	}
}

// speaks runs a line in a process group of its own until it prints a line like a pattern, then interrupts it as Ctrl-C does. A shell that
// runs more than one command for the line is interrupted as well.
const speaks = `set -m
mkfifo spoken
trap 'rm spoken' EXIT
"$1" -c "$2" >spoken &
exec 3<spoken
while read -r said <&3; do
  [[ $said == $3 ]] || continue
  kill -INT -- -$!
  wait $!
  code=$?
  [[ $code == 130 && $2 == *"&&"* ]] || exit "$code"
  exit 0
done
echo "it ended before it printed $3" >&2
exit 99`
