package diagnose

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A wrong key or a byte of the data that is not the right one makes noise of a block: the cipher proves what was undone there. The iv
// is merely added to the first 16 bytes of the text. One that is wrong in a byte leaves a byte that may read as well, and a repair
// that prints it prints what nobody encrypted. So what was undone in an iv, and can be undone in more than one way, counts only where
// it makes bytes that are known; else it is told, and nothing is repaired.

// A doubt says how many bytes at the front have to be known for a change from a variant to text to be the right one; 0 where none is in doubt.
type doubt func(from variant, text string) int

// bytesTo returns how many bytes of an iv a digit and those before it reach into.
func bytesTo(digit int) int {
	const bitsOfByte, bitsOfDigit = 8, 6
	return min((digit*bitsOfDigit+bitsOfDigit-1)/bitsOfByte+1, blockSize)
}

// blankOrPlus is about blanks that were dropped: each may have been a "+", and another character the one too many. Hexadecimal has none.
func blankOrPlus(from variant, text string) int {
	if strings.Trim(text, "0123456789abcdefABCDEF") == "" {
		return 0
	}
	known, kept := 0, 0
	for _, r := range from.text {
		switch {
		case r == ' ' && kept < digitsOf16:
			known = bytesTo(kept)
		case !isStrayOrBlank(r):
			kept++
		}
	}
	return known
}

// lastDigit is about a last digit that no encoder writes. Who changed its spare bits may have changed the two that count.
func lastDigit(variant, string) int { return blockSize }

// rawBytes is about bytes that were handled as if they were text. A form makes "+" of a blank and a blank of "+", the URL-safe alphabet
// takes "+" and "/" for its own, and a change of case all letters; what else was undone to bytes may have belonged to them.
func rawBytes(from variant, text string) int {
	if slices.ContainsFunc(from.changes, func(c change) bool { return c.id != "D03" }) || utf8.ValidString(from.text) && sameCase(from.text) {
		return blockSize
	}
	raw, _ := base64.StdEncoding.DecodeString(text)
	return bytes.LastIndexAny(raw, " +-_/") + 1
}

func sameCase(text string) bool {
	return strings.IndexFunc(text, unicode.IsLetter) >= 0 && (strings.ToLower(text) == text || strings.ToUpper(text) == text)
}

// needs returns how many bytes at the front have to be known for the iv to be the right one.
func (s solution) needs() int {
	if oneCase(s.iv.text[:digitsOf16]) {
		return blockSize // an iv that lost its case is no longer what it was, whatever was undone besides
	}
	known := 0
	if s.payload.Kind != opendata.KindText && (gappy(s.key.changes) || gappy(s.data.changes)) {
		known = len(`{"openId":"`) // the shortest opening
	}
	for _, c := range s.iv.changes {
		known = max(known, c.known)
	}
	return known
}

// gappy reports whether characters got lost or were added. Where one text had that, an iv of the right length may have lost as many as
// it was given.
func gappy(changes []change) bool {
	return slices.ContainsFunc(changes, func(c change) bool { return c.id == "D02" || c.id == "D14" && c.known > 0 })
}

// knows returns how many bytes at the front are those that WeChat is known to write.
func (s solution) knows(openID wechat.OpenID) int {
	known := 0
	for _, start := range append(openings(openID), `{"`) {
		if strings.HasPrefix(string(s.payload.Plain), start) {
			known = max(known, len(start))
		}
	}
	return known
}

// settled reports whether the iv is the right one for sure, as long as no other reading speaks against it.
func (s solution) settled(openID wechat.OpenID) bool { return s.needs() <= s.knows(openID) }

// closed reports whether no other reading can.
func (s solution) closed(openID wechat.OpenID) bool {
	return s.needs() == 0 || s.knows(openID) == blockSize
}

// likeliest picks among readings of an iv that all open the data: the one that is right for sure, if there is one and no other that
// makes as much of what is known says something else. One whose ids are none is the last resort.
func likeliest(found []solution, openID wechat.OpenID) solution {
	fits := func(s solution) bool { return s.needs() == 0 || idsFit(s.payload) }
	if !slices.ContainsFunc(found, fits) {
		found[0].doubtful = true
		return found[0]
	}
	found = slices.DeleteFunc(found, func(s solution) bool { return !fits(s) })
	for _, s := range found {
		rival := func(o solution) bool {
			return o.knows(openID) >= s.knows(openID) && string(o.payload.Plain) != string(s.payload.Plain)
		}
		if s.settled(openID) && (s.closed(openID) || !slices.ContainsFunc(found, rival)) {
			return s
		}
	}
	found[0].doubtful = true
	return found[0]
}

// idsFit reports whether the ids of a payload are such. Those of users have 28 characters, those of groups 28 or 29.
func idsFit(p opendata.Payload) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(p.Plain, &object) != nil {
		return true
	}
	for name, most := range map[string]int{"openId": openIDLength, "unionId": openIDLength, "openGId": openIDLength + 1, "opengid": openIDLength + 1} {
		var id string
		if json.Unmarshal(object[name], &id) != nil || id == "" {
			continue
		}
		if len(id) < openIDLength || len(id) > most || strings.Trim(id, openIDDigits) != "" {
			return false
		}
	}
	return true
}

// ordinary reports whether a block, its padding left out, is made of letters of ASCII, digits, some signs, East Asian characters and emoji. Of 16
// random bytes that is so once in millions, with few signs once in 4e8, and proves something after a search through some hundred or
// thousand. Being text alone, once in 80 000, does not.
func ordinary(block []byte, signs string) bool {
	block = block[:len(block)-padding(block, blockSize)]
	for len(block) > 0 && !utf8.RuneStart(block[0]) {
		block = block[1:] // of a character that began in the block before
	}
	for len(block) > 0 {
		r, size := utf8.DecodeRune(block)
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(signs, r)), isWide(r):
		case !utf8.FullRune(block):
			return true // it goes on in the next block
		default:
			return false
		}
		block = block[size:]
	}
	return true
}

// isWide reports whether r is of those characters of three or four bytes that names have: of random bytes fewer are than are ASCII.
func isWide(r rune) bool {
	return r > '\u2000' && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.So)
}

// The signs that WeChat writes between names, numbers, ids and addresses, and all signs of ASCII.
const (
	signsOfJSON  = `"{}[]:,._-/\`
	signsOfASCII = signsOfJSON + " !#$%&'()*+;<=>?@^`|~"
)
