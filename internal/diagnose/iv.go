package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A beginning is what a plain text is known to start with: the 16 bytes that the iv is added to. With it the true iv follows, and what
// the rest of the text says has to agree. The 16 bytes after these count most: they change, too, when it is not the iv that is wrong but
// the first block of the data.
type beginning struct {
	text   string
	agrees func(opendata.Payload) bool
}

// beginnings are the texts whose first 16 bytes are always the same; that of a profile depends on the openid.
func beginnings(openID wechat.OpenID) []beginning {
	list := []beginning{
		{`{"phoneNumber":"`, phoneAgrees},
		{`{"stepInfoList":`, stepsAgree},
		{`{"nickName":"微`, func(p opendata.Payload) bool {
			return strings.HasPrefix(string(p.Plain), `{"nickName":"微信用户","gender":`)
		}},
	}
	const open = `{"openId":"`
	if known := blockSize - len(open); openID.Check() == nil {
		list = append(list, beginning{open + string(openID[:known]), func(p opendata.Payload) bool {
			return strings.HasPrefix(string(p.Plain), open+string(openID)+`"`)
		}})
	}
	return list
}

// phoneAgrees reports whether the number, which block 0 does not hold, is its pure form, with the code of its country or without.
func phoneAgrees(p opendata.Payload) bool {
	number, pure := member(p.Plain, "phoneNumber"), member(p.Plain, "purePhoneNumber")
	before, ends := strings.CutSuffix(number, pure)
	code := strings.TrimPrefix(before, "+")
	return p.Kind == opendata.KindPhone && pure != "" && ends && (before == "" || code == member(p.Plain, "countryCode"))
}

// stepsAgree reports whether the first day is the one before the second.
func stepsAgree(p opendata.Payload) bool {
	var run struct {
		Days []struct {
			Timestamp int64 `json:"timestamp"`
			Step      *int  `json:"step"`
		} `json:"stepInfoList"`
	}
	const day = 24 * 60 * 60
	return json.Unmarshal(p.Plain, &run) == nil && len(run.Days) > 1 && run.Days[0].Step != nil && run.Days[1].Timestamp-run.Days[0].Timestamp == day
}

// trueIV computes the iv that the data was encrypted with, and opens the data with it.
func (a *analysis) trueIV(p *proof) (solution, bool) {
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
		return s, true
	}
	return solution{}, false
}

// openings are what the first 16 bytes of plain texts are known to be, as far as they are.
func openings(openID wechat.OpenID) []string {
	list := []string{`{"phoneNumber":"`, `{"stepInfoList":`, `{"openId":"`, `{"nickName":"`, `{"nickName":"微`, `{"opengid":"`, `{"openGId":"`, `{"kv_list":[{"`, `{"KVDataList":[{`}
	if openID.Check() == nil {
		list = append(list, (`{"openId":"` + string(openID))[:blockSize])
	}
	return list
}

// maxKnownDigits is how many digits of an iv the openings fix at most. The last one but "==" may be lost with its case.
const maxKnownDigits = 20

// caseOfIV reports whether the iv given differs from the true one in the case of its letters, as far as the true one is known.
func (p *proof) caseOfIV(openID wechat.OpenID) bool {
	given := p.iv.text
	if len(p.iv.raw) != blockSize || !oneCase(given[:maxKnownDigits]) {
		return false
	}
	for _, text := range openings(openID) {
		iv := make([]byte, len(text)/quadBytes*quadBytes)
		for i := range iv {
			iv[i] = p.iv.raw[i] ^ p.plain[i] ^ text[i]
		}
		if known := base64.StdEncoding.EncodeToString(iv); len(known) <= maxKnownDigits && strings.EqualFold(known, given[:len(known)]) {
			return true
		}
	}
	return false
}

// completes reports whether what follows the first block would complete to JSON behind some 16 bytes. The iv touches nothing else, so
// that it must where only the iv is wrong.
func completes(rest []byte) bool {
	rest = rest[:len(rest)-padding(rest, blockSize)]
	for _, start := range append(openings(""), `{"`, `{"a":`, `{"a":"`, `{"a":1`, `{"a":{"`, `{"a":{"a":`, `{"a":{"a":"`, `{"a":[{"`, `{"a":[{"a":`, `{"a":[{"a":"`, `[{"a":"`, `[{"`) {
		for _, between := range []string{"", `"`, `,"`, `","`} { // the end of the block may be anywhere within a member
			if json.Valid([]byte(start + between + string(rest))) {
				return true
			}
		}
	}
	return false
}

var textTrueIV = lang.T{En: "the iv that belongs to this data is %s", Zh: "与这份数据对应的 iv 是 %s"}
