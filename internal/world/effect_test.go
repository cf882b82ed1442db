package world_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/world"
)

func TestParseEffect(t *testing.T) {
	t.Parallel()
	tests := map[string]world.Effect{
		"errcode:45011":     {Kind: world.EffectErrCode, Code: 45011},
		"errcode:-1":        {Kind: world.EffectErrCode, Code: -1},
		"delay:3s":          {Kind: world.EffectDelay, Pause: 3 * time.Second},
		"delay:1m30s":       {Kind: world.EffectDelay, Pause: 90 * time.Second},
		"hang":              {Kind: world.EffectHang},
		"trickle":           {Kind: world.EffectTrickle, Pause: 200 * time.Millisecond},
		"trickle:5ms":       {Kind: world.EffectTrickle, Pause: 5 * time.Millisecond},
		"reset":             {Kind: world.EffectReset},
		"consume-then-drop": {Kind: world.EffectConsumeDrop},
		"consume-then:502":  {Kind: world.EffectConsume, Status: 502},
		"status:302":        {Kind: world.EffectStatus, Status: 302},
		"secret-reset":      {Kind: world.EffectSecretReset},
	}
	for text, want := range tests {
		got, err := world.ParseEffect(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(text, diff)
		}
	}
	// As fields of JSON they are their texts.
	var e world.Effect
	if err := json.Unmarshal([]byte(`"delay:1500ms"`), &e); err != nil || e.Pause != 1500*time.Millisecond {
		t.Errorf("%v, %v", e, err)
	}
	if text, err := json.Marshal(e); err != nil || string(text) != `"delay:1.5s"` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestParseEffectRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                      "there is no effect",
		"explode":               "errcode:N, ip-not-allowed, delay:DURATION, hang, trickle[:DURATION], reset",
		"Hang":                  "there is no effect",
		"hang:1":                "takes no argument",
		"hang:":                 "takes no argument",
		"errcode":               "it is written like errcode:45011",
		"errcode:0":             "needs an errcode",
		"errcode:-2":            "needs an errcode",
		"errcode:99999999999":   "needs an errcode",
		"delay":                 "needs a duration of up to 1h0m0s",
		"delay:-1s":             "needs a duration",
		"delay:2h":              "needs a duration",
		"delay:3":               "needs a duration",
		"trickle:":              "needs a duration",
		"status:99":             "needs an HTTP status of 200 to 599",
		"status:600":            "needs an HTTP status",
		"consume-then":          "it is written like consume-then:502",
		strings.Repeat("x", 99): "xxxxxxxxxxx",
	}
	for text, want := range tests {
		if _, err := world.ParseEffect(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

// TestEffectForms: the examples are effects, and help has a text in both languages for each.
func TestEffectForms(t *testing.T) {
	t.Parallel()
	seen := map[world.EffectKind]bool{}
	for _, form := range world.Effects() {
		e, err := world.ParseEffect(form.Example)
		if err != nil || e.String() != form.Example || e.Kind != form.Kind || seen[form.Kind] {
			t.Errorf("%s: %q, %v", form.Example, e, err)
		}
		if form.Help.En == "" || form.Help.Zh == "" || !strings.HasPrefix(form.Form(), string(form.Kind)) {
			t.Errorf("%+v", form)
		}
		seen[form.Kind] = true
	}
}

// FuzzParseEffect: what is accepted is written in one way, which reads as the same effect.
func FuzzParseEffect(f *testing.F) {
	for _, form := range world.Effects() {
		f.Add(form.Example)
	}
	f.Add("delay:1h1ns")
	f.Add("errcode:+7")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := world.ParseEffect(text)
		if err != nil {
			if e != (world.Effect{}) || len(err.Error()) > 1000 {
				t.Fatalf("%+v, %v", e, err)
			}
			return
		}
		again, err := world.ParseEffect(e.String())
		if err != nil || again != e {
			t.Fatalf("%q is %+v, whose text %q is %+v, %v", text, e, e.String(), again, err)
		}
	})
}
