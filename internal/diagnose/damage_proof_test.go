package diagnose_test

import (
	"crypto/aes"
	"crypto/cipher"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func proofDamages() []damage {
	return []damage{
		{"D13", caseDamage},
		{"D30", func(_ testing.TB, r *rand.Rand, s *sample) bool { s.key = encode(randomBytes(r, 16)); return true }},
		{"D31", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			right := wechat.NewSessionKey(s.key)
			if _, err := right.Bytes(); err != nil {
				return false // it goes into a list, where it has to be whole
			}
			s.key = encode(randomBytes(r, 16))
			s.in.KeyTime = testNow.Add(-time.Hour)
			for range 3 {
				s.in.Keys = append(s.in.Keys, diagnose.Key{SessionKey: wechat.NewSessionKey(encode(randomBytes(r, 16))), Obtained: testNow.Add(-9 * time.Hour)})
			}
			s.in.Keys = append(s.in.Keys, diagnose.Key{SessionKey: right, Obtained: testNow.Add(-time.Duration(r.IntN(120)) * time.Minute)})
			return true
		}},
		{"D32", func(_ testing.TB, r *rand.Rand, s *sample) bool { s.iv = encode(randomBytes(r, 16)); return true }},
		{"D33", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			if len(s.data) < 88 { // three blocks, of which two are to arrive
				return false
			}
			if r.IntN(4) == 0 {
				s.data = s.data[5+r.IntN(len(s.data)-50):] // an end of two blocks is left
				return true
			}
			s.data = s.data[:44+r.IntN(len(s.data)-44-4)]
			return true
		}},
		{"D34", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			raw, ok := tryDecode(s.data)
			if !ok || len(raw) < 4*16 {
				return false
			}
			at := r.IntN(len(raw)/16 - 2)
			for range 1 + r.IntN(3) { // bytes of one block, not the last two
				raw[at*16+r.IntN(16)] ^= byte(1 + r.IntN(255))
			}
			s.data = encode(raw)
			return true
		}},
		{"D35", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			raw, ok := tryDecode(s.data)
			if !ok || len(raw) < 3*16 {
				return false
			}
			switch r.IntN(4) {
			case 0:
				s.data += s.data
			case 1:
				s.data += "," + s.data
			case 2:
				s.data = encode(append(raw, raw...))
			default:
				raw[len(raw)-1-r.IntN(16)] ^= byte(1 + r.IntN(255))
				s.data = encode(raw)
			}
			return true
		}},
		{"D36", func(_ testing.TB, _ *rand.Rand, s *sample) bool { s.in.Policy.AppID = otherAppID; return true }},
		{"D37", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			s.in.Policy.MaxAge = 5 * time.Minute
			s.in.Policy.Now = testNow.Add([]time.Duration{time.Hour, -time.Hour}[r.IntN(2)])
			return true
		}},
		{"D40", func(t testing.TB, r *rand.Rand, s *sample) bool {
			t.Helper()
			if r.IntN(2) == 0 {
				s.key = encode(randomBytes(r, []int{24, 32}[r.IntN(2)]))
				return true
			}
			if len(s.key) != 24 {
				return false
			}
			return s.encryptOtherwise(t, []byte(s.key), 16, false)
		}},
		{"D41", func(t testing.TB, r *rand.Rand, s *sample) bool {
			t.Helper()
			key, ok := tryDecode(s.key)
			if !ok || len(key) != 16 {
				return false
			}
			return s.encryptOtherwise(t, key, []int{0, 32}[r.IntN(2)], r.IntN(2) == 0)
		}},
	}
}

// caseDamage changes the case of the data, of the key, or of an iv whose data begins in a known way.
func caseDamage(_ testing.TB, r *rand.Rand, s *sample) bool {
	change := []func(string) string{strings.ToLower, strings.ToUpper}[r.IntN(2)]
	switch r.IntN(3) {
	case 0:
		s.data = change(s.data)
	case 1:
		// the last digit keeps its case: of a strict base64 text it can be only one of A, Q, g, w
		s.key = change(s.key)
	default:
		s.iv = change(s.iv)
	}
	return true
}

func tryDecode(text string) ([]byte, bool) {
	raw, err := decodeStrict(text)
	return raw, err == nil
}

// encryptOtherwise encrypts as WeChat does not: padded to so many bytes with PKCS#7 (0: with zeros to 16), or in ECB mode.
func (s *sample) encryptOtherwise(t testing.TB, key []byte, padTo int, ecb bool) bool {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte(s.plain)
	switch padTo {
	case 0:
		plain = append(plain, make([]byte, 16-len(plain)%16)...)
	default:
		count := padTo - len(plain)%padTo
		if padTo > 16 && count <= 16 && !ecb {
			return false // the same as WeChat's
		}
		plain = append(plain, strings.Repeat(string(rune(count)), count)...)
	}
	iv, ok := tryDecode(s.iv)
	if !ok || len(iv) != 16 {
		return false
	}
	if !ecb {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	}
	for at := 0; ecb && at < len(plain); at += 16 {
		block.Encrypt(plain[at:], plain[at:])
	}
	s.data = encode(plain)
	return true
}
