package world_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// tap is a tap on the getPhoneNumber button by alice, who is logged in.
func tap(t testing.TB, w *world.World) world.Phone {
	t.Helper()
	p, err := w.Phone("", "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// caller is the demo app with a token.
func caller(t testing.TB, w *world.World) world.Caller {
	t.Helper()
	c, refusal := w.Caller(plainToken(t, w))
	if refusal != nil {
		t.Fatal(refusal)
	}
	return c
}

func redeem(c world.Caller, code wechat.Code) (world.PhoneNumber, *world.Refusal) {
	return c.PhoneNumber(world.PhoneNumberRequest{Code: code, Peer: netip.MustParseAddrPort("127.0.0.1:51234")})
}

// TestPhoneNumber: the answer says what the encrypted data of the same tap says.
func TestPhoneNumber(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		p := tap(t, w)
		if !regexp.MustCompile("^[0-9a-f]{64}$").MatchString(string(p.Code)) {
			t.Errorf("phone code %q", p.Code)
		}
		w.Clock().Move(time.Minute)
		got, refusal := redeem(caller(t, w), p.Code)
		if refusal != nil {
			t.Fatal(refusal)
		}
		var plain struct {
			PhoneNumber, PurePhoneNumber, CountryCode string
			Watermark                                 struct{ Timestamp int64 }
		}
		if err := json.Unmarshal([]byte(decrypt(t, id.SessionKey, p.EncryptedData, p.IV)), &plain); err != nil {
			t.Fatal(err)
		}
		want := world.PhoneNumber{
			User: "alice", Number: plain.PhoneNumber, PureNumber: plain.PurePhoneNumber, CountryCode: plain.CountryCode,
			TappedAt: time.Unix(plain.Watermark.Timestamp, 0).UTC(),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPhoneCodeLife(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, _ world.Identity) {
		alive, dead := tap(t, w).Code, tap(t, w).Code
		c := caller(t, w)
		w.Clock().Move(5*time.Minute - 1)
		if _, refusal := redeem(c, alive); refusal != nil {
			t.Error("within five minutes:", refusal)
		}
		w.Clock().Move(1)
		_, refusal := redeem(c, dead)
		if errCode(refusal) != 40029 || refusal.Reason != "phone code expired 0.0 s ago" {
			t.Error("after five minutes:", refusal)
		}
	})
}

// TestPhoneCodeBinding: neither another app nor a wrong openid gets the number, and neither spends the code.
func TestPhoneCodeBinding(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		code := tap(t, w).Code
		token, refusal := w.Token(world.TokenRequest{AppID: otherApp, Secret: wechat.NewAppSecret(otherSecret), GrantType: "client_credential"})
		foreign, refusal := w.Caller(granted(t, token, refusal).Token)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if _, refusal := redeem(foreign, code); errCode(refusal) != 40013 {
			t.Error("another app:", refusal)
		}
		c := caller(t, w)
		if _, refusal := c.PhoneNumber(world.PhoneNumberRequest{Code: code, OpenID: id.OpenID[:27] + "!"}); errCode(refusal) != 40029 {
			t.Error("another openid:", refusal)
		}
		if _, refusal := c.PhoneNumber(world.PhoneNumberRequest{Code: code, OpenID: id.OpenID}); refusal != nil {
			t.Error("the right openid:", refusal)
		}
		if _, refusal := redeem(foreign, code); errCode(refusal) != 40013 {
			t.Error("another app, of a used code:", refusal)
		}
	})
}

func TestPhoneCodeRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5})
	c := caller(t, w)
	elsewhere := newWorld(t, world.Options{Seed: 6})
	login(t, elsewhere, "", "")
	for code, reason := range map[wechat.Code]string{
		"":                                    "malformed phone code",
		"x":                                   "malformed phone code",
		login(t, w, "", ""):                   "a code of wx.login, not of the getPhoneNumber button",
		wechat.MockCode:                       "a code of wx.login, not of the getPhoneNumber button",
		wechat.Code(strings.Repeat("0a", 32)): "unknown phone code, perhaps of the real WeChat; --adopt would give the number of alice",
		tap(t, elsewhere).Code:                "phone code of another simulation, or of an app that this one does not know",
		`"` + tap(t, w).Code + `"`:            "phone code wrapped in quotes",
	} {
		_, refusal := redeem(c, code)
		if errCode(refusal) != 40029 || refusal.Reason != reason {
			t.Errorf("%q: %v, want %q", code, refusal, reason)
		}
	}
	code := tap(t, w).Code
	if err := w.Reset(""); err != nil {
		t.Fatal(err)
	}
	if _, refusal := redeem(caller(t, w), code); errCode(refusal) != 40029 || refusal.Reason != "phone code from before a reset" {
		t.Error("after a reset:", refusal)
	}
}

// TestPhoneCodesWithoutTap: magic codes give a number any number of times, adopted ones once.
func TestPhoneCodesWithoutTap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5, Adopt: true})
	c := caller(t, w)
	var numbers []string
	for _, code := range []wechat.Code{"user-bob", "user-bob", wechat.Code(strings.Repeat("0a", 32))} {
		number, refusal := redeem(c, code)
		if refusal != nil {
			t.Fatal(refusal)
		}
		numbers = append(numbers, number.User+" "+number.PureNumber)
	}
	if numbers[0] != numbers[1] || !strings.HasPrefix(numbers[0], "bob 1") || !strings.HasPrefix(numbers[2], "alice 1") {
		t.Errorf("numbers %q", numbers)
	}
	_, refusal := redeem(c, wechat.Code(strings.Repeat("0a", 32)))
	if errCode(refusal) != 40029 || !strings.HasPrefix(refusal.Reason, "adopted phone code used ") {
		t.Error("an adopted code again:", refusal)
	}
	if _, refusal = redeem(c, "err-45011"); errCode(refusal) != 45011 {
		t.Error("a magic code that fails:", refusal)
	}
}

// TestPhoneCodeHasOneWinner: 50 callers want one number.
func TestPhoneCodeHasOneWinner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	login(t, w, "", "")
	c := caller(t, w)
	for range 20 {
		code := tap(t, w).Code
		var winners atomic.Int32
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, refusal := redeem(c, code); refusal == nil {
					winners.Add(1)
				} else if refusal.Code != 40029 {
					t.Error(refusal)
				}
			})
		}
		group.Wait()
		if n := winners.Load(); n != 1 {
			t.Fatalf("%d callers got the number", n)
		}
	}
}

// TestDataNeedsALiveKey: three days after the login the phone has nothing to encrypt under.
func TestDataNeedsALiveKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		login(t, w, "", "")
		w.Clock().Move(world.KeyLife - 1)
		tap(t, w)
		w.Clock().Move(1)
		_, err := w.Phone("", "")
		if want := `the session key of user "alice" for wx0123456789abcdef has expired: log in again`; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		login(t, w, "", "")
		tap(t, w)
	})
}

// TestKeyLife: a later wx.login brings a key with a life of its own; a reset does not, and once its key is dead, wx.login brings a new one
// however young that was.
func TestKeyLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		alive := func() bool {
			_, err := w.Phone("", "")
			return err == nil
		}
		login(t, w, "", "")
		w.Clock().Move(24 * time.Hour)
		id := exchange(t, w, demo(login(t, w, "", "")))
		w.Clock().Move(world.KeyLife - time.Second)
		x := world.SessionCheck{OpenID: id.OpenID, Signature: hex.EncodeToString(hmacOf(sha256.New, id.SessionKey.Reveal(), "")), SigMethod: "hmac_sha256"}
		if _, refusal := caller(t, w).ResetSession(x); refusal != nil || !alive() {
			t.Error("a second before the end:", refusal)
		}
		w.Clock().Move(time.Second)
		if alive() {
			t.Error("the key of a reset outlives the one before")
		}
		login(t, w, "", "")
		if !alive() {
			t.Error("no key after wx.login")
		}
		w.Clock().Move(world.KeyLife)
		if alive() {
			t.Error("a key lives longer than its life")
		}
	})
}

func FuzzPhoneNumber(f *testing.F) {
	w := newWorld(f, world.Options{Seed: 1})
	login(f, w, "", "")
	c := caller(f, w)
	f.Add(string(tap(f, w).Code))
	f.Add(strings.Repeat("0", 64))
	f.Add("")
	f.Fuzz(func(t *testing.T, code string) {
		if number, refusal := redeem(c, wechat.Code(code)); refusal == nil && number.User != "alice" {
			t.Errorf("%q gave the number of %q", code, number.User)
		}
	})
}

// BenchmarkPhoneCodeMemory reports the bytes that a live phone code costs, what checkencryptedmsg remembers not counted, and those that are
// left of it when its life is over.
func BenchmarkPhoneCodeMemory(b *testing.B) {
	const n = 200_000
	for b.Loop() {
		w := newWorld(b, world.Options{})
		login(b, w, "", "")
		for range 1 << 14 { // fills the memory of messages
			tap(b, w)
		}
		w.Clock().Move(wechat.CodeLife)
		tap(b, w)
		before := heap()
		for range n {
			tap(b, w)
		}
		live := heap()
		w.Clock().Move(wechat.CodeLife)
		tap(b, w)
		after := heap()
		b.ReportMetric((float64(live)-float64(before))/n, "B/code")
		b.ReportMetric(max(0, float64(after)-float64(before))/n, "B/expired-code")
		runtime.KeepAlive(w)
	}
}

// BenchmarkOpenIDMemory reports what the first search for a user by openid costs for each user.
func BenchmarkOpenIDMemory(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		w := newWorld(b, world.Options{})
		for i := range n {
			login(b, w, "", fmt.Sprintf("user%06d", i))
		}
		c := caller(b, w)
		before := heap()
		if _, refusal := c.CheckSession(world.SessionCheck{OpenID: "oFviJ5eTtaGJqSSu4_yJsPeMrvKz", Signature: "x", SigMethod: "hmac_sha256"}); errCode(refusal) != 40003 {
			b.Fatal(refusal)
		}
		b.ReportMetric((float64(heap())-float64(before))/n, "B/user")
		runtime.KeepAlive(w)
	}
}
