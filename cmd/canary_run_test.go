package cmd

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
)

const (
	canaryAppID  = "wx4f4bc4dec97d474b"
	canaryOpenID = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"

	// tokenHeader is the first part of a login token, which anybody can read: {"alg":"dir","enc":"A256GCM","kid":"k-1","typ":"JWT"}.
	tokenHeader = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiay0xIiwidHlwIjoiSldUIn0"
)

// A vault holds a planted value for each way in.
type vault struct {
	secretEnv, secretFile, secretStdin, secretLiteral, secretCommand, secretProfile, secretArg, secretWorld planted // AppSecrets
	keyFlag, keyFile, keyEnv, keyJSON, keyStdin, keyWeChat                                                  planted // session keys
	tokenTail, accessToken, phone, mockToken, storePassword, introspection, code, password, phoneWorld      planted
}

func newVault() vault {
	return vault{
		secretEnv: plantHex("WXLOGIN_SECRET"), secretFile: plantHex("secret file"), secretStdin: plantHex("secret on stdin"),
		secretLiteral: plantHex("secret in config"), secretCommand: plantHex("secret of cmd:"), secretProfile: plantHex("secret of a profile"),
		secretArg: plantHex("secret in the wrong place"), secretWorld: plantHex("secret of a world file"),
		keyFlag: plantKey("--session-key"), keyFile: plantKey("--session-key @FILE"), keyEnv: plantKey("--session-key env:"),
		keyJSON: plantKey("session_key in JSON"), keyStdin: plantKey("--session-key -"), keyWeChat: plantKey("session_key of WeChat"),
		tokenTail: plantText("login token", 200), accessToken: plantText("access token", 140),
		phone: planted{name: "phone number", value: "13987650421"}, phoneWorld: planted{name: "phone number of a simulated user", value: "15824681357"}, mockToken: plantText("WXLOGIN_MOCK_TOKEN", 40),
		storePassword: plantText("WXLOGIN_STORE_PASSWORD", 24), introspection: plantText("introspection_secret", 40),
		code: plantText("code", 32), password: plantText("password in a URL", 20),
	}
}

func (v vault) all() []planted {
	return []planted{
		v.secretEnv, v.secretFile, v.secretStdin, v.secretLiteral, v.secretCommand, v.secretProfile, v.secretArg, v.secretWorld,
		v.keyFlag, v.keyFile, v.keyEnv, v.keyJSON, v.keyStdin, v.keyWeChat,
		v.tokenTail, v.accessToken, v.phone, v.mockToken, v.storePassword, v.introspection, v.code, v.password, v.phoneWorld,
	}
}

// token has the form of a login token whose key nobody has.
func (v vault) token() string {
	return tokenHeader + ".." + v.tokenTail.value[:16] + "." + v.tokenTail.value[16:178] + "." + v.tokenTail.value[178:199] + "A"
}

// wechatToken has the form of an access_token.
func (v vault) wechatToken() string { return "81_" + v.accessToken.value }

// A home is a directory with everything planted that a user's would hold.
type home struct {
	dir string
	env map[string]string
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func newHome(t *testing.T, v vault) *home {
	t.Helper()
	h := &home{dir: t.TempDir()}
	for name, content := range map[string]string{
		"secret.txt":   v.secretFile.value + "\n",
		"command.txt":  v.secretCommand.value + "\n",
		"key.txt":      v.keyFile.value + "\n",
		"token.txt":    v.token() + "\n",
		"payload.json": `{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA=="}`,
		"withkey.json": `{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","session_key":"` + v.keyJSON.value + `"}`,
		"badkey.json":  `{"encryptedData":"AAAA","iv":"AAAA","session_key":"` + v.keyJSON.value + `"`,
		"lines.ndjson": strings.Join([]string{
			`{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","session_key":"` + v.keyJSON.value + `","id":1}`,
			`{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","openid":"` + canaryOpenID + `","detail":{"session_key":"` + v.keyJSON.value + `"}}`,
			`{"encryptedData":"` + v.phone.value + `","iv":"` + v.wechatToken() + `","SessionKey":"` + v.keyJSON.value + `"}`,
			`{"session_key":"` + v.keyJSON.value + `","sessionKey":"` + v.keyFile.value + `"}`,
			`{"session_key":"` + v.keyJSON.value, v.keyJSON.value, `"` + v.keyJSON.value + `"`,
		}, "\n"),
		"wrongkey.json": `{"encryptedData":"` + v.keyJSON.value + `","iv":"` + v.wechatToken() + `","session_key":"` + v.keyJSON.value + v.phone.value + `"}`,
		"config.yaml": strings.NewReplacer("DIR", h.dir).Replace("appid: " + canaryAppID + "\nsecret: " + v.secretLiteral.value +
			"\nintrospection_secret: " + v.introspection.value +
			"\nprofiles:\n  staging: {appid: " + canaryAppID + ", secret: env:WX_SECRET}\n  filed: {secret: \"file:DIR/secret.txt\"}\n" +
			"  commanded: {secret: \"cmd:cat DIR/command.txt\"}\n  failing: {secret: \"cmd:cat DIR/command.txt; exit 3\"}\n  unset: {secret: env:NOT_SET}\n"),
	} {
		if err := os.WriteFile(h.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, content := range worldFiles(v) {
		if err := os.WriteFile(h.path(worldFile(i)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.env = map[string]string{
		"HOME": h.dir, "WXLOGIN_CONFIG_DIR": h.dir, "WXLOGIN_STATE_DIR": h.path("state"), "SHELL": "/bin/bash", "LANG": "C",
		"WXLOGIN_MOCK_TOKEN": v.mockToken.value, "WXLOGIN_STORE_PASSWORD": v.storePassword.value,
		"WX_SECRET": v.secretProfile.value, "SESSION_KEY": v.keyEnv.value, "PHONE": v.phone.value,
	}
	return h
}

// An invocation is a command line, and what stands around it.
type invocation struct {
	leaf   string // the command's path without "wxlogin"
	args   []string
	env    map[string]string
	stdin  string
	tty    []string                  // what somebody types; nil: there is no terminal
	before []string                  // a command line to run first, in the same home
	allow  []string                  // names of planted values that the output may show
	online func(network string) bool // nil: only the mock is tried
	limit  time.Duration             // 0: it ends by itself
}

// within bounds the time of a command.
func (in invocation) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(in.limit, time.Minute))
}

// A result is everything that a run left behind.
type result struct {
	exit                int
	stdout, stderr, tty []byte
}

// terminal stands in for /dev/tty.
type terminal struct {
	io.Reader
	io.Writer
}

func (terminal) Close() error { return nil }

// start runs a command in this process. The result is complete when the returned function returns.
func (h *home) start(ctx context.Context, in invocation, out io.Writer) func() result {
	env := maps.Clone(h.env)
	maps.Copy(env, in.env)
	lookup := func(name string) (string, bool) {
		value, set := env[name]
		return value, set
	}
	streams, stdin, stdout, stderr := term.Test()
	stdin.WriteString(in.stdin)
	streams.Env = lookup
	if out != nil {
		streams.RawOut = io.MultiWriter(stdout, out)
	}
	var tty bytes.Buffer
	if in.tty != nil {
		streams.InTTY, streams.OutTTY, streams.ErrTTY = in.stdin == "", true, true
		typed := strings.NewReader(strings.Join(in.tty, "\n") + "\n")
		streams.TTY = func() (io.ReadWriteCloser, error) { return terminal{typed, &tty}, nil }
	}
	a := &app.App{IO: streams, Env: lookup, Now: time.Now, Flags: app.Flags{Keys: map[string]string{}}}
	args := append(strings.Fields(in.leaf), in.args...)
	var exit int
	var done sync.WaitGroup
	done.Go(func() { exit = run(ctx, a, args) })
	return func() result {
		done.Wait()
		return result{exit, stdout.Bytes(), stderr.Bytes(), tty.Bytes()}
	}
}

func (h *home) run(ctx context.Context, in invocation) result { return h.start(ctx, in, nil)() }

// search looks at all that a run wrote: streams, terminal, a saved world, and the files of the state directory with their modes.
func (h *home) search(t *testing.T, f *finder, what string, r result, allow ...string) {
	t.Helper()
	for stream, data := range map[string][]byte{"stdout": r.stdout, "stderr": r.stderr, "terminal": r.tty} {
		for _, found := range f.find(data, allow...) {
			t.Errorf("%s: %s shows %s", what, stream, found)
		}
		for _, sign := range []string{"goroutine ", "panic:", "runtime error", "%!"} {
			if bytes.Contains(data, []byte(sign)) && !strings.HasPrefix(what, "completion") {
				t.Errorf("%s: %s holds %q: %s", what, stream, sign, data)
			}
		}
	}
	if saved, err := os.ReadFile(h.path(savedWorld)); err == nil {
		for _, found := range f.find(saved, allow...) {
			t.Errorf("%s: the saved world holds %s", what, found)
		}
		if err := os.Remove(h.path(savedWorld)); err != nil {
			t.Error(err)
		}
	}
	h.searchState(t, f, what)
}

func (h *home) searchState(t *testing.T, f *finder, what string) {
	t.Helper()
	err := filepath.WalkDir(h.path("state"), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s has mode %v", what, entry.Name(), info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, found := range f.find(data) {
			t.Errorf("%s: the file %s holds %s", what, entry.Name(), found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A canaryServer is a server that runs in this process.
type canaryServer struct {
	home  *home
	ready stack.Ready
	stop  func() result
}

// readyWriter passes on the first line.
type readyWriter struct {
	once sync.Once
	line chan []byte
}

func (w *readyWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { w.line <- bytes.Clone(p) })
	return len(p), nil
}

// serve starts `wxlogin serve ARGS` in h, with a ready file.
func (h *home) serve(t *testing.T, env map[string]string, args ...string) *canaryServer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	first := &readyWriter{line: make(chan []byte, 1)}
	args = append([]string{"--json", "--ready-file", h.path("ready.json")}, args...)
	wait := h.start(ctx, invocation{leaf: "serve", args: args, env: env}, first)
	ended := make(chan result, 1)
	go func() { ended <- wait() }()
	s := &canaryServer{home: h, stop: sync.OnceValue(func() result { cancel(); return <-ended })}
	t.Cleanup(func() { s.stop() })
	select {
	case line := <-first.line:
		if err := json.Unmarshal(line, &s.ready); err != nil {
			t.Fatal(err)
		}
	case r := <-ended:
		ended <- r
		t.Fatalf("serve ended with %d: %s", r.exit, r.stderr)
	}
	return s
}
