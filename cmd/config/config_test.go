package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
)

const (
	canary = "0123456789abcdef0123456789abcdef" // has the shape of an AppSecret
	appID  = "wx4f4bc4dec97d474b"               // of WeChat's own decryption example
)

// twoApps is a user's file with an app and another in a profile.
const twoApps = `# mine
appid: wx4f4bc4dec97d474b
secret: env:WX_SECRET
timeout: 5s
profiles:
  staging:
    appid: wx0000000000000001
    secret: keyring
`

// desk is a home directory with a user's file, and who sits before it.
type desk struct {
	t       *testing.T
	home    string
	env     map[string]string
	keyring *fakeKeyring
	stdin   string
	answers string // typed at the terminal; "" and no tty: there is none
	tty     bool
	json    bool
	noInput bool
	lang    lang.Lang
	profile string
	file    string // --config
}

// result is what a run left.
type result struct {
	err              error
	out, errOut, tty string
}

func newDesk(t *testing.T, userFile string) *desk {
	t.Helper()
	d := &desk{t: t, home: t.TempDir(), keyring: &fakeKeyring{entries: map[string]string{}}}
	d.env = map[string]string{"HOME": d.home, "XDG_CONFIG_HOME": filepath.Join(d.home, "xdg"), "XDG_STATE_HOME": filepath.Join(d.home, "state")}
	if userFile != "" {
		d.write(d.path(), userFile)
	}
	return d
}

func (d *desk) path() string { return filepath.Join(d.home, "xdg", "wxlogin", "config.yaml") }

func (d *desk) write(path, text string) {
	d.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		d.t.Fatal(err)
	}
}

// content returns the user's file, "" if there is none.
func (d *desk) content() string {
	data, err := os.ReadFile(d.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	return string(data)
}

// run types `wxlogin config ARGS`.
func (d *desk) run(args ...string) result {
	d.t.Helper()
	streams, in, out, errOut := term.Test()
	in.WriteString(d.stdin)
	tty := &fakeTTY{Reader: strings.NewReader(d.answers)}
	if d.tty || d.answers != "" {
		streams.InTTY, streams.OutTTY = true, true
		streams.TTY = func() (io.ReadWriteCloser, error) { return tty, nil }
	}
	env := func(name string) (string, bool) { value, ok := d.env[name]; return value, ok }
	streams.Env, streams.Lang = env, d.lang
	streams.Width = 1000 // temporary directories have long names
	a := &app.App{IO: streams, Env: env, Now: time.Now, Flags: app.Flags{JSON: d.json, NoInput: d.noInput, ConfigFile: d.file, Keys: map[string]string{}}}
	if d.lang == lang.Chinese {
		a.Flags.Lang = "zh"
	}
	if d.profile != "" {
		a.Flags.Keys["profile"] = d.profile
	}
	c := newGroup(a, d.keyring)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(out)
	c.SetErr(errOut)
	err := c.ExecuteContext(d.t.Context())
	for where, text := range map[string]string{"stdout": out.String(), "stderr": errOut.String(), "terminal": tty.String()} {
		if strings.Contains(text, canary) && !slices.Contains(args, "--reveal") {
			d.t.Errorf("config %q: the secret stands on %s: %q", args, where, text)
		}
	}
	if err != nil && strings.Contains(told(err, lang.English)+told(err, lang.Chinese), canary) {
		d.t.Errorf("config %q: the secret stands in the error %v", args, err)
	}
	return result{err, out.String(), errOut.String(), tty.String()}
}

// must is run for what has to work.
func (d *desk) must(args ...string) result {
	d.t.Helper()
	r := d.run(args...)
	if r.err != nil {
		d.t.Fatalf("config %q: %v", args, r.err)
	}
	return r
}

// told is what a user is told of an error, with its hints.
func told(err error, l lang.Lang) string {
	text := err.Error()
	if e, ok := err.(interface{ Message() lang.Message }); ok {
		text = e.Message().In(l)
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		for _, fix := range e.Hints() {
			text += "\n" + fix.In(l)
		}
	}
	return text
}

// isUsage reports whether the tool ends with 2 for err.
func isUsage(err error) bool {
	if _, ok := errors.AsType[*term.UsageError](err); ok {
		return true
	}
	e, ok := errors.AsType[*config.Error](err)
	return ok && e.Usage()
}

// isConfig reports whether the tool ends with 3 for err.
func isConfig(err error) bool {
	e, ok := errors.AsType[*config.Error](err)
	return ok && !e.Usage()
}

type fakeTTY struct {
	io.Reader
	bytes.Buffer
}

func (f *fakeTTY) Read(p []byte) (int, error) { return f.Reader.Read(p) }
func (f *fakeTTY) Close() error               { return nil }

type fakeKeyring struct {
	entries map[string]string
	err     error // of every call
}

func (k *fakeKeyring) Get(_ context.Context, account string) (redact.Secret, error) {
	value, ok := k.entries[account]
	if k.err != nil {
		return redact.Secret{}, k.err
	}
	if !ok {
		return redact.Secret{}, config.ErrNoEntry
	}
	return redact.NewSecret(value), nil
}

func (k *fakeKeyring) Set(_ context.Context, account string, secret redact.Secret) error {
	if k.err == nil {
		k.entries[account] = secret.Reveal()
	}
	return k.err
}

func diff(t *testing.T, what, got, want string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// fields returns the names in a JSON object, sorted.
func fields(t *testing.T, object []byte) []string {
	t.Helper()
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		t.Fatalf("not an object: %v: %s", err, object)
	}
	return slices.Sorted(maps.Keys(values))
}

func TestGroup(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	c := New(&app.App{IO: first(term.Test()), Env: func(string) (string, bool) { return "", false }})
	var verbs []string
	for _, sub := range c.Commands() {
		verbs = append(verbs, sub.Name())
	}
	slices.Sort(verbs)
	if diff := cmp.Diff([]string{"get", "init", "list", "path", "set", "use", "validate"}, verbs); diff != "" {
		t.Error(diff)
	}
	if r := d.run("lst"); !isUsage(r.err) || !strings.Contains(r.err.Error(), "did you mean ") || !strings.Contains(r.err.Error(), "list") {
		t.Errorf("error %v", r.err)
	}
	for _, verb := range []string{"list", "path", "init", "validate"} {
		if r := d.run(verb, "surplus"); !isUsage(r.err) {
			t.Errorf("%s with an argument: %v", verb, r.err)
		}
	}
}

func first(s *term.IO, _, _, _ *bytes.Buffer) *term.IO { return s }
