package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/config"
)

func TestMiniPrograms(t *testing.T) {
	t.Parallel()
	const id, other = "wx4f4bc4dec97d474b", "wx0000000000000002"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []config.MiniProgram
	}{
		{"nothing", nil, nil},
		{"DevTools", map[string]string{"project.config.json": `{"appid":"` + id + `","setting":{"urlCheck":true}}`}, []config.MiniProgram{{File: "project.config.json", AppID: id}}},
		{
			"DevTools, with private settings",
			map[string]string{"project.config.json": `{"appid":"` + id + `"}`, "project.private.config.json": `{"appid":"` + other + `"}`},
			[]config.MiniProgram{{File: "project.private.config.json", AppID: other}, {File: "project.config.json", AppID: id}},
		},
		{
			"uni-app, with comments",
			map[string]string{"src/manifest.json": `{ "name" : "x // no comment", "appid": "__UNI__1234567",
				/* "mp-weixin": {"appid":"` + other + `"}, */
				"mp-weixin" : { // for WeChat
					"appid" : "` + id + `" } }`},
			[]config.MiniProgram{{File: filepath.Join("src", "manifest.json"), AppID: id}},
		},
		{"uni-app without WeChat", map[string]string{"manifest.json": `{"appid":"__UNI__1234567"}`}, nil},
		{"a web app's manifest", map[string]string{"manifest.json": `{"name":"x","icons":[]}`}, nil},
		{"a guest's", map[string]string{"project.config.json": `{"appid":"touristappid"}`}, []config.MiniProgram{{File: "project.config.json", AppID: "touristappid"}}},
		{"no JSON", map[string]string{"project.config.json": `{"appid":"` + id, "manifest.json": "/*"}, nil},
		{"a number", map[string]string{"project.config.json": `{"appid":12}`}, nil},
		{"empty", map[string]string{"project.config.json": ``, "manifest.json": `{"mp-weixin":{"appid":""}}`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range tt.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, config.MiniPrograms(dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzMiniPrograms(f *testing.F) {
	for _, seed := range []string{`{"appid":"x"}`, `/*`, `//`, `"\`, `{"a":"/*"}/**/`, `/`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "manifest.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		config.MiniPrograms(filepath.Dir(path)) // must come back
	})
}
