package diagnose

import (
	"crypto/cipher"
	"encoding/base64"
	"strings"
)

// maxLost bounds how many lost plus signs are put back: a payload of 600 characters has ten of them.
const maxLost = 64

// quad and its bytes: four digits of base64 carry three bytes.
const quad, quadBytes = 4, 3

// maxPlusesInBlock is how many lost plus signs are looked for in one block of 22 characters: three are there once in 300 blocks.
const maxPlusesInBlock = 3

// restorePluses puts back the "+" that a text of encryptedData lost, block by block: where the first unreadable block begins, one, two
// or three of them are tried at every place until the block reads. It returns nil when it does not come to the end of the text.
func restorePluses(block cipher.Block, iv []byte, text string) (restored string, places []int) {
	digits := strings.TrimRight(text, "=")
	if strings.Trim(digits, base64Digits) != "" || len(digits) < digitsOf16 {
		return "", nil
	}
	proven := false
	for g := 0; ; g++ {
		if _, last := chars(g*blockSize, (g+1)*blockSize-1); last >= len(digits)+maxPlusesInBlock {
			break
		}
		if g == 0 && iv == nil {
			continue
		}
		if spotOf(digits, g).reads(block, iv) {
			proven = true
			continue
		}
		most := maxPlusesInBlock
		if !proven {
			most = 2 // nothing shows yet that the key is right, and three cost a millisecond
		}
		at := missingPluses(block, iv, digits, g, most)
		if at == nil || len(places)+len(at) > maxLost {
			return "", nil
		}
		proven = true
		for _, place := range at {
			digits = insertPlus(digits, place)
		}
		places = append(places, at...)
	}
	if len(places) == 0 {
		return "", nil
	}
	return digits + strings.Repeat("=", (quad-len(digits)%quad)%quad), places
}

// missingPluses returns the places, in the order of insertion, at which up to so many plus signs make the block g readable.
func missingPluses(block cipher.Block, iv []byte, digits string, g, most int) []int {
	first, last := chars(g*blockSize, (g+1)*blockSize-1)
	var search func(s spot, from, more int) []int
	search = func(s spot, from, more int) []int {
		for at := from; at <= last && at-s.at <= len(s.text); at++ {
			if at > from && s.text[at-s.at-1] == '+' {
				continue // beside another "+" it is the same text
			}
			with := s
			with.text = insertPlus(s.text, at-s.at)
			if more == 1 {
				if with.holds(block, iv, signsOfASCII) {
					return []int{at}
				}
			} else if rest := search(with, at+1, more-1); rest != nil {
				return append([]int{at}, rest...)
			}
		}
		return nil
	}
	for count := 1; count <= most; count++ {
		if places := search(spotOf(digits, g), first, count); places != nil {
			return places
		}
	}
	return nil
}

// A spot is a block of a text of base64, with as much of the text as it takes to decrypt it. What is tried on a spot costs the same
// however long the text is.
type spot struct {
	text  string // from a multiple of four digits on
	at    int    // where that is in the whole
	skip  int    // so many bytes before the block, or before the one that it is chained to
	first bool   // the block is the first of all
}

// spotDigits is how many digits two blocks take, and those that may begin before and are inserted.
const spotDigits = 2*digitsOf16 + quad + 2*maxPlusesInBlock

func spotOf(digits string, g int) spot {
	from := max(0, g-1) * blockSize
	s := spot{at: from / quadBytes * quad, skip: from % quadBytes, first: g == 0}
	s.text = digits[min(s.at, len(digits)):min(s.at+spotDigits, len(digits))]
	return s
}

// reads reports whether the block is text.
func (s spot) reads(block cipher.Block, iv []byte) bool {
	plain := s.plain(block, iv)
	return plain != nil && lookOf(plain).isText()
}

// holds reports whether the block is text that a search may be content with.
func (s spot) holds(block cipher.Block, iv []byte, signs string) bool {
	plain := s.plain(block, iv)
	return plain != nil && lookOf(plain).isText() && ordinary(plain, signs)
}

// plain decrypts the block; nil where the text has too little of it.
func (s spot) plain(block cipher.Block, iv []byte) []byte {
	text := s.text[:len(s.text)/quad*quad]
	if rest := s.text[len(text):]; len(rest) > 1 {
		text = s.text // the end of the whole, where digits carry one byte or two
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) < s.skip {
		return nil
	}
	switch raw = raw[s.skip:]; {
	case s.first && len(raw) >= blockSize:
		return rawBlock(block, iv, raw, 0)
	case !s.first && len(raw) >= 2*blockSize:
		return rawBlock(block, nil, raw, 1)
	}
	return nil
}
