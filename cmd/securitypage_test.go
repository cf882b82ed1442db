package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSecurityPage holds that every line of the table of what is protected names a test, that all tests named exist, and that both languages
// name the same.
func TestSecurityPage(t *testing.T) {
	t.Parallel()
	var named [2][]string
	for i, page := range []string{"SECURITY.md", "SECURITY.zh-CN.md"} {
		text, err := readGuide("../" + page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
			if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| **") || len(cells) != 3 {
				continue
			}
			holders := regexp.MustCompile("`([^`]+)`|\\]\\([^)]*/([a-z_]+\\.txtar)\\)").FindAllStringSubmatch(cells[2], -1)
			if len(holders) == 0 && len(named[i]) > 0 { // the first such line is the heading
				t.Errorf("%s: nothing holds: %s", page, cells[0])
			}
			for _, holder := range holders {
				named[i] = append(named[i], holder[1]+holder[2])
			}
		}
	}
	if diff := cmp.Diff(named[0], named[1]); diff != "" {
		t.Errorf("the tests of SECURITY.zh-CN.md (-English +Chinese):\n%s", diff)
	}
	if len(named[0]) < 60 {
		t.Errorf("only %d tests found: the search is broken", len(named[0]))
	}
	for _, name := range named[0] {
		if room, test, is := strings.Cut(name, "."); is && (strings.HasPrefix(test, "Test") || strings.HasPrefix(test, "Fuzz")) {
			if !declares(t, filepath.Join("..", filepath.FromSlash(room)), test) {
				t.Errorf("SECURITY.md: there is no %s in %s", test, room)
			}
		} else if name != ".ci/run --all" && !exists(filepath.Join("testdata", "script", name)) {
			t.Errorf("SECURITY.md names %q, which is no test", name)
		}
	}
}

// declares reports whether a test file of a directory has that function.
func declares(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}
