package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	text := "--appid wxaaaaaaaaaaaaaaaa --code x --on token --user bob --every 3 --percent 50 --times 2 --after 1 --for 1m30s errcode:45011"
	want := world.Fault{
		On: "token", AppID: otherApp, User: "bob", Code: "x", Every: 3, Percent: 50, Times: 2, After: 1, For: 90 * time.Second,
		Effect: world.Effect{Kind: world.EffectErrCode, Code: 45011},
	}
	for _, written := range []string{text, "  errcode:45011 --on=token\t--appid=wxaaaaaaaaaaaaaaaa --for 90s --user=bob --code=x --every=3 --percent 50 --times 2 --after 1"} {
		got, err := world.ParseFault(written)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if want.String() != text {
		t.Error(want.String())
	}
	blank := world.Fault{User: `a "b" c`, Effect: effect("hang")}
	if got, err := world.ParseFault(blank.String()); err != nil || got != blank {
		t.Errorf("%s: %+v, %v", blank, got, err)
	}
	for written, problem := range map[string]string{
		"":                       "needs an effect",
		"--on token":             "needs an effect",
		"hang reset":             `"reset" is a second`,
		"explode":                "there is no effect",
		"hang --on":              "--on needs a value",
		`hang --user "bob`:       "a quote is not closed",
		"hang --on=":             "--on needs a value",
		"hang --every x":         "--every needs a number",
		"hang --every -1":        "--every needs a number",
		"hang --percent 101":     "percent is a number",
		"hang --for soon":        "--for needs a duration",
		"hang --colour red":      "--colour is no flag of a fault",
		"hang --for 1000000h":    "a fault lasts up to",
		"hang --on " + manyX(80): "too long",
	} {
		if _, err := world.ParseFault(written); !isA[*world.FaultError](err) || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, want %q", written, err, problem)
		}
	}
}

func manyX(n int) string { return strings.Repeat("x", n) }

// FuzzParseFault: what is accepted is written in one way, which reads as the same fault.
func FuzzParseFault(f *testing.F) {
	f.Add("--on jscode2session --every 3 errcode:45011")
	f.Add("--for=1h hang --code --x")
	f.Add(`--user "a b" ha"n"g --code="\x00\""`)
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := world.ParseFault(text)
		if err != nil {
			return
		}
		again, err := world.ParseFault(fault.String())
		if err != nil || again != fault {
			t.Fatalf("%q is %+v, whose text %q is %+v, %v", text, fault, fault.String(), again, err)
		}
	})
}

// TestInitialFaults are there again after a reset, unused.
func TestInitialFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Faults: []world.Fault{
		{Times: 1, Effect: effect("hang")}, {AppID: otherApp, Effect: effect("reset")},
	}})
	if ids(w) != "f1 f2" || len(w.Match(world.FaultCall{AppID: otherApp})) != 2 || len(w.Match(world.FaultCall{AppID: otherApp})) != 1 {
		t.Errorf("%+v", w.Faults())
	}
	w.ClearFaults("")
	if err := w.Reset(otherApp); err != nil {
		t.Fatal(err)
	}
	if ids(w) != "f3" {
		t.Errorf("after the reset of one app: %s", ids(w))
	}
	w.ResetAll()
	if ids(w) != "f1 f2" || len(w.Match(world.FaultCall{AppID: otherApp})) != 2 {
		t.Errorf("after the reset of all: %+v", w.Faults())
	}
	_, err := world.New(world.Options{Faults: []world.Fault{{Effect: effect("hang"), AppID: wechat.AppID("wxffffffffffffffff")}}})
	if !isA[*world.UnknownAppError](err) {
		t.Error(err)
	}
}
