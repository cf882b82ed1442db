package opendata_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
)

// flat is a Pasted whose key can be compared.
type flat struct{ EncryptedData, IV, RawData, Signature, Key, OpenID, AppID, ErrMsg string }

func flatten(p opendata.Pasted) flat {
	return flat{
		p.EncryptedData, p.IV, p.RawData, p.Signature,
		p.SessionKey.Reveal(), string(p.OpenID), string(p.AppID), p.ErrMsg.Raw(),
	}
}

func TestParsePasted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     flat
	}{
		{"nothing of interest", `{}`, flat{}},
		{
			"wx.getUserInfo", `{"errMsg":"getUserInfo:ok","rawData":"{\"a\":1}","userInfo":{"nickName":"Band","iv":"not this"},"signature":"75e8","encryptedData":"AA==","iv":"BB==","cloudID":"38_x"}`,
			flat{EncryptedData: "AA==", IV: "BB==", RawData: `{"a":1}`, Signature: "75e8", ErrMsg: "getUserInfo:ok"},
		},
		{
			"with what people add", `{"encryptedData":"AA==","iv":"BB==","session_key":"CC==","openid":"oX","appid":"wx1"}`,
			flat{EncryptedData: "AA==", IV: "BB==", Key: "CC==", OpenID: "oX", AppID: "wx1"},
		},
		{"spelling of JavaScript", `{"sessionKey":"CC==","openId":"oX","appId":"wx1"}`, flat{Key: "CC==", OpenID: "oX", AppID: "wx1"}},
		{
			"spelling of C#", `{"EncryptedData":"AA==","Iv":"BB==","SessionKey":"CC==","RawData":"r","Signature":"s","ErrMsg":"e"}`,
			flat{EncryptedData: "AA==", IV: "BB==", Key: "CC==", RawData: "r", Signature: "s", ErrMsg: "e"},
		},
		{"capitals", `{"ENCRYPTEDDATA":"AA==","IV":"BB==","SESSION_KEY":"CC=="}`, flat{EncryptedData: "AA==", IV: "BB==", Key: "CC=="}},
		{"spelling of Python", `{"encrypted_data":"AA==","iv":"BB==","session_key":"CC==","raw_data":"r"}`, flat{EncryptedData: "AA==", IV: "BB==", Key: "CC==", RawData: "r"}},
		{"other separators are other names", `{"encrypted-data":"AA==","session-key":"CC==","i_v":"BB=="}`, flat{}},
		{"escaped name", `{"\u0069v":"BB=="}`, flat{IV: "BB=="}},
		{"byte order mark", "\ufeff{\"iv\":\"BB==\"}\r\n", flat{IV: "BB=="}},
		{"blanks around", " \n\t{\"iv\":\"BB==\"} \n", flat{IV: "BB=="}},
		{"null is absence", `{"iv":null,"IV":"BB==","session_key":null,"detail":null}`, flat{IV: "BB=="}},
		{"twice the same", `{"iv":"BB==","iv":"BB==","session_key":"CC==","sessionKey":"CC=="}`, flat{IV: "BB==", Key: "CC=="}},
		{"what means nothing may repeat", `{"x":1,"x":2,"iv":"BB=="}`, flat{IV: "BB=="}},
		{
			"event of a button", `{"type":"getphonenumber","timeStamp":1234,"detail":{"errMsg":"getPhoneNumber:ok","encryptedData":"AA==","iv":"BB==","code":"e31"}}`,
			flat{EncryptedData: "AA==", IV: "BB==", ErrMsg: "getPhoneNumber:ok"},
		},
		{
			"event with an added key", `{"session_key":"CC==","openid":"oX","detail":{"encryptedData":"AA==","iv":"BB=="}}`,
			flat{EncryptedData: "AA==", IV: "BB==", Key: "CC==", OpenID: "oX"},
		},
		{
			"outside wins", `{"encryptedData":"AA==","iv":"BB==","session_key":"CC==","detail":{"encryptedData":"xx","iv":"xx","session_key":"xx","appid":"wx1"}}`,
			flat{EncryptedData: "AA==", IV: "BB==", Key: "CC==", AppID: "wx1"},
		},
		{"data and iv come from one place", `{"iv":"BB==","detail":{"encryptedData":"AA==","iv":"xx"}}`, flat{IV: "BB=="}},
		{
			"a signature outside is not lost", `{"rawData":"r","signature":"s","detail":{"encryptedData":"AA==","iv":"BB==","rawData":"xx"}}`,
			flat{EncryptedData: "AA==", IV: "BB==", RawData: "r", Signature: "s"},
		},
		{"detail of a detail", `{"detail":{"iv":"BB==","detail":{"encryptedData":"xx"}}}`, flat{IV: "BB=="}},
		{"detail of a detail that is no object", `{"detail":{"iv":"BB==","detail":7}}`, flat{IV: "BB=="}},
		{"a refusal", `{"errMsg":"getPhoneNumber:fail user deny"}`, flat{ErrMsg: "getPhoneNumber:fail user deny"}},
		{"escapes", `{"encryptedData":"A\/B\u002b=="}`, flat{EncryptedData: "A/B+=="}},
		{"surrogates", `{"rawData":"\ud83d\ude00","errMsg":"\ud83d"}`, flat{RawData: "\U0001f600", ErrMsg: "\ufffd"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := opendata.ParsePasted([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, flatten(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeyEmpty tells a key that is empty from one that is not there.
func TestKeyEmpty(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		`{"iv":"x"}`: false, `{"session_key":null}`: false, `{"session_key":"CC=="}`: false, `{"session_key":"","detail":{"sessionKey":"CC=="}}`: false,
		`{"session_key":""}`: true, `{"detail":{"sessionKey":""}}`: true,
	} {
		if got, err := opendata.ParsePasted([]byte(in)); err != nil || got.KeyEmpty != want {
			t.Errorf("%s: %v, %v", in, got.KeyEmpty, err)
		}
	}
}

func TestParsePastedRefuses(t *testing.T) {
	t.Parallel()
	const malformed = "is not well-formed JSON"
	twice := "is given more than once, with different values"
	tests := []struct {
		name, in string
		want     opendata.PastedError
	}{
		{"nothing", "", opendata.PastedError{Reason: "is empty", Pos: -1}},
		{"blanks", " \r\n\t", opendata.PastedError{Reason: "is empty", Pos: -1}},
		{"byte order mark alone", "\ufeff", opendata.PastedError{Reason: "is empty", Pos: -1}},
		{"array", `[{"iv":"x"}]`, opendata.PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: 0, Form: opendata.FormArray}},
		{"JavaScript", "  res = {}", opendata.PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: 2, Form: opendata.FormLiteral}},
		{"no quotes", `{iv: "x"}`, opendata.PastedError{Reason: malformed, Pos: 1, Form: opendata.FormLiteral}},
		{"no quotes further on", `{"iv": "x", _data: 1}`, opendata.PastedError{Reason: malformed, Pos: 12, Form: opendata.FormLiteral}},
		{"single quotes", `{'iv':'x'}`, opendata.PastedError{Reason: malformed, Pos: 1, Form: opendata.FormLiteral}},
		{"single quotes of a value", `{"iv": 'x'}`, opendata.PastedError{Reason: malformed, Pos: 7, Form: opendata.FormLiteral}},
		{"word for a value", `{"iv":x}`, opendata.PastedError{Reason: malformed, Pos: 6}},
		{"bare base64", "r7BXXKkLb8qrSNn05n0qiA==\n", opendata.PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: 0, Form: opendata.FormBase64}},
		{"words", "nothing to see here", opendata.PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: 0}},
		{"position behind a byte order mark and blanks", "\ufeff \n{\"iv\":!}", opendata.PastedError{Reason: malformed, Pos: 11}},
		{"cut off", `{"iv":"x"`, opendata.PastedError{Reason: malformed, Pos: 8}},
		{"comma at the end", `{"iv":"x",}`, opendata.PastedError{Reason: malformed, Pos: 10, Form: opendata.FormLiteral}},
		{"two objects", `{"iv":"x"}{"iv":"x"}`, opendata.PastedError{Reason: malformed, Pos: 10, Form: opendata.FormLines}},
		{"UTF-16", "{\x00}\x00", opendata.PastedError{Reason: malformed, Pos: 1}},
		{"number", `{"iv":17}`, opendata.PastedError{Field: "iv", Reason: "is a number, not a string", Pos: -1}},
		{"negative number", `{"iv":-17}`, opendata.PastedError{Field: "iv", Reason: "is a number, not a string", Pos: -1}},
		{"boolean", `{"sessionkey":true}`, opendata.PastedError{Field: "session_key", Reason: "is a boolean, not a string", Pos: -1}},
		{"array of bytes", `{"encryptedData":[1,2]}`, opendata.PastedError{Field: "encryptedData", Reason: "is an array, not a string", Pos: -1}},
		{"rawData parsed", `{"rawData":{"nickName":"x"}}`, opendata.PastedError{Field: "rawData", Reason: "is an object, not a string", Pos: -1}},
		{"in the detail", `{"detail":{"IV":17}}`, opendata.PastedError{Field: "detail.iv", Reason: "is a number, not a string", Pos: -1}},
		{"detail is a number", `{"detail":17}`, opendata.PastedError{Field: "detail", Reason: "is a number, not an object", Pos: -1}},
		{"detail is a text", `{"detail":"{}"}`, opendata.PastedError{Field: "detail", Reason: "is a string, not an object", Pos: -1}},
		{"two values", `{"iv":"AA==","iv":"BB=="}`, opendata.PastedError{Field: "iv", Reason: twice, Pos: -1}},
		{"two cases", `{"iv":"AA==","IV":"BB=="}`, opendata.PastedError{Field: "iv", Reason: twice, Pos: -1}},
		{"two spellings", `{"session_key":"AA==","sessionKey":"BB=="}`, opendata.PastedError{Field: "session_key", Reason: twice, Pos: -1}},
		{"two values inside", `{"detail":{"iv":"AA==","Iv":"BB=="}}`, opendata.PastedError{Field: "detail.iv", Reason: twice, Pos: -1}},
		{"two details", `{"detail":{},"Detail":{"iv":"x"}}`, opendata.PastedError{Field: "detail", Reason: twice, Pos: -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := opendata.ParsePasted([]byte(tt.in))
			e, ok := errors.AsType[*opendata.PastedError](err)
			if !ok {
				t.Fatalf("%+v, %v", flatten(got), err)
			}
			if diff := cmp.Diff(tt.want, *e); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if flatten(got) != (flat{}) {
				t.Errorf("an error and %+v", flatten(got))
			}
		})
	}
}

func TestPastedErrorText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                 `the input is empty`,
		`[]`:               `the input is not a JSON object: it does not start with "{" (byte 0, counted from 0)`,
		`{"iv":1}`:         `"iv" is a number, not a string`,
		`{"iv":"SECRET"s}`: `the input is not well-formed JSON (byte 14, counted from 0)`,
	} {
		if _, err := opendata.ParsePasted([]byte(in)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

// A megabyte is what the command reads at most. Nesting beyond what encoding/json follows (10 000) is malformed; below, it costs one pass.
func TestParsePastedLarge(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 1<<20)
	if got, err := opendata.ParsePasted([]byte(`{"encryptedData":"` + long + `"}`)); err != nil || got.EncryptedData != long {
		t.Errorf("%d characters, %v", len(got.EncryptedData), err)
	}
	for _, nest := range []struct {
		open, end string
		depth     int
		fails     bool
	}{
		{`{"detail":`, "}", 9_000, false},
		{`{"detail":`, "}", 50_000, true},
		{`{"x":[`, "]}", 4_500, false},
		{`{"x":[`, "]}", 50_000, true},
	} {
		in := strings.Repeat(nest.open, nest.depth) + `{"iv":"x"}` + strings.Repeat(nest.end, nest.depth)
		if got, err := opendata.ParsePasted([]byte(in)); (err != nil) != nest.fails || got.IV != "" {
			t.Errorf("%d times %s: %+v, %v", nest.depth, nest.open, flatten(got), err)
		}
	}
}

// FuzzParsePasted parses anything. What encoding/json takes for an object of strings must be read as it reads it; an error holds
// nothing of the input; the key prints nowhere.
func FuzzParsePasted(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, "\ufeff {\"iv\":\"x\"}", `{"encryptedData":"AA==","iv":"BB==","session_key":"CC=="}`,
		`{"detail":{"encryptedData":"AA==","iv":"BB=="},"openId":"o"}`, `{"iv":"a","IV":"b"}`, `{"iv":null}`, `{"iv":1e9}`,
		`{"detail":[]}`, `{"\u0069v":"\ud800"}`, `{"iv":"x"}}`, "{\"rawData\":\"\xff\"}", `{"a":{"b":[{"iv":"x"}]}}`,
	} {
		f.Add([]byte(seed))
	}
	reasons := map[string]bool{}
	for _, in := range []string{``, `[]`, `{`, `{"iv":1}`, `{"iv":true}`, `{"iv":[]}`, `{"iv":{}}`, `{"iv":"a","iv":"b"}`, `{"detail":1}`, `{"detail":true}`, `{"detail":[]}`, `{"detail":""}`} {
		_, err := opendata.ParsePasted([]byte(in))
		e, _ := errors.AsType[*opendata.PastedError](err)
		reasons[e.Reason] = true
	}
	fields := map[string]bool{"": true, "detail": true}
	for _, name := range []string{"encryptedData", "iv", "rawData", "signature", "session_key", "openid", "appid", "errMsg"} {
		fields[name], fields["detail."+name] = true, true
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := opendata.ParsePasted(data)
		if err != nil {
			e, ok := errors.AsType[*opendata.PastedError](err)
			if !ok || !reasons[e.Reason] || !fields[e.Field] || e.Pos >= int64(max(1, len(data))) || e.Pos < -1 {
				t.Errorf("%q: %#v", data, err)
			}
			return
		}
		body := []byte(strings.TrimPrefix(string(data), "\ufeff"))
		if !json.Valid(body) {
			t.Fatalf("%q is not JSON, but was read", data)
		}
		var exact struct {
			EncryptedData *string `json:"encryptedData"`
			IV            *string `json:"iv"`
		}
		if err := json.Unmarshal(body, &exact); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if exact.EncryptedData != nil && *exact.EncryptedData != "" && got.EncryptedData != *exact.EncryptedData {
			t.Errorf("%q: encryptedData %q, want %q", data, got.EncryptedData, *exact.EncryptedData)
		}
		if exact.IV != nil && *exact.IV != "" && got.IV != *exact.IV {
			t.Errorf("%q: iv %q, want %q", data, got.IV, *exact.IV)
		}
	})
}
