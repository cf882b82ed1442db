package cmd

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
)

// TestDiagnosesPage pastes every example of docs/diagnoses.md, in both languages, and holds that its diagnosis comes first.
func TestDiagnosesPage(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../docs/diagnoses.md", "../docs/zh-CN/diagnoses.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, section := range strings.Split(string(text), "\n### ")[1:] {
			id, _, _ := strings.Cut(section, " ")
			_, block, found := strings.Cut(section, "```sh\n")
			if block, _, found = strings.Cut(block, "```"); !found {
				t.Errorf("%s: %s has no example", page, id)
				continue
			}
			count++
			pasteExample(t, page, id, block)
		}
		if want := len(diagnose.Catalogue()); count != want {
			t.Errorf("%s: %d examples for %d entries", page, count, want)
		}
	}
}

// pasteExample runs a block: a command that reads a here-document, and before it perhaps a file that is written by one.
func pasteExample(t *testing.T, page, id, block string) {
	t.Helper()
	h := &home{dir: t.TempDir()}
	h.env = map[string]string{"HOME": h.dir, "WXLOGIN_CONFIG_DIR": h.dir, "WXLOGIN_STATE_DIR": h.path("state"), "LANG": "C"}
	if file, rest, ok := strings.Cut(block, "EOF\nwxlogin"); ok {
		_, content, _ := strings.Cut(file, "<<'EOF'\n")
		if err := os.WriteFile(h.path("keys.txt"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		block = "wxlogin" + rest
	}
	line, stdin, ok := strings.Cut(block, " <<'EOF'\n")
	stdin, end := strings.CutSuffix(stdin, "EOF\n")
	if !ok || !end {
		t.Fatalf("%s: %s is not a command with a here-document: %s", page, id, block)
	}
	args := strings.Fields(strings.Replace(line, "keys.txt", h.path("keys.txt"), 1))[1:]
	r := h.run(t.Context(), invocation{args: append(args, "--json"), stdin: stdin})
	var answer struct {
		Error struct {
			Diagnosis []diagnosisObject `json:"diagnosis"`
		} `json:"error"`
		Explanation struct {
			Notes []diagnosisObject `json:"notes"`
		} `json:"explanation"`
	}
	output := r.stderr
	if r.exit == 0 {
		output = r.stdout
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		t.Fatalf("%s: %s: exit %d, %v: %s%s", page, id, r.exit, err, r.stdout, r.stderr)
	}
	list := answer.Error.Diagnosis
	if r.exit == 0 {
		list = answer.Explanation.Notes
	}
	if len(list) == 0 || list[0].ID != id || list[0].Verdict == "" || list[0].Fix == "" {
		t.Errorf("%s: the example of %s gives %s%s", page, id, r.stdout, r.stderr)
	}
}
