package opendata

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// scan checks a whole text, whatever its value is, as document.read does with the payloads that are objects or arrays.
func scan(text []byte) (int, Reason) {
	i, r := value(text, space(text, 0), 0)
	if r == "" {
		if i = space(text, i); i < len(text) {
			r = ReasonTrailing
		}
	}
	return i, r
}

// stricter lists the points in which the scanner refuses what RFC 8259, or the reading of it in encoding/json, lets pass.
var stricter = []Reason{ReasonNotUTF8, ReasonSurrogate, ReasonDepth}

// TestScan follows the classes of JSONTestSuite (github.com/nst/JSONTestSuite): y has to pass, n to be refused, s is refused here
// though encoding/json takes it.
func TestScan(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"y": {
			`[]`, `{}`, `null`, `true`, `false`, `0`, `-0`, `1e10`, `1E+2`, `-1.5e-07`, `123.456`, `20e1`, `[1,2]`, ` [ ] `, "\t\r\n{}", `""`, `" "`,
			`"\u0000"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u4E2d"`, `"\ud83d\ude00"`, `"中文😀"`, "\"\x7f\"", "\"\u2028\"", "\"\ufeff\"", "\"\uffff\"",
			`{"a":{"b":[{"c":null}]}}`, `{"":0}`, `{"a":1,"a":2}`, `[[],[[]],{}]`, `"12345678"`, `"1234567\n"`, `"12345678\u0041 12345678"`,
			`"` + strings.Repeat("é", 40) + `"`, `[1, 2]`, `{"a": 1, "b":2}`, `[1E22,0.1,-9007199254740993]`,
		},
		"n": {
			``, ` `, `[`, `]`, `{`, `}`, `[1,]`, `[,1]`, `[1 2]`, `[1,,2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{1:1}`,
			`{"a":1]`, `[1`, `{"a":1`, `{"a"`, `{"a":`, `[1,`, `[1}`, `nul`, `nulll`, `True`, `tru`, `truE`, `falsy`, `+1`, `.5`, `1.`, `01`, `-01`, `-`, `--1`, `1e`, `1e+`, `1.e1`, `0x1`, `1_000`, `NaN`, `Infinity`,
			`-Infinity`, `1 2`, `"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\U0041"`, `"\`, "\"\n\"", "\"\x00\"", "\"\x1f\"", "\"12345678\x01\"", "\ufeff[]", `[]#`, `[]/**/`, "[]\x00",
			`"a" "b"`, "[\u00a01]", "[\v]", "[\f]", "\x00", `{"a":1}}`, `"\ud83d\u12"`, "[1\n", `{"a" "b"}`, `{"a":"b" , }`,
		},
		"s": {
			`"\ud83d"`, `"\ude00"`, `"\ude00\ude00"`, `"\ud83d\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe4\xb8\"", "\"12345678\x80\"",
			strings.Repeat("[", 33) + strings.Repeat("]", 33), strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33),
		},
	}
	for class, texts := range tests {
		for _, text := range texts {
			i, r := scan([]byte(text))
			if (r == "") != (class == "y") {
				t.Errorf("%s: %q: %q at %d", class, text, r, i)
			}
			if valid := json.Valid([]byte(text)); valid != (class != "n") {
				t.Errorf("%s: %q: the class is wrong, json.Valid says %v", class, text, valid)
			}
			if class == "s" && !slices.Contains(stricter, r) {
				t.Errorf("%q is refused because it %s, which is not one of the stricter points", text, r)
			}
			if i < 0 || i > len(text) {
				t.Errorf("%q: index %d", text, i)
			}
		}
	}
}

// TestScanEveryPosition puts each interesting byte at each place of a string, so that every lane of the eight-byte step meets it.
func TestScanEveryPosition(t *testing.T) {
	t.Parallel()
	for length := range 26 {
		for at := range length {
			for c := range 256 {
				text := []byte(`"` + strings.Repeat("a", length) + `"`)
				text[1+at] = byte(c)
				_, r := scan(text)
				if want := json.Valid(text) && utf8.Valid(text); (r == "") != want {
					t.Errorf("%q: %q, want valid = %v", text, r, want)
				}
			}
		}
	}
}

// FuzzScan holds the scanner against encoding/json: they agree, except for the stricter points, and those are what they are called.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"openId":"x","n":[1,-0.5e+3,true,false,null,"\ud83d\ude00\n中"]}`, `"\ud83d"`, "\"\xff\"", strings.Repeat("[", 40) + strings.Repeat("]", 40), ` [ 1 , { } ] `, `01`, `[1e999,"\ud83d"]`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		i, r := scan(text)
		valid := json.Valid(text)
		switch {
		case i < 0 || i > len(text):
			t.Fatalf("%q: index %d", text, i)
		case r == "" && (!valid || !utf8.Valid(text)):
			t.Fatalf("%q passes", text)
		case r == "" || !valid:
		case !slices.Contains(stricter, r):
			t.Fatalf("%q is refused: %s at %d", text, r, i)
		case r == ReasonNotUTF8 && utf8.Valid(text):
			t.Fatalf("%q is UTF-8", text)
		case r == ReasonSurrogate && !loneSurrogate(t, text):
			t.Fatalf("%q has no half of a pair", text)
		case r == ReasonDepth && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= maxDepth:
			t.Fatalf("%q is not deep", text)
		}
	})
}

// loneSurrogate reports whether encoding/json had to write a replacement character that does not stand in the text.
func loneSurrogate(t *testing.T, text []byte) bool {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // one may be larger than any float64
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && strings.ContainsRune(s, utf8.RuneError) {
			return true
		}
	}
}

// FuzzBase64 holds the decoder against the standard library's, which differs only in that it skips line feeds.
func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "AAAA", "AA==", "AAA=", "AB==", "tiihtNczf5v6AKRyjwEUhQ==", "AAAAAAAA\n\n\n\nAAAA", "AAAA====", "A===", "AAAAAAAAAAAAAAA*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		dst := make([]byte, len(text)/4*3)
		n, err := decode(dst, "x", text)
		want, wantErr := strict.DecodeString(text)
		clean := wantErr == nil && !strings.ContainsAny(text, "\r\n")
		if (err == nil) != clean {
			t.Fatalf("decode(%q): %v, the standard library: %v", text, err, wantErr)
		}
		if err == nil && !bytes.Equal(dst[:n], want) {
			t.Fatalf("decode(%q) = %x, the standard library: %x", text, dst[:n], want)
		}
	})
}
