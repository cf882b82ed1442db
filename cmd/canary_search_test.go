package cmd

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A planted value must not be seen. Its name tells how it came in.
type planted struct {
	name, value string
	key         bool // base64 of bytes, which must not be seen either
}

// plantHex makes a value of the shape of an AppSecret.
func plantHex(name string) planted {
	sum := sha256.Sum256([]byte("canary " + name))
	return planted{name: name, value: hex.EncodeToString(sum[:16])}
}

// plantKey makes a value of the shape of a session_key, with all that base64 has of characters that need escapes.
func plantKey(name string) planted {
	sum := sha256.Sum256([]byte("canary " + name))
	bytes := append([]byte{0xfb, 0xef, 0xff}, sum[:13]...) // "++//"
	return planted{name: name, value: base64.StdEncoding.EncodeToString(bytes), key: true}
}

// plantText makes a value of letters and digits of a given length.
func plantText(name string, length int) planted {
	var text string
	for i := 0; len(text) < length; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "canary %s %d", name, i))
		text += strings.NewReplacer("-", "", "_", "").Replace(base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	return planted{name: name, value: text[:length]}
}

// The lengths from which a part of a value is a find: 8 characters (a hint of 3 is what people get to see), and what they become.
const (
	partPlain  = 8
	partHex    = 2 * partPlain
	partBase64 = 11 // ceil(8 bytes * 8 / 6)
)

// A finder knows the traces of planted values.
type finder struct {
	traces  map[string]trace
	lengths []int  // of the traces
	begins  []bool // by the hash of the first four bytes of a trace: most of a database is nothing
}

// A trace is what betrays a value.
type trace struct{ name, form string }

func newFinder(values ...planted) *finder {
	f := &finder{traces: map[string]trace{}, begins: make([]bool, 1<<20)}
	for _, v := range values {
		f.plant(v)
	}
	return f
}

func (f *finder) add(name, form, text string) {
	if _, known := f.traces[text]; known {
		return
	}
	f.traces[text] = trace{name, form}
	f.begins[beginning([]byte(text))] = true
	if !slices.Contains(f.lengths, len(text)) {
		f.lengths = append(f.lengths, len(text))
	}
}

// beginning hashes the first four bytes to 20 bits (Knuth's multiplicative hash). Every trace is longer.
func beginning(text []byte) uint32 {
	return binary.LittleEndian.Uint32(text) * 2654435769 >> 12
}

// windows adds each part of a given length.
func (f *finder) windows(name, form, text string, length int) {
	for i := range max(0, len(text)-length+1) {
		f.add(name, form, text[i:i+length])
	}
}

func (f *finder) plant(v planted) {
	f.windows(v.name, "as it is", v.value, min(partPlain, len(v.value)))
	for form, text := range map[string]string{
		"in query form":       url.QueryEscape(v.value),
		"in path form":        url.PathEscape(v.value),
		"in lower query form": strings.ToLower(url.QueryEscape(v.value)),
		"in capitals":         strings.ToUpper(v.value),
		"in HTML":             html.EscapeString(v.value),
		"in JSON":             strings.NewReplacer("/", `\/`, "+", `\u002b`, "=", `\u003d`).Replace(v.value),
		"in JSON, capitals":   strings.NewReplacer("/", `\/`, "+", `\u002B`, "=", `\u003D`).Replace(v.value),
	} {
		f.add(v.name, form, text)
	}
	f.encoded(v.name, "", []byte(v.value))
	if !v.key {
		return
	}
	bytes, err := base64.StdEncoding.DecodeString(v.value)
	if err != nil {
		panic(err)
	}
	f.windows(v.name, "as bytes", string(bytes), partPlain)
	f.encoded(v.name, "decoded, ", bytes)
	for i := range len(bytes) - partPlain + 1 {
		list := strings.Trim(fmt.Sprintf("%d", bytes[i:i+partPlain]), "[]")
		f.add(v.name, "as numbers", list)
		f.add(v.name, "as numbers with commas", strings.ReplaceAll(list, " ", ","))
		f.add(v.name, "as numbers in Go", strings.ReplaceAll(list, " ", ", "))
	}
}

// encoded adds hexadecimal and base64, the latter wherever in a longer text the value may stand.
func (f *finder) encoded(name, what string, bytes []byte) {
	f.windows(name, what+"in hex", hex.EncodeToString(bytes), partHex)
	f.windows(name, what+"in HEX", strings.ToUpper(hex.EncodeToString(bytes)), partHex)
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := encoding.EncodeToString(append(make([]byte, before), bytes...))
			text = text[(before*8+5)/6 : (before+len(bytes))*8/6] // the characters that no neighbour has a share in
			f.windows(name, what+"in base64", text, partBase64)
		}
	}
}

// find returns the values that data betrays, except the allowed ones, with where they stand.
func (f *finder) find(data []byte, allowed ...string) []string {
	var found []string
	seen := map[trace]bool{}
	for i := range max(0, len(data)-3) {
		if !f.begins[beginning(data[i:])] {
			continue
		}
		for _, length := range f.lengths {
			if i+length > len(data) {
				continue
			}
			t, ok := f.traces[string(data[i:i+length])]
			if !ok || seen[t] || slices.Contains(allowed, t.name) {
				continue
			}
			seen[t] = true
			found = append(found, fmt.Sprintf("%s, %s: %q", t.name, t.form, data[max(0, i-60):min(len(data), i+length+20)]))
		}
	}
	slices.Sort(found)
	return found
}

// TestCanarySearch plants leaks, and sees whether they are found: a search that finds nothing proves nothing.
func TestCanarySearch(t *testing.T) {
	t.Parallel()
	key := planted{"key", "++//tNczf5v6AKRyjwEUhQ==", true}
	secret := planted{"secret", "0123456789abcdef0f1e2d3c4b5a6978", false}
	f := newFinder(key, secret)
	bytes, _ := base64.StdEncoding.DecodeString(key.value)
	leaks := map[string]string{
		"plain":             key.value,
		"8 characters":      key.value[3:11],
		"end":               secret.value[24:],
		"query":             "js_code=x&session_key=%2B%2B%2F%2FtNczf5v6AKRyjwEUhQ%3D%3D",
		"JSON":              `{"k":"\u002b\u002b\/\/tNczf5v6AKRyjwEUhQ\u003d\u003d"}`,
		"bytes":             "\x00\x01" + string(bytes) + "\x02",
		"half of the bytes": string(bytes[8:]),
		"hex":               "fbefffb4d7337f9bfa00a4728f011485",
		"HEX":               "B4D7337F9BFA00A4",
		"hex of the text":   hex.EncodeToString([]byte(secret.value)),
		"numbers":           "[251 239 255 180 215 51 127 155 250 0 164 114 143 1 20 133]",
		"numbers in JSON":   "[251,239,255,180,215,51,127,155]",
		"Go syntax":         fmt.Sprintf("%v", bytes),
		"base64":            base64.StdEncoding.EncodeToString([]byte(secret.value)),
		"base64, shifted":   base64.StdEncoding.EncodeToString([]byte("a" + secret.value + "z")),
		"base64, shifted 2": base64.URLEncoding.EncodeToString([]byte("ab" + key.value + "z")),
		"basic":             "Basic " + base64.StdEncoding.EncodeToString([]byte("wx0123:"+secret.value)),
		"capitals":          strings.ToUpper(secret.value),
		"broken into lines": secret.value[:10] + "\n" + secret.value[10:],
	}
	for name, leak := range leaks {
		if f.find([]byte("level=info "+leak+" end")) == nil {
			t.Errorf("%s: %q is not found", name, leak)
		}
	}
	for name, fine := range map[string]string{
		"hint":         "0123***",
		"7 characters": "0123456 ++//tNc",
		"mask":         "[redacted]",
		"other":        "tiihtNczf5v6AKRyjwEUhQ"[:11] + " 0f1e2d3 fbefffb4d7337f",
		"nothing":      "",
	} {
		if found := f.find([]byte(fine)); found != nil {
			t.Errorf("%s: %q", name, found)
		}
	}
	if found := f.find([]byte(key.value), "key"); found != nil {
		t.Errorf("what is allowed is found: %q", found)
	}
}
