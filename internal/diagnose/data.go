package diagnose

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// Data finds out why in does not decrypt or verify. It costs about as much as a few hundred decryptions of a short payload, and a
// bounded number of passes over a long one.
func Data(in Input) Report {
	a := newAnalysis(in)
	payload, err := opendata.Open(in.SessionKey, in.Envelope)
	if err == nil {
		a.report.Err = a.opened(payload)
	} else {
		a.report.Err = err
		a.explain()
	}
	a.markRepairable()
	a.facts()
	a.listTests()
	return a.report
}

// markRepairable marks what the repair undid: everything but what the policy refuses.
func (a *analysis) markRepairable() {
	for i, f := range a.report.Findings {
		a.report.Findings[i].Repairable = a.report.Repaired != nil && f.ID != "D28" && f.ID != "D36" && f.ID != "D37"
	}
}

// An analysis is one run of [Data].
type analysis struct {
	in     Input
	texts  [3]string // by field
	report Report

	variantsOf   map[[2]field][]variant // of the first field's text, read as the second
	readingsOf   map[[2]field][]reading
	fromDocument bool // the data stands in the document, if anywhere

	nothingIV bool                    // the iv is empty or undefined
	merged    bool                    // a finding that was there has got more evidence
	notes     map[string]lang.Message // by id of a test: what was seen
	ran       map[string]bool
}

func newAnalysis(in Input) *analysis {
	texts := [3]string{in.SessionKey.Reveal(), in.IV, in.EncryptedData}
	fromDocument := in.EncryptedData == "" && in.Document != nil
	if fromDocument {
		texts[fieldData] = documentText(in.Document)
	}
	return &analysis{
		in:    in,
		texts: texts,

		fromDocument: fromDocument,

		variantsOf: map[[2]field][]variant{},
		readingsOf: map[[2]field][]reading{},
		notes:      map[string]lang.Message{},
		ran:        map[string]bool{},
	}
}

// variants are the texts that one input may have been, taken for another or for itself.
func (a *analysis) variants(of, as field) []variant {
	key := [2]field{of, as}
	if list, known := a.variantsOf[key]; known {
		return list
	}
	list := variants(as, a.texts[of])
	a.variantsOf[key] = list
	return list
}

func (a *analysis) readings(of, as field) []reading {
	key := [2]field{of, as}
	if list, known := a.readingsOf[key]; known {
		return list
	}
	list := readings(as, a.variants(of, as))
	a.readingsOf[key] = list
	return list
}

// add keeps one finding of each id: a second one, of another field, becomes evidence of the first.
func (a *analysis) add(findings ...Finding) {
next:
	for _, f := range findings {
		for i, known := range a.report.Findings {
			if known.ID == f.ID {
				a.report.Findings[i].Evidence = append(append(known.Evidence, f.Verdict), f.Evidence...)
				a.merged = true
				continue next
			}
		}
		a.report.Findings = append(a.report.Findings, f)
	}
}

func (a *analysis) found(id string) bool {
	for _, f := range a.report.Findings {
		if f.ID == id {
			return true
		}
	}
	return false
}

// opened looks at data that decrypts as it is. It returns what the policy says.
func (a *analysis) opened(payload opendata.Payload) error {
	key := reading{text: a.texts[fieldKey]}
	key.raw, _ = base64.StdEncoding.DecodeString(key.text)
	iv, _ := base64.StdEncoding.DecodeString(a.texts[fieldIV])
	data, _ := base64.StdEncoding.DecodeString(a.texts[fieldData])
	a.mapWith(key.raw, iv, data)
	_, err := a.in.Policy.Check(payload, a.in.Envelope, a.in.SessionKey)
	a.checked(payload, err)
	a.remark(payload)
	return err
}

// mapWith draws the block map.
func (a *analysis) mapWith(key, iv, data []byte) {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) != blockSize {
		return
	}
	a.report.Blocks = BlockMap{Blocks: mapBlocks(rawCBC(block, iv, data)), Bytes: len(data)}
}

// explain looks for the cause of a failure, what can be repaired first.
func (a *analysis) explain() {
	a.unwrap()
	a.ran["repairs"] = true
	if a.repaired() || a.otherKey() || a.lostPluses() {
		return
	}
	if a.misplaced(); a.found("D27") {
		return
	}
	if a.provenKey() {
		return
	}
	a.notAKey()
	if a.foreign() || a.caseLost() {
		return
	}
	a.wrongKey()
}

// repaired tries the inputs as they are and in every other order.
func (a *analysis) repaired() bool {
	for _, o := range orders() {
		s, ok := solve(a.readings(o.key, fieldKey), a.readings(o.iv, fieldIV), a.readings(o.data, fieldData), o, a.in.OpenID)
		if ok {
			a.settle(s)
			return true
		}
	}
	return false
}

// settle turns a solution into findings and what it opens.
func (a *analysis) settle(s solution, first ...Finding) {
	a.mapWith(s.key.raw, s.iv.raw, s.data.raw)
	if s.order.id != "" {
		first = append(first, a.swapped(s.order))
	}
	first = append(first, changed(s)...)
	if s.doubtful {
		if len(first) > 0 {
			first[0] = first[0].since(textDoubtful) // whichever it is, the first is told in full
		}
		a.add(first...)
		return
	}
	a.add(first...)
	envelope := s.envelope()
	envelope.RawData, envelope.Signature = a.in.RawData, a.in.Signature
	checks, err := a.in.Policy.Check(s.payload, envelope, s.sessionKey())
	a.report.Repaired = &Opened{SessionKey: s.sessionKey(), Envelope: envelope, Payload: s.payload, Checks: checks, Err: err}
	a.checked(s.payload, err)
	a.remark(s.payload)
}

// changed makes a finding of each kind of change, in the order in which they were undone.
func changed(s solution) []Finding {
	var list []Finding
	for _, part := range []struct {
		field   field
		changes []change
	}{{s.order.key, s.key.changes}, {s.order.iv, s.iv.changes}, {s.order.data, s.data.changes}} {
		for _, c := range part.changes {
			list = noted(list, c.id, textInField.With(part.field.String(), c.what))
		}
	}
	return list
}

// noted adds evidence to the finding of an id, and the finding where there is none yet.
func noted(list []Finding, id string, evidence lang.Message) []Finding {
	i := slices.IndexFunc(list, func(f Finding) bool { return f.ID == id })
	if i < 0 {
		i, list = len(list), append(list, newFinding(id))
	}
	list[i].Evidence = append(list[i].Evidence, evidence)
	return list
}

func (a *analysis) swapped(o order) Finding {
	f := newFinding(o.id)
	if o != orders()[1] && o != orders()[2] {
		f = f.saying(textOrder, o.key.String(), o.iv.String(), o.data.String())
	}
	return f.since(textLengths, len(a.texts[fieldKey]), len(a.texts[fieldIV]), len(a.texts[fieldData]))
}

// lostPluses repairs an encryptedData whose plus signs are gone, under a key that reads its first blocks. Data that holds whole blocks
// has lost none: it would have to be 21 at least.
func (a *analysis) lostPluses() bool {
	if len(a.readings(fieldData, fieldData)) > 0 {
		return false
	}
	ivs := a.readings(fieldIV, fieldIV)
	for _, v := range first(a.variants(fieldData, fieldData), maxPlain) {
		_, raw := lenient(v.text)
		for _, key := range a.readings(fieldKey, fieldKey) {
			block, err := aes.NewCipher(key.raw)
			if err != nil || len(raw) < blockSize {
				continue
			}
			iv := readingIV(block, ivs, raw)
			if iv.raw == nil && !reads(block, raw, 1) && !reads(block, raw, 2) && len(key.changes) > 0 {
				continue
			}
			text, places := restorePluses(block, iv.raw, v.text)
			whole, err := base64.StdEncoding.DecodeString(text)
			if text == "" || err != nil {
				continue
			}
			data := reading{text, whole, v.with("D02", text, textPlusesIn.With(len(places), places[0])).changes}
			if s, ok := solve([]reading{key}, ivs, []reading{data}, orders()[0], a.in.OpenID); ok {
				a.settle(s)
				return true
			}
		}
	}
	return false
}

// readingIV returns the first iv under which the first block reads; one without bytes if there is none.
func readingIV(block cipher.Block, ivs []reading, data []byte) reading {
	for _, iv := range ivs {
		if lookOf(rawBlock(block, iv.raw, data, 0)).isText() {
			return iv
		}
	}
	if len(ivs) == 1 {
		return ivs[0]
	}
	return reading{}
}

func reads(block cipher.Block, data []byte, i int) bool {
	return len(data) >= (i+1)*blockSize && lookOf(rawBlock(block, nil, data, i)).isText()
}

// maxPlain is how many readings of a text are tried where each costs a search.
const maxPlain = 4

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

// otherKey tries the keys of other logins.
func (a *analysis) otherKey() bool {
	if len(a.in.Keys) == 0 {
		a.notes["D31"] = textNeedsKeys.With()
		return false
	}
	a.ran["D31"] = true
	a.notes["D31"] = textOtherKeys.With(len(a.in.Keys))
	datas, ivs := a.readings(fieldData, fieldData), a.readings(fieldIV, fieldIV)
	for _, other := range a.in.Keys {
		key := reading{text: other.SessionKey.Reveal()}
		var err error
		if key.raw, err = other.SessionKey.Bytes(); err != nil {
			continue
		}
		if s, ok := solve([]reading{key}, ivs, datas, orders()[0], a.in.OpenID); ok {
			a.settle(s, a.ofLogin(other))
			return true
		}
	}
	return false
}

// checked turns what the policy refused into findings.
func (a *analysis) checked(payload opendata.Payload, err error) {
	if e, ok := errors.AsType[*opendata.AppIDError](err); ok {
		a.add(wrongApp(payload, e))
	}
	if e, ok := errors.AsType[*opendata.AgeError](err); ok {
		a.add(a.untimely(payload, e))
	}
}

var (
	textInField     = lang.T{En: "%s: %s", Zh: "%s：%s"}
	textLengths     = lang.T{En: "session_key has %d characters, iv %d, encryptedData %d", Zh: "session_key 有 %d 个字符，iv 有 %d 个，encryptedData 有 %d 个"}
	textOrder       = lang.T{En: "The values are in the wrong order: the session_key stands in %s, the iv in %s, the data in %s.", Zh: "三个值的顺序错了：session_key 填在 %s，iv 填在 %s，数据填在 %s。"}
	textPlusesIn    = lang.T{En: `%d "+" missing, the first at index %d`, Zh: "缺少 %d 个“+”，第一个应在下标 %d"}
	textNeedsKeys   = lang.T{En: "needs --keys FILE", Zh: "需要 --keys FILE"}
	textNoOtherKeys = lang.T{En: "no other key is known: --keys FILE gives some", Zh: "没有其他密钥可试，可用 --keys FILE 提供"}
	textOtherKeys   = lang.T{En: "%d other keys tried", Zh: "试过 %d 个其他密钥"}
	textDoubtful    = lang.T{En: "the iv can be read in several ways, which differ in the first 16 bytes of the text: there is no telling which is right", Zh: "iv 有不止一种还原方式，只是明文的前 16 个字节不同：无法判断哪种正确"}
	textWhole       = lang.T{En: "encryptedData has %d characters with the members of a whole result in them", Zh: "encryptedData 共 %d 个字符，里面是整个结果的各个字段"}
	textPhoneCode   = lang.T{En: "it has the code of the phone button as well: wxlogin phone CODE gives the number without any session_key", Zh: "其中还有手机号按钮的 code：wxlogin phone CODE 无需 session_key 即可得到号码"}
)
