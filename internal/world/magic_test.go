package world_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// said is what became of an exchange, in a line: the user or the errcode, then the effects on the wire.
func said(id world.Identity, refusal *world.Refusal) string {
	text, effects := id.User, id.Effects
	if refusal != nil {
		text, effects = fmt.Sprint(int(refusal.Code)), refusal.Effects
	}
	if id.OpenID != "" {
		text += " in"
	}
	for _, hit := range effects {
		text += " " + hit.Effect.String()
	}
	return text
}

// TestMagicCodes makes each call three times.
func TestMagicCodes(t *testing.T) {
	t.Parallel()
	always := func(s string) [3]string { return [3]string{s, s, s} }
	tests := map[wechat.Code][3]string{
		"user-bob":                      always("bob in"),
		"user-alice.t1":                 always("alice in"),
		"user-张三":                       always("张三 in"),
		"err-45011":                     always("45011"),
		"err--1":                        always("-1"),
		"err-99999":                     always("99999"),
		"err-40029-x2":                  {"40029", "40029", "alice in"},
		"err-40029-x2.t17":              {"40029", "40029", "alice in"},
		"err-40029-x1.user-bob":         {"40029", "bob in", "bob in"},
		"slow-3s":                       always("alice in delay:3s"),
		"slow-1s.user-bob":              always("bob in delay:1s"),
		"user-bob.slow-1s":              always("bob in delay:1s"),
		"slow-1500ms-x1":                {"alice in delay:1.5s", "alice in", "alice in"},
		"slow-1s.err-45011":             always("45011 delay:1s"),
		"slow-1s-x1.err-45011-x2.u":     {"45011 delay:1s", "45011", "alice in"},
		"hang":                          always("alice hang"),
		"hang-x1":                       {"alice hang", "alice in", "alice in"},
		"reset":                         always("alice reset"),
		"reset-x2.mine":                 {"alice reset", "alice reset", "alice in"},
		"truncate":                      always("alice in truncated"),
		"drop.user-bob":                 always("bob in consume-then-drop"),
		"slow-2s.drop":                  always("alice in delay:2s consume-then-drop"),
		"user-bob.free.err-40163-x1.of": {"40163", "bob in", "bob in"},
		"user-bob..":                    always("bob in"),
		"hang.hangs.resetting":          always("alice hang"), // the other two are free text
	}
	for code, want := range tests {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, world.Options{Seed: 5})
			var got [3]string
			for i := range got {
				got[i] = said(w.Exchange(demo(code)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBrokenMagicCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	tests := map[wechat.Code]string{
		"user-":                        `part "user-" needs the name of a user`,
		"user-a.user-b":                `part "user-b" names a second user`,
		"err-":                         "needs an errcode",
		"err-x":                        "needs an errcode",
		"err-0":                        "needs an errcode",
		"err-40029-x0":                 "needs a number of calls after -x",
		"err-40029-x":                  "needs a number of calls after -x",
		"err-1.err-2":                  `part "err-2" contradicts`,
		"err-1.drop":                   `part "drop" contradicts`,
		"drop.err-1":                   `part "err-1" contradicts`,
		"hang.reset":                   `part "reset" contradicts`,
		"slow-1s.slow-2s":              `part "slow-2s" contradicts`,
		"slow-3":                       "needs a duration",
		"slow-1.5s":                    `part "slow-1" needs a duration`,
		"slow-2h":                      "needs a duration of up to 1h0m0s",
		"hang-3s":                      "takes no argument but -xN",
		"user-bob.t1.err-y":            `part "err-y" needs an errcode`,
		"user-\u202e":                  "needs the name of a user",
		"err-40029.\x1b[31m.err-\x1b]": `part "err-]" needs an errcode`,
		wechat.Code("hang." + strings.Repeat("x", 128)): "is longer than 128 bytes",
	}
	for code, want := range tests {
		_, refusal := w.Exchange(demo(code))
		if refusal == nil || refusal.Code != wechat.CodeInvalidCode || !strings.HasPrefix(refusal.Reason, "magic code: ") || !strings.Contains(refusal.Reason, want) {
			t.Errorf("%q: %v, want %q", code, refusal, want)
		}
	}
}

// TestNoMagic: a code whose first part is no verb is an ordinary one.
func TestNoMagic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for _, code := range []wechat.Code{
		"users-bob", "User-bob", "hangs", "x.hang", ".hang", "resetting", "slow3s", "error-1", wechat.MockCode, "0a1HonW91tM3MN1NizW91F0mW91HonWu",
	} {
		_, refusal := w.Exchange(demo(code))
		if refusal == nil || refusal.Code != wechat.CodeInvalidCode || strings.Contains(refusal.Reason, "magic") {
			t.Errorf("%q: %v", code, refusal)
		}
	}
	// Whoever shows no secret learns nothing by magic.
	_, refusal := w.Exchange(world.Exchange{AppID: world.DemoAppID, Secret: wechat.NewAppSecret(otherSecret), Code: "user-bob"})
	if refusal == nil || refusal.Code != wechat.CodeInvalidSecret {
		t.Errorf("%v", refusal)
	}
	strict := newWorld(t, world.Options{Strict: true})
	_, refusal = strict.Exchange(demo("user-bob"))
	if refusal == nil || refusal.Reason != "unknown and malformed code" {
		t.Errorf("strict: %v", refusal)
	}
}

// TestMagicUserIsTheUser: a magic code logs the same person in that a minted one does.
func TestMagicUserIsTheUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{Seed: 5})
		minted, refusal := w.Exchange(demo(login(t, w, "", "bob")))
		if refusal != nil {
			t.Fatal(refusal)
		}
		by, refusal := w.Exchange(demo("user-bob"))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if minted.OpenID != by.OpenID || minted.UnionID != by.UnionID || minted.SessionKey.Reveal() != by.SessionKey.Reveal() {
			t.Errorf("%+v, %+v", minted, by)
		}
		w.Clock().Move(world.KeyMinLife)
		later, refusal := w.Exchange(demo("user-bob"))
		if refusal != nil || later.OpenID != by.OpenID || later.SessionKey.Reveal() == by.SessionKey.Reveal() {
			t.Errorf("after a while: %+v, %v", later, refusal)
		}
	})
}

// TestMagicCounts are of one string and one app, and a reset forgets them.
func TestMagicCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	const code = "err-40029-x1.shared"
	in := func(a world.App) string {
		return said(w.Exchange(world.Exchange{AppID: a.ID, Secret: a.Secret, Code: code}))
	}
	for _, a := range apps() {
		if first, second := in(a), in(a); first != "40029" || second != "alice in" {
			t.Errorf("%s: %s, %s", a.ID, first, second)
		}
	}
	if err := w.Reset(otherApp); err != nil {
		t.Fatal(err)
	}
	if got := in(apps()[1]); got != "40029" {
		t.Errorf("after the reset: %s", got)
	}
	if got := in(apps()[0]); got != "alice in" {
		t.Errorf("another app's reset: %s", got)
	}
	// Memory is bounded: 2048 other strings are remembered beside it at least.
	for i := range 2000 {
		if got := said(w.Exchange(demo(wechat.Code(fmt.Sprint("hang-x1.", i))))); got != "alice hang" {
			t.Fatal(got)
		}
	}
	if got := in(apps()[0]); got != "alice in" {
		t.Errorf("forgotten after 2000 strings: %s", got)
	}
}

// TestMagicAddress: 40164 names who called.
func TestMagicAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for peer, want := range map[string]string{
		"116.25.45.231:9":      "invalid ip 116.25.45.231 ipv6 ::ffff:116.25.45.231, not in whitelist", // public report of 2021
		"[::ffff:10.0.0.1]:80": "invalid ip 10.0.0.1 ipv6 ::ffff:10.0.0.1, not in whitelist",
		"[2001:db8::1]:80":     "invalid ip 2001:db8::1, not in whitelist",
		"":                     "invalid ip 203.0.113.1 ipv6 ::ffff:203.0.113.1, not in whitelist",
	} {
		x := demo("err-40164")
		x.Peer, _ = netip.ParseAddrPort(peer)
		_, refusal := w.Exchange(x)
		if refusal == nil || refusal.Message != want {
			t.Errorf("%s: %v, want %q", peer, refusal, want)
		}
	}
	for code, want := range map[wechat.ErrCode]string{45011: "api minute-quota reach limit  mustslower  retry next minute", 1007: "", 77777: "system error"} {
		if got := w.RefuseWith(code, netip.AddrPort{}, "").Message; got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
}

// TestMagicForms: what help shows works.
func TestMagicForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for _, form := range world.MagicForms() {
		if _, refusal := w.Exchange(demo(wechat.Code(form.Example))); refusal != nil && !strings.HasPrefix(form.Example, "err-") {
			t.Errorf("%s: %v", form.Example, refusal)
		}
		if form.Form == "" || form.Help.En == "" || form.Help.Zh == "" {
			t.Errorf("%+v", form)
		}
	}
}

// FuzzMagic: whatever the code, an exchange ends in a user or a refusal, and says nothing that steers a terminal.
func FuzzMagic(f *testing.F) {
	for _, form := range world.MagicForms() {
		f.Add(form.Example)
	}
	f.Add("err-40029-x2.slow-1s.user-bob..t17")
	w, err := world.New(world.Options{Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code string) {
		id, refusal := w.Exchange(demo(wechat.Code(code)))
		if refusal == nil {
			if id.User == "" || len(code) > 128 {
				t.Fatalf("%q logs %q in", code, id.User)
			}
			return
		}
		if refusal.Code == 0 || strings.ContainsFunc(refusal.Reason, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("%q: %+v", code, refusal)
		}
	})
}
