package cmd

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestManPages has the formatters of man pages read all of them: mandoc, which BSDs, Alpine and macOS have, and groff.
func TestManPages(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"*.1", "*.7", "zh_CN/*.1", "zh_CN/*.7"} {
		found, err := filepath.Glob(filepath.Join("..", "docs", "man", filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("no pages like %s: %v", pattern, err)
		}
		pages = append(pages, found...)
	}
	for _, linter := range [][]string{
		{"mandoc", "-T", "lint", "-W", "warning"},
		// -ww has all warnings, -z no output. The line is the narrowest that a terminal is expected to have.
		{"groff", "-ww", "-z", "-man", "-Kutf8", "-Tutf8", "-rLL=78n"},
	} {
		t.Run(linter[0], func(t *testing.T) {
			t.Parallel()
			if skip, err := scriptCondition("missing:" + linter[0]); err != nil {
				t.Fatal(err)
			} else if skip {
				t.Skip(linter[0] + " is not installed")
			}
			// mandoc exits with what it found, the dates that pages have none of on purpose included.
			said, err := exec.Command(linter[0], slices.Concat(linter[1:], pages)...).CombinedOutput()
			for line := range bytes.Lines(said) {
				if !bytes.Contains(line, []byte(`missing date, using ""`)) {
					t.Errorf("%s", bytes.TrimSpace(line))
				}
			}
			if len(said) == 0 && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRoff: what steers roff stands for itself, and lines end only where they may.
func TestRoff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a\b 'c' ~/x`:                `a\(rsb \(aqc\(aq \(ti/x`,
		"with --json or -q, not x-y": `with \fB\-\-json\fR or \fB\-q\fR, not x\-y`,
		"加 --mock 时（默认）。":            `加 \fB\-\-mock\fR 时\:（默\:认）。`,
		`{"a":1,"b":2}`:              `{"a":1,\:"b":2}`,
	} {
		if got := prose(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	r := new(roff)
	r.line(".env")
	r.macro("TH", `a "b"`, "", "1")
	if got := r.b.String(); got != "\\&.env\n"+`.TH "a \(dqb\(dq" "" 1`+"\n" {
		t.Errorf("%q", got)
	}
}
