package stack

import (
	"errors"
	"slices"
	"testing"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

// TestFaultsOfTheFile: a world begins with the faults of its file, and is written down with those that it has.
func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	texts := []string{"--on jscode2session --every 3 errcode:45011", "--for 1h0m0s hang"}
	w, err := newWorld(&Mock{World: &worldfile.File{Faults: texts}}, new(clock.Movable))
	if err != nil {
		t.Fatal(err)
	}
	w.ClearFaults("")
	w.ResetAll()
	if len(w.Faults()) != 2 || w.Faults()[0].Every != 3 {
		t.Errorf("%+v", w.Faults())
	}
	if _, err := w.AddFault(world.Fault{User: "a b", Effect: world.Effect{Kind: world.EffectReset}}); err != nil {
		t.Fatal(err)
	}
	if got := worldfile.Of(w, false).Faults; !slices.Equal(got, append(texts, `--user "a b" reset`)) {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"explode", "--on nope hang"} {
		_, err := newWorld(&Mock{World: &worldfile.File{Faults: []string{"hang", text}}}, new(clock.Movable))
		if e, ok := errors.AsType[*worldfile.Error](err); !ok || e.Field != "faults[1]" {
			t.Errorf("%s: %v", text, err)
		}
	}
}
