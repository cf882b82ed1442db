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

// A short is room for a text of 24 characters, decoded. DecodedLen counts two bytes for the padding.
type short [wechat.SessionKeySize + 2]byte

// decodeShort decodes a text that has to hold exactly 16 bytes: session_key and iv.
func decodeShort(dst *short, name, text string) error {
	const textLen = 24
	if len(text) != textLen {
		return describe(name, text)
	}
	n, err := decode(dst[:], name, text)
	if err == nil && n != wechat.SessionKeySize {
		return &InputError{Field: name, Reason: ReasonSize, Pos: -1, Len: len(text), Size: n}
	}
	return err
}

// decode decodes strict standard base64 into dst, which has room for DecodedLen(len(text)) bytes. Unlike the standard library it
// takes no line feeds.
func decode(dst []byte, name, text string) (int, error) {
	if len(text)%4 != 0 {
		return 0, describe(name, text)
	}
	dst = dst[:len(text)/4*3]
	done := decodeBulk(dst, text)
	// The last characters, where padding may be, are for the standard library. It skips line feeds, which leaves n short of what
	// the text promises; what decodeBulk did not take comes here and is refused, too.
	n, err := strict.Decode(dst[done/4*3:], []byte(text[done:])) // the compiler converts without a copy
	n += done / 4 * 3
	if err != nil || n != decodedLen(text) {
		return 0, describe(name, text)
	}
	return n, nil
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

// decodeBulk decodes groups of eight digits, short of the end of text, and returns how many characters it took: 0 if any of them
// is no digit, so that the careful path sees them all.
func decodeBulk(dst []byte, text string) int {
	place := &digitBits
	rest, bad := text, uint32(0)
	for len(rest) > 8 && len(dst) >= 8 {
		a := place[0][rest[0]] | place[1][rest[1]] | place[2][rest[2]] | place[3][rest[3]]
		b := place[0][rest[4]] | place[1][rest[5]] | place[2][rest[6]] | place[3][rest[7]]
		bad |= a | b
		binary.BigEndian.PutUint64(dst, uint64(a)<<33|uint64(b)<<9) // six bytes, and two that the next group overwrites
		dst, rest = dst[6:], rest[8:]
	}
	if bad&notBase64 != 0 {
		return 0
	}
	return len(text) - len(rest)
}

// decodedLen returns how many bytes a well-formed text holds.
func decodedLen(text string) int {
	n := len(text) / 4 * 3
	for i := 1; i <= 2 && i <= len(text) && text[len(text)-i] == '='; i++ {
		n--
	}
	return n
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
