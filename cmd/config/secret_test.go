package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestSetSecretReference(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ value, written string }{
		{"env:WX_SECRET", "env:WX_SECRET"},
		{"file:/run/secrets/wx", "file:/run/secrets/wx"},
		{"file:~/secret", "file:~/secret"},
		{"file:secret.txt", "file:" + filepath.Join(here, "secret.txt")},
		{"cmd:pass show wx", "cmd:pass show wx"},
		{"keyring", "keyring"},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.json = true
			r := d.must("set", "secret", tt.value)
			diff(t, "output", r.out, `{"key":"secret","value":"`+tt.written+`","file":"`+d.path()+`"}`+"\n")
			diff(t, "file", d.content(), "secret: "+tt.written+"\n")
		})
	}
}

func TestSetSecretOnArgv(t *testing.T) {
	t.Parallel()
	want := "secret: the value is no reference (env:NAME, file:PATH, cmd:COMMAND, keyring), and a secret itself does not belong on the command line, where others can read it; nothing was written\n" +
		"type it: wxlogin config set secret --keyring\n" +
		"pipe it: wxlogin config set secret - --keyring < FILE (or --insecure-file)\n" +
		"refer to it: wxlogin config set secret env:NAME | file:PATH | cmd:COMMAND"
	for _, value := range []string{canary, strings.ToUpper(canary), " " + canary, "hunter2", "env:", "file:", "env:" + canary, "cmd: ", "env:A B", "https://x", ""} {
		d := newDesk(t, twoApps)
		r := d.run("set", "secret", value)
		if !isUsage(r.err) {
			t.Fatalf("%q: %v", value, r.err)
		}
		diff(t, value, told(r.err, lang.English), want)
		diff(t, "file", d.content(), twoApps)
	}
}

func TestSetSecretByStdin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, flag, stdin string
		file, account          string
		english                string
	}{
		{"keyring", "secret", "--keyring", canary + "\n", "secret: keyring\n", "default", "ok    secret is taken from the keyring, entry \"default\" (FILE)\n"},
		{"keyring of a profile", "profiles.a.secret", "--keyring", "\ufeff" + canary + "\r\n", "profiles:\n  a:\n    secret: keyring\n", "a", "ok    profiles.a.secret is taken from the keyring, entry \"a\" (FILE)\n"},
		{"keyring of the other secret", "introspection_secret", "--keyring", canary, "introspection_secret: keyring\n", "default/introspection_secret", "ok    introspection_secret is taken from the keyring, entry \"default/introspection_secret\" (FILE)\n"},
		{"file", "secret", "--insecure-file", canary, "secret: " + canary + "\n", "", "ok    secret itself stands in FILE, which only its owner can read\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.stdin = tt.stdin
			r := d.must("set", tt.key, "-", tt.flag)
			diff(t, "output", strings.ReplaceAll(r.out, d.path(), "FILE"), tt.english)
			diff(t, "stderr", r.errOut, "")
			diff(t, "file", d.content(), tt.file)
			if tt.account != "" && d.keyring.entries[tt.account] != canary || tt.account == "" && len(d.keyring.entries) > 0 {
				t.Errorf("keyring %v", d.keyring.entries)
			}
		})
	}
}

// What was kept must be what is used.
func TestKeptSecretIsFound(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--keyring", "--insecure-file"} {
		d := newDesk(t, "profiles:\n  a:\n    appid: wx4f4bc4dec97d474b\n")
		d.profile, d.stdin = "a", canary
		d.must("set", "secret", "-", flag)
		d.tty = true
		diff(t, flag, d.must("get", "secret", "--reveal").out, canary+"\n")
	}
}

func TestSetSecretAtATerminal(t *testing.T) {
	t.Parallel()
	ask := "keep the secret in the keyring (k) or as it is in the file (f)? [k] "
	tests := []struct {
		name    string
		args    []string
		answers string
		tty     string
		file    string
	}{
		{"default", []string{"set", "secret"}, "\n" + canary + "\n", ask + "secret (not shown): ", "secret: keyring\n"},
		{"file", []string{"set", "secret"}, "x\nF\n" + canary + "\n", ask + ask + "secret (not shown): ", "secret: " + canary + "\n"},
		{"said by a flag", []string{"set", "secret", "--keyring"}, canary + "\n", "secret (not shown): ", "secret: keyring\n"},
		{"- is not echoed", []string{"set", "secret", "-", "--insecure-file"}, canary + "\n", "secret (not shown): ", "secret: " + canary + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.answers = tt.answers
			r := d.must(tt.args...)
			diff(t, "terminal", r.tty, tt.tty)
			diff(t, "file", d.content(), tt.file)
		})
	}
}

func TestSetSecretRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		args           []string
		stdin, answers string
		noInput        bool
		want           string
	}{
		{"where is not said", []string{"set", "secret"}, "", "", false, "secret: where the secret is to be kept must be said\ntype it:"},
		{"where is not said in a pipe", []string{"set", "secret", "-"}, canary, "", false, "secret: where the secret is to be kept must be said\ntype it:"},
		{"--no-input", []string{"set", "secret"}, "", canary, true, "secret: where the secret is to be kept must be said"},
		{"nobody to type", []string{"set", "secret", "--keyring"}, canary, "", false, "secret: there is no terminal to type the secret on\npipe it:"},
		{"nobody may be asked", []string{"set", "secret", "-", "--keyring"}, canary, canary, true, "secret: there is no terminal to type the secret on"},
		{"two places", []string{"set", "secret", "--keyring", "--insecure-file"}, "", "", false, "--keyring and --insecure-file exclude each other"},
		{"reference and place", []string{"set", "secret", "env:X", "--keyring"}, "", "", false, "secret: VALUE says where the secret is"},
		{"empty", []string{"set", "secret", "-", "--keyring"}, " \n", "", false, "secret: the secret is empty; nothing was written"},
		{"two lines", []string{"set", "secret", "-", "--keyring"}, canary + "\nmore\n", "", false, "secret: the input has more than one line; want the secret alone"},
		{"too long", []string{"set", "secret", "-", "--keyring"}, strings.Repeat("x", 1<<20), "", false, "secret: the input is longer than 4096 bytes, which no secret is"},
		{"answers end", []string{"set", "secret"}, "", "k\n", false, "no answer; nothing was written"},
		{"no place that exists", []string{"set", "secret"}, "", "x\ny\nz\n", false, "none of the answers fits; nothing was written"},
		{"control characters", []string{"set", "secret", "-", "--insecure-file"}, "a\x00b", "", false, "secret: the value holds "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, twoApps)
			d.stdin, d.answers, d.noInput = tt.stdin, tt.answers, tt.noInput
			r := d.run(tt.args...)
			if !isUsage(r.err) || r.out != "" || len(d.keyring.entries) > 0 {
				t.Fatalf("output %q, error %v, keyring %v", r.out, r.err, d.keyring.entries)
			}
			if got := told(r.err, lang.English); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			diff(t, "file", d.content(), twoApps)
		})
	}
}

func TestKeyringThatDoesNotWork(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	d.stdin, d.keyring.err = canary, errors.New("no bus\x1b[2J")
	r := d.run("set", "secret", "-", "--keyring")
	if !isConfig(r.err) || !errors.Is(r.err, d.keyring.err) {
		t.Fatalf("error %v", r.err)
	}
	diff(t, "error", told(r.err, lang.English), "secret: the keyring did not take it: no bus[2J\n"+
		"keep it in the file: wxlogin config set secret --insecure-file\n"+
		"refer to it: wxlogin config set secret env:NAME | file:PATH | cmd:COMMAND")
	diff(t, "file", d.content(), twoApps)
}

// TestReferenceToKeyring: the reference is tried. It is refused where there is no keyring, and worth a warning where it has no entry.
func TestReferenceToKeyring(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		entry   string
		refused string
		warning string
	}{
		{name: "there", entry: canary},
		{name: "no entry", warning: "warning: the keyring has no entry \"default\" yet; to store one: wxlogin config set secret --keyring\n"},
		{
			name: "no keyring", err: &config.KeyringError{Missing: true, Err: errors.New("no bus")},
			refused: "secret: there is no keyring on this machine (no bus); nothing was written\nkeep it in the file: ",
		},
		{
			name: "broken", err: &config.KeyringError{Err: errors.New("locked")},
			warning: "warning: whether the keyring has the secret is not known: the keyring does not work here (locked)\n",
		},
		{
			name: "late", err: config.ErrKeyringTimeout,
			warning: "warning: whether the keyring has the secret is not known: it did not answer in time\n",
		},
	} {
		for _, args := range [][]string{{"set", "secret", "keyring"}, {"init", "--appid", "wx4f4bc4dec97d474b", "--secret-from", "keyring"}} {
			t.Run(tt.name+" "+args[0], func(t *testing.T) {
				t.Parallel()
				d := newDesk(t, "")
				d.keyring.err = tt.err
				if tt.entry != "" {
					d.keyring.entries["default"] = tt.entry
				}
				r := d.run(args...)
				if tt.refused != "" {
					if !isConfig(r.err) || d.content() != "" || !strings.HasPrefix(told(r.err, lang.English), tt.refused) {
						t.Errorf("error %s, file %q", told(r.err, lang.English), d.content())
					}
					return
				}
				if r.err != nil || !strings.Contains(d.content(), "secret: keyring\n") {
					t.Errorf("error %v, file %q", r.err, d.content())
				}
				diff(t, "stderr", r.errOut, tt.warning)
			})
		}
	}
}

func TestOddSecretIsAWarning(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.stdin = "hunter2"
	r := d.must("set", "secret", "-", "--keyring")
	diff(t, "stderr", r.errOut, "warning: this is not an AppSecret (32 lower-case hexadecimal digits); wxlogin config validate says more\n")
	diff(t, "stderr of the other secret", d.must("set", "introspection_secret", "-", "--keyring").errOut, "")
	if diff := cmp.Diff("hunter2", d.keyring.entries["default"]); diff != "" {
		t.Error(diff)
	}
}
