package opendata_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	testKey = "tiihtNczf5v6AKRyjwEUhQ==" // of WeChat's published sample
	testIV  = "r7BXXKkLb8qrSNn05n0qiA=="
)

// encrypt encrypts whole blocks with the standard library, padding and all as given.
func encrypt(tb testing.TB, padded []byte) opendata.Envelope {
	tb.Helper()
	key, err1 := base64.StdEncoding.DecodeString(testKey)
	iv, err2 := base64.StdEncoding.DecodeString(testIV)
	block, err3 := aes.NewCipher(key)
	if err := errors.Join(err1, err2, err3); err != nil {
		tb.Fatal(err)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, padded)
	return opendata.Envelope{EncryptedData: base64.StdEncoding.EncodeToString(out), IV: testIV}
}

// sealed encrypts text with the padding that belongs there.
func sealed(tb testing.TB, text string) opendata.Envelope {
	tb.Helper()
	count := 16 - len(text)%16
	return encrypt(tb, []byte(text+strings.Repeat(string(rune(count)), count)))
}

func TestOpenMalformedInput(t *testing.T) {
	t.Parallel()
	good := loadVector(t, "official-demo-userinfo")
	data := good.EncryptedData
	type fault = opendata.InputError
	tests := []struct {
		name          string
		key, iv, data string
		want          fault
	}{
		{"key empty", "", testIV, data, fault{"session_key", opendata.ReasonEmpty, -1, 0, -1}},
		{"key is an openid", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", testIV, data, fault{"session_key", opendata.ReasonSize, -1, 28, 21}},
		{"key has a line feed", testKey + "\n", testIV, data, fault{"session_key", opendata.ReasonCharacter, 24, 25, -1}},
		{"key with line feeds in place of characters", "tiihtNczf5v6AKRyjwEU\n\n\n\n", testIV, data, fault{"session_key", opendata.ReasonCharacter, 20, 24, -1}},
		{"key of 24 characters without padding", "tiihtNczf5v6AKRyjwEUhQAA", testIV, data, fault{"session_key", opendata.ReasonSize, -1, 24, 18}},
		{"key of 32 bytes", strings.Repeat("A", 43) + "=", testIV, data, fault{"session_key", opendata.ReasonSize, -1, 44, 32}},
		{"key has spare bits", "tiihtNczf5v6AKRyjwEUhR==", testIV, data, fault{"session_key", opendata.ReasonTail, 21, 24, -1}},
		{"key is Chinese", "密钥", testIV, data, fault{"session_key", opendata.ReasonCharacter, 0, 6, -1}},
		{"iv empty", testKey, "", data, fault{"iv", opendata.ReasonEmpty, -1, 0, -1}},
		{"iv lost its first character", testKey, testIV[1:], data, fault{"iv", opendata.ReasonLength, -1, 23, -1}},
		{"iv is 15 bytes", testKey, "AAAAAAAAAAAAAAAAAAAA", data, fault{"iv", opendata.ReasonSize, -1, 20, 15}},
		{"iv with blank for plus", testKey, "r7BXX kLb8qrSNn05n0qiA==", data, fault{"iv", opendata.ReasonCharacter, 5, 24, -1}},
		{"iv in base64url", testKey, "r7BXX_kLb8qrSNn05n0qiA==", data, fault{"iv", opendata.ReasonCharacter, 5, 24, -1}},
		{"iv with three equals signs", testKey, testIV + "=", data, fault{"iv", opendata.ReasonPadding, 24, 25, -1}},
		{"iv without padding", testKey, testIV[:22], data, fault{"iv", opendata.ReasonLength, -1, 22, -1}},
		{"data empty", testKey, testIV, "", fault{"encryptedData", opendata.ReasonEmpty, -1, 0, -1}},
		{"data is padding only", testKey, testIV, "====", fault{"encryptedData", opendata.ReasonPadding, 2, 4, -1}},
		{"data quoted", testKey, testIV, `"` + data + `"`, fault{"encryptedData", opendata.ReasonCharacter, 0, 538, -1}},
		{"data still escaped", testKey, testIV, strings.Replace(data, "+", "%2B", 1), fault{"encryptedData", opendata.ReasonCharacter, strings.Index(data, "+"), 538, -1}},
		{"data with padding inside", testKey, testIV, "AAA=" + data[4:], fault{"encryptedData", opendata.ReasonPadding, 3, 536, -1}},
		{"data cut", testKey, testIV, data[:255], fault{"encryptedData", opendata.ReasonLength, -1, 255, -1}},
		{"data cut between groups", testKey, testIV, data[:252], fault{"encryptedData", opendata.ReasonBlocks, -1, 252, 189}},
		{"data wrapped", testKey, testIV, data[:76] + "\r\n" + data[76:], fault{"encryptedData", opendata.ReasonCharacter, 76, 538, -1}},
		{"data wrapped by a multiple of four", testKey, testIV, data[:76] + "\n\n\n\n" + data[76:], fault{"encryptedData", opendata.ReasonCharacter, 76, 540, -1}},
		{"data has spare bits", testKey, testIV, data[:533] + "x==", fault{"encryptedData", opendata.ReasonTail, 533, 536, -1}},
		{"data is one byte", testKey, testIV, "AA==", fault{"encryptedData", opendata.ReasonBlocks, -1, 4, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := opendata.Open(wechat.NewSessionKey(tt.key), opendata.Envelope{EncryptedData: tt.data, IV: tt.iv})
			got, ok := errors.AsType[*opendata.InputError](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(opendata.Payload{}, p); diff != "" {
				t.Errorf("the payload is not empty:\n%s", diff)
			}
			text := err.Error()
			if !strings.HasPrefix(text, tt.want.Field+" ") || tt.key != "" && strings.Contains(text, tt.key) || tt.data != "" && strings.Contains(text, tt.data) {
				t.Errorf("error text %q", text)
			}
		})
	}
}

func TestInputErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*opendata.InputError{
		"iv is empty": {Field: "iv", Reason: opendata.ReasonEmpty, Pos: -1, Size: -1},
		"iv has a character that is not of standard base64 (byte 5 of 24, counted from 0)": {Field: "iv", Reason: opendata.ReasonCharacter, Pos: 5, Len: 24, Size: -1},
		"iv does not hold 16 bytes (20 characters that hold 15 bytes)":                     {Field: "iv", Reason: opendata.ReasonSize, Pos: -1, Len: 20, Size: 15},
		"iv has a length that is not a multiple of 4 (23 characters)":                      {Field: "iv", Reason: opendata.ReasonLength, Pos: -1, Len: 23, Size: -1},
	} {
		if got := e.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestOpenPadding(t *testing.T) {
	t.Parallel()
	body := `{"gender":1}` // 12 bytes, so that 4 of padding are missing
	tests := []struct {
		name, padded string
		ok           bool
	}{
		{"right", body + "\x04\x04\x04\x04", true},
		{"zero", body + "\x00\x00\x00\x00", false},
		{"one of them wrong", body + "\x04\x05\x04\x04", false},
		{"first of them wrong", body + "\x03\x04\x04\x04", false},
		{"ANSI X9.23", body + "\x00\x00\x00\x04", false},
		{"ISO 7816-4", body + "\x80\x00\x00\x00", false},
		{"longer than a block", body + "\x11\x11\x11\x11", false},
		{"PKCS#7 to 32 bytes", body + strings.Repeat("\x14", 20), false},
		{"full block", `{"gender": 1   }` + strings.Repeat("\x10", 16), true},
		{"text longer than it needs", body + "    " + strings.Repeat("\x10", 16), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := opendata.Open(wechat.NewSessionKey(testKey), encrypt(t, []byte(tt.padded)))
			switch {
			case tt.ok && err != nil, !tt.ok && !errors.Is(err, opendata.ErrPadding):
				t.Errorf("error = %v", err)
			case !tt.ok && p.Plain != nil:
				t.Errorf("Plain = %q", p.Plain)
			}
		})
	}
}

func TestOpenWrongKey(t *testing.T) {
	t.Parallel()
	v := loadVector(t, "official-demo-userinfo")
	_, err := opendata.Open(wechat.NewSessionKey("HyVFkGl5F5OQWJZZaNzBBg=="), v.envelope())
	if !errors.Is(err, opendata.ErrPadding) {
		t.Errorf("error = %v", err)
	}
	// The key is right and the iv is another one: the first 16 bytes are noise, the rest is readable.
	e := v.envelope()
	e.IV = "AAAAAAAAAAAAAAAAAAAAAA=="
	if _, err = opendata.Open(v.key(), e); err == nil {
		t.Error("a wrong iv was accepted")
	} else if _, ok := errors.AsType[*opendata.PlaintextError](err); !ok {
		t.Errorf("error = %v", err)
	}
}

// TestForeignKeys tries keys that are not the right one on data of one block, the likeliest to be taken for a text, and on a long one.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	for _, e := range []opendata.Envelope{sealed(t, "1_activity"), loadVector(t, "official-demo-userinfo").envelope()} {
		paddings := 0
		for n := range 10_000 {
			raw := sha256.Sum256([]byte{byte(n), byte(n >> 8)})
			p, err := opendata.Open(wechat.NewSessionKey(base64.StdEncoding.EncodeToString(raw[:16])), e)
			if err == nil {
				t.Errorf("key %x opens to %q", raw[:16], p.Plain)
			}
			if !errors.Is(err, opendata.ErrPadding) {
				paddings++
			}
		}
		// 10 000 / 255 is 39; the bounds are six standard deviations away.
		if paddings < 2 || paddings > 77 {
			t.Errorf("%d of 10 000 foreign keys gave valid padding", paddings)
		}
	}
}

// TestNoTextFromDamage turns the first brace of JSON into every other byte, as an altered iv can: none may pass for a text.
func TestNoTextFromDamage(t *testing.T) {
	t.Parallel()
	v := loadVector(t, "official-demo-userinfo")
	iv, err := base64.StdEncoding.DecodeString(v.IV)
	if err != nil {
		t.Fatal(err)
	}
	for flip := 1; flip < 256; flip++ {
		altered := append([]byte{iv[0] ^ byte(flip)}, iv[1:]...)
		e := opendata.Envelope{EncryptedData: v.EncryptedData, IV: base64.StdEncoding.EncodeToString(altered)}
		if p, err := opendata.Open(v.key(), e); err == nil {
			t.Errorf("with %q in place of the brace: kind %q", '{'^byte(flip), p.Kind)
		}
	}
}

func TestOpenPlaintext(t *testing.T) {
	t.Parallel()
	mark := func(inner string) string { return `{"watermark":` + inner + `}` }
	fields := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"f%d":0,`, i)
		}
		return "{" + b.String() + `"z":{"watermark":1,"watermark":2}}`
	}
	tests := []struct {
		name, plain string
		reason      opendata.Reason
		pos         int
	}{
		{"nothing", "", opendata.ReasonNoPlaintext, 0},
		{"cut", `{"openId":"oGZ`, opendata.ReasonTruncated, 14},
		{"cut after a comma", `{"a":1,`, opendata.ReasonTruncated, 7},
		{"a second value", `{} {}`, opendata.ReasonTrailing, 3},
		{"NUL at the end", "{}\x00", opendata.ReasonTrailing, 2},
		{"no name", `{1:2}`, opendata.ReasonSyntax, 1},
		{"no colon", `{"a" 1}`, opendata.ReasonSyntax, 5},
		{"trailing comma", `{"a":1,}`, opendata.ReasonSyntax, 7},
		{"single quotes", `{'a':1}`, opendata.ReasonSyntax, 1},
		{"NaN", `{"a":NaN}`, opendata.ReasonSyntax, 5},
		{"leading zero", `{"a":01}`, opendata.ReasonNumberForm, 5},
		{"bare point", `{"a":1.}`, opendata.ReasonNumberForm, 7},
		{"raw line feed", "{\"a\":\"b\nc\"}", opendata.ReasonControl, 7},
		{"unknown escape", `{"a":"\x41"}`, opendata.ReasonEscape, 7},
		{"short escape", `{"a":"\u12"}`, opendata.ReasonEscape, 10},
		{"not UTF-8", "{\"a\":\"\xff\"}", opendata.ReasonNotUTF8, 6},
		{"overlong", "{\"a\":\"\xc0\xaf\"}", opendata.ReasonNotUTF8, 6},
		{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", opendata.ReasonNotUTF8, 6},
		{"half a pair", `{"a":"\ud83d"}`, opendata.ReasonSurrogate, 6},
		{"pair the wrong way round", `{"a":"\ude00\ud83d"}`, opendata.ReasonSurrogate, 6},
		{"too deep", strings.Repeat("[", 33) + strings.Repeat("]", 33), opendata.ReasonDepth, 32},
		{"same field", `{"openId":"a","openId":"b"}`, opendata.ReasonDuplicate, 14},
		{"same field, spelt otherwise", `{"openId":"a","\u006fpenId":"b"}`, opendata.ReasonDuplicate, 14},
		{"same unknown field", `{"x":1,"y":2,"x":3}`, opendata.ReasonDuplicate, 13},
		{"same unknown field, spelt otherwise", `{"\u0078":1,"y":2,"x":3}`, opendata.ReasonDuplicate, 18},
		{"two watermarks", `{"watermark":{"appid":"a","timestamp":1},"watermark":{"appid":"a","timestamp":1}}`, opendata.ReasonDuplicate, 41},
		{"two appids", mark(`{"appid":"a","timestamp":1,"appid":"b"}`), opendata.ReasonDuplicate, 40},
		{"two timestamps", mark(`{"timestamp":1,"appid":"a","\u0074imestamp":1}`), opendata.ReasonDuplicate, 40},
		{"same field in the watermark", mark(`{"v":1,"appid":"a","v":1}`), opendata.ReasonDuplicate, 32},
		{"watermark null", mark(`null`), opendata.ReasonWatermark, 13},
		{"watermark empty", mark(`{}`), opendata.ReasonWatermark, 13},
		{"watermark without appid", mark(`{"timestamp":1}`), opendata.ReasonWatermark, 13},
		{"watermark without timestamp", mark(`{"appid":"a"}`), opendata.ReasonWatermark, 13},
		{"appid a number", mark(`{"appid":1,"timestamp":1}`), opendata.ReasonWatermark, 22},
		{"timestamp a string", mark(`{"timestamp":"1","appid":"a"}`), opendata.ReasonWatermark, 26},
		{"timestamp negative", mark(`{"timestamp":-1,"appid":"a"}`), opendata.ReasonWatermark, 26},
		{"timestamp with a fraction", mark(`{"timestamp":1.5,"appid":"a"}`), opendata.ReasonWatermark, 26},
		{"timestamp beyond the year 9999", mark(`{"timestamp":253402300800,"appid":"a"}`), opendata.ReasonWatermark, 26},
		{"timestamp beyond 64 bits", mark(`{"timestamp":99999999999999999999999,"appid":"a"}`), opendata.ReasonWatermark, 26},
		{"33 unknown fields", fields(33), opendata.ReasonMembers, strings.Index(fields(33), `"f32"`)},
		{"JSON after a BOM", "\ufeff{}", opendata.ReasonTextForm, 0},
		{"text with a line feed", "a\nb", opendata.ReasonTextForm, 1},
		{"text with a quote", `a"b`, opendata.ReasonTextForm, 1},
		{"text with DEL", "a\x7f", opendata.ReasonTextForm, 1},
		{"text with C1", "a\u009bb", opendata.ReasonTextForm, 1},
		{"text with a bidi override", "ab\u202e", opendata.ReasonTextForm, 2},
		{"text not UTF-8", "ab\xfe", opendata.ReasonNotUTF8, 2},
		{"text too long", strings.Repeat("a", 513), opendata.ReasonTextLength, 512},
		{"string", `"activity"`, opendata.ReasonTextForm, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := opendata.Open(wechat.NewSessionKey(testKey), sealed(t, tt.plain))
			got, ok := errors.AsType[*opendata.PlaintextError](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			if diff := cmp.Diff(&opendata.PlaintextError{Reason: tt.reason, Pos: tt.pos}, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if p.Plain != nil || p.Kind != "" {
				t.Errorf("payload = %+v", p)
			}
			if want := fmt.Sprintf("the decrypted text %s (byte %d)", tt.reason, tt.pos); err.Error() != want {
				t.Errorf("error text %q, want %q", err, want)
			}
		})
	}
}

func TestOpenKinds(t *testing.T) {
	t.Parallel()
	marked := opendata.Watermark{Present: true, AppID: "wx4f4bc4dec97d474b", Timestamp: time.Unix(1477314187, 0).UTC()}
	tests := []struct {
		name, plain string
		kind        opendata.Kind
		mark        opendata.Watermark
	}{
		{"getUserProfile without ids", `{"nickName":"微信用户","gender":0}`, opendata.KindUserInfo, opendata.Watermark{}},
		{"openId alone", `{"openId":"x"}`, opendata.KindUserInfo, opendata.Watermark{}},
		{"escaped name", `{"\u006fpenId":"x"}`, opendata.KindUserInfo, opendata.Watermark{}},
		{"pure number alone", `{"purePhoneNumber":"1"}`, opendata.KindPhone, opendata.Watermark{}},
		{"phone goes before user info", `{"nickName":"x","phoneNumber":"1"}`, opendata.KindPhone, opendata.Watermark{}},
		{"case matters", `{"PhoneNumber":"1"}`, opendata.KindUnknown, opendata.Watermark{}},
		{"nested names do not count", `{"data":{"phoneNumber":"1"}}`, opendata.KindUnknown, opendata.Watermark{}},
		{"array", `[{"key":"1"}]`, opendata.KindUnknown, opendata.Watermark{}},
		{"32 levels", strings.Repeat("[", 32) + strings.Repeat("]", 32), opendata.KindUnknown, opendata.Watermark{}},
		{"white space", " {\r\n\t\"openGId\" : \"x\" , \"a\" : [ 1 , -0.5e+3 , true , null , false , { } , [ ] ] } \n", opendata.KindShare, opendata.Watermark{}},
		{"nested duplicates are not ours", `{"stepInfoList":[{"step":1,"step":2}]}`, opendata.KindWeRun, opendata.Watermark{}},
		{"watermark first, other order, more fields", `{"watermark":{"v":{"appid":1},"appid":"wx4f4bc4dec97d474b","timestamp":1477314187},"v":1}`, opendata.KindUnknown, marked},
		{"the watermark has its own names", `{"v":1,"watermark":{"v":1,"appid":"wx4f4bc4dec97d474b","timestamp":1477314187},"w":1}`, opendata.KindUnknown, marked},
		{"watermark escaped", `{"water\u006dark":{"\u0061ppid":"\u0077x4f4bc4dec97d474b","timestamp":1477314187}}`, opendata.KindUnknown, marked},
		{"text of digits", "1000023", opendata.KindText, opendata.Watermark{}},
		{"text of one character", "x", opendata.KindText, opendata.Watermark{}},
		{"longest text", strings.Repeat("活", 170), opendata.KindText, opendata.Watermark{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := opendata.Open(wechat.NewSessionKey(testKey), sealed(t, tt.plain))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(opendata.Payload{Kind: tt.kind, Plain: []byte(tt.plain), Watermark: tt.mark}, p); diff != "" {
				t.Errorf("Open (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPayloadJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind        opendata.Kind
		plain, want string
	}{
		{opendata.KindUnknown, `{ "a" : "<&>" }`, `{ "a" : "<&>" }`},
		{opendata.KindText, `1_a\b<活>`, `"1_a\\b<活>"`},
	} {
		if got := string(opendata.Payload{Kind: tt.kind, Plain: []byte(tt.plain)}.JSON()); got != tt.want {
			t.Errorf("JSON() = %s, want %s", got, tt.want)
		}
	}
}
