package world

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// codeShape is the layout computed from 62 public codes of 2017 to 2025; repeats says what a regular expression cannot.
var codeShape = regexp.MustCompile(`^0[0-9a-f][13][0-9A-Za-z]{5}[0-4][0-9A-Za-z]{5}[0-4][0-9A-Za-z]{5}[0-4][0-9A-Za-z]{5}[0-4][0-9A-Za-z]{5}$`)

func repeats(c string) bool { return c[27:31] == c[3:7] && c[19] == c[7] && c[20] == c[8] }

// publicCodes stand in public posts; the first two are quoted whole in many.
func publicCodes() []wechat.Code {
	return []wechat.Code{"081HonW91tM3MN1NizW91F0mW91HonWu", "0c3QFUkl2dPleh4tZnol2ENl9u1QFUkI"}
}

func TestPublicCodesHaveTheShape(t *testing.T) {
	t.Parallel()
	for _, code := range publicCodes() {
		if !repeats(string(code)) {
			t.Errorf("%s: the layout that the test asks for is not WeChat's", code)
		}
		if IsMockCode(code) {
			t.Errorf("IsMockCode(%s) of a code that WeChat minted", code)
		}
	}
}

func TestMintedCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := root(rapid.SliceOfN(rapid.Byte(), len(root{}), len(root{})).Draw(t, "root"))
		tag := rapid.Uint32Range(0, tagSpan-1).Draw(t, "tag")
		serial := rapid.Uint64Range(0, serialSpan-1).Draw(t, "serial")
		code := mintCode(r, tag, serial)
		if !codeShape.MatchString(string(code)) || !repeats(string(code)) {
			t.Fatalf("%s has not the shape of a code", code)
		}
		if wechat.ShapeOf(string(code)) != wechat.ShapeLoginCode {
			t.Fatalf("ShapeOf(%s) is not a login code", code)
		}
		gotTag, gotSerial, ok := readCode(code)
		if !ok || gotTag != tag || gotSerial != serial {
			t.Fatalf("readCode(%s) = %d, %d, %v; want %d, %d", code, gotTag, gotSerial, ok, tag, serial)
		}
		if again := mintCode(r, tag, serial); again != code {
			t.Fatalf("the same code came out as %s and %s", code, again)
		}
		at := rapid.IntRange(0, codeLength-1).Draw(t, "at")
		altered := []byte(code)
		altered[at] = alphabet[(strings.IndexByte(alphabet, altered[at])+rapid.IntRange(1, 61).Draw(t, "by"))%62]
		if IsMockCode(wechat.Code(altered)) {
			t.Fatalf("%s still bears the mark, altered at %d to %s", code, at, altered)
		}
	})
}

func TestCodesDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[wechat.Code]bool)
	r := root{1}
	for serial := range uint64(20_000) {
		code := mintCode(r, 7, serial)
		if seen[code] {
			t.Fatalf("serial %d repeats a code", serial)
		}
		seen[code] = true
	}
}

func FuzzIsMockCode(f *testing.F) {
	for _, code := range publicCodes() {
		f.Add(string(code))
	}
	f.Add("")
	f.Add(wechat.MockCode)
	f.Add(strings.Repeat("0", codeLength))
	f.Add(string(mintCode(root{}, 1, 2)))
	f.Fuzz(func(t *testing.T, s string) {
		if IsMockCode(wechat.Code(s)) && len(s) != codeLength {
			t.Errorf("IsMockCode(%q)", s)
		}
	})
}

func TestBlockShare(t *testing.T) {
	t.Parallel()
	for _, percent := range []int{-1, 30, 50, 100} {
		both := 0
		const n = 2000
		for i := range uint64(n) {
			b := root{}.derive(labelKey, "alice", i).block(percent)
			text := encodeBlock(b)
			plus, slash := strings.Contains(text, "+"), strings.Contains(text, "/")
			if plus != slash {
				t.Fatalf("%s contains one of + and /", text)
			}
			if plus {
				both++
			}
		}
		// Five standard deviations of 2000 throws are 112 at most.
		if want := max(percent, 0) * n / 100; both < want-112 || both > want+112 || percent < 0 && both > 0 || percent == 100 && both < n {
			t.Errorf("%d of %d blocks contain + and /, want %d percent", both, n, percent)
		}
	}
}
