package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// modulesVariable names the node_modules of testdata/backends/package.json, which .ci/run installs outside the checkout.
const modulesVariable = "WXLOGIN_NODE_MODULES"

// A client is a tiny back end of testdata/backends, which has https://api.weixin.qq.com compiled in and reads no setting of ours.
type client struct {
	runtime, name string
	needs         []string // programs
	modules       bool     // needs packages of npm
	args          []string // a file's name stands for the file
}

// debianPython is the one that Debian's packages are for; another one may stand before it in PATH.
const debianPython = "/usr/bin/python3"

func clients() []client {
	node := func(name, file string, modules bool) client {
		return client{"Node", name, []string{"node"}, modules, []string{"node", file}}
	}
	return []client{
		{"Go", "net/http", []string{"go"}, false, []string{"gobackend"}},
		node("https.request", "https.mjs", false),
		node("fetch", "fetch.mjs", false),
		node("axios 1.16.0 (no CONNECT yet)", "axios-without-connect.mjs", true),
		node("axios 1.21.1", "axios.mjs", true),
		node("got 13.0.0", "got.mjs", true),
		node("node-fetch 3.3.2", "node-fetch.mjs", true),
		{"Python", "urllib", []string{"python3"}, false, []string{"python3", "use_urllib.py"}},
		{"Python", "requests", []string{debianPython}, false, []string{debianPython, "use_requests.py"}},
		{"Python", "httpx", []string{debianPython}, false, []string{debianPython, "use_httpx.py"}},
		{"Java", "java.net.http.HttpClient", []string{"java"}, false, []string{"java", "Main.java", "HttpClient"}},
		{"Java", "HttpURLConnection", []string{"java"}, false, []string{"java", "Main.java", "HttpURLConnection"}},
		{"PHP", "curl", []string{"php"}, false, []string{"php", "curl.php"}},
		{"PHP", "file_get_contents", []string{"php"}, false, []string{"php", "file_get_contents.php"}},
		{"-", "curl", []string{"curl"}, false, []string{"sh", "curl.sh"}},
		{"-", "wget", []string{"wget"}, false, []string{"sh", "wget.sh"}},
	}
}

// row is what a client made of the simulation, as docs/intercept.md has it.
type row struct{ runtime, client, login, again, token, phone string }

// TestMatrix runs every client inside the simulation, where it logs a user in, is refused on the second use of the code, and fetches an
// access token and a phone number. The table of how they fared stands in docs/intercept.md.
func TestMatrix(t *testing.T) {
	t.Parallel()
	dir := backends(t)
	all := clients()
	rows := make([]row, len(all))
	t.Cleanup(func() { // when all of them are done
		if slices.Contains(rows, row{}) {
			t.Log("not every client could be tried: the table is not compared")
			return
		}
		for _, l := range []lang.Lang{lang.English, lang.Chinese} {
			compareSection(t, l, "matrix", matrixTable(l, rows))
		}
	})
	for i, c := range all {
		t.Run(c.runtime+" "+c.name, func(t *testing.T) {
			t.Parallel()
			c.require(t)
			rows[i] = c.try(t, dir)
		})
	}
}

// require skips a client for want of what it needs, or fails it where nothing may be skipped.
func (c *client) require(t *testing.T) {
	t.Helper()
	missing := ""
	for _, program := range append([]string{"sh"}, c.needs...) {
		if _, err := exec.LookPath(program); err != nil {
			missing = program
		}
	}
	if c.modules && os.Getenv(modulesVariable) == "" {
		missing = "what package.json names (" + modulesVariable + ")"
	}
	if module, is := strings.CutPrefix(c.args[len(c.args)-1], "use_"); missing == "" && is { // Python's libraries
		module = strings.TrimSuffix(module, ".py")
		if err := exec.CommandContext(t.Context(), c.args[0], "-c", "import "+module).Run(); err != nil {
			missing = "Python's " + module
		}
	}
	if c.runtime == "PHP" && missing == "" {
		if out, err := exec.CommandContext(t.Context(), "php", "-m").Output(); err != nil || !bytes.Contains(out, []byte("\ncurl\n")) {
			missing = "PHP's curl extension"
		}
	}
	switch {
	case missing == "":
	case os.Getenv("WXLOGIN_REQUIRE") == "all":
		t.Fatalf("%s is not installed, and WXLOGIN_REQUIRE=all demands it", missing)
	default:
		t.Skipf("%s is not installed", missing)
	}
}

// backends returns a directory with the back ends, that in Go compiled, and the packages of npm where there are some.
func backends(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "backends"))); err != nil {
		t.Fatal(err)
	}
	if modules := os.Getenv(modulesVariable); modules != "" {
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("go"); err == nil {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", "gobackend", "main.go")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return dir
}

// try runs the client and says how it fared, by its own words and by those of the journal.
func (c *client) try(t *testing.T, dir string) row {
	t.Helper()
	args := []string{"sh", filepath.Join(dir, "run.sh")}
	for _, arg := range c.args {
		if path := filepath.Join(dir, arg); exists(path) {
			arg = path
		}
		args = append(args, arg)
	}
	journalFile := filepath.Join(t.TempDir(), "journal.ndjson")
	run := inside(t, append([]string{"--offline", "--journal", journalFile}, append([]string{"--"}, args...)...)...)
	if run.code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", run.code, run.stdout, run.stderr)
	}
	var said struct {
		OpenID string `json:"openid"`
		Again  int    `json:"again"`
		Phone  string `json:"phone"`
	}
	if err := json.Unmarshal([]byte(run.stdout), &said); err != nil { // one line, and nothing of ours beside it
		t.Fatalf("%v: %q", err, run.stdout)
	}
	if len(said.OpenID) != 28 || len(said.Phone) != 11 {
		t.Errorf("openid %q, phone %q", said.OpenID, said.Phone)
	}
	want := []string{
		"jscode2session 0 alice api.weixin.qq.com", "jscode2session 40163 alice api.weixin.qq.com",
		"token 0  api.weixin.qq.com", "getuserphonenumber 0 alice api.weixin.qq.com",
	}
	if diff := cmp.Diff(want, weChatCalls(t, journalFile)); diff != "" {
		t.Error("the journal differs (-want +got):", diff)
	}
	return row{c.runtime, c.name, "ok", fmt.Sprint(said.Again), "ok", "ok"}
}

// weChatCalls are the calls to WeChat's API in the file of a journal: which, with which errcode, for whom, and which host was meant.
func weChatCalls(t *testing.T, path string) (calls []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var r journal.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Mock {
			calls = append(calls, fmt.Sprintf("%s %d %s %s", r.API, r.ErrCode, r.User, r.Host))
		}
	}
	return calls
}

// An insideRun is how a program ended, `wxlogin serve --mock` with a command mostly.
type insideRun struct {
	code           int
	stdout, stderr string
}

// inside runs `wxlogin serve --mock ARGS` as a process.
func inside(t *testing.T, args ...string) insideRun {
	t.Helper()
	return runProgram(t, "", cleanEnv(t), append([]string{"wxlogin", "serve", "--mock"}, args...)...)
}

// runProgram runs a program in a directory to its end.
func runProgram(t *testing.T, dir string, env []string, command ...string) insideRun {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return insideRun{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// cleanEnv is the environment without settings of the developer's, and with a home and a directory for temporary files of its own.
func cleanEnv(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	var env []string
	for _, assignment := range os.Environ() {
		name, _, _ := strings.Cut(assignment, "=")
		switch {
		case strings.HasPrefix(name, "WXLOGIN_"), strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "LC_"),
			strings.HasSuffix(strings.ToUpper(name), "_PROXY"), name == "LANG", name == "NODE_OPTIONS", name == "JAVA_TOOL_OPTIONS":
		default:
			env = append(env, assignment)
		}
	}
	return append(env, "HOME="+home, "TMPDIR="+home)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// matrixTable is the table of docs/intercept.md.
func matrixTable(l lang.Lang, rows []row) string {
	var b strings.Builder
	b.WriteString(lang.T{
		En: "| runtime | client | login | the same code again | access token | phone number |\n",
		Zh: "| 运行时 | 客户端 | 登录 | 同一 code 再次使用 | access_token | 手机号 |\n",
	}.In(l))
	b.WriteString("|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.runtime, r.client, r.login, r.again, r.token, r.phone)
	}
	return b.String()
}

// compareSection compares what stands in docs/intercept.md between <!-- NAME --> and <!-- /NAME -->, or writes it with -update.
func compareSection(t *testing.T, l lang.Lang, name, want string) {
	t.Helper()
	path := filepath.Join("..", "docs", "intercept.md")
	if l == lang.Chinese {
		path = filepath.Join("..", "docs", "zh-CN", "intercept.md")
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opening, closing := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, found := strings.Cut(string(page), opening)
	got, tail, closed := strings.Cut(rest, closing)
	if !found || !closed {
		t.Fatalf("%s has no section %q", path, name)
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+opening+want+closing+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is out of date: go test ./cmd -run %s -update (-want +got):\n%s", path, strings.Split(t.Name(), "/")[0], diff)
	}
}
