package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/token"
)

// docsModules names the node_modules of docs/examples/tokens, which .ci/run installs outside the checkout.
const docsModules = "WXLOGIN_DOCS_MODULES"

// TestTokenExamples has the programs of docs/tokens.md open tokens with the keys that `key export` prints. They read what they
// should, and refuse what they should.
func TestTokenExamples(t *testing.T) {
	t.Parallel()
	h := newHome(t, newVault())
	if r := h.run(t.Context(), invocation{args: []string{"key", "rotate"}}); r.exit != 0 {
		t.Fatalf("key rotate: %s", r.stderr)
	}
	ring, err := token.Load(filepath.Join(h.path("state"), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	keys := h.path("keys.jwks")
	if err := os.WriteFile(keys, h.run(t.Context(), invocation{args: []string{"key", "export", "--reveal"}}).stdout, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	issue := func(ring *token.Ring, edit func(*token.Claims)) string {
		claims := token.Claims{Issuer: "wxlogin", OpenID: canaryOpenID, AppID: canaryAppID, IssuedAt: now.Add(-time.Minute), ExpiresAt: now.Add(time.Hour)}
		edit(&claims)
		text, err := ring.Issue(claims)
		if err != nil {
			t.Fatal(err)
		}
		return text.Reveal()
	}
	good := issue(ring, func(*token.Claims) {})
	parts := strings.Split(good, ".")
	wrong := map[string]string{
		"expired":          issue(ring, func(c *token.Claims) { c.ExpiresAt = now.Add(-time.Second) }),
		"another app's":    issue(ring, func(c *token.Claims) { c.AppID = "wx0000000000000001" }),
		"a mock's":         issue(ring, func(c *token.Claims) { c.Issuer = "wxlogin-mock" }),
		"of a strange key": issue(stranger, func(*token.Claims) {}),
		"ciphertext cut":   strings.Join([]string{parts[0], parts[1], parts[2], parts[3][4:], parts[4]}, "."),
		"alg none":         "eyJhbGciOiJub25lIn0." + parts[3] + ".",
		"garbage":          "garbage",
	}
	dir := exampleDir(t)
	for name, command := range map[string][]string{
		"Node": {"node", "open.mjs"}, "Python": {debianPython, "open.py"}, "Java": {"java", "Open.java"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needExample(t, name, command)
			if name == "Java" { // compiled once: as `java Open.java` it is compiled at each start
				compile := exec.CommandContext(t.Context(), "javac", "-d", dir, "Open.java")
				compile.Dir = dir
				if out, err := compile.CombinedOutput(); err != nil {
					t.Fatalf("javac: %v\n%s", err, out)
				}
				command = []string{"java", "Open"}
			}
			run := func(text string) (string, error) {
				program := exec.CommandContext(t.Context(), command[0], command[1], keys, canaryAppID)
				program.Dir, program.Stdin = dir, strings.NewReader(text+"\n")
				var stderr bytes.Buffer
				program.Stderr = &stderr
				out, err := program.Output()
				if err != nil {
					err = fmt.Errorf("%w: %s", err, stderr.Bytes())
				}
				return string(out), err
			}
			for what, tt := range map[string]struct{ text, unionID string }{
				"token": {good, ""}, "token with a unionid": {issue(ring, func(c *token.Claims) { c.UnionID = "ocMvos6NjeKLIBqg5Mr9QjxrP1FA" }), "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"},
			} {
				out, err := run(tt.text)
				var got struct {
					OpenID  string
					UnionID *string
					Expires int64
				}
				if err != nil || json.Unmarshal([]byte(out), &got) != nil || got.OpenID != canaryOpenID || got.Expires != now.Add(time.Hour).Unix() {
					t.Fatalf("%s: %s, %v", what, out, err)
				}
				if tt.unionID != "" && (got.UnionID == nil || *got.UnionID != tt.unionID) {
					t.Errorf("%s: %s", what, out)
				}
			}
			for what, text := range wrong {
				if out, err := run(text); err == nil || strings.Contains(out, canaryOpenID) {
					t.Errorf("%s: accepted: %s", what, out)
				}
			}
		})
	}
}

// exampleDir is a copy of the programs with the packages of npm beside them.
func exampleDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "docs", "examples", "tokens"))); err != nil {
		t.Fatal(err)
	}
	if modules := os.Getenv(docsModules); modules != "" {
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// needExample skips where a program or a library is missing, and fails where nothing may be.
func needExample(t *testing.T, name string, command []string) {
	t.Helper()
	_, err := exec.LookPath(command[0])
	switch {
	case err != nil:
	case name == "Java":
		_, err = exec.LookPath("javac")
	case name == "Node" && os.Getenv(docsModules) == "":
		err = fmt.Errorf("%s does not name the packages of docs/examples/tokens, which .ci/run installs", docsModules)
	case name == "Python":
		err = exec.CommandContext(t.Context(), command[0], "-c", "import jwcrypto").Run()
	}
	switch {
	case err == nil:
	case os.Getenv("WXLOGIN_REQUIRE") == "all":
		t.Fatalf("%s: %v, and WXLOGIN_REQUIRE=all demands it", name, err)
	default:
		t.Skipf("%s: %v", name, err)
	}
}
