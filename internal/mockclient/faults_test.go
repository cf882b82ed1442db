package mockclient_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
)

func TestAddFault(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestFaultControl/add_all")
	rule := mockclient.FaultRule{
		On: "token", AppID: "wxbbbbbbbbbbbbbbbb", User: "bob", Code: "x", Every: 3, Percent: 50, Times: 2, After: 1, For: "1m30s", Effect: "delay:1500ms",
	}
	got, err := client.AddFault(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	rule.For, rule.Effect = "", "delay:1.5s" // as the simulation writes them
	want := mockclient.Fault{Raw: got.Raw, ID: "f1", FaultRule: rule, Until: time.Date(2000, 1, 1, 0, 1, 30, 0, time.UTC)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	body := `{"on":"token","appid":"wxbbbbbbbbbbbbbbbb","user":"bob","code":"x","every":3,"percent":50,"times":2,"after":1,"for":"1m30s","effect":"delay:1500ms"}`
	if diff := cmp.Diff(call{"POST", "/_mock/faults", body}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestFaultControl/list")
	got, err := client.Faults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []mockclient.Fault{
		{ID: "f1", FaultRule: mockclient.FaultRule{On: "jscode2session", Every: 2, Effect: "errcode:45011"}, Matched: 4, Applied: 2},
		{ID: "f2", FaultRule: mockclient.FaultRule{AppID: "wxbbbbbbbbbbbbbbbb", Effect: "hang"}},
	}
	if diff := cmp.Diff(want, got.Faults); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(call{"GET", "/_mock/faults", ""}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestRemoveFaults(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestFaultControl/remove")
	if got, err := client.RemoveFault(t.Context(), "f2"); err != nil || got.Removed != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(call{"DELETE", "/_mock/faults", `{"id":"f2"}`}, *seen); diff != "" {
		t.Error(diff)
	}
	client, seen = replay(t, "TestFaultControl/clear")
	if got, err := client.ClearFaults(t.Context(), ""); err != nil || got.Removed != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(call{"DELETE", "/_mock/faults", `{}`}, *seen); diff != "" {
		t.Error(diff)
	}
	client, _ = replay(t, "TestFaultControl/remove_unknown")
	_, err := client.RemoveFault(t.Context(), "f9")
	if p, ok := errors.AsType[*problem.Problem](err); !ok || p.Reason != "unknown_fault" {
		t.Error(err)
	}
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	client, _ := replay(t, "TestFaultControl/scenarios")
	list, err := client.Scenarios(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range list.Scenarios {
		names = append(names, s.Name)
		if s.Text.En == "" || s.Text.Zh == "" || len(s.Effects) == 0 {
			t.Errorf("%+v", s)
		}
	}
	if got := strings.Join(names, " "); got != "login-after-tap two-servers-one-token stale-key busy-minute late-unionid plus-becomes-space" {
		t.Error(got)
	}
	client, seen := replay(t, "TestFaultControl/start")
	started, err := client.StartScenario(t.Context(), "busy-minute", "wxbbbbbbbbbbbbbbbb")
	if err != nil {
		t.Fatal(err)
	}
	if started.Name != "busy-minute" || len(started.Faults) != 1 || started.Faults[0].Effect != "errcode:45011" || started.Faults[0].Scenario != "busy-minute" {
		t.Errorf("%+v", started)
	}
	if diff := cmp.Diff(call{"POST", "/_mock/scenarios", `{"appid":"wxbbbbbbbbbbbbbbbb","name":"busy-minute"}`}, *seen); diff != "" {
		t.Error(diff)
	}
}
