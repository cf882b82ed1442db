package opendata

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// WeChat's names of the inputs, as they stand in errors.
const (
	nameSessionKey    = "session_key"
	nameIV            = "iv"
	nameEncryptedData = "encryptedData"
)

// strict refuses trailing bits that are not zero; every sample of WeChat is canonical. (It is computed once because Strict copies
// the alphabet, and is never written to.)
var strict = base64.StdEncoding.Strict()

// A text is base64 that a caller has as a string, or as a part of the buffer that it was read into.
type text interface{ ~string | ~[]byte }

// A short is room for a text of 24 characters, decoded: sixteen bytes, and two for the padding and the width of the last group.
type short [wechat.SessionKeySize + 2]byte

// decodeShort decodes a text that has to hold exactly 16 bytes: session_key and iv.
func decodeShort[T text](dst *short, name string, text T) error {
	const textLen = 24
	if len(text) != textLen {
		return describe(name, string(text))
	}
	n, err := decode(dst[:], name, text)
	if err == nil && n != wechat.SessionKeySize {
		return &InputError{Field: name, Reason: ReasonSize, Pos: -1, Len: len(text), Size: n}
	}
	return err
}

// decode decodes strict standard base64 into dst, which has room for DecodedLen(len(text)) bytes. Unlike the standard library it
// takes no line feeds.
func decode[T text](dst []byte, name string, text T) (int, error) {
	switch {
	case len(text)%4 != 0:
		return 0, describe(name, string(text))
	case len(text) == 0:
		return 0, nil
	}
	done, bad := decodeBulk(dst, text)
	n := done / 4 * 3
	for ; len(text)-done > 4; done += 4 {
		group := group(text[done], text[done+1], text[done+2], text[done+3])
		bad |= group
		dst[n], dst[n+1], dst[n+2] = byte(group>>23), byte(group>>15), byte(group>>7)
		n += 3
	}
	size, last := lastGroup(dst[n:], text[done], text[done+1], text[done+2], text[done+3])
	if (bad|last)&notBase64 != 0 {
		return 0, describe(name, string(text))
	}
	return n + size, nil
}

// lastGroup decodes the group that may be padded, and returns how many bytes it holds. Bits beyond them have to be zero.
func lastGroup(dst []byte, a, b, c, d byte) (size int, bad uint32) {
	const spare8, spare16 = 0xff << 7, 0xffff << 7 // of a group, which fills bits 7 to 30
	var bits uint32
	switch {
	case c == '=' && d == '=':
		size, bits = 1, digitBits[0][a]|digitBits[1][b]
		bad = bits & spare16
	case d == '=':
		size, bits = 2, digitBits[0][a]|digitBits[1][b]|digitBits[2][c]
		bad = bits & spare8
	default:
		size, bits = 3, group(a, b, c, d)
	}
	if bad != 0 {
		return 0, notBase64
	}
	for i := range size {
		dst[i] = byte(bits >> (23 - 8*i))
	}
	return size, bits
}

// notBase64 marks a character that is no base64 digit; it is a bit that no group fills.
const notBase64 = 1 << 31

// digitBits holds, for each of four places, the bits that a digit adds to its group, which fills bits 7 to 30; never written to.
// A look-up that does the shifting makes base64, the dearest part of opening an envelope, nearly twice as fast as the standard
// library's.
var digitBits = makeDigitBits()

func makeDigitBits() (table [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for place := range table {
		for c := range table[place] {
			table[place][c] = notBase64
		}
		for value := range len(alphabet) {
			table[place][alphabet[value]] = uint32(value) << (25 - 6*place)
		}
	}
	return table
}

// group joins four digits.
func group(a, b, c, d byte) uint32 {
	return digitBits[0][a] | digitBits[1][b] | digitBits[2][c] | digitBits[3][d]
}

// decodeBulk decodes groups of eight digits, short of the end of text, and returns how many characters it took and whether any of
// them is no digit.
func decodeBulk[T text](dst []byte, text T) (done int, bad uint32) {
	place := &digitBits
	rest := text
	for len(rest) > 8 && len(dst) >= 8 {
		a := place[0][rest[0]] | place[1][rest[1]] | place[2][rest[2]] | place[3][rest[3]]
		b := place[0][rest[4]] | place[1][rest[5]] | place[2][rest[6]] | place[3][rest[7]]
		bad |= a | b
		binary.BigEndian.PutUint64(dst, uint64(a)<<33|uint64(b)<<9) // six bytes, and two that the next group overwrites
		dst, rest = dst[6:], rest[8:]
	}
	return len(text) - len(rest), bad
}

// describe says what is wrong with a text that was refused.
func describe(name, text string) error {
	e := &InputError{Field: name, Pos: -1, Len: len(text), Size: -1}
	digits := strings.TrimRight(text, "=")
	switch pos := strings.IndexFunc(text, func(r rune) bool { return !isBase64(r) && r != '=' }); {
	case text == "":
		e.Reason = ReasonEmpty
	case pos >= 0:
		e.Reason, e.Pos = ReasonCharacter, pos
	case strings.Contains(digits, "="):
		e.Reason, e.Pos = ReasonPadding, strings.IndexByte(digits, '=')
	case len(text)-len(digits) > 2:
		e.Reason, e.Pos = ReasonPadding, len(digits)+2
	case len(text)%4 != 0:
		e.Reason = ReasonLength
	default:
		// The lengths are right and so is the alphabet: either the spare bits are set or the size is wrong.
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		if n, err := strict.Decode(out, []byte(text)); err == nil {
			e.Reason, e.Size = ReasonSize, n
		} else {
			e.Reason, e.Pos = ReasonTail, len(digits)-1
		}
	}
	return e
}

func isBase64(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '/'
}
