package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

func TestActRotatesKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5})
	before, refusal := w.Exchange(demo(login(t, w, "", "bob")))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if missed := w.Act(effect("rotate-key"), world.DemoAppID, "bob"); missed != "" {
		t.Error(missed)
	}
	after, refusal := w.Exchange(demo(login(t, w, "", "bob")))
	if refusal != nil || after.SessionKey.Reveal() == before.SessionKey.Reveal() {
		t.Errorf("the key stayed; %v", refusal)
	}
	for user, want := range map[string]string{"": "no user known", "carol": "has not logged in"} {
		if missed := w.Act(effect("rotate-key-first"), world.DemoAppID, user); !strings.Contains(missed, want) {
			t.Errorf("%q: %q", user, missed)
		}
	}
}

// TestActStealsTokens: the other server's call leaves the plain token five minutes, its forced refresh the stable one nothing.
func TestActStealsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5})
	if missed := w.Act(effect("steal-token"), world.DemoAppID, ""); missed != "the app has no access token" {
		t.Error(missed)
	}
	if missed := w.Act(effect("steal-token"), "wxffffffffffffffff", ""); !strings.Contains(missed, "no app") {
		t.Error(missed)
	}
	ask := world.TokenRequest{AppID: world.DemoAppID, Secret: wechat.NewAppSecret(world.DemoSecret), GrantType: "client_credential"}
	plain, refusal := w.Token(ask)
	if refusal != nil {
		t.Fatal(refusal)
	}
	stable, refusal := w.StableToken(ask)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if w.AppOfToken(plain.Token.Reveal()) != world.DemoAppID || w.AppOfToken("x") != "" {
		t.Error("AppOfToken")
	}
	if missed := w.Act(effect("steal-token"), world.DemoAppID, ""); missed != "" {
		t.Error(missed)
	}
	good := func(token redact.Secret) bool { _, refusal := w.Caller(token); return refusal == nil }
	if !good(plain.Token) || good(stable.Token) {
		t.Errorf("at once: %v, %v", good(plain.Token), good(stable.Token))
	}
	w.Clock().Move(5 * time.Minute)
	if good(plain.Token) {
		t.Error("five minutes later")
	}
}

// TestSecretReset: from the first call that the fault strikes until the fault is gone, the secret is wrong.
func TestSecretReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	f := mustAdd(t, w, world.Fault{AppID: world.DemoAppID, After: 1, Times: 1, Effect: effect("secret-reset")})
	call := world.FaultCall{API: "jscode2session", AppID: world.DemoAppID}
	for i, want := range []string{"alice in", "40125", "40125"} {
		w.Match(call)
		if got := said(w.Exchange(demo("user-alice"))); got != want {
			t.Errorf("call %d: %s, want %s", i+1, got, want)
		}
	}
	if got := said(w.Exchange(world.Exchange{AppID: otherApp, Secret: wechat.NewAppSecret(otherSecret), Code: "user-bob"})); got != "bob in" {
		t.Errorf("another app: %s", got)
	}
	w.RemoveFault(f.ID)
	if got := said(w.Exchange(demo("user-alice"))); got != "alice in" {
		t.Errorf("after the fault: %s", got)
	}
}

func TestPlusSlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5, PlusSlashPercent: -1})
	login(t, w, "", "bob")
	ivs := func() (with int) {
		for range 20 {
			data, err := w.Userinfo("", "bob")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(data.IV, "+") && strings.Contains(data.IV, "/") {
				with++
			}
		}
		return with
	}
	if n := ivs(); n != 0 {
		t.Fatalf("%d of 20 before the fault", n)
	}
	f := mustAdd(t, w, world.Fault{Effect: effect("plus-slash")})
	if n := ivs(); n != 20 {
		t.Errorf("%d of 20", n)
	}
	id, refusal := w.Exchange(demo("user-carol"))
	if refusal != nil || !strings.Contains(id.SessionKey.Reveal(), "+") {
		t.Errorf("a key without +; %v", refusal)
	}
	w.RemoveFault(f.ID)
	if n := ivs(); n != 0 {
		t.Errorf("%d of 20 after the fault", n)
	}
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for _, s := range world.Scenarios() {
		if strings.Count(s.Text.En, ". ") != 1 || !strings.HasSuffix(s.Text.En, ".") || s.Text.Zh == "" {
			t.Errorf("%s: %q is not two sentences", s.Name, s.Text.En)
		}
		for range 2 { // again: the first run ends
			started, err := w.StartScenario(s.Name, otherApp)
			if err != nil {
				t.Fatal(err)
			}
			if len(started) != len(s.Faults) || started[0].Scenario != s.Name || started[0].AppID != otherApp || started[0].ID == "" {
				t.Errorf("%+v", started)
			}
			if n := len(w.Faults()); n != len(s.Faults) {
				t.Errorf("%s: %d faults are there", s.Name, n)
			}
		}
		w.ClearFaults("")
	}
	_, err := w.StartScenario("nope", "")
	if !isA[*world.FaultError](err) || !strings.Contains(err.Error(), "login-after-tap, two-servers-one-token, stale-key, busy-minute, late-unionid, plus-becomes-space") {
		t.Error(err)
	}
	if _, err := w.StartScenario("stale-key", "wxffffffffffffffff"); !isA[*world.UnknownAppError](err) {
		t.Error(err)
	}
}
