package stack_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// TestJournalFile: the file has every record, also those that the journal had no room for or was told to forget, and is there when the
// run is over.
func TestJournalFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calls.ndjson")
	r := start(t, func(o *stack.Options) { o.Mock.JournalFile, o.Mock.JournalSize = path, 1 })
	const calls = 5
	for range calls {
		if got := r.call(t, http.MethodGet, "/cgi-bin/token", "", ""); got.status != http.StatusOK {
			t.Fatal(got)
		}
	}
	if _, err := r.phone.Reset(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	r.login(t, "alice")
	r.stop()
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A record that was missed is counted; so many and so fast is not what this test is about.
	if tokens := bytes.Count(text, []byte(`"api":"token"`)); tokens == 0 || tokens < calls && !bytes.Contains(text, []byte(`{"missed":`)) {
		t.Errorf("%d calls of token:\n%s", tokens, text)
	}
	if !bytes.Contains(text, []byte(`"api":"onLogin"`)) || !bytes.HasSuffix(text, []byte("}\n")) {
		t.Errorf("the last call is missing:\n%s", text)
	}
	if state, err := os.Lstat(path); err != nil || state.Mode() != 0o600 {
		t.Errorf("%v, %v", state.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".wxlogin*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestNoJournalFile: a file that cannot be had is an error before anything is served.
func TestNoJournalFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nowhere", "calls.ndjson")
	_, err := stack.Start(t.Context(), stack.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), TokenTTL: tokenTTL, SessionTTL: sessionTTL, Mock: &stack.Mock{JournalFile: path},
	})
	if failed, is := errors.AsType[*stack.JournalFileError](err); !is || failed.Path != path || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestJournalFileTaken: what is in the place of the file stays, unless it is empty or the journal of a run before.
func TestJournalFileTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	attempt := func(path string) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		s, err := stack.Start(ctx, stack.Options{
			Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), TokenTTL: tokenTTL, SessionTTL: sessionTTL, Mock: &stack.Mock{JournalFile: path},
		})
		if err != nil {
			return err
		}
		stop()
		return s.Wait()
	}
	for content, free := range map[string]bool{
		"": true, `{"seq":1,"time":"2026-11-26T00:00:00Z"}` + "\n": true, `{"missed":3}` + "\n": true,
		"package main\n": false, "{": false, `{"sequel":1}`: false, "\n": false,
	} {
		path := filepath.Join(dir, "taken")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := attempt(path); errors.Is(err, stack.ErrNotJournal) == free || free && err != nil {
			t.Errorf("%q: %v", content, err)
		}
		if now, err := os.ReadFile(path); !free && string(now) != content {
			t.Errorf("%q became %q, %v", content, now, err)
		}
	}
	if err := attempt(dir); !errors.Is(err, stack.ErrNotJournal) {
		t.Errorf("a directory: %v", err)
	}
	for _, target := range []string{os.DevNull, filepath.Join(dir, "nowhere"), filepath.Join(dir, "taken")} {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if err := attempt(link); !errors.Is(err, stack.ErrNotJournal) {
			t.Errorf("a link to %s: %v", target, err)
		}
		if got, err := os.Readlink(link); got != target {
			t.Errorf("the link to %s is gone: %q, %v", target, got, err)
		}
	}
}

// TestEnvironmentSecret: a program is told the secret of the simulation, and never one that somebody configured.
func TestEnvironmentSecret(t *testing.T) {
	t.Parallel()
	const appID, secret = "wx0000000000000001", "fedcba9876543210fedcba9876543210"
	unset := func(string) (string, bool) { return "", false }
	told := func(r *running) map[string]string {
		vars, err := r.Environment(unset, "linux")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, v := range vars {
			got[v.Name] = v.Value
			if strings.Contains(v.Value, secret) {
				t.Errorf("%s holds the configured secret", v.Name)
			}
		}
		return got
	}
	demo := told(start(t, nil))
	if demo["WXLOGIN_APPID"] != demoAppID || demo["WXLOGIN_SECRET"] != demoSecret || demo["HTTPS_PROXY"] != demo["WXLOGIN_URL"] {
		t.Errorf("%v", demo)
	}
	configured := told(start(t, func(o *stack.Options) {
		o.Mock.App = world.App{ID: appID, Secret: wechat.NewAppSecret(secret)}
	}))
	if _, said := configured["WXLOGIN_SECRET"]; said || configured["WXLOGIN_APPID"] != appID {
		t.Errorf("%v", configured)
	}
}
