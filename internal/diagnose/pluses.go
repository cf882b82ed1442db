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

// restorePluses puts back the "+" that a text of encryptedData lost, block by block: where the first unreadable block begins, one, two
// or three of them are tried at every place until the block reads. It returns nil when it does not come to the end of the text.
func restorePluses(block cipher.Block, iv []byte, text string) (restored string, places []int) {
	digits := strings.TrimRight(text, "=")
	if strings.Trim(digits, base64Digits) != "" || len(digits) < digitsOf16 {
		return "", nil
	}
	proven := false
	for g := 0; ; g++ {
		_, last := chars(g*blockSize, (g+1)*blockSize-1)
		if last >= len(digits)+maxPlusesInBlock {
			break
		}
		if g == 0 && iv == nil {
			continue
		}
		if blockReads(block, iv, digits, g) {
			proven = true
			continue
		}
		most := maxPlusesInBlock
		if !proven {
			most = 2 // nothing shows yet that the key is right, and three cost a millisecond
		}
		at := missingPluses(block, iv, digits, g, most)
		proven = true
		if at == nil || len(places)+len(at) > maxLost {
			return "", nil
		}
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

// maxPlusesInBlock is how many lost plus signs are looked for in one block of 22 characters: three are there once in 300 blocks.
const maxPlusesInBlock = 3

// missingPluses returns the places, in the order of insertion, at which plus signs make the block g readable.
func missingPluses(block cipher.Block, iv []byte, digits string, g, most int) []int {
	first, last := chars(g*blockSize, (g+1)*blockSize-1)
	var search func(digits string, from, more int) []int
	search = func(digits string, from, more int) []int {
		for at := from; at <= last && at <= len(digits); at++ {
			if at > from && digits[at-1] == '+' {
				continue // beside another "+" it is the same text
			}
			with := insertPlus(digits, at)
			if more == 1 {
				if blockReads(block, iv, with, g) {
					return []int{at}
				}
			} else if rest := search(with, at+1, more-1); rest != nil {
				return append([]int{at}, rest...)
			}
		}
		return nil
	}
	for count := 1; count <= most; count++ {
		if places := search(digits, first, count); places != nil {
			return places
		}
	}
	return nil
}

// blockReads decodes no more of digits than the block g needs.
func blockReads(block cipher.Block, iv []byte, digits string, g int) bool {
	from := max(0, g-1) * blockSize
	first, end := from/quadBytes*quad, min(len(digits), ((g+1)*blockSize+quadBytes-1)/quadBytes*quad)
	raw, err := base64.RawStdEncoding.DecodeString(digits[min(first, end):end])
	skip := from - from/quadBytes*quadBytes
	if err != nil && len(raw) == 0 || len(raw) < skip {
		return false
	}
	raw = raw[skip:]
	if g == 0 {
		return len(raw) >= blockSize && lookOf(rawBlock(block, iv, raw, 0)).isText()
	}
	return len(raw) >= 2*blockSize && lookOf(rawBlock(block, nil, raw, 1)).isText()
}
