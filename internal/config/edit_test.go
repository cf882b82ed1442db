package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/wxlogin/wxlogin/internal/config"
)

const written = `# my settings

appid:   wx0123456789abcdef   # the shop
"lang": 'zh'


# 注释
profiles:
    # four blanks
    staging:
        appid: wxaaaaaaaaaaaaaaaa # 预发布
        secret:  "env:STAGING" # ci

    prod: # live
        appid: wxbbbbbbbbbbbbbbbb

timeout: 5s
`

const otherID = "wx00000000000000aa"

// TestSet compares whole files: what is not set keeps its bytes.
func TestSet(t *testing.T) {
	t.Parallel()
	replaced := func(from, to string) string { return strings.Replace(written, from, to, 1) }
	tests := []struct{ name, before, key, value, after string }{
		{"plain value", written, "appid", otherID, replaced("wx0123456789abcdef ", otherID+" ")},
		{"quoted value", written, "lang", "en", replaced("'zh'", "en")},
		{"double quoted in a profile", written, "profiles.staging.secret", "file:x", replaced(`"env:STAGING"`, "file:x")},
		{"after a Han comment", written, "profiles.staging.appid", otherID, replaced("wxaaaaaaaaaaaaaaaa", otherID)},
		{"new at the top level", written, "output", "json", written + "output: json\n"},
		{"new in a profile", written, "profiles.staging.api_base", "https://x", replaced("# ci\n", "# ci\n        api_base: https://x\n")},
		{"new profile", written, "profiles.dev.appid", otherID, replaced("wxbbbbbbbbbbbbbbbb\n", "wxbbbbbbbbbbbbbbbb\n    dev:\n      appid: "+otherID+"\n")},
		{"new group", written, "mock.url", "http://x", written + "mock:\n  url: http://x\n"},
		{"no line feed at the end", "appid: x", "lang", "zh", "appid: x\nlang: zh\n"},
		{"last value without line feed", "appid: x", "appid", otherID, "appid: " + otherID},
		{"Windows lines", "appid: x # c\r\nlang: zh\r\n", "output", "json", "appid: x # c\r\nlang: zh\r\noutput: json\r\n"},
		{"Windows lines, replaced", "appid: x # c\r\nlang: zh\r\n", "lang", "en", "appid: x # c\r\nlang: en\r\n"},
		{"comments only", "# nothing yet\n", "appid", otherID, "# nothing yet\nappid: " + otherID + "\n"},
		{"empty file", "", "profiles.a.appid", otherID, "profiles:\n  a:\n    appid: " + otherID + "\n"},
		{"value absent", "appid: # later\nlang: zh\n", "lang", "en", "appid: # later\nlang: en\n"},
		{"profiles absent", "profiles:\nlang: zh\n", "profiles.a.appid", otherID, "profiles:\n  a:\n    appid: " + otherID + "\nlang: zh\n"},
		{"needs quotes", "store: memory\n", "store", "sqlite:/a b: #c", "store: 'sqlite:/a b: #c'\n"},
		{"hash inside", "store: sqlite:/a#b # c\n", "store", "memory", "store: memory # c\n"},
		{"quote inside", "mock:\n  user: 'it''s' # c\n", "mock.user", "bob", "mock:\n  user: bob # c\n"},
		{"escape inside", "mock:\n  user: \"a\\\"b\" # c\n", "mock.user", "bob", "mock:\n  user: bob # c\n"},
		{"null on its line", "appid:\nlang: zh\n", "appid", otherID, "appid: " + otherID + "\nlang: zh\n"},
		{"looks like a number", "", "mock.user", "0123", "mock:\n  user: \"0123\"\n"},
		{"document marks", "---\nappid: x\n", "appid", otherID, "---\nappid: " + otherID + "\n"},
		{"braces", "{appid: x, lang: zh} # c\n", "appid", otherID, "{appid: " + otherID + ", lang: zh} # c\n"},
		{"literal block", "# c\nsecret: |\n  env:X\nlang: zh # d\n", "secret", "env:Y", "# c\nsecret: env:Y\nlang: zh # d\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.yaml")
			writeFile(t, path, tt.before)
			if err := config.Set(path, config.Setting{Name: tt.key, Value: tt.value}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, key, value, want string }{
		{"unknown", "appidd", "x", "appidd: there is no such key (did you mean appid?)"},
		{"bad value", "timeout", "soon", "timeout: "},
		{"empty", "appid", "", "appid: the value is empty"},
		{"literal secret", "secret", secretA, "secret: a secret is not written into the file as it is"},
		{"literal secret of a profile", "profiles.a.secret", secretA, "a secret is not written into the file as it is"},
		{"line feed", "mock.user", "a\nappid: b", "mock.user: the value holds an invisible character"},
		{"not UTF-8", "mock.user", "\xce", "mock.user: the value holds an invisible character"},
		{"line separator", "mock.user", "a\u2028b", "mock.user: the value holds an invisible character"},
		{"profile name", "profiles.A.appid", "x", `"A" is not`},
		{"group", "profiles.a", "x", "there is no such key"},
		{"Redis with a password", "store", "redis://:pw@h", "store: a password must not stand in the address"},
		{"Redis with parameters", "store", "rediss://h:6380/1?skip_verify=true", "store: an address of Redis takes no parameters"},
		{"appid", "appid", "junk", `appid: "junk" is not "wx" and 16 lower-case hexadecimal digits`},
		{"appid of a profile", "profiles.a.appid", "wx4f4b", `profiles.a.appid: "wx4f4b" was copied short: it has 6 characters, an AppID has 18`},
		{"original id as appid", "appid", "gh_0123456789ab", `"gh_0123456789ab" is an original id, not an AppID`},
		{"CorpID as appid", "appid", "ww0123456789abcdef", `"ww0123456789abcdef" is a WeCom CorpID, not an AppID`},
		{"guest id as appid", "appid", "touristappid", `"touristappid" is the guest id of WeChat DevTools`},
		{"secret as appid", "appid", secretA, "appid: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.yaml")
			err := config.Set(path, config.Setting{Name: tt.key, Value: tt.value})
			if _, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secretA) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a file was made")
			}
		})
	}
}

func TestSetLiteralWhenAsked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "dir", "config.yaml")
	if err := config.Set(path, config.Setting{Name: "secret", Value: secretA, Literal: true}); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		stat, err := os.Stat(p)
		if err != nil || stat.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v", p, stat.Mode(), err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSetTightensTheMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	writeFile(t, path, "lang: zh\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := config.Set(path, config.Setting{Name: "lang", Value: "en"}); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", stat.Mode(), err)
	}
}

func TestSetDoesNotFollowLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.yaml"), filepath.Join(dir, "config.yaml")
	writeFile(t, target, "lang: zh\n")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	err := config.Set(link, config.Setting{Name: "lang", Value: "en"})
	if e, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(e.Error(), "is a symbolic link to "+target) {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(target); string(got) != "lang: zh\n" {
		t.Errorf("the target holds %q", got)
	}
}

func TestSetSaysWhatStopsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "")
	for path, want := range map[string]string{
		dir: "is not a regular file", filepath.Join(dir, "file", "config.yaml"): "not a directory",
	} {
		err := config.Set(path, config.Setting{Name: "lang", Value: "en"})
		if e, ok := errors.AsType[*config.Error](err); !ok || e.File != path {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}

func TestSetKeepsABrokenFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	writeFile(t, path, "lang: zh\nnope: 1\n")
	if err := config.Set(path, config.Setting{Name: "lang", Value: "en"}); err == nil {
		t.Error("a file that cannot be read was edited")
	}
	if got, _ := os.ReadFile(path); string(got) != "lang: zh\nnope: 1\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	settings := []config.Setting{{Name: "appid", Value: appID}, {Name: "secret", Value: "keyring"}, {Name: "profiles.b.appid", Value: otherID}}
	if err := config.Init(path, settings...); err != nil {
		t.Fatal(err)
	}
	if got, want := readFile(t, path), "appid: "+appID+"\nsecret: keyring\nprofiles:\n  b:\n    appid: "+otherID+"\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	if err := config.Init(path, settings...); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second time: %v", err)
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	writeFile(t, path, written)
	if err := config.Use(path, "prod"); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, path); got != written+"profile: prod\n" {
		t.Errorf("wrote %q", got)
	}
	err := config.Use(path, "prd")
	if _, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(err.Error(), `there is no profile "prd" (did you mean prod?)`) {
		t.Errorf("error %v", err)
	}
	if err := config.Use(path, ""); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, path); got != written {
		t.Errorf("wrote %q", got)
	}
}

// TestUseNone removes the key, and nothing else.
func TestUseNone(t *testing.T) {
	t.Parallel()
	const profiles = "profiles:\n  a: {appid: x}\n"
	for _, tt := range []struct{ name, before, after string }{
		{"not there", "# c\n" + profiles, "# c\n" + profiles},
		{"its line", "# c\nprofile: a # live\n\n# d\n" + profiles, "# c\n\n# d\n" + profiles},
		{"quoted, Windows lines", "lang: zh\r\n\"profile\": 'a'\r\n", "lang: zh\r\n"},
		{"empty", "profile: \"\"\n" + profiles, profiles},
		{"null, at the end", profiles + "profile:", profiles},
		{"alone", "---\nprofile: a\n", "---\n"},
		{"braces", "{profile: a, lang: zh} # c\n", "{lang: zh} # c\n"},
		{"two lines", "profile:\n  a\nlang: zh # c\n", "lang: zh # c\n"},
		{"literal block", "profile: |-\n  a\nlang: zh\n", "lang: zh\n"},
		{"in a profile of that name", "profiles:\n  profile: {appid: x}\n", "profiles:\n  profile: {appid: x}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.yaml")
			writeFile(t, path, tt.before)
			if err := config.Use(path, ""); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, readFile(t, path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// FuzzSet edits whatever parses, and reads the result with yaml alone: the key has its value, every other one the value it had.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{"", written, "{appid: x}", "appid: |\n  x\n", "appid: 'a''b' # c", "mock: {}\n", "mock:\n", "---\n# x\n", "appid: x\r\n", "appid: \"a\\\"b\"\nlang: zh", "appid: .nan\n"} {
		f.Add(seed, "wx1")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		writeFile(t, path, text)
		var before map[string]any
		_ = yaml.Unmarshal([]byte(text), &before)
		if err := config.Set(path, config.Setting{Name: "mock.user", Value: value}); err != nil {
			if readFile(t, path) != text {
				t.Error("a failed edit changed the file")
			}
			return
		}
		var after map[string]any
		if err := yaml.Unmarshal([]byte(readFile(t, path)), &after); err != nil {
			t.Fatal(err)
		}
		if before == nil {
			before = map[string]any{}
		}
		group, ok := before["mock"].(map[string]any)
		if !ok {
			group = map[string]any{}
		}
		group["user"] = value
		before["mock"] = group
		if diff := cmp.Diff(before, after, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("from %q:\n%s", text, diff)
		}
	})
}
