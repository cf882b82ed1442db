package world_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

func newFaultWorld(t testing.TB) *world.World {
	t.Helper()
	return newWorld(t, world.Options{Seed: 5})
}

func mustAdd(t testing.TB, w *world.World, f world.Fault) world.FaultReport {
	t.Helper()
	report, err := w.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func effect(text string) world.Effect {
	e, err := world.ParseEffect(text)
	if err != nil {
		panic(err)
	}
	return e
}

// struck are the numbers of the calls, from 1, that a fault strikes.
func struck(w *world.World, c world.FaultCall, calls int) []int {
	var hits []int
	for n := 1; n <= calls; n++ {
		if w.Match(c) != nil {
			hits = append(hits, n)
		}
	}
	return hits
}

func TestFaultCounts(t *testing.T) {
	t.Parallel()
	app := apps()[0].ID
	tests := []struct {
		name  string
		fault world.Fault
		want  []int // of 10 calls
	}{
		{"always", world.Fault{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"every third", world.Fault{Every: 3}, []int{3, 6, 9}},
		{"twice", world.Fault{Times: 2}, []int{1, 2}},
		{"after four", world.Fault{After: 4}, []int{5, 6, 7, 8, 9, 10}},
		{"every third after two, twice", world.Fault{Every: 3, After: 2, Times: 2}, []int{5, 8}},
		{"all percent", world.Fault{Percent: 100, Times: 1}, []int{1}},
		{"this API", world.Fault{On: "jscode2session", Times: 1}, []int{1}},
		{"another API", world.Fault{On: "token"}, nil},
		{"this app", world.Fault{AppID: app, Times: 1}, []int{1}},
		{"another app", world.Fault{AppID: apps()[1].ID}, nil},
		{"this user", world.Fault{User: "bob", Times: 1}, []int{1}},
		{"another user", world.Fault{User: "carol"}, nil},
		{"this code", world.Fault{Code: "x", Times: 1}, []int{1}},
		{"another code", world.Fault{Code: "y"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newFaultWorld(t)
			tt.fault.Effect = effect("hang")
			added := mustAdd(t, w, tt.fault)
			got := struck(w, world.FaultCall{API: "jscode2session", AppID: app, User: "bob", Code: "x"}, 10)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			report := w.Faults()[0]
			if added.ID != "f1" || report.ID != "f1" || report.Applied != uint64(len(tt.want)) {
				t.Errorf("%+v", report)
			}
		})
	}
}

// TestFaultsOfApps: tests that take an app each do not meet, not even in a fault for all apps.
func TestFaultsOfApps(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	mustAdd(t, w, world.Fault{Every: 2, Effect: effect("hang")})
	var wait sync.WaitGroup
	for _, a := range apps() {
		wait.Go(func() {
			if got := struck(w, world.FaultCall{AppID: a.ID}, 6); !slices.Equal(got, []int{2, 4, 6}) {
				t.Errorf("%s: %v", a.ID, got)
			}
		})
	}
	wait.Wait()
	if r := w.Faults()[0]; r.Matched != uint64(6*len(apps())) || r.Applied != r.Matched/2 {
		t.Errorf("%+v", r)
	}
	// Apps that nobody knows share one counter, so that strangers cannot fill the memory.
	var strangers int
	for n := range 10 {
		if w.Match(world.FaultCall{AppID: wechat.AppID(fmt.Sprint("stranger", n))}) != nil {
			strangers++
		}
	}
	if strangers != 5 {
		t.Errorf("%d of 10 strangers", strangers)
	}
}

// TestFaultDraws: what is drawn follows from the seed and the app's own faults, whatever other apps do.
func TestFaultDraws(t *testing.T) {
	t.Parallel()
	first, second := apps()[0].ID, apps()[1].ID
	quiet, busy := newFaultWorld(t), newFaultWorld(t)
	for range 7 {
		mustAdd(t, busy, world.Fault{AppID: second, Percent: 50, Effect: effect("hang")})
	}
	struck(busy, world.FaultCall{AppID: second}, 5)
	draws := func(w *world.World) []int {
		mustAdd(t, w, world.Fault{AppID: first, Percent: 30, Effect: effect("reset")})
		return struck(w, world.FaultCall{AppID: first}, 1000)
	}
	want := draws(quiet)
	if diff := cmp.Diff(want, draws(busy)); diff != "" {
		t.Error(diff)
	}
	if len(want) < 240 || len(want) > 360 {
		t.Errorf("30 %% of 1000 calls were %d", len(want))
	}
	if err := quiet.Reset(first); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, draws(quiet)); diff != "" {
		t.Error("after a reset", diff)
	}
}

// TestFaultUsers: a fault that asks for the user knows whose a code and an openid are before the call is answered.
func TestFaultUsers(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	app := apps()[0]
	bob, err := w.Login(app.ID, "bob")
	if err != nil {
		t.Fatal(err)
	}
	alice, err := w.Login(app.ID, "alice")
	if err != nil {
		t.Fatal(err)
	}
	phone, err := w.Phone(app.ID, "bob")
	if err != nil {
		t.Fatal(err)
	}
	id, refusal := w.Exchange(world.Exchange{AppID: app.ID, Secret: app.Secret, Code: bob.Code})
	if refusal != nil {
		t.Fatal(refusal)
	}
	mustAdd(t, w, world.Fault{User: "bob", Effect: effect("hang")})
	for name, c := range map[string]world.FaultCall{
		"code": {Code: bob.Code}, "phone code": {Code: phone.Code}, "openid": {OpenID: id.OpenID}, "magic": {Code: "slow-1s.user-bob"},
	} {
		c.AppID = app.ID
		if w.Match(c) == nil {
			t.Errorf("%s is not known to be bob's", name)
		}
	}
	for name, c := range map[string]world.FaultCall{
		"code": {Code: alice.Code}, "nobody's": {Code: "x"}, "magic": {Code: "hang"}, "broken magic": {Code: "user-bob.user-bob"}, "nothing": {},
	} {
		c.AppID = app.ID
		if w.Match(c) != nil {
			t.Errorf("%s is taken for bob's", name)
		}
	}
}

func TestFaultFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newFaultWorld(t)
		r := mustAdd(t, w, world.Fault{For: time.Minute, Effect: effect("hang")})
		if want := w.Clock().Now().Add(time.Minute); !r.Until.Equal(want) {
			t.Errorf("until %v, want %v", r.Until, want)
		}
		w.Clock().Move(time.Minute - 1)
		if w.Match(world.FaultCall{}) == nil {
			t.Error("over too early")
		}
		w.Clock().Move(1)
		if w.Match(world.FaultCall{}) != nil {
			t.Error("not over")
		}
		if r := w.Faults()[0]; r.Matched != 1 || r.Applied != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestFaultList(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	if w.Faulty() || w.Match(world.FaultCall{}) != nil || len(w.Faults()) != 0 {
		t.Error("a new world has faults")
	}
	app := apps()[1].ID
	for _, f := range []world.Fault{
		{Effect: effect("hang")}, {AppID: app, Effect: effect("reset")}, {Effect: effect("empty")}, {AppID: app, Effect: effect("html")},
	} {
		mustAdd(t, w, f)
	}
	if got, want := ids(w), "f1 f2 f3 f4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	hits := w.Match(world.FaultCall{AppID: app})
	if got := fmt.Sprint(hits); got != "[fault f1: hang fault f2: reset fault f3: empty fault f4: html]" {
		t.Error(got)
	}
	if !w.RemoveFault("f3") || w.RemoveFault("f3") || w.RemoveFault("") {
		t.Error("RemoveFault")
	}
	if n := w.ClearFaults(app); n != 2 || ids(w) != "f1" {
		t.Errorf("cleared %d, left %s", n, ids(w))
	}
	if n := w.ClearFaults(""); n != 1 || w.Faulty() {
		t.Errorf("cleared %d", n)
	}
	if r := mustAdd(t, w, world.Fault{Effect: effect("hang")}); r.ID != "f5" {
		t.Errorf("an id came again: %s", r.ID)
	}
}

func ids(w *world.World) string {
	var list []string
	for _, f := range w.Faults() {
		list = append(list, f.ID)
	}
	return strings.Join(list, " ")
}

func TestFaultsAreReset(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	first, second := apps()[0].ID, apps()[1].ID
	mustAdd(t, w, world.Fault{Times: 1, Effect: effect("hang")})
	mustAdd(t, w, world.Fault{AppID: first, Effect: effect("reset")})
	for _, app := range []wechat.AppID{first, second} {
		w.Match(world.FaultCall{AppID: app})
	}
	if err := w.Reset(first); err != nil {
		t.Fatal(err)
	}
	if ids(w) != "f1" {
		t.Errorf("faults %s", ids(w))
	}
	if w.Match(world.FaultCall{AppID: first}) == nil {
		t.Error("the reset app is still counted")
	}
	if w.Match(world.FaultCall{AppID: second}) != nil {
		t.Error("the other app was reset, too")
	}
	w.ResetAll()
	if w.Faulty() || len(w.Faults()) != 0 {
		t.Error("a fault outlives the reset of everything")
	}
	if r := mustAdd(t, w, world.Fault{Effect: effect("hang")}); r.ID != "f1" {
		t.Errorf("%s", r.ID)
	}
}

func TestAddFaultRefuses(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	for name, f := range map[string]world.Fault{
		"no effect":        {},
		"negative every":   {Every: -1},
		"negative times":   {Times: -1},
		"negative after":   {After: -1},
		"percent over 100": {Percent: 101},
		"negative percent": {Percent: -1},
		"negative time":    {For: -1},
		"long code":        {Code: wechat.Code(strings.Repeat("x", 600))},
	} {
		if name != "no effect" {
			f.Effect = effect("hang")
		}
		if _, err := w.AddFault(f); !isA[*world.FaultError](err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.AddFault(world.Fault{Effect: effect("hang"), AppID: "wxffffffffffffffff"}); !isA[*world.UnknownAppError](err) {
		t.Errorf("unknown app: %v", err)
	}
	if _, err := w.AddFault(world.Fault{Effect: effect("hang"), User: "\x1b"}); !isA[*wechat.ShapeError](err) {
		t.Errorf("broken user: %v", err)
	}
	for range 1000 {
		mustAdd(t, w, world.Fault{Effect: effect("hang")})
	}
	if _, err := w.AddFault(world.Fault{Effect: effect("hang")}); !isA[*world.FaultError](err) {
		t.Errorf("too many: %v", err)
	}
}

func isA[T error](err error) bool {
	_, is := errors.AsType[T](err)
	return is
}

// naiveFault is a fault as a page of prose would have it: it looks at all calls there ever were.
type naiveFault struct {
	world.Fault
	calls []world.FaultCall // of the app in question, while the fault is there
}

func (f *naiveFault) strikes(c world.FaultCall) bool {
	f.calls = append(f.calls, c)
	struck, last := 0, false
	matching := 0
	for _, old := range f.calls {
		last = false
		if f.On != "" && f.On != old.API || f.User != "" && f.User != old.User || f.Code != "" && f.Code != old.Code {
			continue
		}
		matching++
		if n := matching - f.After; n > 0 && n%max(f.Every, 1) == 0 && (f.Times == 0 || struck < f.Times) {
			struck, last = struck+1, true
		}
	}
	return last
}

func TestFaultsAreLikeTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, err := world.New(world.Options{Seed: 3, Apps: apps()})
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]map[wechat.AppID]*naiveFault{} // by id, then by the app of the calls
		pick := func(t *rapid.T, what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, what) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				f := world.Fault{
					On: pick(t, "on", "", "token", "jscode2session"), User: pick(t, "user", "", "alice"), Code: wechat.Code(pick(t, "code", "", "x")),
					AppID: wechat.AppID(pick(t, "app", "", string(apps()[0].ID), string(apps()[1].ID))), Effect: effect("hang"),
					Every: rapid.IntRange(0, 3).Draw(t, "every"), Times: rapid.IntRange(0, 3).Draw(t, "times"), After: rapid.IntRange(0, 3).Draw(t, "after"),
				}
				report, err := w.AddFault(f)
				if err != nil {
					t.Fatal(err)
				}
				model[report.ID] = map[wechat.AppID]*naiveFault{}
				for _, a := range apps() {
					if f.AppID == "" || f.AppID == a.ID {
						model[report.ID][a.ID] = &naiveFault{Fault: f}
					}
				}
			},
			"call": func(t *rapid.T) {
				c := world.FaultCall{
					API: pick(t, "api", "token", "jscode2session"), AppID: rapid.SampledFrom(apps()).Draw(t, "app").ID,
					User: pick(t, "user", "alice", "bob"), Code: wechat.Code(pick(t, "code", "x", "y")),
				}
				want := map[string]bool{}
				for id, byApp := range model {
					if f := byApp[c.AppID]; f != nil && f.strikes(c) {
						want["fault "+id] = true
					}
				}
				got := map[string]bool{}
				for _, hit := range w.Match(c) {
					got[hit.Source] = true
				}
				if !maps.Equal(want, got) {
					t.Fatalf("%+v: struck by %v, want %v", c, got, want)
				}
			},
			"remove": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("nothing to remove")
				}
				id := rapid.SampledFrom(slices.Sorted(maps.Keys(model))).Draw(t, "id")
				if !w.RemoveFault(id) {
					t.Fatalf("no fault %s", id)
				}
				delete(model, id)
			},
			"reset": func(t *rapid.T) {
				app := rapid.SampledFrom(apps()).Draw(t, "app").ID
				if err := w.Reset(app); err != nil {
					t.Fatal(err)
				}
				for id, byApp := range model {
					if f := byApp[app]; f != nil && f.AppID == app {
						delete(model, id)
					} else if f != nil {
						f.calls = nil
					}
				}
			},
		})
	})
}

// TestNoFaultIsFree: a call in a world without faults costs no allocation, and no time worth measuring.
func TestNoFaultIsFree(t *testing.T) {
	w := newFaultWorld(t)
	c := world.FaultCall{API: "jscode2session", AppID: apps()[0].ID, Code: "x"}
	if n := testing.AllocsPerRun(100, func() { w.Match(c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, faults := range []int{0, 1, 10} {
		b.Run(fmt.Sprint(faults), func(b *testing.B) {
			w := newFaultWorld(b)
			for range faults {
				mustAdd(b, w, world.Fault{On: "token", Effect: effect("hang")})
			}
			c := world.FaultCall{API: "jscode2session", AppID: apps()[0].ID}
			b.ReportAllocs()
			for b.Loop() {
				w.Match(c)
			}
		})
	}
}
