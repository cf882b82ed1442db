package cmd

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wxlogin/wxlogin/internal/stack"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wxlogin": func() { os.Exit(Main(os.Args[1:])) },
	})
}

// TestScript runs the manual: every script is what a user types, and what they see.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":      exitsWith,
			"serve":      serveInBackground,
			"stop":       stopServer,
			"stdout2env": stdoutToEnv,
			"absent":     absent,
			"http":       httpCall,
			"example":    typeExample,
			"recipe":     writeRecipe,
			"recipes":    writeRecipes,
			"upstream":   fakeUpstream,
		},
	})
}

// setupScript gives a script a home of its own. Of the developer's environment it has PATH alone.
func setupScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	for name, value := range map[string]string{
		"HOME": home, "LANG": "C", "TZ": "UTC", "CI": "", "NO_COLOR": "", "SHELL": "/bin/bash",
		"HTTPS_PROXY": "", "HTTP_PROXY": "", "https_proxy": "", "http_proxy": "",
		// Under the race detector a program sleeps for a second before it ends, so that goroutines that are left may show a race. For a
		// thousand commands that is a quarter of an hour, and the other tests run the same commands in this process.
		"GORACE": "atexit_sleep_ms=0",
		// Stated by the simulation's documentation; the scripts use them where no server printed them.
		"DEMO_APPID": demoAppID(), "DEMO_SECRET": demoSecret(),
		// For the examples that run Go: a home of one's own would mean a cache of one's own.
		"GOCACHE": goCaches()[0], "GOMODCACHE": goCaches()[1], "CHECKOUT": checkout(),
	} {
		env.Setenv(name, value)
	}
	return os.MkdirAll(home, 0o700)
}

// goCaches are where Go keeps what it has compiled and downloaded; empty without Go, and then what needs them is skipped.
var goCaches = sync.OnceValue(func() [2]string {
	said, _ := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	build, modules, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	return [2]string{build, modules}
})

// checkout is the directory of go.mod.
func checkout() string {
	dir, _ := filepath.Abs("..")
	return dir
}

func demoAppID() string  { id, _ := stack.DemoApp(); return string(id) }
func demoSecret() string { _, secret := stack.DemoApp(); return secret.Reveal() }

// exitsWith runs a program that must end with a certain code: exits 2 wxlogin nope.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// serving holds the server of each script.
var serving registry

// A registry is a map from scripts and names to servers; scripts run in parallel.
type registry struct{ byName sync.Map }

type registryKey struct {
	ts   *testscript.TestScript
	name string
}

func (r *registry) Store(ts *testscript.TestScript, name string, s *scriptServer) {
	r.byName.Store(registryKey{ts, name}, s)
}

func (r *registry) Load(ts *testscript.TestScript, name string) (*scriptServer, bool) {
	value, ok := r.byName.Load(registryKey{ts, name})
	if !ok {
		return nil, false
	}
	running, ok := value.(*scriptServer)
	return running, ok
}

// A scriptServer is one that a script started.
type scriptServer struct {
	command *exec.Cmd
	ready   stack.Ready
}

// serveInBackground starts `wxlogin serve ARGS` on a free port, waits for its ready line and points the script's environment at it.
// What it logs goes to the file serve.err. With a name (serve @NAME ARGS) it is a second server: its address goes to the variable
// NAME alone, and its log to NAME.err.
func serveInBackground(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve [@NAME] ARGS...")
	}
	name, args := serverName(args)
	program, err := exec.LookPath("wxlogin")
	ts.Check(err)
	command := exec.Command(program, append([]string{"serve", "--json", "--addr", "127.0.0.1:0"}, args...)...)
	command.Dir = ts.Getenv("WORK")
	for _, name := range []string{
		"HOME", "PATH", "TMPDIR", "LANG", "TZ", "CI", "GORACE", "WXLOGIN_APPID", "WXLOGIN_SECRET", "WXLOGIN_SECRET_FILE", "WXLOGIN_API_BASE", "WXLOGIN_STATE_DIR",
		"WXLOGIN_LANG", "WXLOGIN_MOCK_TOKEN", "WXLOGIN_KEYS_FILE", "WXLOGIN_KEYS", "WXLOGIN_INTROSPECTION_SECRET",
	} {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	log, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	command.Stderr = log
	out, err := command.StdoutPipe()
	ts.Check(err)
	ts.Check(command.Start())
	ts.Defer(func() {
		_ = command.Process.Kill() // stop has ended it already, unless the script failed
		_, _ = command.Process.Wait()
		_ = log.Close()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		log, _ := os.ReadFile(ts.MkAbs(name + ".err"))
		ts.Fatalf("serve is not ready: %v\n%s", err, log)
	}
	running := &scriptServer{command: command}
	ts.Check(json.Unmarshal(line, &running.ready))
	serving.Store(ts, name, running)
	if name != defaultServer {
		ts.Setenv(name, running.ready.URL)
		return
	}
	ts.Setenv("WXLOGIN_URL", running.ready.URL)
	ts.Setenv("SERVER", running.ready.URL)
	if running.ready.Mock && ts.Getenv("WXLOGIN_API_BASE") == "" {
		ts.Setenv("WXLOGIN_API_BASE", running.ready.URL)
	}
}

// defaultServer is the name of a server that was given none.
const defaultServer = "serve"

func serverName(args []string) (name string, rest []string) {
	if len(args) > 0 && strings.HasPrefix(args[0], "@") {
		return args[0][1:], args[1:]
	}
	return defaultServer, args
}

// stopServer ends a server that the script started, and expects a graceful end: stop [@NAME].
func stopServer(ts *testscript.TestScript, neg bool, args []string) {
	name, args := serverName(args)
	if neg || len(args) != 0 {
		ts.Fatalf("usage: stop [@NAME]")
	}
	running, ok := serving.Load(ts, name)
	if !ok {
		ts.Fatalf("no server runs")
	}
	ts.Check(running.command.Process.Signal(syscall.SIGTERM))
	ts.Check(running.command.Wait())
}

// stdoutToEnv keeps the last output, without its line end, in a variable: stdout2env NAME. With a field, it keeps that member of the
// JSON object in the file answer: stdout2env NAME FIELD.
func stdoutToEnv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: stdout2env NAME [FIELD]")
	}
	if len(args) == 1 {
		ts.Setenv(args[0], strings.TrimRight(ts.ReadFile("stdout"), "\n"))
		return
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("answer")), &object))
	text, ok := object[args[1]].(string)
	if !ok {
		ts.Fatalf("the answer has no text %q", args[1])
	}
	ts.Setenv(args[0], text)
}

// absent fails if a text stands in a file: absent FILE TEXT.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: absent FILE TEXT")
	}
	if strings.Contains(ts.ReadFile(args[0]), args[1]) {
		ts.Fatalf("%s contains %q", args[0], args[1])
	}
}

// httpCall makes a request and expects a status: http STATUS METHOD URL [BODY [TOKEN]]. The answer's body becomes the file answer. A body
// that starts with { is sent as JSON, another one as a form.
func httpCall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 5 {
		ts.Fatalf("usage: http STATUS METHOD URL [BODY [TOKEN]]")
	}
	args = append(args, "", "")
	request, err := http.NewRequest(args[1], args[2], strings.NewReader(args[3]))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(args[3], "{") {
		request.Header.Set("Content-Type", "application/json")
	}
	if args[4] != "" {
		request.Header.Set("Authorization", "Bearer "+args[4])
	}
	response, err := oneCall().RoundTrip(request)
	ts.Check(err)
	body, err := io.ReadAll(response.Body)
	ts.Check(errors.Join(err, response.Body.Close()))
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o600))
	if got := strconv.Itoa(response.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s: %s", got, args[0], body)
	}
}

// oneCall is a transport for one request, whose connection ends with it.
func oneCall() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: time.Minute}
}

// fakeUpstream starts a server that answers everything with one status and body, or, for status 0, hangs up once it has the request:
// upstream NAME STATUS [BODY]. Its address goes to the variable NAME. No mock answers like that.
func fakeUpstream(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: upstream NAME STATUS [BODY]")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	body := strings.Join(args[2:], "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// writeRecipe writes the recipe of `wxlogin help ci` to a file: recipe FILE.
func writeRecipe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: recipe FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(ciRecipe(), "\n")+"\n"), 0o600))
}
