package world

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A login code of WeChat's has 32 characters of [0-9A-Za-z]: a head of three ("0", a hexadecimal digit, 1 or 3), four groups of
// six that end in a digit of 0-4, and a tail of five. Characters 27-30 repeat 3-6, and 19-20 repeat 7-8 (62 of 62 public samples,
// except that character 19 repeats 7 in 58 of them).
//
// The other characters are free, and in a code of the simulation they say where it comes from:
//
//	1-8, 14, 26   salt: derived from the app's root and the serial number, some 41 bits that nobody can guess
//	9-11          tag of the app, masked by the salt
//	12-13, 15-18  serial number within the app, masked by the salt
//	21-25, 31     mark: a checksum of the other 26 characters
//
// So a code leads to its record without a table of codes, and [IsMockCode] needs no world. Mask and mark hide nothing: their key
// is this file's. What keeps codes from being guessed is the salt.
const (
	codeLength = 32
	alphabet   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hexDigits  = "0123456789abcdef"

	tagSpan    = 62 * 62 * 62
	serialSpan = tagSpan * tagSpan // 5.7e10 codes an app; also the span of the mark

	markKey = "wxlogin code" // 12 bytes; with the other 26 characters within one block of SHA-256
	maskKey = "wxlogin mask"
)

// IsMockCode reports whether a simulation of wxlogin, this one or another, minted the code. A code of WeChat's is taken for one
// with a probability of 1 in 5.7e10.
func IsMockCode(code wechat.Code) bool {
	_, _, ok := readCode(code)
	return ok
}

// mintCode is a function of its arguments, so that a code need not be remembered to be recognised.
func mintCode(r root, tag uint32, serial uint64) wechat.Code {
	salt := r.derive(labelCode, "", serial)
	var c [codeLength]byte
	c[0] = '0'
	c[1] = hexDigits[salt[0]%16]
	c[2] = "13"[salt[1]%2]
	for i := 3; i <= 7; i++ {
		c[i] = alphabet[salt[i]%62]
	}
	c[8], c[14], c[26] = '0'+salt[8]%5, '0'+salt[14]%5, '0'+salt[26]%5
	c[19], c[20] = c[7], c[8]
	copy(c[27:31], c[3:7])

	tagMask, serialMask := codeMasks(&c)
	put(&c, (uint64(tag)+tagMask)%tagSpan, 9, 10, 11)
	put(&c, (serial+serialMask)%serialSpan, 12, 13, 15, 16, 17, 18)
	put(&c, codeMark(&c), 21, 22, 23, 24, 25, 31)
	return wechat.Code(c[:])
}

// readCode returns what a marked code says; ok is false for a code without the mark. That the code was really minted shows only
// when [mintCode] gives it again.
func readCode(code wechat.Code) (tag uint32, serial uint64, ok bool) {
	if len(code) != codeLength {
		return 0, 0, false
	}
	c := [codeLength]byte([]byte(code))
	maskedTag, ok1 := get(&c, 9, 10, 11)
	maskedSerial, ok2 := get(&c, 12, 13, 15, 16, 17, 18)
	mark, ok3 := get(&c, 21, 22, 23, 24, 25, 31)
	if !ok1 || !ok2 || !ok3 || mark != codeMark(&c) {
		return 0, 0, false
	}
	tagMask, serialMask := codeMasks(&c)
	return uint32((maskedTag + tagSpan - tagMask) % tagSpan), (maskedSerial + serialSpan - serialMask) % serialSpan, true
}

// appTag is public, like the appid.
func appTag(id wechat.AppID) uint32 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint32(sum[:]) % tagSpan
}

func codeMasks(c *[codeLength]byte) (tag, serial uint64) {
	var space [len(maskKey) + 11]byte
	input := append(space[:0], maskKey...)
	input = append(input, c[:9]...)
	sum := sha256.Sum256(append(input, c[14], c[26]))
	return binary.BigEndian.Uint64(sum[:]) % tagSpan, binary.BigEndian.Uint64(sum[8:]) % serialSpan
}

func codeMark(c *[codeLength]byte) uint64 {
	var space [len(markKey) + codeLength]byte
	input := append(space[:0], markKey...)
	input = append(input, c[:21]...)
	sum := sha256.Sum256(append(input, c[26:31]...))
	return binary.BigEndian.Uint64(sum[:]) % serialSpan
}

// put writes n in base 62 to the positions, the lowest digit first; get reads it back.
func put(c *[codeLength]byte, n uint64, positions ...int) {
	for _, p := range positions {
		c[p] = alphabet[n%62]
		n /= 62
	}
}

func get(c *[codeLength]byte, positions ...int) (n uint64, ok bool) {
	weight := uint64(1)
	for _, p := range positions {
		digit, ok := digitValue(c[p])
		if !ok {
			return 0, false
		}
		n += digit * weight
		weight *= 62
	}
	return n, true
}

func digitValue(c byte) (uint64, bool) {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0'), true
	case 'A' <= c && c <= 'Z':
		return uint64(c-'A') + 10, true
	case 'a' <= c && c <= 'z':
		return uint64(c-'a') + 36, true
	}
	return 0, false
}
