package cmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCaptures keeps what a terminal of 80 columns shows of doctor and exchange, in both languages, as testdata/capture/*.golden: pages
// that somebody has looked at. -update writes them; look at them again then.
func TestCaptures(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("git is not installed, and doctor would say so")
	}
	h := jsonHome(t)
	mock := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0", "--seed", "7")
	env := map[string]string{
		"WXLOGIN_URL": mock.ready.URL, "WXLOGIN_API_BASE": mock.ready.URL, "WXLOGIN_STORE": "memory", "WXLOGIN_CONFIG_DIR": "nowhere",
		"WXLOGIN_STATE_DIR": "nowhere", "WXLOGIN_APPID": "wx0000000000000002", "WX_SECRET": "",
	}
	must := func(args ...string) string {
		t.Helper()
		r := h.run(t.Context(), invocation{args: args, env: env})
		if r.exit != 0 {
			t.Fatalf("%v: exit %d: %s", args, r.exit, r.stderr)
		}
		return strings.TrimSpace(string(r.stdout))
	}
	env["WXLOGIN_SECRET"] = must("mock", "app", "add", "wx0000000000000002", "-q", ".secret") // which stands in no file of the repository
	for _, l := range []string{"en", "zh"} {
		env["LANG"] = map[string]string{"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}[l]
		code, foreign := must("mock", "login", "--appid", "wx0000000000000002"), must("mock", "login")
		for _, tt := range []struct {
			name string
			args []string
			exit int
		}{
			{"doctor", []string{"doctor"}, 0},
			{"exchange", []string{"exchange", code, "--no-save"}, 0},
			{"used", []string{"exchange", code, "--no-save"}, 5},
			{"foreign", []string{"exchange", foreign, "--no-save", "--probe"}, 5},
			{"not-sent", []string{"exchange", "the code is a mock one", "--no-save"}, 5},
		} {
			r := h.run(t.Context(), invocation{args: append(tt.args, "--lang", l), env: env, tty: []string{}})
			if r.exit != tt.exit {
				t.Errorf("%s: exit %d: %s", tt.name, r.exit, r.stderr)
			}
			capture(t, tt.name+"."+l, bytes.Join([][]byte{r.stderr, r.stdout}, nil))
		}
	}
}

// capture compares a page with its golden file, without what differs from run to run at the same width.
func capture(t *testing.T, name string, page []byte) {
	t.Helper()
	for pattern, still := range map[string]string{
		`[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}`: "00000000-00000000-00000000",
		`127\.0\.0\.1:\d+`:                    "127.0.0.1:8420",
		`[0-9.]+[mµ]?s\)`:                     "1ms)",
		`[0-9.]+[mµ]?s）`:                      "1ms）",
	} {
		page = regexp.MustCompile(pattern).ReplaceAll(page, []byte(still))
	}
	path := filepath.Join("testdata", "capture", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, page, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(page)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
	for i, line := range strings.Split(string(page), "\n") {
		line = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, "")
		if width := len([]rune(line)); width > 80 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%s: line %d has %d characters: %s", name, i+1, width, fmt.Sprintf("%.40s…", line))
		}
	}
}
