package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// bad returns the indices of the blocks that do not read.
func (p *proof) bad() []int {
	var list []int
	for i, look := range p.looks {
		if !look.isText() {
			list = append(list, i)
		}
	}
	return list
}

// derive names what happened to data under the right key.
func (a *analysis) derive(p *proof) {
	last := len(p.looks) - 1
	rest := len(p.raw) % blockSize
	bad := p.bad()
	switch {
	case a.endsEarly(p):
	case rest == 0 && a.otherPadding(p):
	case len(bad) == 0 && rest == 0 && p.looks[last] == BlockPadding:
		a.otherText(p)
	case (rest != 0 || p.looks[last] != BlockPadding) && (len(bad) == 0 || len(bad) == 1 && bad[0] == 0 && last > 0):
		if len(bad) == 1 {
			a.blameIV(a.wrongIV(p))
		}
		a.add(a.truncated(p))
	case len(bad) == 1 && bad[0] == 0:
		a.onlyFirst(p)
	case len(bad) == 2 && bad[0] == 0 && bad[1] == last && last > 2:
		a.blameIV(a.wrongIV(p))
		a.add(a.lastAltered(p))
	case len(bad) > 0 && a.oneCharacter(p, bad):
	case len(bad) == 1 && bad[0] == last:
		a.add(a.lastAltered(p))
	default:
		a.add(a.altered(p, bad))
	}
}

func (a *analysis) lastAltered(p *proof) Finding {
	last := len(p.looks) - 1
	first, end := chars(last*blockSize, last*blockSize+blockSize-1)
	return comparing(newFinding("D35")).since(textEndOnly, len(p.looks)).since(textAtChars, first, min(end, len(p.text)-1))
}

// comparing gives a finding the fix of altered characters in place of its own.
func comparing(f Finding) Finding {
	f.Fix = newFinding("D34").Fix
	return f
}

// endsEarly knows two payloads in one text: the first ends in padding where the second begins.
func (a *analysis) endsEarly(p *proof) bool {
	for i, look := range p.looks[:len(p.looks)-1] {
		if look != BlockPadding {
			continue
		}
		raw := p.raw[:(i+1)*blockSize]
		data := reading{text: base64.StdEncoding.EncodeToString(raw), raw: raw}
		s, ok := solve([]reading{p.key}, a.readings(p.order.iv, fieldIV), []reading{data}, orders()[0], a.in.OpenID)
		if ok {
			a.settle(s.unchanged(), newFinding("D35").since(textTwoPayloads, len(data.text), len(p.text)))
			return true
		}
	}
	return false
}

// otherPadding knows what other encryption code writes behind the text.
func (a *analysis) otherPadding(p *proof) bool {
	plain := p.plain
	var trimmed []byte
	var name lang.T
	end := int(plain[len(plain)-1])
	switch {
	case end == 0:
		trimmed, name = []byte(strings.TrimRight(string(plain), "\x00")), lang.T{En: "zero bytes", Zh: "零字节"}
		if n := len(trimmed); n > 0 && trimmed[n-1] == 0x80 {
			trimmed, name = trimmed[:n-1], lang.T{En: "ISO 7816-4 padding", Zh: "ISO 7816-4 填充"}
		}
	case end == 0x80:
		trimmed, name = plain[:len(plain)-1], lang.T{En: "ISO 7816-4 padding", Zh: "ISO 7816-4 填充"}
	case padding(plain, 2*blockSize) > blockSize:
		trimmed, name = plain[:len(plain)-end], lang.T{En: "padding to 32 bytes, as WeChat's messages have it", Zh: "按 32 字节填充（微信消息加密的方式）"}
	case end > 1 && end <= blockSize && padding(plain, blockSize) == 0:
		trimmed, name = plain[:len(plain)-end], lang.T{En: "padding whose last byte alone counts (ANSI X9.23, ISO 10126)", Zh: "只有最后一个字节表示长度的填充（ANSI X9.23、ISO 10126）"}
	default:
		return false
	}
	if len(trimmed) == 0 || !json.Valid(trimmed) {
		return false
	}
	a.add(newFinding("D41").since(textOtherPadding, name))
	return true
}

// truncated says at which byte the data ends, and what of it can be read.
func (a *analysis) truncated(p *proof) Finding {
	arrived := len(p.text)
	f := newFinding("D33").saying(textTruncated, len(p.raw), arrived)
	if rest := len(p.raw) % blockSize; rest != 0 {
		f = f.since(textNotWhole, len(p.raw), rest)
	} else {
		f = f.since(textNoEnd)
	}
	if names := memberNames(p.plain); names != "" {
		f = f.since(textLeft, names)
	}
	for _, limit := range []int{64, 100, 128, 200, 255, 256, 500, 512, 1000, 1024, 2000, 2048, 4000, 4096} {
		if given := len(a.texts[p.order.data]); given == limit || arrived == limit {
			f = f.since(textLimit, limit, limit)
			break
		}
	}
	return f
}

// memberNames lists the names of the members that stand in a part of a JSON text, and none of their values.
func memberNames(plain []byte) string {
	var names []string
	parts := strings.Split(string(plain), `"`)
	for i := 1; i+1 < len(parts) && len(names) < maxNames; i++ {
		if strings.HasPrefix(parts[i+1], ":") && isName(parts[i]) {
			names = append(names, parts[i])
		}
	}
	return strings.Join(names, ", ")
}

// maxNames is how many members are named; no kind has many more.
const maxNames = 12

func isName(text string) bool {
	for _, c := range []byte(text) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_') {
			return false
		}
	}
	return text != "" && len(text) <= 24
}

// oneCharacter tries whether another character at one place of the first bad block makes the data whole.
func (a *analysis) oneCharacter(p *proof, bad []int) bool {
	if len(p.raw)%blockSize != 0 || len(p.iv.raw) != blockSize || len(bad) > 2 || bad[len(bad)-1] > bad[0]+1 {
		return false
	}
	from, to := chars(bad[0]*blockSize, bad[0]*blockSize+blockSize-1)
	here := spotOf(p.text, bad[0])
	for at := from; at <= min(to, len(p.text)-1); at++ {
		head, tail := here.text[:at-here.at], here.text[at-here.at+1:]
		for i := range len(base64Digits) {
			digit := base64Digits[i : i+1]
			with := here
			if with.text = head + digit + tail; digit == p.text[at:at+1] || !with.holds(p.block, p.iv.raw, signsOfJSON) {
				continue
			}
			if a.settleCharacter(p, p.text[:at]+digit+p.text[at+1:], at, bad[0]) {
				return true
			}
		}
	}
	return false
}

func (a *analysis) settleCharacter(p *proof, text string, at, block int) bool {
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil {
		return false
	}
	data := reading{text: base64.StdEncoding.EncodeToString(raw), raw: raw}
	s, ok := solve([]reading{p.key}, []reading{p.iv}, []reading{data}, orders()[0], a.in.OpenID)
	if !ok {
		return false
	}
	id := "D34"
	if block == len(p.looks)-1 {
		id = "D35"
	}
	a.settle(s.unchanged(), comparing(newFinding(id)).saying(textOneCharacter, at).since(textBadBlock, len(p.looks), block))
	return true
}

// otherText says of a text that decrypts whole, and that WeChat does not send, where it comes from.
func (a *analysis) otherText(p *proof) {
	plain := p.plain[:len(p.plain)-padding(p.plain, blockSize)]
	if name, members, ok := platformOf(plain); ok {
		a.add(newFinding("D28").saying(textPlatform, name).since(textMembers, members))
	} else if !json.Valid(plain) && len(p.looks) > 1 {
		a.onlyFirst(p)
	}
}

// onlyFirst handles a first block that alone does not read, or that breaks the JSON. Where the iv is wrong the rest is whole.
func (a *analysis) onlyFirst(p *proof) {
	s, ok := a.trueIV(p)
	if !ok && !p.looks[0].isText() && a.oneCharacter(p, []int{0}) {
		return
	}
	if f, missing := p.beheaded(); !ok && missing {
		a.add(f)
		return
	}
	if !ok && !completes(p.plain[blockSize:]) {
		if p.looks[0].isText() {
			return // text to the end: no block was altered, and it is nobody's JSON
		}
		first, last := chars(0, blockSize-1)
		a.add(newFinding("D34").saying(textAlteredAt, first, last).since(textBadBlock, len(p.looks), 0).since(textRestBroken))
		return
	}
	f := a.wrongIV(p)
	switch {
	case ok:
		f = f.since(textTrueIV, s.iv.text)
		a.settle(s.unchanged())
	case f.ID == "D32" && !p.certainStart():
		f = f.since(textMaybeCut)
	}
	a.blameIV(f)
}

// blameIV adds what the blocks say of the iv: to the finding that explains it already, if there is one.
func (a *analysis) blameIV(f Finding) {
	for i, known := range a.report.Findings {
		if known.ID == "D23" && a.nothingIV {
			a.report.Findings[i].Evidence = append(known.Evidence, f.Evidence...)
			a.merged = true
			return
		}
	}
	a.add(f)
}

func (a *analysis) wrongIV(p *proof) Finding {
	f := newFinding("D32")
	if p.caseOfIV(a.in.OpenID) {
		f = newFinding("D13").saying(textCaseOf, fieldIV.String()).since(textInField, fieldIV.String(), textOneCase.With(len(p.iv.text)))
	}
	if p.looks[0].isText() {
		f = f.since(textFirstBreaks, len(p.looks)-1)
	} else {
		f = f.since(textOnlyFirst, len(p.looks)-1)
	}
	if names := memberNames(p.plain[blockSize:]); names != "" {
		f = f.since(textReadable, names)
	}
	if len(p.iv.raw) != blockSize {
		f = f.since(textNoIV, len(a.texts[p.order.iv]))
	}
	return f
}

// open decrypts with an iv of bytes.
func (p *proof) open(iv []byte) (solution, error) {
	s := solution{
		key:   p.key,
		iv:    reading{text: base64.StdEncoding.EncodeToString(iv), raw: iv},
		data:  reading{text: base64.StdEncoding.EncodeToString(p.raw), raw: p.raw},
		order: orders()[0],
	}
	payload, err := opendata.Open(s.sessionKey(), s.envelope())
	s.payload = payload
	return s, err
}

var (
	textEndOnly      = lang.T{En: "the last of %d blocks does not read", Zh: "%d 个分组中的最后一个读不出"}
	textAtChars      = lang.T{En: "it is made of the characters %d to %d (counted from 0)", Zh: "对应第 %d 到 %d 个字符（从 0 数起）"}
	textTwoPayloads  = lang.T{En: "its first %d characters (of %d) decrypt by themselves", Zh: "前 %d 个字符（共 %d 个）单独可以解密"}
	textOtherPadding = lang.T{En: "the text is followed by %s", Zh: "正文之后是%s"}
	textTruncated    = lang.T{En: "The encryptedData was cut off at byte %d: %d characters arrived.", Zh: "encryptedData 在第 %d 字节处被截断：只收到 %d 个字符。"}
	textNotWhole     = lang.T{En: "%d bytes are not whole blocks of 16: %d are left over", Zh: "%d 字节不是 16 的整数倍，多出 %d 字节"}
	textNoEnd        = lang.T{En: "all blocks read, but the last one has no padding and the JSON is not closed", Zh: "所有分组都能读出，但最后一个没有填充，JSON 也没有结束"}
	textLeft         = lang.T{En: "what is left has the members %s", Zh: "剩下的部分含有字段 %s"}
	textLimit        = lang.T{En: "%d characters is a usual limit of a column, a log or a buffer, such as VARCHAR(%d)", Zh: "%d 个字符是列、日志或缓冲区常见的上限，例如 VARCHAR(%d)"}
	textBadBlock     = lang.T{En: "1 of %d blocks does not read: block %d", Zh: "%d 个分组中有 1 个读不出：第 %d 个"}
	textAlteredAt    = lang.T{En: "The encryptedData was altered within the characters %d to %d (counted from 0).", Zh: "encryptedData 在第 %d 到 %d 个字符之间被改动（从 0 数起）。"}
	textOneCharacter = lang.T{En: "One character of the encryptedData was altered, at index %d.", Zh: "encryptedData 有一个字符被改动，在下标 %d。"}
	textFirstBreaks  = lang.T{En: "block 0, the only one that the iv touches, breaks the JSON; the other %d are whole", Zh: "只受 iv 影响的第 0 个分组破坏了 JSON，其余 %d 个完好"}
	textOnlyFirst    = lang.T{En: "block 0, the only one that the iv touches, is noise; the other %d read", Zh: "只受 iv 影响的第 0 个分组是乱码，其余 %d 个都能读出"}
	textRestBroken   = lang.T{En: "the rest is no JSON behind any first block, so the iv is not all that is wrong", Zh: "无论第一个分组是什么，其余部分都不是合法的 JSON，所以不只是 iv 有误"}
	textReadable     = lang.T{En: "readable members: %s", Zh: "能读出的字段：%s"}
	textNoIV         = lang.T{En: "the iv is not base64 of 16 bytes (%d characters)", Zh: "iv 不是 16 字节的 base64（%d 个字符）"}
)
