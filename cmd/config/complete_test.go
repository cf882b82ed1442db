package config

import (
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	d := newDesk(t, twoApps)
	tests := []struct {
		name string
		args []string
		want []string // in this order, perhaps among others
		not  string
	}{
		{"keys of get", []string{"get", ""}, []string{"appid\tAppID of the mini program", "mock.url", "profiles.staging.appid", "profiles.staging.api_base", ":4"}, "profiles.staging.timeout"},
		{"one key only", []string{"get", "appid", ""}, []string{":4"}, "appid"},
		{"keys of set", []string{"set", ""}, []string{"appid", "profiles.staging.secret", ":4"}, "unknown"},
		{"languages", []string{"set", "lang", ""}, []string{"zh", "en", ":4"}, "ndjson"},
		{"formats", []string{"set", "output", ""}, []string{"text", "json", "ndjson", ":4"}, "zh"},
		{"stores", []string{"set", "store", ""}, []string{"memory", "sqlite:", ":6"}, "zh"},
		{"profile as value", []string{"set", "profile", ""}, []string{"staging", ":4"}, "zh"},
		{"references", []string{"set", "profiles.staging.secret", ""}, []string{"env:", "file:", "cmd:", "keyring", ":6"}, "zh"},
		{"no files", []string{"set", "timeout", ""}, []string{":4"}, "env:"},
		{"no third argument", []string{"set", "timeout", "5s", ""}, []string{":4"}, "env:"},
		{"profiles", []string{"use", ""}, []string{"staging", ":4"}, "appid"},
		{"one profile only", []string{"use", "staging", ""}, []string{":4"}, "appid"},
		{"flag", []string{"init", "--secret-from", ""}, []string{"env:", "keyring", ":6"}, "appid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := *d
			d.t = t
			out := d.must(append([]string{"__complete"}, tt.args...)...).out
			rest := out
			for _, want := range tt.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q in its place in\n%s", want, out)
				}
				rest = after
			}
			if strings.Contains(out, tt.not) {
				t.Errorf("%q in\n%s", tt.not, out)
			}
		})
	}
}

func TestCompleteWithABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "nonsense: [\n")
	if out := d.must("__complete", "get", "").out; !strings.Contains(out, "appid\t") {
		t.Errorf("keys:\n%s", out)
	}
	diff(t, "profiles", d.must("__complete", "use", "").out, ":4\n")
}
