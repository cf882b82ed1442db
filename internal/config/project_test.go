package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestProjectSimulation: `mock env` makes the simulation's address the one that the AppSecret goes to, so a repository may not name
// just any.
func TestProjectSimulation(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://127.0.0.1:8420", "http://127.9.9.9", "https://[::1]:1/", "http://localhost:3000", "http://[::ffff:127.0.0.1]"} {
		if got := newPlace(t).repo(nested("mock.url", url)).load().Mock.URL; got != strings.TrimRight(url, "/") {
			t.Errorf("%s became %s", url, got)
		}
	}
	for _, url := range []string{
		"http://mock.example.com", "http://10.0.0.7:8420", "http://0.0.0.0", "http://localhost.example.com", "http://a.localhost", "http://127.0.0.1.example.com",
		"http://127.1", "http://2130706433", "http://[fe80::1]", "http://LOCALHOST.", "https://example.com/127.0.0.1",
	} {
		p := newPlace(t).repo("lang: zh\n" + nested("mock.url", url))
		_, err := config.Load(p.options())
		e, ok := errors.AsType[*config.Error](err)
		if !ok || e.File != p.projectFile() || e.Line != 3 || e.Key != "mock.url" || e.Usage() || len(e.Hints()) != 1 || strings.Contains(e.Error(), url) {
			t.Errorf("%s: %v", url, err)
		}
		if got := newPlace(t).user(nested("mock.url", url)).load().Mock.URL; got != url {
			t.Errorf("the user's own %s became %s", url, got)
		}
	}
}

// TestUnknownKeysAreNotRepeated: a project file may be a link to any file, and a secret may stand where a key belongs.
func TestUnknownKeysAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"root:*:20228:0:99999:7:::", "-----BEGIN PRIVATE KEY-----: x", secretA + ": x", "profiles:\n  a:\n    " + secretA + ": x", "Bearer abc: x",
		strings.Repeat("k", 65) + ": x", "密码: x", "machine example.com login.me: x", "mock:\n  " + secretB + ": x",
	} {
		for _, project := range []bool{false, true} {
			p := newPlace(t)
			if project {
				p.repo(line)
			} else {
				p.user(line)
			}
			_, err := config.Load(p.options())
			e, ok := errors.AsType[*config.Error](err)
			if !ok || e.Line == 0 {
				t.Errorf("%q: %v", line, err)
				continue
			}
			secret, _, _ := strings.Cut(line[strings.LastIndex(line, "\n")+1:], ": ")
			for _, l := range []lang.Lang{lang.English, lang.Chinese} {
				if secret = strings.Trim(secret, " :"); strings.Contains(e.Message().In(l)+e.Key, secret) {
					t.Errorf("%q: %s", line, e.Message().In(l))
				}
			}
		}
	}
	for _, key := range []string{"colour", "a_b-c9", "apiBase", "App-ID", strings.Repeat("k", 64)} {
		_, err := config.Load(newPlace(t).user(key + ": x").options())
		if e, ok := errors.AsType[*config.Error](err); !ok || e.Key != key || !errors.Is(err, config.ErrUnknownKey) {
			t.Errorf("%q: %v", key, err)
		}
	}
}
