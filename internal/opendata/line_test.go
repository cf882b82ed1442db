package opendata_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
)

// flattenLine is what a Line read, in the form of what ParsePasted reads.
func flattenLine(l *opendata.Line) flat {
	return flat{
		string(l.EncryptedData), string(l.IV), string(l.RawData), string(l.Signature),
		string(l.SessionKey), string(l.OpenID), string(l.AppID), string(l.ErrMsg),
	}
}

func TestLineScan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		takes    bool
		others   string
	}{
		{"what programs write", `{"session_key":"CC==","iv":"BB==","encryptedData":"AA=="}`, true, ``},
		{"blanks", " { \"iv\" : \"BB==\" ,\t\"encryptedData\" : \"AA==\" } \r", true, ``},
		{"nothing", `{}`, true, ``},
		{"spelling of JavaScript", `{"sessionKey":"CC==","openId":"oX","appId":"wx1"}`, true, `"openId":"oX","appId":"wx1"`},
		{"other members", `{"id":17,"iv":"BB==","at" : [1, {"iv":"x"}],"openid":"oX","note":"a\"b"}`, true, `"id":17,"at" : [1, {"iv":"x"}],"openid":"oX","note":"a\"b"`},
		{"slashes as PHP writes them", `{"encryptedData":"A\/B\/","iv":"B\u002b=="}`, true, ``},
		{"rawData in its escapes", `{"rawData":"{\"nickName\":\"\ud83d\ude00\\\"\"}","signature":"75e8"}`, true, ``},
		{"refused by WeChat", `{"errMsg":"getPhoneNumber:fail user deny"}`, true, `"errMsg":"getPhoneNumber:fail user deny"`},
		{"no base64", `{"iv":"` + "\x01" + `"}`, true, ``},

		{"spelling of C#", `{"Iv":"BB=="}`, false, ``},
		{"the Kelvin sign is a k", "{\"session_\u212aey\":\"CC==\"}", false, ``},
		{"escaped name", `{"\u0069v":"BB=="}`, false, ``},
		{"event of a button", `{"detail":{"iv":"BB=="}}`, false, ``},
		{"twice", `{"iv":"BB==","iv":"BB=="}`, false, ``},
		{"two spellings", `{"sessionKey":"CC==","session_key":"CC=="}`, false, ``},
		{"null", `{"iv":null}`, false, ``},
		{"number", `{"iv":17}`, false, ``},
		{"not UTF-8", "{\"note\":\"\xff\"}", false, ``},
		{"array", `[]`, false, ``},
		{"empty", ``, false, ``},
		{"cut off", `{"iv":"BB=="`, false, ``},
		{"cut off in a text", `{"iv":"BB==`, false, ``},
		{"two objects", `{"iv":"BB=="}{}`, false, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := opendata.Line{KeepOthers: true}
			if takes := l.Scan([]byte(tt.in)); takes != tt.takes {
				t.Fatalf("takes it: %v", takes)
			}
			if tt.takes && string(l.Others) != tt.others {
				t.Errorf("the others are %s, want %s", l.Others, tt.others)
			}
		})
	}
}

// FuzzLine holds the scanner against ParsePasted: what it takes, the two read alike, and the others are members of an object. A
// text that has to be base64 and is not may be anything, but then the two differ in what cannot be decoded anyway.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"session_key":"CC==","iv":"BB==","encryptedData":"AA=="}`, `{"openId":"o","appid":"w","errMsg":"e","x":[{}]}`,
		`{"rawData":"\ud83d\ude00\n\/","signature":"75"}`, `{"iv":"\u002b"}`, "{\"iv\":\"\xff\"}", `{"a":1,"a":2}`, `{"IV":"x"}`, "{\"op\u0130nid\":\"x\"}",
		`{"sessionKey" : "C" , "k":null}`, `{"detail":{}}`, `{"detai":{"l":"\\"}}`,
	} {
		f.Add([]byte(seed))
	}
	var l opendata.Line // over all inputs: nothing of the one before may show
	l.KeepOthers = true
	f.Fuzz(func(t *testing.T, text []byte) {
		if !l.Scan(text) {
			return
		}
		pasted, err := opendata.ParsePasted(text)
		got, want := flattenLine(&l), flatten(pasted)
		if again, ok := l.Pasted(); ok && (err != nil || flatten(again) != want) {
			t.Errorf("%q: %+v, but ParsePasted: %+v, %v", text, flatten(again), want, err)
		}
		for _, part := range []struct{ got, want *string }{{&got.EncryptedData, &want.EncryptedData}, {&got.IV, &want.IV}, {&got.Key, &want.Key}} {
			if strings.Trim(*part.got, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != "" {
				return
			}
		}
		if err != nil {
			t.Fatalf("%q is taken, but ParsePasted says %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-ParsePasted +Line):\n%s", text, diff)
		}
		if others := "{" + string(l.Others) + "}"; !json.Valid([]byte(others)) {
			t.Errorf("%q: the others are no object: %s", text, others)
		}
	})
}
