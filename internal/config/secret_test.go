package config_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// fakeKeyring holds secrets by account; failure, if set, is its only answer.
type fakeKeyring struct {
	entries map[string]string
	failure error
}

func (k fakeKeyring) Get(_ context.Context, account string) (redact.Secret, error) {
	if k.failure != nil {
		return redact.Secret{}, k.failure
	}
	if secret, ok := k.entries[account]; ok {
		return redact.NewSecret(secret), nil
	}
	return redact.Secret{}, config.ErrNoEntry
}

func (k fakeKeyring) Set(_ context.Context, account string, secret redact.Secret) error {
	k.entries[account] = secret.Reveal()
	return k.failure
}

// TestSecretOrder adds the sources from the weakest to the strongest; the newest wins each time.
func TestSecretOrder(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	sources := config.SecretSources{}
	steps := []struct {
		name, origin string
		add          func(secret string)
		file         string
	}{
		{"prompt", "unset", func(s string) {
			sources.Prompt = func(context.Context) (redact.Secret, error) { return redact.NewSecret(s), nil }
		}, ""},
		{"keyring", "unset", func(s string) { sources.Keyring = fakeKeyring{entries: map[string]string{"default": s}} }, ""},
		{"file", "file:" + p.userFile(), func(s string) { p.user("secret: " + s + "\n") }, ""},
		{"profile", "profile:a", func(s string) {
			p.user("secret: x\nprofile: a\nprofiles:\n  a:\n    secret: " + s + "\n")
		}, ""},
		{"variable", "env:WXLOGIN_SECRET", func(s string) { p.env("WXLOGIN_SECRET", s+"\n") }, ""},
		{"variable of a file", "env:WXLOGIN_SECRET_FILE", func(s string) {
			path := filepath.Join(p.home, "by-variable")
			writeFile(t, path, "\ufeff"+s+"\r\n")
			p.env("WXLOGIN_SECRET_FILE", path)
		}, ""},
		{"flag", "flag:--secret-file", func(s string) { writeFile(t, filepath.Join(p.home, "by-flag"), s) }, filepath.Join(p.home, "by-flag")},
		{"stdin", "flag:--secret-file", func(s string) {
			sources.Stdin = func() (io.Reader, error) { return strings.NewReader(s + "\n"), nil }
		}, "-"},
	}
	for _, step := range steps {
		step.add("secret-by-" + step.name)
		o := p.options()
		o.SecretFile = step.file
		c, err := config.Load(o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Secret(t.Context(), sources)
		if err != nil || got.Reveal() != "secret-by-"+step.name {
			t.Errorf("%s: got %q, %v", step.name, got.Reveal(), err)
		}
		if origin := c.Origin("secret").String(); origin != step.origin {
			t.Errorf("%s: origin %q, want %q", step.name, origin, step.origin)
		}
	}
}

func TestSecretReferences(t *testing.T) {
	t.Parallel()
	p := newPlace(t).env("WX_SECRET", secretA).env("WX_EMPTY", "")
	writeFile(t, filepath.Join(filepath.Dir(p.userFile()), "beside"), secretA+"\n")
	writeFile(t, filepath.Join(p.home, "at-home"), secretA+"\n")
	writeFile(t, filepath.Join(p.home, "empty"), "\n")
	writeFile(t, filepath.Join(p.home, "lines"), secretA+"\n"+secretB+"\n")
	writeFile(t, filepath.Join(p.home, "large"), strings.Repeat("x", 5000))
	ring := fakeKeyring{entries: map[string]string{"default": secretA}}
	tests := []struct {
		name, ref string
		keyring   config.Keyring
		want      string // of the error, "" for none
	}{
		{"variable", "env:WX_SECRET", nil, ""},
		{"variable unset", "env:WX_NOPE", nil, "secret: refers to the variable WX_NOPE, which is not set"},
		{"variable empty", "env:WX_EMPTY", nil, "secret: refers to the variable WX_EMPTY, which is set but empty"},
		{"file beside", "file:beside", nil, ""},
		{"file at home", "file:~/at-home", nil, ""},
		{"file missing", "file:/nope/nope", nil, "/nope/nope: cannot be read: no such file or directory"},
		{"file empty", "file:~/empty", nil, "holds no secret: it is empty"},
		{"file of two lines", "file:~/lines", nil, "holds more than one line"},
		{"file too large", "file:~/large", nil, "is larger than 4096 bytes"},
		{"keyring", "keyring", ring, ""},
		{"keyring without the entry", "keyring", fakeKeyring{}, `the keyring has no entry "default"`},
		{"keyring is broken", "keyring", fakeKeyring{failure: errors.New("no bus")}, "the keyring could not be asked: no bus"},
		{
			"no keyring", "keyring",
			fakeKeyring{failure: &config.KeyringError{Missing: true, Err: &exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound}}},
			"secret: there is no keyring on this machine (dbus-launch is not installed)",
		},
		{"keyring is not asked", "keyring", nil, "the secret is in the keyring, which is not asked here"},
		{"command", "cmd:echo " + secretA, nil, ""},
		{"command fails", "cmd:echo " + secretA + "; exit 3", nil, "the command failed: exit status 3"},
		{"command prints without end", "cmd:head -c 3000000 /dev/zero | tr '\\000' x", nil, "is larger than 4096 bytes"},
		{"command is silent", "cmd:true", nil, "the command printed nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newPlace(t)
			q.home, q.vars = p.home, p.vars
			o := q.options()
			o.File = filepath.Join(filepath.Dir(p.userFile()), strings.ReplaceAll(tt.name, " ", "-")+".yaml")
			writeFile(t, o.File, fmt.Sprintf("secret: %q\n", tt.ref))
			c, err := config.Load(o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Secret(t.Context(), config.SecretSources{Keyring: tt.keyring})
			if tt.want == "" {
				if err != nil || got.Reveal() != secretA {
					t.Errorf("got %d bytes, %v", got.Len(), err)
				}
				return
			}
			if _, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), secretA) {
				t.Error("the error holds the secret")
			}
		})
	}
}

func TestNoSecretSaysWhereItLooked(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user("appid: x\nprofile: a\nprofiles: {a: {appid: y}}").env("WXLOGIN_SECRET", "")
	_, err := p.load().Secret(t.Context(), config.SecretSources{Keyring: fakeKeyring{failure: config.ErrKeyringTimeout}})
	if !errors.Is(err, config.ErrNoSecret) {
		t.Fatalf("error %v", err)
	}
	want := "no AppSecret: WXLOGIN_SECRET_FILE is not set; WXLOGIN_SECRET is set but empty; the profile a has no secret; " +
		"the keyring could not be asked: the keyring did not answer in time"
	if err.Error() != want {
		t.Errorf("error %q\nwant  %q", err, want)
	}
}

// TestHasSecret: what names a secret counts, whether or not it can be fetched; the keyring is not asked.
func TestHasSecret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		p    *place
		file string
		want bool
	}{
		{"nothing", newPlace(t), "", false},
		{"variable", newPlace(t).env("WXLOGIN_SECRET", secretA), "", true},
		{"empty variable", newPlace(t).env("WXLOGIN_SECRET", ""), "", false},
		{"variable of a file", newPlace(t).env("WXLOGIN_SECRET_FILE", "/nope"), "", true},
		{"user's file", newPlace(t).user("secret: env:NOPE\n"), "", true},
		{"flag", newPlace(t), "-", true},
		{"a profile hides it", newPlace(t).user("secret: env:NOPE\nprofile: a\nprofiles: {a: {appid: x}}\n"), "", false},
	} {
		o := tt.p.options()
		o.SecretFile = tt.file
		c, err := config.Load(o)
		if err != nil || c.HasSecret() != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestPromptIsCancelled(t *testing.T) {
	t.Parallel()
	cancelled := errors.New("cancelled")
	_, err := newPlace(t).load().Secret(t.Context(), config.SecretSources{
		Prompt: func(context.Context) (redact.Secret, error) { return redact.Secret{}, cancelled },
	})
	if !errors.Is(err, cancelled) {
		t.Errorf("error %v", err)
	}
}

func TestCommandIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newPlace(t).user("secret: cmd:sleep 60\n").load().Secret(ctx, config.SecretSources{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestIntrospectionSecret(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if got, err := p.load().IntrospectionSecret(t.Context(), config.SecretSources{}); err != nil || !got.IsZero() {
		t.Errorf("unset: %d bytes, %v", got.Len(), err)
	}
	p.user("introspection_secret: env:X\n").env("X", "s3cret")
	if got, err := p.load().IntrospectionSecret(t.Context(), config.SecretSources{}); err != nil || got.Reveal() != "s3cret" {
		t.Errorf("reference: %d bytes, %v", got.Len(), err)
	}
	p.env("WXLOGIN_INTROSPECTION_SECRET", "env:X") // a variable holds the secret itself
	if got, err := p.load().IntrospectionSecret(t.Context(), config.SecretSources{}); err != nil || got.Reveal() != "env:X" {
		t.Errorf("variable: %d bytes, %v", got.Len(), err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	p := newPlace(t).env("WX", "1").env("WXLOGIN_INTROSPECTION_SECRET", secretA).flag("appid", appID)
	p.user("secret: env:WX\nprofiles:\n  a: {secret: " + secretB + ", appid: wxa}\n  b: {secret: cmd:op read --token T}\n" +
		"  c: {secret: 'file:/nope'}\n  d: {secret: keyring}\n  e: {secret: 'env:NOPE'}\n")
	want := []string{
		"appid=" + appID + " flag:--appid", "secret=env:WX (set) user", "api_base=https://api.weixin.qq.com default", "profile= unset", "lang= unset",
		"output=text default", "timeout=10s default", "store= unset", "addr=127.0.0.1:8420 default", "token_ttl=24h default", "token_policy=multi default", "session_ttl=72h default",
		"introspection_secret=[redacted] env:WXLOGIN_INTROSPECTION_SECRET",
		"trusted_proxy= unset", "client_rate=600/m default", "login_rate=off default", "tls_cert= unset", "tls_key= unset",
		"log_format=text default", "stop_delay=0s default",
		"mock.url=http://127.0.0.1:8420 default", "mock.user=alice default",
		"profiles.a.appid=wxa user", "profiles.a.secret=[redacted] user", "profiles.b.secret=cmd:op ... user",
		"profiles.c.secret=file:/nope (missing) user", "profiles.d.secret=keyring user", "profiles.e.secret=env:NOPE (not set) user",
	}
	var got []string
	for _, e := range p.load().List() {
		got = append(got, strings.Replace(e.Key+"="+e.Value+" "+e.Origin.String(), "file:"+p.userFile(), "user", 1))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGetUnknown(t *testing.T) {
	t.Parallel()
	c := newPlace(t).load()
	for _, name := range []string{"nope", "profiles", "profiles.a", "profiles.a.timeout", "profiles.A.appid", ""} {
		if _, err := c.Get(name); err == nil {
			t.Errorf("Get(%q) worked", name)
		}
	}
	if e, err := c.Get("profiles.a.appid"); err != nil || e.Origin.String() != "unset" {
		t.Errorf("Get of an absent profile: %+v, %v", e, err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, appid, secret string
		want                string // "level key: text"
	}{
		{"good", appID, secretA, "ok appid: " + appID + " has the shape of an AppID (env:WXLOGIN_APPID)"},
		{"good secret", appID, secretA, "ok secret: the secret has the shape of an AppSecret (env:WXLOGIN_SECRET)"},
		{"guest", "touristappid", secretA, "fail appid: \"touristappid\" is the guest id"},
		{"original id", "gh_0123456789ab", secretA, "fail appid: \"gh_0123456789ab\" is an original id"},
		{"WeCom", "ww0123456789abcdef", secretA, "fail appid: \"ww0123456789abcdef\" is a WeCom CorpID"},
		{"blank", appID + " ", secretA, "fail appid: \"wx0123456789abcdef \" has blanks around it"},
		{"short", appID[:17], secretA, "fail appid: \"wx0123456789abcde\" was copied short: it has 17 characters"},
		{"long", appID + "+", secretA, "fail appid: \"wx0123456789abcdef+\" has 19 characters"},
		{"capitals", "wx0123456789ABCDEF", secretA, "fail appid: \"wx0123456789ABCDEF\" holds capital letters"},
		{"odd", "hello", secretA, "fail appid: \"hello\" is not \"wx\" and 16"},
		{"secret as appid", secretB, secretA, "fail appid: "},
		{"no appid", "", secretA, "fail appid: no appid is configured"},
		{"masked", appID, "0123****cdef", "fail secret: the secret is a masked copy"},
		{"secret with blanks", appID, secretA + " ", "fail secret: the secret has blanks around it"},
		{"secret is an appid", appID, appID, "fail secret: the secret is an AppID"},
		{"secret in capitals", appID, strings.ToUpper(secretA), "fail secret: the secret holds capital letters"},
		{"secret short", appID, secretA[:31], "fail secret: the secret has 31 characters"},
		{"secret odd", appID, strings.Repeat("z", 32), "fail secret: the secret is not made of"},
		{"no secret", appID, "", "fail secret: no AppSecret: "},
		{"empty variable", appID, "", "warn : env:WXLOGIN_SECRET is set but empty"},
		{"another profile's", appID, secretB, "warn secret: the secret equals that of the profile prod"},
		{"the other profile's appid", appID, secretA, "fail profiles.prod.appid: \"gh_1\" is an original id"},
		{"literal", appID, secretA, "warn profiles.prod.secret: a secret stands in "},
		{"base", appID, secretA, "ok api_base: https://api.weixin.qq.com is WeChat's own address"},
		{"mode", appID, secretA, "is for its owner only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t).env("WXLOGIN_APPID", tt.appid).env("WXLOGIN_SECRET", tt.secret)
			p.user("profiles:\n  prod:\n    appid: gh_1\n    secret: " + secretB + "\n")
			var lines []string
			for _, f := range p.load().Validate(t.Context(), config.SecretSources{}) {
				line := string(f.Level) + " " + f.Key + ": " + f.Message.In(0)
				lines = append(lines, line)
				if f.Level != config.LevelOK && f.Key != "api_base" && f.Fix.IsZero() {
					t.Errorf("no fix for %q", line)
				}
			}
			all := strings.Join(lines, "\n")
			if !strings.Contains(all, tt.want) {
				t.Errorf("want %q in\n%s", tt.want, all)
			}
			if strings.Contains(all, secretA) || strings.Contains(all, secretB) {
				t.Errorf("a secret stands in\n%s", all)
			}
		})
	}
}

func TestValidateOpenFilesAndHiddenProfile(t *testing.T) {
	t.Parallel()
	p := newPlace(t).env("WXLOGIN_APPID", appID)
	file := filepath.Join(p.home, "secret")
	writeFile(t, file, secretA)
	p.user("profile: a\nprofiles:\n  a: {appid: wxffffffffffffffff, secret: file:~/secret}\n").env("WXLOGIN_API_BASE", "http://localhost:1")
	for _, path := range []string{file, p.userFile()} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var all strings.Builder
	for _, f := range p.load().Validate(t.Context(), config.SecretSources{}) {
		all.WriteString(string(f.Level) + " " + f.Key + ": " + f.Message.In(0) + "\n")
	}
	for _, want := range []string{
		"warn : " + p.userFile() + " is open to other users (mode -rw-r--r--)",
		"warn profiles.a.secret: " + file + " is open to other users",
		"warn appid: the profile a names the appid wxffffffffffffffff, but another one is in use (env:WXLOGIN_APPID)",
		"warn api_base: http://localhost:1 is not WeChat's own address (env:WXLOGIN_API_BASE)",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("want %q in\n%s", want, all.String())
		}
	}
}
