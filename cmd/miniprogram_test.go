package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMiniProgram runs the front end of docs/miniprogram.md, with a small wx object, against a mock: every story of
// testdata/miniprogram/login.test.cjs.
func TestMiniProgram(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	switch {
	case err == nil:
	case os.Getenv("WXLOGIN_REQUIRE") == "all":
		t.Fatalf("WXLOGIN_REQUIRE=all: %v", err)
	default:
		t.Skip(err)
	}
	mock := newHome(t, newVault()).serve(t, nil, "--mock", "--addr", "127.0.0.1:0")
	front, err := filepath.Abs(filepath.Join("..", "docs", "examples", "miniprogram", "login.js"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "miniprogram", "login.test.cjs"), front, mock.ready.URL).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "15 stories\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
