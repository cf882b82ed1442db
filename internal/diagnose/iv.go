package diagnose

import (
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A beginning is what a plain text is known to start with: the 16 bytes that the iv is added to. With it the true iv follows, and what
// the rest of the text says has to agree.
type beginning struct {
	text   string
	agrees func(opendata.Payload) bool
}

// beginnings are the texts whose first 16 bytes are always the same; that of a profile depends on the openid.
func beginnings(openID wechat.OpenID) []beginning {
	list := []beginning{
		{`{"phoneNumber":"`, phoneAgrees},
		{`{"stepInfoList":`, func(p opendata.Payload) bool { return p.Kind == opendata.KindWeRun }},
		{`{"nickName":"微`, func(p opendata.Payload) bool { return strings.HasPrefix(string(p.Plain), `{"nickName":"微信用户"`) }},
	}
	const open = `{"openId":"`
	if known := blockSize - len(open); openID.Check() == nil {
		list = append(list, beginning{open + string(openID[:known]), func(p opendata.Payload) bool {
			return strings.HasPrefix(string(p.Plain), open+string(openID)+`"`)
		}})
	}
	return list
}

// phoneAgrees reports whether the number, which block 0 does not hold, ends in its pure form.
func phoneAgrees(p opendata.Payload) bool {
	number, pure := member(p.Plain, "phoneNumber"), member(p.Plain, "purePhoneNumber")
	return p.Kind == opendata.KindPhone && pure != "" && strings.HasSuffix(number, pure)
}

// trueIV computes the iv that the data was encrypted with. The findings say what became of it.
func (a *analysis) trueIV(p *proof) (solution, []Finding, bool) {
	before := p.ivOrZero()
	for _, start := range beginnings(a.in.OpenID) {
		iv := make([]byte, blockSize)
		for i := range iv {
			iv[i] = before[i] ^ p.plain[i] ^ start.text[i]
		}
		s, err := p.open(iv)
		if err != nil || !start.agrees(s.payload) {
			continue
		}
		f := a.wrongIV(p).since(textTrueIV, s.iv.text)
		s.key.changes, s.data.changes = nil, nil // they are told apart by provenKey
		if given := strings.TrimSpace(a.texts[fieldIV]); given != s.iv.text && strings.EqualFold(given, s.iv.text) {
			lost := newFinding("D13").saying(textCaseOf, fieldIV.String()).since(textTrueIV, s.iv.text)
			return s, []Finding{lost, f}, true
		}
		return s, []Finding{f}, true
	}
	return solution{}, nil, false
}

var (
	textTrueIV = lang.T{En: "the iv that belongs to this data is %s", Zh: "与这份数据对应的 iv 是 %s"}
)
