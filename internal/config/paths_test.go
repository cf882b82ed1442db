package config_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/wxlogin/wxlogin/internal/config"
)

func TestFindPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, goos, home string
		env              map[string]string
		config, state    string
	}{
		{"linux", "linux", "/home/me", nil, "/home/me/.config/wxlogin/config.yaml", "/home/me/.local/state/wxlogin"},
		{"linux, HOME", "linux", "", map[string]string{"HOME": "/h"}, "/h/.config/wxlogin/config.yaml", "/h/.local/state/wxlogin"},
		{"linux, XDG", "linux", "/h", map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}, "/c/wxlogin/config.yaml", "/s/wxlogin"},
		{"XDG, relative", "linux", "/h", map[string]string{"XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "./s"}, "/h/.config/wxlogin/config.yaml", "/h/.local/state/wxlogin"},
		{"own variables first", "linux", "/h", map[string]string{"WXLOGIN_CONFIG_DIR": "/a", "WXLOGIN_STATE_DIR": "/b", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}, "/a/config.yaml", "/b"},
		{"macOS", "darwin", "/Users/me", nil, "/Users/me/Library/Application Support/wxlogin/config.yaml", "/Users/me/Library/Application Support/wxlogin"},
		{"macOS, XDG", "darwin", "/Users/me", map[string]string{"XDG_CONFIG_HOME": "/c"}, "/c/wxlogin/config.yaml", "/Users/me/Library/Application Support/wxlogin"},
		{"Windows", "windows", "", map[string]string{"AppData": `C:\U\R`, "LocalAppData": `C:\U\L`}, `C:\U\R\wxlogin\config.yaml`, `C:\U\L\wxlogin`},
		{"Windows, profile", "windows", "", map[string]string{"USERPROFILE": `C:\U\`}, `C:\U\AppData\Roaming\wxlogin\config.yaml`, `C:\U\AppData\Local\wxlogin`},
		{"Windows, XDG", "windows", `C:\U`, map[string]string{"XDG_STATE_HOME": `D:\s`}, `C:\U\AppData\Roaming\wxlogin\config.yaml`, `D:\s\wxlogin`},
		{"no home", "linux", "", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }
			got := config.FindPaths(config.Options{Env: env, GOOS: tt.goos, Home: tt.home, Dir: "repo"})
			want := config.Paths{ConfigFile: tt.config, StateDir: tt.state, StateNamed: tt.env["WXLOGIN_STATE_DIR"] != "", ProjectFile: filepath.Join("repo", "wxlogin.yaml")}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestNoStateDirectory(t *testing.T) {
	t.Parallel()
	p := config.FindPaths(config.Options{GOOS: "linux"})
	for _, find := range []func() (string, error){p.State, p.KeysFile, p.StoreFile} {
		_, err := find()
		if e, ok := errors.AsType[*config.Error](err); !ok || len(e.Hints()) == 0 {
			t.Errorf("error %v", err)
		}
	}
	p.StateDir = "/s"
	if keys, err := p.KeysFile(); err != nil || keys != filepath.Join("/s", "keys.json") {
		t.Errorf("KeysFile = %q, %v", keys, err)
	}
}
