package diagnose

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"slices"
	"strings"
)

// A proof is a key that makes text of the data, which no wrong key does, although the whole does not decrypt.
type proof struct {
	key     reading
	iv      reading // without bytes where no reading of the iv is one
	text    string  // of the data, base64 digits only
	changes []change
	order   order
	login   *Key // the key is this one of another login
	skipped skipped

	block cipher.Block
	raw   []byte
	plain []byte // of the whole blocks, padding included
	looks []Block
	score int
}

// The sample of blocks that a key is judged by: so many from the start and so many from the end.
const sampled = 8

// maxCandidates bounds how many other keys are held against the blocks one by one.
const maxCandidates = 1024

// provenKey looks for a key under which blocks read, and derives from the others what happened. The fields may be swapped as well.
func (a *analysis) provenKey() bool {
	a.ran["blocks"] = true
	for _, o := range orders() {
		best := a.bestProof(o)
		if best.score == 0 || !a.judge(&best) && best.skipped == (skipped{}) {
			continue
		}
		a.ran["proven"] = true // also where nobody can tell what happened before the blocks that read: the key is right
		return true
	}
	return false
}

// bestProof returns the proof with the most blocks that read; one without a score if there is none.
func (a *analysis) bestProof(o order) proof {
	var best proof
	ivs := a.readings(o.iv, fieldIV)
	if o.id != "" && len(ivs) == 0 {
		return best // an order that puts no iv in its place explains nothing
	}
	for _, v := range first(a.variants(o.data, fieldData), maxPlain*2) {
		text, raw := lenient(v.text)
		a.tryKeys(&best, proof{text: text, raw: raw, changes: v.changes, order: o}, ivs)
	}
	if best.score > 0 || o.id != "" {
		return best
	}
	for _, v := range first(a.variants(o.data, fieldData), maxPlain*2) {
		if raw, before := lenientEnd(v.text); before != (skipped{}) {
			a.tryKeys(&best, proof{text: v.text, raw: raw, changes: v.changes, order: o, skipped: before}, ivs)
		}
	}
	return best
}

// tryKeys holds every key against the data of p.
func (a *analysis) tryKeys(best *proof, p proof, ivs []reading) {
	if len(p.raw) < 2*blockSize {
		return
	}
	for _, key := range a.readings(p.order.key, fieldKey) {
		p.key = key
		improve(best, p, ivs)
	}
	for i := range first(a.in.Keys, maxCandidates) {
		bytes, err := a.in.Keys[i].SessionKey.Bytes()
		if err == nil && best.score == 0 && p.order.id == "" {
			p.key, p.login = reading{text: a.in.Keys[i].SessionKey.Reveal(), raw: bytes}, &a.in.Keys[i]
			improve(best, p, ivs)
		}
	}
}

// judge derives from a proof what happened. It reports whether anything was found.
func (a *analysis) judge(p *proof) bool {
	p.plain = rawCBC(p.block, p.ivOrZero(), p.raw)
	p.looks = mapBlocks(p.plain)
	a.report.Blocks = BlockMap{Blocks: p.looks, Bytes: p.skipped.bytes + len(p.raw), before: p.skipped}
	before := len(a.report.Findings)
	known := slices.Clone(a.report.Findings)
	if p.skipped == (skipped{}) {
		a.derive(p)
	} else if f, ok := p.beheaded(); ok && p.looks[len(p.looks)-1] == BlockPadding {
		a.add(f)
	}
	if len(a.report.Findings) == before && a.report.Repaired == nil && !a.merged {
		return false
	}
	var undone []Finding
	if p.order.id != "" {
		undone = append(undone, a.swapped(p.order))
	}
	iv := p.iv
	if !p.looks[0].isText() {
		iv.changes = nil // what was undone did not make an iv of it
	}
	undone = append(undone, changed(solution{key: p.key, iv: iv, data: reading{changes: p.changes}, order: p.order})...)
	if p.login != nil {
		undone = append(undone, a.ofLogin(*p.login))
	}
	list := known
	if a.merged {
		list = slices.Clone(a.report.Findings[:before])
	}
	a.report.Findings = merge(list, undone, a.report.Findings[before:])
	return true
}

// merge joins lists of findings and keeps the first of each id.
func merge(lists ...[]Finding) []Finding {
	var all []Finding
	for _, list := range lists {
		for _, f := range list {
			if !slices.ContainsFunc(all, func(known Finding) bool { return known.ID == f.ID }) {
				all = append(all, f)
			}
		}
	}
	return all
}

// lenient decodes what can be decoded of a text of data: to its end if it is cut, to the first character that is none of base64.
func lenient(text string) (string, []byte) {
	digits := strings.TrimRight(text, "=")
	if at := strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune(base64Digits, r) }); at >= 0 {
		digits = digits[:at]
	}
	if len(digits)%quad == 1 {
		digits = digits[:len(digits)-1]
	}
	raw, err := base64.RawStdEncoding.DecodeString(digits)
	if err != nil {
		return "", nil
	}
	return digits, raw
}

func (p *proof) ivOrZero() []byte {
	if len(p.iv.raw) == blockSize {
		return p.iv.raw
	}
	return make([]byte, blockSize)
}

// improve replaces best by p if more blocks read under it, and [enough] do: 16 random bytes are text with a probability of 1.2e-5, and
// many keys and texts are tried.
func improve(best *proof, p proof, ivs []reading) {
	block, err := aes.NewCipher(p.key.raw)
	if err != nil {
		return
	}
	p.block = block
	count := len(p.raw) / blockSize
	looked := 0
	for i := 1; i < count; i++ {
		if i >= sampled && i < count-sampled {
			i = count - sampled
		}
		looked++
		if lookOf(rawBlock(block, nil, p.raw, i)).isText() {
			p.score++
		}
	}
	start := false
	for i, iv := range ivs {
		if start = lookOf(rawBlock(block, iv.raw, p.raw, 0)).isText(); start || i == 0 {
			p.iv = iv
		}
		if start {
			p.score++
			break
		}
	}
	second := lookOf(rawBlock(block, nil, p.raw, 1))
	if p.score > best.score && enough(p.score, looked, start, second) {
		*best = p
	}
}

// enough reports whether so many blocks that read are no accident: three, or two where they are the first two or few were looked at, or
// the only one behind the first if it ends in padding.
func enough(score, looked int, start bool, second Block) bool {
	switch score {
	case 2:
		return looked <= sampled || start && second.isText()
	case 1:
		return looked == 1 && second == BlockPadding
	}
	return score > 2
}
