package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exampleModules names the node_modules of docs/examples/node, which .ci/run installs outside the checkout.
const exampleModules = "WXLOGIN_EXAMPLE_MODULES"

// A suite is a login back end of docs/examples with the tests that its developer would write.
type suite struct {
	name    string // of the directory
	command []string
	failed  string // how the suite says that the test which decrypts a profile failed
	passed  string // and that it passed
}

func suites() []suite {
	return []suite{
		{"node", []string{"npm", "test"}, `(?m)^\s*(not ok \d+ -|✖) a profile, without who it is`, `(?m)^\s*(ok \d+ -|✔) a profile, without who it is`},
		{"go", []string{"go", "test", "-count=1", "-v", "./..."}, `(?m)^--- FAIL: TestProfile `, `(?m)^--- PASS: TestProfile `},
		{"python", []string{debianPython, "-m", "unittest", "-v"}, `(?m)^FAIL: test_profile `, `(?m)^test_profile .*ok$`},
	}
}

// TestBackendExamples runs the test suites of docs/examples inside the simulation, where they pass; with something amiss there, where
// they fail for that; and outside of it, where they say so. Other tests wait: whole test suites beside them would cost them their time limits.
func TestBackendExamples(t *testing.T) { //nolint:tparallel // see above
	for _, s := range suites() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			dir, env := s.prepare(t)
			t.Run("inside", func(t *testing.T) {
				t.Parallel()
				s.inside(t, dir, env)
			})
			t.Run("inside, with a fault", func(t *testing.T) {
				t.Parallel()
				// Each login is followed by one on another device, so that no profile opens.
				script := `wxlogin mock fault add --on jscode2session rotate-key > fault.json && exec "$0" "$@"`
				command := append([]string{"wxlogin", "serve", "--mock", "--offline", "--", "sh", "-c", script}, s.command...)
				run := runProgram(t, dir, env, command...)
				if said := run.stdout + run.stderr; run.code == 0 || !matches(s.failed, said) || matches(s.passed, said) {
					t.Errorf("exit code %d\n%s", run.code, said)
				}
			})
			t.Run("outside", func(t *testing.T) {
				t.Parallel()
				run := runProgram(t, dir, env, s.command...)
				if said := run.stdout + run.stderr; run.code == 0 || !strings.Contains(said, "there is no simulated WeChat: run wxlogin serve --mock -- ") {
					t.Errorf("exit code %d\n%s", run.code, said)
				}
			})
		})
	}
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// inside runs the suite in the simulation, and looks at what it asked for there.
func (s *suite) inside(t *testing.T, dir string, env []string) {
	t.Helper()
	journalFile := filepath.Join(t.TempDir(), "calls.ndjson")
	run := runProgram(t, dir, env, append([]string{"wxlogin", "serve", "--mock", "--offline", "--journal", journalFile, "--"}, s.command...)...)
	if said := run.stdout + run.stderr; run.code != 0 || !matches(s.passed, said) || strings.Contains(said, "warning:") {
		t.Fatalf("exit code %d\n%s", run.code, said)
	}
	calls := weChatCalls(t, journalFile)
	for _, want := range []string{
		"jscode2session 0 alice", "jscode2session 40163 alice", "jscode2session 40029 ", "jscode2session 45011 alice", "jscode2session -1 alice",
		"jscode2session 40226 alice", "jscode2session 40125 alice", "jscode2session 0 bob", "jscode2session 0 carol", "jscode2session 0 dora",
		"jscode2session 0 erin", "stable_token 0 ", "getuserphonenumber 0 dora", "getuserphonenumber 40029 dora",
	} {
		if !slices.Contains(calls, want+" api.weixin.qq.com") {
			t.Errorf("no call %q among %q", want, calls)
		}
	}
}

// prepare copies the example to an empty directory, with what it needs beside it, and returns the environment to run it in.
func (s *suite) prepare(t *testing.T) (dir string, env []string) {
	t.Helper()
	s.require(t)
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "docs", "examples", s.name))); err != nil {
		t.Fatal(err)
	}
	env = append(cleanEnv(t), "GORACE=atexit_sleep_ms=0", "PYTHONDONTWRITEBYTECODE=1")
	switch s.name {
	case "node":
		if err := os.Symlink(os.Getenv(exampleModules), filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	case "go": // the modules and what is compiled of them are found where they always are
		for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
			value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			env = append(env, name+"="+strings.TrimSpace(string(value)))
		}
		env = append(env, "GOPROXY=off", "GOFLAGS=")
	}
	return dir, env
}

// require skips for want of a program or its packages, and fails where nothing may be skipped.
func (s *suite) require(t *testing.T) {
	t.Helper()
	var err error
	for _, program := range []string{"sh", s.command[0]} {
		if _, missing := exec.LookPath(program); missing != nil {
			err = missing
		}
	}
	switch {
	case err != nil:
	case s.name == "node" && os.Getenv(exampleModules) == "":
		err = fmt.Errorf("%s does not name the packages of docs/examples/node, which .ci/run installs", exampleModules)
	case s.name == "python":
		err = exec.CommandContext(t.Context(), s.command[0], "-c", "import requests, cryptography").Run()
	case s.name == "go":
		list := exec.CommandContext(t.Context(), "go", "list", "-test", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
		list.Dir, list.Env = filepath.Join("..", "docs", "examples", s.name), append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
		var out []byte
		if out, err = list.CombinedOutput(); err != nil {
			err = fmt.Errorf("the modules of docs/examples/go, which .ci/run downloads: %w: %s", err, out)
		}
	}
	switch {
	case err == nil:
	case os.Getenv("WXLOGIN_REQUIRE") == "all":
		t.Fatalf("%s: %v, and WXLOGIN_REQUIRE=all demands it", s.name, err)
	default:
		t.Skipf("%s: %v", s.name, err)
	}
}
