package diagnose

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Phrase is an error text of some stack, as far as it is the same every time, and what it means.
type Phrase struct {
	Text   string   // lower-case, without what varies
	Stacks string   // who writes it, for people
	IDs    []string // of the diagnoses that are behind it, likeliest first
	Note   lang.T   // where the text says more than the diagnoses; empty for most
}

// An Explanation is what an error text or a number says.
type Explanation struct {
	Phrase   *Phrase // the phrase that was found; nil for errcodes and rates
	Line     string  // of the text, where it was found
	ErrCodes []wechat.Entry
	Unknown  []wechat.ErrCode // numbers that look like errcodes, which the catalogue does not know
	Likely   []Entry
}

// maxExplained bounds the text that is searched: a log line, or the stack trace around it.
const maxExplained = 1 << 20

// Explain looks for what it knows in an error text: a whole log line or stack trace may be around it. An errcode of WeChat says more
// than the text of a library, and of several texts the most telling one counts: the innermost cause.
func Explain(text string) Explanation {
	if len(text) > maxExplained {
		text = text[:maxExplained]
	}
	var e Explanation
	known, unknown := errCodesIn(text)
	if e.ErrCodes, e.Unknown = known, unknown; len(known) > 0 {
		for _, entry := range known {
			e.Likely = appendEntries(e.Likely, causesOfErrCode(entry.Code)...)
		}
		if len(e.Likely) == 0 && known[0].Family != wechat.FamilyDemo {
			return e
		}
	}
	lower := strings.ToLower(text)
	best := -1
	for i := range phrases {
		at := strings.Index(lower, phrases[i].Text)
		if at < 0 || best >= 0 && len(phrases[best].Text) >= len(phrases[i].Text) {
			continue
		}
		best, e.Line = i, lineAround(text, lower, at, len(phrases[i].Text))
	}
	if best >= 0 {
		phrase := phrases[best]
		e.Phrase = &phrase
		e.Likely = appendEntries(e.Likely, phrases[best].IDs...)
	}
	return e
}

// lineAround returns the line of text at an index of its lower-case form, in which letters may have other lengths. What stands around
// the phrase is masked where it looks like a secret.
func lineAround(text, lower string, at, size int) string {
	if len(text) != len(lower) {
		text = lower
	}
	start := strings.LastIndexByte(text[:at], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[at+size:], '\n'); i >= 0 {
		end = at + size + i
	}
	const shown = 160
	if at-start > shown/2 {
		start = at - shown/2
		for start < at && text[start]&0xc0 == 0x80 {
			start++
		}
	}
	return redact.Shorten(strings.TrimSpace(masked(text[start:at])+text[at:at+size]+masked(text[at+size:end])), shown)
}

// longWord is what no word of a message has without being a key, a token or a number of somebody: so many letters and digits in a row.
const longWord = 20

// nameOfCode is what names such as ERR_INVALID_ARG_TYPE are made of, and no secret of that length alone.
const nameOfCode = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"

// masked replaces in a line of a log what may be a secret: phone numbers, and long words that have digits or signs of base64 in them.
func masked(line string) string {
	var b strings.Builder
	for len(line) > 0 {
		n := 0
		digits, letters := 0, 0
		for n < len(line) && strings.IndexByte(base64Digits+"_", line[n]) >= 0 {
			switch c := line[n]; {
			case '0' <= c && c <= '9':
				digits++
			case c == '+' || c == '/' || c == '_':
				digits++
			default:
				letters++
			}
			n++
		}
		switch {
		case n == 0:
			b.WriteByte(line[0])
			line = line[1:]
			continue
		case n >= longWord && digits > 0 && strings.Trim(line[:n], nameOfCode) != "", letters == 0 && digits >= phoneDigits:
			b.WriteString(redact.NewSecret(line[:n]).Hint())
		default:
			b.WriteString(line[:n])
		}
		line = line[n:]
	}
	return b.String()
}

// phoneDigits is how many digits a phone number of mainland China has.
const phoneDigits = 11

func appendEntries(list []Entry, ids ...string) []Entry {
next:
	for _, id := range ids {
		for _, e := range list {
			if e.ID == id {
				continue next
			}
		}
		if e, ok := Lookup(id); ok {
			list = append(list, e)
		}
	}
	return list
}

// errCodesIn finds errcodes in a text: named ones, numbers that the catalogue knows, and a text that is a number and nothing else.
func errCodesIn(text string) (known []wechat.Entry, unknown []wechat.ErrCode) {
	add := func(digits string, named bool) {
		n, err := strconv.Atoi(digits)
		if err != nil || n == 0 || n == 200 {
			return
		}
		for _, e := range known {
			if int(e.Code) == n {
				return
			}
		}
		if entry, ok := wechat.Lookup(wechat.ErrCode(n)); ok {
			known = append(known, entry)
		} else if named && len(unknown) < maxCodes {
			unknown = append(unknown, wechat.ErrCode(n))
		}
	}
	if trimmed := strings.TrimSpace(text); len(trimmed) <= 7 {
		add(trimmed, true)
		return known, unknown
	}
	// Programs write an errcode behind its name; a number alone counts when the catalogue has it. (Compiled here, and not at each start.)
	namedCode := regexp.MustCompile(`(?i)\b(?:err_?code|error[ _]?code|code|ret)\b["']?\s*[:=（(：]\s*["']?(-?\d{1,6})\b`)
	bareCode := regexp.MustCompile(`(?:^|[^\w.-])(-?\d{5,6})(?:[^\w.-]|$)`)
	for _, m := range namedCode.FindAllStringSubmatch(text, maxCodes) {
		add(m[1], len(m[1]) >= 5)
	}
	for _, m := range bareCode.FindAllStringSubmatch(text, maxCodes) {
		add(m[1], false)
	}
	if len(known) == 0 {
		known = errMsgIn(strings.ToLower(text))
	}
	return known, unknown
}

// minErrMsg is the length of the shortest errmsg that is looked for without its number: "missing code".
const minErrMsg = 12

// errMsgIn finds the longest of WeChat's own texts.
func errMsgIn(lower string) []wechat.Entry {
	var found []wechat.Entry
	longest := 0
	for e := range wechat.Catalogue() {
		msg := strings.ToLower(e.ErrMsg)
		if len(msg) >= minErrMsg && len(msg) > longest && strings.Contains(lower, msg) {
			found, longest = []wechat.Entry{e}, len(msg)
		}
	}
	return found
}

// maxCodes bounds how many numbers of a text are looked up.
const maxCodes = 16

// causesOfErrCode returns the diagnoses behind a code of WeChat's sample code, which no server sends.
func causesOfErrCode(code wechat.ErrCode) []string {
	switch code {
	case -41001:
		return []string{"D23", "D22", "D24", "D10", "D02"}
	case -41002:
		return []string{"D20", "D23", "D02", "D10"}
	case -41003:
		return []string{"D30", "D01", "D36", "D33"}
	case -41004, -41005:
		return []string{"D01", "D03", "D05", "D08"}
	}
	return nil
}

// Confirm returns the command that shows whether it is this cause.
func (e Entry) Confirm() string {
	const decrypt = "wxlogin decrypt payload.json"
	switch e.ID {
	case "D31":
		return decrypt + " --keys keys.txt"
	case "D36":
		return decrypt + " --appid APPID"
	case "D37":
		return decrypt + " --max-age 5m"
	}
	return decrypt
}

// A Rate is what a share of failing decryptions fits.
type Rate struct {
	Reason lang.T
	IDs    []string
}

// Entries returns the causes, likeliest first.
func (r Rate) Entries() []Entry { return appendEntries(nil, r.IDs...) }

// Fingerprint says what fits a share of failures, in percent. The shares are arithmetic: a random text of 22 base64 digits has a "+"
// with a probability of 1-(63/64)^22 = 29.3 %, and one of 216 digits with 96.7 %.
func Fingerprint(percent float64) []Rate {
	var list []Rate
	add := func(low, high float64, reason lang.T, ids ...string) {
		if low <= percent && percent <= high {
			list = append(list, Rate{reason, ids})
		}
	}
	add(99.5, 100, lang.T{En: "every one fails: a setting is wrong, not a value. The key of another user or app, a wrong field, or everything is escaped once too often.", Zh: "全部失败：是设置有误，而不是个别值。密钥属于别的用户或小程序、填错了字段，或所有值都多转义了一次。"}, "D30", "D36", "D20", "D03", "D05", "D22", "D23")
	add(90, 99.4, lang.T{En: `a phone ciphertext of 216 characters has a "+" in 97 of 100 cases: the encryptedData loses its plus signs, iv and session_key do not.`, Zh: "216 个字符的手机号密文，100 个中有 97 个含“+”：encryptedData 丢了“+”，而 iv 与 session_key 没有。"}, "D01", "D02")
	add(45, 55, lang.T{En: `of two texts with 22 random digits, iv and session_key, one has a "+" in 50 of 100 cases: both lose their plus signs.`, Zh: "iv 与 session_key 两个值，100 次中有 50 次至少一个含“+”：两者都丢了“+”。"}, "D01", "D02")
	add(24, 35, lang.T{En: `an iv or a session_key has a "+" in 29 of 100 cases: one of them loses its plus signs.`, Zh: "iv 或 session_key，100 个中有 29 个含“+”：其中一个丢了“+”。"}, "D01", "D02")
	add(0.01, 28, lang.T{En: "session keys are replaced between the tap and the upload, which fails 2 to 25 of 100 times, most after half an hour without use.", Zh: "点击与上传之间密钥被更换：100 次中会失败 2 到 25 次，闲置半小时以上最常见。"}, "D31", "D30")
	add(0.01, 2, lang.T{En: "long payloads are cut by a column or a log, and short ones are not; or single characters change.", Zh: "较长的数据被列或日志截断，短的没有；或个别字符被改动。"}, "D33", "D34")
	add(12, 13, lang.T{En: "one wrong key in eight passes a lenient check of the padding: in a test with random keys, that many seem to decrypt, to noise.", Zh: "宽松的填充检查会放过八分之一的错误密钥：看似解密成功，其实是乱码。"}, "D30")
	return list
}
