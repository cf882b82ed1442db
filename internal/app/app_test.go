package app_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newApp returns an App with buffers for streams and exactly these variables.
func newApp(env map[string]string) (a *app.App, out, errOut *bytes.Buffer) {
	io, _, out, errOut := term.Test()
	lookup := func(name string) (string, bool) { value, set := env[name]; return value, set }
	io.Env = lookup
	return &app.App{IO: io, Env: lookup, Now: time.Now, Flags: app.Flags{Keys: map[string]string{}}}, out, errOut
}

// homeless is an environment whose every file is below something that is no directory, so that whoever touches one fails.
func homeless(t *testing.T) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"WXLOGIN_CONFIG": filepath.Join(file, "config.yaml"), "WXLOGIN_STATE_DIR": filepath.Join(file, "state"), "HOME": file}
}

// at is an environment whose files are in dir.
func at(dir string, more ...string) map[string]string {
	env := map[string]string{"WXLOGIN_CONFIG_DIR": filepath.Join(dir, "config"), "WXLOGIN_STATE_DIR": filepath.Join(dir, "state"), "HOME": dir}
	for i := 0; i+1 < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return env
}

func TestNothingIsTouchedUnasked(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp(homeless(t))
	a.DetectLang("")
	if _, err := a.Output(); err != nil {
		t.Errorf("Output: %v", err)
	}
	if _, err := a.Paths().KeysFile(); err != nil {
		t.Errorf("Paths: %v", err)
	}
	a.Group(app.Spec{Use: "group"}, a.Command(app.Spec{Use: "verb", Examples: []app.Example{{Line: "x"}}}))
	_ = a.SecretSources(true)
	if err := a.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	// The environment does what it is for: whoever needs a file fails.
	for name, call := range map[string]func() error{
		"Config":     func() error { _, err := a.Config(); return err },
		"AppID":      func() error { _, err := a.AppID(); return err },
		"Secret":     func() error { _, err := a.Secret(t.Context()); return err },
		"WeChat":     func() error { _, err := a.WeChat(t.Context()); return err },
		"Origin":     func() error { _, err := a.Origin(); return err },
		"Keys":       func() error { _, err := a.Keys(); return err },
		"SavedKeys":  func() error { _, _, err := a.SavedKeys(); return err },
		"Store":      func() error { _, err := a.Store(t.Context()); return err },
		"SavedStore": func() error { _, _, err := a.SavedStore(t.Context()); return err },
		"StorePath":  func() error { _, err := a.StorePath(); return err },
		"Mock":       func() error { _, err := a.Mock(); return err },
	} {
		if call() == nil {
			t.Errorf("%s needs no file", name)
		}
	}
}

func TestNothingIsWrittenUnasked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, _, _ := newApp(at(dir, "WXLOGIN_STORE", "memory", "WXLOGIN_APPID", "wx4f4bc4dec97d474b"))
	if _, err := a.Config(); err != nil {
		t.Fatal(err)
	}
	if id, err := a.AppID(); err != nil || id != "wx4f4bc4dec97d474b" {
		t.Errorf("AppID = %s, %v", id, err)
	}
	store, err := a.Store(t.Context())
	if _, isMemory := store.(*memory.Store); !isMemory || err != nil {
		t.Errorf("Store = %T, %v", store, err)
	}
	if _, err := a.Mock(); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("written: %v, %v", entries, err)
	}
}

// TestOutputVariable: what the environment says wrong is a fault of the configuration, and names the variable.
func TestOutputVariable(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp(map[string]string{"WXLOGIN_OUTPUT": "xml"})
	_, err := a.Output()
	e, ok := errors.AsType[*config.Error](err)
	if !ok || e.Usage() || e.Error() != `WXLOGIN_OUTPUT: unknown output format "xml" (want text, json or ndjson)` {
		t.Errorf("Output = %v", err)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	jq := ".a"
	broken := ".["
	tests := []struct {
		name  string
		flags app.Flags
		env   string
		want  term.Format
		usage bool
	}{
		{"nothing", app.Flags{}, "", term.Text, false},
		{"--json", app.Flags{JSON: true}, "", term.JSON, false},
		{"-o", app.Flags{Output: "ndjson"}, "", term.NDJSON, false},
		{"variable", app.Flags{}, "json", term.JSON, false},
		{"flag over variable", app.Flags{Output: "text"}, "json", term.Text, false},
		{"query", app.Flags{JQ: &jq}, "", term.JSON, false},
		{"unknown", app.Flags{Output: "xml"}, "", 0, true},
		{"broken query", app.Flags{JQ: &broken}, "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := newApp(map[string]string{"WXLOGIN_OUTPUT": tt.env})
			a.Flags = tt.flags
			got, err := a.Output()
			if _, isUsage := errors.AsType[*term.UsageError](err); isUsage != tt.usage || err != nil && !tt.usage {
				t.Fatalf("Output = %v", err)
			}
			if got.Format != tt.want {
				t.Errorf("format %v", got.Format)
			}
		})
	}
}

func TestConfiguredOutputAndLanguage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("output: json\nlang: zh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, _, _ := newApp(at(dir))
	a.Flags.ConfigFile = file
	first, err := a.Config()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := a.Config(); err != nil || first != second {
		t.Errorf("loaded twice, or %v", err)
	}
	if o, err := a.Output(); err != nil || o.Format != term.JSON {
		t.Errorf("Output = %v, %v", o.Format, err)
	}
	if a.IO.Lang != lang.English { // programs read English
		t.Errorf("language %v", a.IO.Lang)
	}
	a.Flags.Output = "text"
	a.DetectLang(first.Lang)
	if a.IO.Lang != lang.Chinese {
		t.Errorf("language %v", a.IO.Lang)
	}
}

func TestDetectLang(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		flags      app.Flags
		env        map[string]string
		configured string
		want       lang.Lang
	}{
		{"nothing", app.Flags{}, nil, "", lang.English},
		{"locale", app.Flags{}, map[string]string{"LANG": "zh_CN.UTF-8"}, "", lang.Chinese},
		{"LC_ALL first", app.Flags{}, map[string]string{"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "", lang.English},
		{"configured over locale", app.Flags{}, map[string]string{"LANG": "en_US.UTF-8"}, "zh", lang.Chinese},
		{"variable over configured", app.Flags{}, map[string]string{"WXLOGIN_LANG": "en"}, "zh", lang.English},
		{"flag over variable", app.Flags{Lang: "zh"}, map[string]string{"WXLOGIN_LANG": "en"}, "", lang.Chinese},
		{"a program reads", app.Flags{JSON: true}, map[string]string{"LANG": "zh_CN.UTF-8"}, "zh", lang.English},
		{"CI reads", app.Flags{}, map[string]string{"LANG": "zh_CN.UTF-8", "CI": "true"}, "zh", lang.English},
		{"the flag says otherwise", app.Flags{JSON: true, Lang: "zh"}, nil, "", lang.Chinese},
		{"a mistyped format stops nobody", app.Flags{Output: "xml"}, map[string]string{"LANG": "zh_CN.UTF-8"}, "", lang.Chinese},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := newApp(tt.env)
			a.Flags = tt.flags
			if a.DetectLang(tt.configured); a.IO.Lang != tt.want {
				t.Errorf("language %v, want %v", a.IO.Lang, tt.want)
			}
		})
	}
}

func TestAppID(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp(at(t.TempDir()))
	_, err := a.AppID()
	if _, isConfig := errors.AsType[*config.Error](err); !isConfig || !errors.Is(err, config.ErrNoAppID) {
		t.Errorf("none: %v", err)
	}
	a, _, _ = newApp(at(t.TempDir(), "WXLOGIN_APPID", "gh_0123456789ab"))
	_, err = a.AppID()
	if shape, isShape := errors.AsType[*wechat.ShapeError](err); !isShape || shape.Field != "appid" {
		t.Errorf("malformed: %v", err)
	}
	if _, err = a.WeChat(t.Context()); err == nil {
		t.Error("a client for a malformed appid")
	}
}

func TestWeChatAndOrigin(t *testing.T) {
	t.Parallel()
	const secret = "fedcba9876543210fedcba9876543210"
	a, _, _ := newApp(at(t.TempDir(), "WXLOGIN_APPID", "wx4f4bc4dec97d474b", "WXLOGIN_SECRET", secret, "WXLOGIN_API_BASE", "http://127.0.0.1:8420/"))
	client, err := a.WeChat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	origin, err := a.Origin()
	if err != nil || origin != "http://127.0.0.1:8420" || client.Origin() != origin {
		t.Errorf("%s, %s, %v", origin, client.Origin(), err)
	}
	a, _, _ = newApp(at(t.TempDir(), "WXLOGIN_APPID", "wx4f4bc4dec97d474b"))
	if _, err = a.WeChat(t.Context()); !errors.Is(err, config.ErrNoSecret) {
		t.Errorf("without a secret, and nobody to ask: %v", err)
	}
	if origin, err = a.Origin(); err != nil || origin != "https://api.weixin.qq.com" {
		t.Errorf("%s, %v", origin, err)
	}
}

func TestStoreKinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	custom := filepath.Join(dir, "custom", "sessions.db")
	for store, want := range map[string]string{"": filepath.Join(dir, "state", "wxlogin.db"), "memory": "", "sqlite:" + custom: custom} {
		a, _, _ := newApp(at(dir, "WXLOGIN_STORE", store))
		if got, err := a.StorePath(); err != nil || got != want {
			t.Errorf("%q: %q, %v", store, got, err)
		}
	}
	a, _, _ := newApp(at(dir, "WXLOGIN_STORE", "redis://127.0.0.1:1/3")) // where nobody listens
	if path, err := a.StorePath(); err != nil || path != "" || a.StoreName() != "redis://127.0.0.1:1/3" {
		t.Errorf("Redis: %q, %q, %v", path, a.StoreName(), err)
	}
	if _, err := a.Store(t.Context()); !errors.Is(err, redis.ErrUnreachable) {
		t.Errorf("Redis where there is none: %v", err)
	}
	a, _, _ = newApp(at(dir, "WXLOGIN_STORE", "sqlite:"))
	if got, err := a.StorePath(); err == nil {
		t.Errorf("sqlite without a path is %q", got)
	}
}

func TestStoreIsOpenedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, _, _ := newApp(at(dir))
	first, err := a.Store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Store(t.Context())
	if err != nil || first != second {
		t.Errorf("opened twice, or %v", err)
	}
	if _, isSQLite := first.(*sqlite.Store); !isSQLite {
		t.Errorf("Store = %T", first)
	}
	one, err := a.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if two, err := a.Keys(); err != nil || one != two {
		t.Errorf("loaded twice, or %v", err)
	}
	for _, name := range []string{"wxlogin.db", "keys.json"} {
		if _, err := os.Stat(filepath.Join(dir, "state", name)); err != nil {
			t.Error(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := first.Ping(t.Context()); !errors.Is(err, session.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestSecretSources(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp(nil)
	if a.SecretSources(true).Prompt != nil {
		t.Error("asks where nobody is")
	}
	in, err := a.SecretSources(false).Stdin()
	if err != nil || in == nil {
		t.Errorf("Stdin = %v, %v", in, err)
	}
	_, err = a.SecretSources(false).Stdin() // standard input is there once
	if _, isUsage := errors.AsType[*term.UsageError](err); !isUsage {
		t.Errorf("Stdin again = %v", err)
	}
}

func TestMockToken(t *testing.T) {
	t.Parallel()
	var given string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given = r.Header.Get("Authorization")
		w.Header().Set("X-Wxlogin-Mock", "1")
		_, _ = w.Write([]byte(`{"code":"c","errMsg":"login:ok"}`))
	}))
	defer server.Close()
	for token, want := range map[string]string{"": "", "the control token": "Bearer the control token"} {
		a, _, _ := newApp(at(t.TempDir(), "WXLOGIN_URL", server.URL, "WXLOGIN_MOCK_TOKEN", token))
		client, err := a.Mock()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Login(t.Context(), mockclient.Who{}); err != nil || given != want {
			t.Errorf("Authorization %q, want %q; %v", given, want, err)
		}
	}
	a, _, _ := newApp(at(t.TempDir()))
	if client, err := a.Mock(); err != nil || client.URL() != app.DefaultURL {
		t.Errorf("without a variable: %v", err)
	}
}

// A project file comes with somebody's repository: the address in it is called, but not trusted with the token.
func TestMockTokenIsNotForStrangers(t *testing.T) {
	var given []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given = append(given, r.Header.Get("Authorization"))
		w.Header().Set("X-Wxlogin-Mock", "1")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	project := t.TempDir()
	if err := os.WriteFile(filepath.Join(project, "wxlogin.yaml"), []byte("mock:\n  url: "+server.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(project)
	a, _, _ := newApp(at(t.TempDir(), "WXLOGIN_MOCK_TOKEN", "the control token"))
	client, err := a.Mock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Login(t.Context(), mockclient.Who{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{""}, given); diff != "" {
		t.Error(diff)
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	a, _, errOut := newApp(nil)
	logger := slog.New(a.LogHandler(false))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { logger.Info("GET /onLogin", "status", 200) })
	}
	wg.Wait()
	logger.Debug("not shown")
	line := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) INF GET /onLogin status=200$`)
	lines := strings.Split(strings.TrimSpace(errOut.String()), "\n")
	for _, got := range lines {
		if !line.MatchString(got) {
			t.Errorf("line %q", got)
		}
	}
	if diff := cmp.Diff(50, len(lines)); diff != "" {
		t.Error(diff)
	}
}
