package diagnose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// A place is a stretch of blocks that do not read.
type place struct{ from, to int }

// together joins blocks that stand next to each other: what changes in one shows in the next as well.
func together(bad []int) []place {
	var places []place
	for _, i := range bad {
		if n := len(places); n > 0 && places[n-1].to == i-1 {
			places[n-1].to = i
		} else {
			places = append(places, place{i, i})
		}
	}
	return places
}

// maxPlaces is how many places are told one by one.
const maxPlaces = 6

// altered says where the data changed: in one place, or in several that lie apart.
func (a *analysis) altered(p *proof, bad []int) Finding {
	places := together(bad)
	f := newFinding("D34")
	if len(bad) == 1 {
		f = f.since(textBadBlock, len(p.looks), bad[0])
	} else {
		f = f.since(textBadBlocks, len(bad), len(p.looks), listed(places, func(b place) lang.T { return both(interval(b.from, b.to)) }))
	}
	for _, b := range first(places, maxPlaces) {
		switch {
		case p.shifted(b):
			f = f.since(textFromBlock, b.from, len(p.looks)).since(textShiftCause)
		case p.mirrored(b):
			f = f.since(textMirror, b.from, b.to)
		}
	}
	from, to := p.charsOf(places[0])
	switch {
	case len(places) > 1:
		return f.saying(textAlteredIn, len(places), listed(places, func(b place) lang.T {
			from, to := p.charsOf(b)
			if p.shifted(b) {
				return lang.T{En: fmt.Sprintf("%d to the end", from), Zh: fmt.Sprintf("%d 到结尾", from)}
			}
			return lang.T{En: fmt.Sprintf("%d to %d", from, to), Zh: fmt.Sprintf("%d 到 %d", from, to)}
		}))
	case p.shifted(places[0]):
		return f.saying(textShifted, from)
	}
	return f.saying(textAlteredAt, from, to)
}

// shifted reports whether nothing reads from here to the end.
func (p *proof) shifted(b place) bool {
	last := len(p.looks) - 1
	return b.to == last && b.to > b.from+1 && p.looks[last] != BlockPartly
}

// mirrored reports whether the damage in the second block shows which bytes of the first one changed.
func (p *proof) mirrored(b place) bool { return b.to == b.from+1 && p.looks[b.to] == BlockPartly }

// charsOf returns the first and the last character in which a place was altered.
func (p *proof) charsOf(b place) (first, last int) {
	start, end := b.from*blockSize, b.to*blockSize+blockSize-1
	if b.to > b.from && p.looks[b.to] == BlockPartly { // its damage mirrors the bytes that changed in the block before
		end -= blockSize
	}
	if p.mirrored(b) {
		low, high := damaged(p.plain[b.to*blockSize : (b.to+1)*blockSize])
		start, end = b.from*blockSize+low, b.from*blockSize+high
	}
	first, last = chars(start, end)
	return first, min(last, len(p.text)-1)
}

// damaged returns the first and the last byte of a block that is no text.
func damaged(block []byte) (low, high int) {
	low, high = blockSize-1, 0
	for i, c := range block {
		if c < ' ' || c >= 0x7f {
			low, high = min(low, i), max(high, i)
		}
	}
	return low, max(low, high)
}

// listed writes places one after the other, and how many more there are.
func listed(places []place, text func(place) lang.T) lang.T {
	var en, zh []string
	for _, b := range first(places, maxPlaces) {
		t := text(b)
		en, zh = append(en, t.En), append(zh, t.Zh)
	}
	if more := len(places) - maxPlaces; more > 0 {
		en, zh = append(en, fmt.Sprintf("%d more", more)), append(zh, fmt.Sprintf("另外 %d 处", more))
	}
	return lang.T{En: strings.Join(en, ", "), Zh: strings.Join(zh, "、")}
}

func both(text string) lang.T { return lang.T{En: text, Zh: text} }

func interval(from, to int) string {
	if from == to {
		return strconv.Itoa(from)
	}
	return fmt.Sprintf("%d-%d", from, to)
}

var (
	textBadBlocks  = lang.T{En: "%d of %d blocks do not read: %s", Zh: "有 %d 个分组（共 %d 个）读不出：第 %s 个"}
	textMirror     = lang.T{En: "block %d is noise, and the damage in block %d shows which of its bytes changed", Zh: "第 %d 个分组是乱码，第 %d 个分组的损坏处显示出被改动的字节"}
	textShifted    = lang.T{En: "From character %d on the encryptedData is shifted or altered.", Zh: "encryptedData 从第 %d 个字符起错位或被改动。"}
	textFromBlock  = lang.T{En: "from block %d (of %d) on nothing reads", Zh: "从第 %d 个分组（共 %d 个）起都读不出"}
	textShiftCause = lang.T{En: "a character that is lost or added moves all that follow", Zh: "少了或多了一个字符，会使后面的全部错位"}
	textAlteredIn  = lang.T{En: "The encryptedData was altered in %d places: within the characters %s (counted from 0).", Zh: "encryptedData 有 %d 处被改动：第 %s 个字符（从 0 数起）。"}
)
