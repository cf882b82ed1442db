package config

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestPath(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	here, err := filepath.Abs("wxlogin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(d.home, "state", "wxlogin")
	want := "config\t" + d.path() + "\texists\n" +
		"project\t" + here + "\tmissing\n" +
		"state\t" + state + "\tmissing\n" +
		"store\t" + filepath.Join(state, "wxlogin.db") + "\tmissing\n" +
		"keys\t" + filepath.Join(state, "keys.json") + "\tmissing\n"
	diff(t, "in a pipe", d.must("path").out, want)

	d.write(filepath.Join(state, "keys.json"), "{}")
	d.tty, d.lang = true, lang.Chinese
	out := d.must("path").out
	for _, want := range []string{"名称", "路径", "状态", d.path() + " ", "keys.json   存在", "不存在"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestPathJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "store: memory\n")
	d.file, d.json = d.path(), true
	out := d.must("path").out
	if diff := cmp.Diff([]string{"config", "keys", "project", "state", "store"}, fields(t, []byte(out))); diff != "" {
		t.Error(diff)
	}
	var got locations
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(d.home, "state", "wxlogin")
	want := locations{ // no project file beside a named one, no store file for memory
		Config: &location{d.path(), true}, State: &location{state, false}, Keys: &location{filepath.Join(state, "keys.json"), false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPathOfABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "appid: [\n")
	if r := d.must("path"); !strings.Contains(r.out, "config\t"+d.path()+"\texists") || !strings.Contains(r.out, "wxlogin.db") {
		t.Errorf("output %q", r.out)
	}
}

func TestPathWithoutHome(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	clear(d.env)
	d.json = true
	if out := d.must("path").out; !strings.HasPrefix(out, `{"config":null,`) || !strings.Contains(out, `"state":null,"store":null,"keys":null`) {
		t.Errorf("output %s", out)
	}
	if r := d.run("set", "timeout", "5s"); !isConfig(r.err) || !strings.Contains(told(r.err, lang.English), "WXLOGIN_CONFIG_DIR") {
		t.Errorf("set: %v", r.err)
	}
}
