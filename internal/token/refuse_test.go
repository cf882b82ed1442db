package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/token"
)

// TestEveryCharacterCounts changes a token in each place in every way that one flipped bit, or another base64url character,
// can, the spare bits at the end of a part included.
func TestEveryCharacterCounts(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	text := forge(t, plainHeader, plainClaims, keyA)
	if _, _, err := ring.Open(text, issuedAt); err != nil {
		t.Fatalf("the token itself: %v", err)
	}
	refused := func(changed, what string, at int) {
		if _, claims, err := ring.Open(changed, issuedAt); err == nil || claims != (token.Claims{}) {
			t.Errorf("%s at %d: opened", what, at)
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\r\t\x00"
	for i := range len(text) {
		for bit := range 8 {
			refused(text[:i]+string([]byte{text[i] ^ 1<<bit})+text[i+1:], "flipped bit", i)
		}
		for _, c := range []byte(alphabet) {
			if c != text[i] {
				refused(text[:i]+string(rune(c))+text[i+1:], "other character", i)
			}
			refused(text[:i]+string(rune(c))+text[i:], "inserted character", i)
		}
		refused(text[:i]+text[i+1:], "deleted character", i)
		refused(text[:i], "cut", i)
	}
	for _, tail := range []string{"\n", "=", ".", "A", " ", "\r\n"} {
		refused(text+tail, "tail", len(text))
	}
}

// TestHeaderConfusion forges, with the right key, headers that ask for something else than dir and A256GCM.
func TestHeaderConfusion(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	for _, tt := range []struct{ name, header, reason string }{
		{"alg none", `{"alg":"none","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "none", not "dir"`},
		{"alg of a key wrap", `{"alg":"A256GCMKW","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "A256GCMKW", not "dir"`},
		{"alg of a password", `{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "PBES2-HS256+A128KW", not "dir"`},
		{"alg of RSA", `{"alg":"RSA1_5","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "RSA1_5", not "dir"`},
		{"alg of a signature", `{"alg":"HS256","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "HS256", not "dir"`},
		{"alg in other case", `{"alg":"DIR","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header says alg "DIR", not "dir"`},
		{"alg twice", `{"alg":"none","alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header is ambiguous: it has the member "alg" twice`},
		{"alg twice by escape", `{"alg":"dir","\u0061lg":"dir","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header is ambiguous: it has the member "alg" twice`},
		{"alg null", `{"alg":null,"enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header member alg is not a string`},
		{"alg a list", `{"alg":["dir"],"enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header member alg is not a string`},
		{"ALG", `{"ALG":"dir","enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header has a member "ALG"`},
		{"no alg", `{"enc":"A256GCM","kid":"a","typ":"JWT"}`, `its header has no member alg`},
		{"enc of CBC", `{"alg":"dir","enc":"A128CBC-HS256","kid":"a","typ":"JWT"}`, `its header says enc "A128CBC-HS256", not "A256GCM"`},
		{"enc of 128 bits", `{"alg":"dir","enc":"A128GCM","kid":"a","typ":"JWT"}`, `its header says enc "A128GCM", not "A256GCM"`},
		{"no enc", `{"alg":"dir","kid":"a","typ":"JWT"}`, `its header has no member enc`},
		{"zip", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","zip":"DEF"}`, `its header has a member "zip"`},
		{"crit", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","crit":["exp"]}`, `its header has a member "crit"`},
		{"cty", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","cty":"JWT"}`, `its header has a member "cty"`},
		{"jwk", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","jwk":{}}`, `its header has a member "jwk"`},
		{"jku", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","jku":"https://example.com"}`, `its header has a member "jku"`},
		{"epk", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT","epk":{}}`, `its header has a member "epk"`},
		{"typ of an access token", `{"alg":"dir","enc":"A256GCM","kid":"a","typ":"at+jwt"}`, `its header says typ "at+jwt", not "JWT"`},
		{"no typ", `{"alg":"dir","enc":"A256GCM","kid":"a"}`, `its header has no member typ`},
		{"kid empty", `{"alg":"dir","enc":"A256GCM","kid":"","typ":"JWT"}`, `its kid is not 1 to 64 characters of A-Z a-z 0-9 _ -`},
		{"kid a path", `{"alg":"dir","enc":"A256GCM","kid":"../a","typ":"JWT"}`, `its kid is not 1 to 64 characters of A-Z a-z 0-9 _ -`},
		{"kid with an escape", `{"alg":"dir","enc":"A256GCM","kid":"a\u001b[2J","typ":"JWT"}`, `its kid is not 1 to 64 characters of A-Z a-z 0-9 _ -`},
		{"kid too long", `{"alg":"dir","enc":"A256GCM","kid":"` + strings.Repeat("a", 65) + `","typ":"JWT"}`, `its kid is not 1 to 64 characters of A-Z a-z 0-9 _ -`},
		{"a list", `["dir"]`, `its header is not a JSON object`},
		{"a string", `"dir"`, `its header is not a JSON object`},
		{"empty", ``, `its header is not a JSON object`},
		{"two objects", plainHeader + `{}`, `its header is followed by something else`},
		{"cut", plainHeader[:20], `its header is not JSON`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := forge(t, tt.header, plainClaims, keyA)
			_, peeked := token.Peek(text)
			header, claims, opened := ring.Open(text, issuedAt)
			for _, err := range []error{peeked, opened} {
				if got, ok := errors.AsType[*token.FormatError](err); !ok || got.Reason != tt.reason || got.Message().In(lang.English) != tt.reason {
					t.Errorf("err = %v, want %q", err, tt.reason)
				}
			}
			if header != (token.Header{}) || claims != (token.Claims{}) {
				t.Errorf("header %+v and claims %+v came with the refusal", header, claims)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	good := forge(t, plainHeader, plainClaims, keyA)
	parts := strings.Split(good, ".")
	with := func(i int, part string) string {
		changed := append([]string{}, parts...)
		changed[i] = part
		return strings.Join(changed, ".")
	}
	for _, tt := range []struct{ name, text, reason string }{
		{"empty", "", "it is empty"},
		{"a js_code", "0a3Xyz000abcdefghijklmnopqrstuvw", "it has 1 of the 5 parts between dots"},
		{"a signed JWT", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "it has 3 of the 5 parts between dots"},
		{"six parts", good + ".", "it has 6 of the 5 parts between dots"},
		{"too long", good + strings.Repeat("A", 8192), "bytes, more than 8192"},
		{"encrypted key", with(1, "AAAA"), "it has an encrypted key, alg dir has none"},
		{"padding", with(4, parts[4]+"=="), "its authentication tag is not base64url without padding"},
		{"line break", with(3, parts[3][:8]+"\n"+parts[3][8:]), "its ciphertext contains a line break"},
		{"carriage return at the end", good + "\r", "its authentication tag contains a line break"},
		{"standard alphabet", with(2, "++++++++++++++++"), "its initialization vector is not base64url without padding"},
		{"spare bits", with(4, parts[4][:21]+"B"), "its authentication tag is not base64url without padding"},
		{"short IV", with(2, "AAAA"), "its initialization vector has 3 bytes, not 12"},
		{"long IV", with(2, strings.Repeat("AAAA", 5)), "its initialization vector has 15 bytes, not 12"},
		{"short tag", with(4, parts[4][:16]), "its authentication tag has 12 bytes, not 16"},
		{"no tag", with(4, ""), "its authentication tag has 0 bytes, not 16"},
		{"JSON serialization", `{"protected":"` + parts[0] + `","iv":"....","tag":""}`, "its header is not base64url without padding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := loadTwoKeys(t).Open(tt.text, issuedAt)
			if got, ok := errors.AsType[*token.FormatError](err); !ok || !strings.HasSuffix(got.Reason, tt.reason) {
				t.Errorf("err = %v, want %q", err, tt.reason)
			}
		})
	}
}

// TestSizeLimit puts two tokens that authenticate on the two sides of the limit.
func TestSizeLimit(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	sized := func(extra int) string {
		return forge(t, plainHeader, strings.TrimSuffix(plainClaims, "}")+`,"x":"`+strings.Repeat("x", extra)+`"}`, keyA)
	}
	last := ""
	for extra := 5800; ; extra++ {
		text := sized(extra)
		_, _, err := ring.Open(text, issuedAt)
		if (err == nil) != (len(text) <= 8192) {
			t.Fatalf("%d bytes: %v", len(text), err)
		}
		if err != nil {
			break
		}
		last = text
	}
	if last == "" {
		t.Error("no token below the limit was tried")
	}
}

func TestClaimsRefused(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	for _, tt := range []struct{ name, claims, reason string }{
		{"not JSON", "hello", "its claims are not a JSON object"},
		{"a list", "[]", "its claims are not a JSON object"},
		{"empty object", "{}", "its claim iss is missing"},
		{"sub twice", strings.Replace(plainClaims, `{`, `{"sub":"o2",`, 1), `its claims are ambiguous: it has the member "sub" twice`},
		{"SUB", strings.Replace(plainClaims, `"sub"`, `"SUB"`, 1), "its claim sub is missing"},
		{"long s", strings.Replace(plainClaims, `"sub"`, `"ſub"`, 1), "its claim sub is missing"},
		{"no exp", strings.Replace(plainClaims, `"exp"`, `"ex"`, 1), "its claim exp is not after iat"},
		{"exp a string", strings.Replace(plainClaims, `1770086400`, `"1770086400"`, 1), "its claim exp is not of its registered type"},
		{"exp beyond all calendars", strings.Replace(plainClaims, `1770086400`, `9223372036854775807`, 1), "its claim iat or exp is not between the years 1970 and 9999"},
		{"exp beyond the longest life", strings.Replace(plainClaims, `1770086400`, `1777776001`, 1), "its claim exp is more than 90 days after iat"},
		{"exp overflows", strings.Replace(plainClaims, `1770086400`, `1e30`, 1), "its claim exp is not of its registered type"},
		{"aud a list", strings.Replace(plainClaims, `"wx4f4bc4dec97d474b"`, `["wx4f4bc4dec97d474b"]`, 1), "its claim aud is not of its registered type"},
		{"no jti", strings.Replace(plainClaims, `"jti"`, `"id"`, 1), "its claim jti is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, claims, err := ring.Open(forge(t, plainHeader, tt.claims, keyA), issuedAt)
			if got, ok := errors.AsType[*token.FormatError](err); !ok || got.Reason != tt.reason || claims != (token.Claims{}) {
				t.Errorf("%+v, %v, want %q", claims, err, tt.reason)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	ring := loadTwoKeys(f)
	good := forge(f, plainHeader, plainClaims, keyA)
	for _, seed := range []string{good, "", "....", "eyJ....", good + ".", forge(f, `{"alg":"dir"}`, plainClaims, keyA), forge(f, plainHeader, `{"iss":1}`, keyA)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		header, claims, err := ring.Open(text, issuedAt)
		switch {
		case err == nil && text != good:
			t.Errorf("opened a token that nobody made: %+v %+v", header, claims)
		case err != nil && claims != (token.Claims{}):
			t.Errorf("claims came with %v", err)
		}
		_, peeked := token.Peek(text)
		if _, refused := errors.AsType[*token.FormatError](err); peeked != nil && !refused {
			t.Errorf("Peek: %v, Open: %v", peeked, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\r") {
			t.Errorf("the error %q carries control characters", err)
		}
		_, _, _ = ring.Open(text, issuedAt.Add(time.Hour))
	})
}

// TestReasonsInChinese: the parts of a sentence are Chinese too; names of members and claims are not translated.
func TestReasonsInChinese(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":           "内容为空",
		"abc":        "由点分隔的部分有 1 个，应有 5 个",
		"e30....":    "初始化向量有 0 字节，应为 12",
		"!....":      "它的头部不是无填充的 base64url",
		"e30.e30...": "带有加密的密钥，而 alg dir 没有这一部分",
		"bm8..AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA": "头部不是 JSON 对象",
		"e30..AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA": "头部缺少成员 alg",
	} {
		_, err := token.Peek(text)
		if e, ok := errors.AsType[*token.FormatError](err); !ok || e.Message().In(lang.Chinese) != want {
			t.Errorf("%q: %v, want %q", text, e.Message().In(lang.Chinese), want)
		}
	}
}
