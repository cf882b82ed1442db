package world_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

// hmacOf is the function that WeChat documents, in the words of the standard library.
func hmacOf(function func() hash.Hash, key, message string) []byte {
	h := hmac.New(function, []byte(key))
	h.Write([]byte(message))
	return h.Sum(nil)
}

// TestSignatureMistakes makes signatures wrong in the ways that people do, and reads what the simulation says of each.
func TestSignatureMistakes(t *testing.T) {
	t.Parallel()
	hexOf := hex.EncodeToString
	right := func(key, message string) []byte { return hmacOf(sha256.New, key, message) }
	raw := func(key string) string {
		b, _ := base64.StdEncoding.DecodeString(key)
		return string(b)
	}
	const body = `{"foo":"bar"}`
	tests := []struct {
		name      string
		signature func(key string) string
		want      string // after "signature made "; whole when it starts with "signature"
	}{
		{"decoded key", func(key string) string { return hexOf(right(raw(key), "")) }, "with the key base64-decoded, whose text is the key"},
		{"sha1", func(key string) string { return hexOf(hmacOf(sha1.New, key, "")) }, "with HMAC-SHA1"},
		{"of the body", func(key string) string { return hexOf(right(key, body)) }, "of the body in place of the empty string"},
		{"of the path", func(key string) string { return hexOf(right(key, "/wxa/checksession")) }, "of the path in place of the empty string"},
		{"of {}", func(key string) string { return hexOf(right(key, "{}")) }, "of {} in place of the empty string"},
		{"upper case", func(key string) string { return strings.ToUpper(hexOf(right(key, ""))) }, "in upper case"},
		{"base64", func(key string) string { return base64.StdEncoding.EncodeToString(right(key, "")) }, "in base64 instead of hexadecimal"},
		{
			"base64 through a query", func(key string) string {
				return strings.ReplaceAll(base64.StdEncoding.EncodeToString(right(key, "")), "+", " ")
			}, "in base64 instead of hexadecimal",
		},
		{"swapped", func(key string) string { return hexOf(right("", key)) }, "with key and message swapped"},
		{
			"plain sha256", func(key string) string { sum := sha256.Sum256([]byte(key)); return hexOf(sum[:]) },
			"with SHA-256 and no HMAC",
		},
		{
			"of rawData", func(key string) string { sum := sha1.Sum([]byte(key)); return hexOf(sum[:]) },
			"with SHA-1, as the signature of rawData",
		},
		{"secret", func(string) string { return hexOf(right(world.DemoSecret, "")) }, "with the AppSecret for a key"},
		{"quoted key", func(key string) string { return hexOf(right(`"`+key+`"`, "")) }, "with the key in quotes"},
		{
			"many at once", func(key string) string { return strings.ToUpper(hexOf(hmacOf(sha1.New, raw(key), body))) },
			"with the key base64-decoded, whose text is the key, with HMAC-SHA1, of the body in place of the empty string, in upper case",
		},
		{"short", func(string) string { return "abc" }, "signature of 3 characters is not the 64 hexadecimal digits of HMAC-SHA256"},
		{
			"unknown", func(string) string { return strings.Repeat("0a", 32) },
			"signature made in no way that was tried: perhaps with the session_key of another user, or from before a reset",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, world.Options{Seed: 5})
			id := exchange(t, w, demo(login(t, w, "", "")))
			_, refusal := caller(t, w).CheckSession(world.SessionCheck{
				OpenID: id.OpenID, Signature: tt.signature(id.SessionKey.Reveal()), SigMethod: "hmac_sha256",
				Sent: []world.SentText{{What: "the body", Text: body}, {What: "the path", Text: "/wxa/checksession"}},
			})
			want := tt.want
			if !strings.HasPrefix(want, "signature") {
				want = "signature made " + want
			}
			if errCode(refusal) != 87009 || refusal.Reason != want {
				t.Errorf("%v\nwant %s", refusal, want)
			}
		})
	}
}

// TestSignatureOfKeysWithSigns: what becomes of + and / on the way shows only in keys that have them.
func TestSignatureOfKeysWithSigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5, PlusSlashPercent: 100})
	id := exchange(t, w, demo(login(t, w, "", "")))
	c := caller(t, w)
	key := id.SessionKey.Reveal()
	for broken, want := range map[string]string{
		strings.ReplaceAll(key, "+", " "):                                    "with + in the key turned into a blank",
		strings.ReplaceAll(key, "/", `\/`):                                   `with the \/ of the JSON left in the key`,
		strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(key): "with the key percent-encoded",
		strings.TrimRight(key, "="):                                          "with the padding of the key cut off",
		key + "\n":                                                           "with a line end after the key",
	} {
		_, refusal := c.CheckSession(world.SessionCheck{
			OpenID: id.OpenID, Signature: hex.EncodeToString(hmacOf(sha256.New, broken, "")), SigMethod: "hmac_sha256",
		})
		if errCode(refusal) != 87009 || refusal.Reason != "signature made "+want {
			t.Errorf("%v, want %s", refusal, want)
		}
	}
}

// TestSignatureOfFormerKeys: the stale key is the usual cause of 87009, and the journal is to say so.
func TestSignatureOfFormerKeys(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		x := world.SessionCheck{OpenID: id.OpenID, Signature: hex.EncodeToString(hmacOf(sha256.New, id.SessionKey.Reveal(), "")), SigMethod: "hmac_sha256"}
		c := caller(t, w)
		if user, refusal := c.CheckSession(x); refusal != nil || user != "alice" {
			t.Fatal(user, refusal)
		}
		for _, want := range []string{"with the session_key that was replaced 30 s ago", "with an earlier session_key"} {
			if err := w.RotateKey("", ""); err != nil {
				t.Fatal(err)
			}
			w.Clock().Move(30 * time.Second)
			_, refusal := c.CheckSession(x)
			if errCode(refusal) != 87009 || refusal.Reason != "signature made "+want || refusal.User != "alice" {
				t.Errorf("%v, want %s", refusal, want)
			}
		}
	})
}

// TestOpenIDs looks users up who logged in before and after the first search, in every app for itself.
func TestOpenIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 5})
	c := caller(t, w)
	check := func(id world.Identity) string {
		user, refusal := c.CheckSession(world.SessionCheck{
			OpenID: id.OpenID, Signature: hex.EncodeToString(hmacOf(sha256.New, id.SessionKey.Reveal(), "")), SigMethod: "hmac_sha256",
		})
		if refusal != nil {
			return refusal.Reason
		}
		return user
	}
	alice := exchange(t, w, demo(login(t, w, "", "alice")))
	bob := exchange(t, w, demo(login(t, w, "", "bob")))
	stranger := exchange(t, w, other(login(t, w, otherApp, "bob")))
	for range 2 {
		if a, b := check(alice), check(bob); a != "alice" || b != "bob" {
			t.Errorf("alice is %q, bob is %q", a, b)
		}
		carol := exchange(t, w, demo(login(t, w, "", "carol")))
		if got := check(carol); got != "carol" {
			t.Errorf("carol is %q", got)
		}
	}
	if got := check(stranger); !strings.HasPrefix(got, "openid of another app") {
		t.Errorf("bob of another app is %q", got)
	}
	if err := w.Reset(""); err != nil {
		t.Fatal(err)
	}
	c = caller(t, w)
	if got := check(alice); !strings.HasPrefix(got, "nobody with this openid") {
		t.Errorf("alice after a reset is %q", got)
	}
}

func FuzzSignature(f *testing.F) {
	w := newWorld(f, world.Options{Seed: 1})
	id := exchange(f, w, demo(login(f, w, "", "")))
	c := caller(f, w)
	right := hex.EncodeToString(hmacOf(sha256.New, id.SessionKey.Reveal(), ""))
	f.Add(right)
	f.Add("")
	f.Add(base64.StdEncoding.EncodeToString([]byte(right)))
	f.Fuzz(func(t *testing.T, signature string) {
		_, refusal := c.CheckSession(world.SessionCheck{OpenID: id.OpenID, Signature: signature, SigMethod: "hmac_sha256"})
		if (refusal == nil) != (signature == right) {
			t.Errorf("%q: %v", signature, refusal)
		}
	})
}
