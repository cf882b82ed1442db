package diagnose

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// A field is one of the three inputs.
type field int

const (
	fieldKey field = iota
	fieldIV
	fieldData
)

func (f field) String() string { return [...]string{"session_key", "iv", "encryptedData"}[f] }

// A change is a step from what came to what can be read.
type change struct {
	id    string
	what  lang.Message // "3 blanks, the first at index 51"
	known int          // of a guess: so many bytes at the front have to be known for it to be the right one; 0 of what has one way back
}

// A reading is one way to read a text: strict base64 of as many bytes as belong there, after the changes.
type reading struct {
	text    string
	raw     []byte
	changes []change
}

// A variant is a text on the way to a reading.
type variant struct {
	text    string
	changes []change
}

func (v variant) with(id string, text string, what lang.Message) variant {
	return variant{text, append(slices.Clip(v.changes), change{id: id, what: what})}
}

// guess is with, for a digit that might as well have stood elsewhere, the last one of those that are guessed at.
func (v variant) guess(id string, text string, what lang.Message, at int) variant {
	return variant{text, append(slices.Clip(v.changes), change{id, what, bytesTo(at)})}
}

// The bounds of the search. Four changes to one text are more than any report has; the work is bounded by the bytes that the
// normalisations look at, so that a hostile text of a MiB costs some passes over it and no more.
const (
	maxChanges  = 6
	maxVariants = 48
	maxScanned  = 4 << 20
)

// size reports whether n bytes are what belongs into the field.
func (f field) size(n int) bool {
	if f == fieldData {
		return n > 0 && n%blockSize == 0
	}
	return n == blockSize
}

// variants returns every text that the normalisations make of text, the fewest changes first, text itself at the head.
func variants(f field, text string) []variant {
	all := []variant{{text: text}}
	seen := map[string]bool{text: true}
	scanned := 0
	for i := 0; i < len(all) && len(all) < maxVariants && scanned < maxScanned; i++ {
		from := all[i]
		if len(from.changes) == maxChanges {
			continue
		}
		for _, step := range normalisations() {
			scanned += len(from.text)
			text, what := step.run(f, from.text)
			if what.IsZero() || text == "" || seen[text] {
				continue
			}
			seen[text] = true
			c := change{id: step.id, what: what}
			if step.doubt != nil {
				c.known = step.doubt(from, text)
			}
			all = append(all, variant{text, append(slices.Clip(from.changes), c)})
		}
	}
	return all
}

// readings returns the ways to read a text as f, the fewest changes first.
func readings(f field, list []variant) []reading {
	all := slices.Clone(list)
	if f != fieldData {
		for _, v := range list {
			all = append(all, guesses(v)...)
		}
	}
	slices.SortStableFunc(all, func(a, b variant) int { return len(a.changes) - len(b.changes) })
	var found []reading
	seen := map[string]bool{}
	for _, v := range all {
		raw, err := unbase64(base64.StdEncoding.Strict(), v.text)
		if err == nil && f.size(len(raw)) && !seen[v.text] {
			seen[v.text] = true
			found = append(found, reading{v.text, raw, v.changes})
		}
	}
	return found
}

// digitsOf16 is how many digits of base64 carry 16 bytes; two "=" follow.
const digitsOf16 = 22

// guesses are the texts of 22 digits that a key or an iv may have been before one or two plus signs were lost, or one character
// was added. A guess is worth nothing until the data decrypts with it.
func guesses(v variant) []variant {
	digits := strings.TrimRight(v.text, "=")
	if strings.Trim(digits, base64Digits) != "" {
		return nil
	}
	var list []variant
	switch len(digits) {
	case digitsOf16 - 1:
		for at := range digitsOf16 {
			list = append(list, v.guess("D02", insertPlus(digits, at)+"==", textPlusAt.With(at), at))
		}
	case digitsOf16 - 2:
		for at := range digitsOf16 {
			for then := at + 1; then < digitsOf16; then++ {
				list = append(list, v.guess("D02", insertPlus(insertPlus(digits, at), then)+"==", textPlusesAt.With(at, then), then))
			}
		}
	case digitsOf16 + 1:
		for at := range digits {
			list = append(list, v.guess("D14", digits[:at]+digits[at+1:]+"==", textExtraAt.With(at), at))
		}
	}
	return list
}

func insertPlus(digits string, at int) string { return digits[:at] + "+" + digits[at:] }

var (
	textPlusAt   = lang.T{En: `a "+" is missing at index %d`, Zh: `下标 %d 处缺少一个“+”`}
	textPlusesAt = lang.T{En: `a "+" is missing at index %d and at index %d`, Zh: `下标 %d 与 %d 处各缺少一个“+”`}
	textExtraAt  = lang.T{En: "the character at index %d is one too many", Zh: "下标 %d 处多出一个字符"}
)
