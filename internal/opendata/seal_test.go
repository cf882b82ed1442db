package opendata_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, key string
		iv        []byte
		field     string
		reason    opendata.Reason
	}{
		{"no key", "", nil, "session_key", opendata.ReasonEmpty},
		{"short iv", testKey, make([]byte, 15), "iv", opendata.ReasonSize},
		{"empty iv", testKey, []byte{}, "iv", opendata.ReasonSize},
		{"long iv", testKey, make([]byte, 17), "iv", opendata.ReasonSize},
	} {
		_, err := opendata.Seal(wechat.NewSessionKey(tt.key), tt.iv, nil)
		if e, ok := errors.AsType[*opendata.InputError](err); !ok || e.Field != tt.field || e.Reason != tt.reason {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestSealDrawsIV(t *testing.T) {
	t.Parallel()
	key := wechat.NewSessionKey(testKey)
	plain := []byte(`{"a":1}`)
	a, err1 := opendata.Seal(key, nil, plain)
	b, err2 := opendata.Seal(key, nil, plain)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if a.IV == b.IV || a.EncryptedData == b.EncryptedData {
		t.Errorf("two envelopes are alike: %+v, %+v", a, b)
	}
	if string(plain) != `{"a":1}` {
		t.Errorf("Seal wrote to its input: %s", plain)
	}
}

// texts generates what Open takes: JSON objects with distinct names, and bare texts.
func texts() *rapid.Generator[[]byte] {
	object := rapid.Custom(func(t *rapid.T) []byte {
		text, err := json.Marshal(rapid.MapOfN(rapid.String(), rapid.String(), 0, 30).Draw(t, "fields"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
	bare := rapid.Map(rapid.StringMatching(`[0-9a-zA-Z_-]{1,100}`), func(s string) []byte { return []byte(s) })
	return rapid.OneOf(object, bare)
}

func bytes16() *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 16, 16) }

func TestOpenUndoesSeal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain := texts().Draw(t, "plain")
		key := wechat.NewSessionKey(base64.StdEncoding.EncodeToString(bytes16().Draw(t, "key")))
		e, err := opendata.Seal(key, bytes16().Draw(t, "iv"), plain)
		if err != nil {
			t.Fatal(err)
		}
		p, err := opendata.Open(key, e)
		if err != nil || !bytes.Equal(p.Plain, plain) {
			t.Fatalf("Open(Seal(%s)) = %s, %v", plain, p.Plain, err)
		}
	})
}

// TestFlippedBit states what CBC without authentication gives: one flipped bit in key, iv or data never panics, and never yields
// the same plain text. That it is refused is not guaranteed: a bit of the iv changes a letter of the first block, no more.
func TestFlippedBit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain := texts().Draw(t, "plain")
		key := bytes16().Draw(t, "key")
		e, err := opendata.Seal(wechat.NewSessionKey(base64.StdEncoding.EncodeToString(key)), bytes16().Draw(t, "iv"), plain)
		if err != nil {
			t.Fatal(err)
		}
		fields := []string{base64.StdEncoding.EncodeToString(key), e.IV, e.EncryptedData}
		which := rapid.IntRange(0, 2).Draw(t, "field")
		raw, err := base64.StdEncoding.DecodeString(fields[which])
		if err != nil {
			t.Fatal(err)
		}
		bit := rapid.IntRange(0, 8*len(raw)-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		fields[which] = base64.StdEncoding.EncodeToString(raw)
		p, err := opendata.Open(wechat.NewSessionKey(fields[0]), opendata.Envelope{IV: fields[1], EncryptedData: fields[2]})
		if err == nil && bytes.Equal(p.Plain, plain) {
			t.Fatalf("bit %d of field %d changes nothing", bit, which)
		}
		if err != nil && p.Plain != nil {
			t.Fatalf("%v, and yet %q", err, p.Plain)
		}
	})
}

// FuzzOpen holds that an envelope has one spelling: what Open takes, Seal writes again byte for byte.
func FuzzOpen(f *testing.F) {
	v := loadVector(f, "official-demo-userinfo")
	f.Add(v.SessionKey, v.IV, v.EncryptedData)
	text := loadVector(f, "openssl-text")
	f.Add(text.SessionKey, text.IV, text.EncryptedData)
	f.Add("", "", "")
	f.Add(v.SessionKey, v.IV, "AAAA\n\n\n\n")
	f.Fuzz(func(t *testing.T, keyText, iv, data string) {
		key := wechat.NewSessionKey(keyText)
		e := opendata.Envelope{EncryptedData: data, IV: iv}
		p, err := opendata.Open(key, e)
		if err != nil {
			if p.Plain != nil || err.Error() == "" {
				t.Fatalf("%v with %q", err, p.Plain)
			}
			return
		}
		rawIV, err := base64.StdEncoding.DecodeString(iv)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := opendata.Seal(key, rawIV, p.Plain); err != nil || again != e {
			t.Fatalf("Open took %+v, Seal writes %+v, %v", e, again, err)
		}
	})
}

// FuzzPlaintext drives what stands behind the encryption, which FuzzOpen seldom reaches.
func FuzzPlaintext(f *testing.F) {
	for _, name := range vectorNames {
		if v := loadVector(f, name); v.Purpose == "open" {
			f.Add([]byte(v.Plaintext))
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		key := wechat.NewSessionKey(testKey)
		e, err := opendata.Seal(key, nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		p, err := opendata.Open(key, e)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Plain, plain) {
			t.Fatalf("Open(Seal(%q)) = %q", plain, p.Plain)
		}
		checkAgainstJSON(t, p)
	})
}

// checkAgainstJSON compares what Open found with what encoding/json finds in the same text.
func checkAgainstJSON(t *testing.T, p opendata.Payload) {
	t.Helper()
	if p.Kind == opendata.KindText {
		if bytes.ContainsAny(p.Plain, "\"{}\x00\n\r\x1b") {
			t.Errorf("%q passes for a text", p.Plain)
		}
		return
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.Plain, &fields); err != nil {
		if !json.Valid(p.Plain) || p.Kind != opendata.KindUnknown || p.Watermark.Present {
			t.Errorf("%q: %+v, %v", p.Plain, p, err)
		}
		return // an array
	}
	var mark map[string]json.RawMessage
	if inner, ok := fields["watermark"]; ok != p.Watermark.Present {
		t.Errorf("%q: Watermark = %+v", p.Plain, p.Watermark)
	} else if ok {
		var appID string
		var seconds int64
		err := errors.Join(json.Unmarshal(inner, &mark), json.Unmarshal(mark["appid"], &appID), json.Unmarshal(mark["timestamp"], &seconds))
		if err != nil || appID != string(p.Watermark.AppID) || seconds != p.Watermark.Timestamp.Unix() {
			t.Errorf("%q: Watermark = %+v, encoding/json: %q %d %v", p.Plain, p.Watermark, appID, seconds, err)
		}
	}
	if _, ok := fields["phoneNumber"]; ok != (p.Kind == opendata.KindPhone) && fields["purePhoneNumber"] == nil {
		t.Errorf("%q: Kind = %q", p.Plain, p.Kind)
	}
}
