package diagnose

import (
	"crypto/aes"
	"encoding/base64"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// minCaseProof is how many digits without an upper-case letter are proof by themselves: so many random ones have none with a
// probability of 1e-11.
const minCaseProof = 48

// caseLost knows data whose letters are all of one case, which cannot be undone, and a key, which can.
func (a *analysis) caseLost() bool {
	for _, v := range first(a.variants(fieldData, fieldData), maxPlain*2) {
		text := strings.TrimRight(v.text, "=")
		_, err := base64.RawStdEncoding.DecodeString(text)
		if err == nil && len(text) >= minCaseProof && oneCase(text) {
			undone := changed(solution{data: reading{changes: v.changes}, order: orders()[0]})
			a.add(append(undone, newFinding("D13").saying(textCaseOf, fieldData.String()).since(textOneCase, len(text)))...)
			return true
		}
	}
	return !a.in.Quick && a.caseOfKey()
}

// oneCase reports whether all letters are lower-case, or all upper-case. Hexadecimal is so by nature.
func oneCase(text string) bool {
	return (strings.ToLower(text) == text || strings.ToUpper(text) == text) && strings.Trim(text, "0123456789abcdefABCDEF") != ""
}

// maxCaseLetters bounds the search for the case of a key. A key has 17 letters on average, which takes some 20 ms; the 22nd, of which
// four are canonical, is settled by being canonical.
const maxCaseLetters = 21

// caseOfKey tries every spelling of a key whose letters are all of one case.
func (a *analysis) caseOfKey() bool {
	ivs, datas := a.readings(fieldIV, fieldIV), a.readings(fieldData, fieldData)
	for _, v := range first(a.variants(fieldKey, fieldKey), maxPlain) {
		if len(v.text) != digitsOf16+2 || !strings.HasSuffix(v.text, "==") || !oneCase(v.text) {
			continue
		}
		for _, data := range first(datas, 1) {
			text, found := spelling(v.text[:digitsOf16], data.raw)
			if !found {
				continue
			}
			raw, _ := base64.StdEncoding.DecodeString(text)
			key := reading{text, raw, v.with("D13", text, textOneCase.With(digitsOf16)).changes}
			if s, ok := solve([]reading{key}, ivs, []reading{data}, orders()[0]); ok {
				a.settle(s)
				return true
			}
		}
	}
	return false
}

// lowerBit is what tells a lower-case letter from its upper-case one.
const lowerBit = 0x20

// spelling returns the text that differs from digits in the case of its letters and under which the data reads.
func spelling(digits string, data []byte) (string, bool) {
	text := []byte(strings.ToLower(digits) + "==")
	var letters []int
	for i, c := range text[:digitsOf16-1] {
		if 'a' <= c && c <= 'z' {
			letters = append(letters, i)
		}
	}
	if c := text[digitsOf16-1]; c == 'a' || c == 'q' { // of a text without spare bits it is A, Q, g or w
		text[digitsOf16-1] = c &^ lowerBit
	}
	if len(letters) > maxCaseLetters || len(data) < 2*blockSize {
		return "", false
	}
	strict := base64.StdEncoding.Strict()
	key, plain := make([]byte, blockSize+2), make([]byte, blockSize)
	for bits := range 1 << len(letters) {
		for i, at := range letters {
			text[at] |= lowerBit
			if bits>>i&1 == 1 {
				text[at] &^= lowerBit
			}
		}
		if n, err := strict.Decode(key, text); err != nil || n != blockSize {
			continue
		}
		block, err := aes.NewCipher(key[:blockSize])
		if err != nil {
			continue
		}
		block.Decrypt(plain, data[blockSize:2*blockSize])
		for i := range plain {
			plain[i] ^= data[i]
		}
		if lookOf(plain).isText() && fits(key[:blockSize], data) {
			return string(text), true
		}
	}
	return "", false
}

var (
	textCaseOf  = lang.T{En: "Something changed the case of the letters of %s.", Zh: "%s 的字母大小写被改动了。"}
	textOneCase = lang.T{En: "%d characters, all letters of one case", Zh: "%d 个字符，所有字母只有一种大小写"}
)
