package diagnose

import (
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// wrongKey says that key and data do not belong together. That is proven by two blocks at least that do not read; one alone may be the
// iv's doing. Of many one may read by chance: 16 random bytes are text with a probability of 1.2e-5.
func (a *analysis) wrongKey() {
	keys, datas := asText(a.readings(fieldKey, fieldKey)), asText(a.readings(fieldData, fieldData))
	if len(a.report.Findings) > 0 || len(keys) == 0 || len(datas) == 0 {
		return
	}
	a.ran["D30"] = true
	iv := make([]byte, blockSize)
	if ivs := a.readings(fieldIV, fieldIV); len(ivs) > 0 {
		iv = ivs[0].raw
	}
	a.mapWith(keys[0].raw, iv, datas[0].raw)
	count := len(a.report.Blocks.Blocks)
	byChance := a.report.Blocks.Readable()
	if count < 2 || byChance > 0 && byChance*mostByChance > count {
		return
	}
	f := newFinding("D30").since(textNoBlock, count-byChance, count)
	for _, part := range []struct {
		field field
		list  []reading
	}{{fieldKey, keys}, {fieldData, datas}} {
		for _, c := range part.list[0].changes {
			f = f.since(textInField, part.field.String(), c.what)
		}
	}
	if oneCase(keys[0].text) {
		f = f.since(textKeyOneCase)
	}
	if n := len(a.in.Keys); n > 0 {
		f = f.since(textOtherKeys, n)
	} else {
		f = f.since(textNoOtherKeys)
	}
	if a.in.RawData != "" && a.in.Signature != "" {
		if opendata.VerifySignature(a.in.RawData, a.in.Signature, a.in.SessionKey) == nil {
			f = f.since(textKeySigned)
		} else {
			f = f.since(textKeyDidNotSign)
		}
	}
	if hasPhoneCode(a.in.Document) {
		f = f.since(textPhoneCode)
	}
	a.add(f)
}

// mostByChance is how many blocks there are at least for each that reads by chance. Of so few two would, by chance, once in 2e8 inputs.
const mostByChance = 8

// asText leaves out the readings that take a text for bytes: any text of a fitting length can be taken for such.
func asText(list []reading) []reading {
	return slices.DeleteFunc(slices.Clone(list), func(r reading) bool {
		return slices.ContainsFunc(r.changes, func(c change) bool { return c.id == "D10" })
	})
}

// foreign knows what is encrypted otherwise than open data.
func (a *analysis) foreign() bool {
	a.ran["foreign"] = true
	datas := a.readings(fieldData, fieldData)
	before := len(a.report.Findings)
	a.messagePush(datas)
	if len(a.report.Findings) == before {
		a.otherAES(datas)
	}
	if len(a.report.Findings) == before {
		a.ecb(datas)
	}
	return len(a.report.Findings) > before
}

// An EncodingAESKey is 43 characters of base64 that hold 32 bytes; a message is 16 random bytes, its length, itself, and an appid.
const (
	aesKeyDigits  = 43
	messageHeader = 16 + 4
)

func (a *analysis) messagePush(datas []reading) {
	for _, v := range first(a.variants(fieldKey, fieldKey), maxPlain) {
		digits := strings.TrimRight(v.text, "=")
		key, err := unbase64(base64.RawStdEncoding, digits)
		if err != nil || len(digits) != aesKeyDigits {
			continue
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			continue // the decoder skips line ends, so that fewer bytes may be left
		}
		for _, data := range first(datas, maxPlain) {
			plain := rawCBC(block, key[:blockSize], data.raw)
			if appID, ok := message(plain); ok {
				a.add(newFinding("D29").since(textAESKey).since(textReceiver, appID))
				return
			}
		}
	}
}

// message reads the appid that a message is for.
func message(plain []byte) (string, bool) {
	count := padding(plain, 2*blockSize)
	if count == 0 || len(plain)-count < messageHeader {
		return "", false
	}
	plain = plain[:len(plain)-count]
	size := int64(binary.BigEndian.Uint32(plain[messageHeader-4:]))
	body := plain[messageHeader:]
	if size == 0 || size > int64(len(body)) || unreadable(body) > 0 {
		return "", false
	}
	return redact.Shorten(string(body[size:]), 40), true
}

// otherAES knows keys of AES-192 and AES-256, and code that takes the text of the key for the key.
func (a *analysis) otherAES(datas []reading) {
	for _, v := range first(a.variants(fieldKey, fieldKey), maxPlain*2) {
		raw, err := unbase64(base64.StdEncoding, v.text)
		if err == nil && (len(raw) == 24 || len(raw) == 32) && !a.found("D22") && !isText(raw) && !isHex(v.text, 2*blockSize) {
			a.add(newFinding("D40").since(textKeySize, len(a.texts[fieldKey]), len(raw)))
			return
		}
	}
	var keys [][]byte
	text := strings.TrimSpace(a.texts[fieldKey])
	for _, size := range []int{24, 32} {
		if len(text) == size {
			keys = append(keys, []byte(text))
		}
	}
	for _, key := range keys {
		for _, data := range first(datas, maxPlain) {
			if count := len(data.raw) / blockSize; count > 1 && fits(key, data.raw) {
				a.add(newFinding("D40").since(textTextAsKey, len(key), 8*len(key)))
				return
			}
		}
	}
}

// ecb knows data whose blocks were encrypted one by one.
func (a *analysis) ecb(datas []reading) {
	for _, key := range first(a.readings(fieldKey, fieldKey), maxPlain) {
		block, err := aes.NewCipher(key.raw)
		if err != nil {
			continue
		}
		for _, data := range first(datas, maxPlain) {
			if len(data.raw) < 2*blockSize {
				continue
			}
			one, two := make([]byte, blockSize), make([]byte, blockSize)
			block.Decrypt(one, data.raw)
			block.Decrypt(two, data.raw[blockSize:])
			if lookOf(one).isText() && lookOf(two).isText() {
				a.add(newFinding("D41").since(textECB))
				return
			}
		}
	}
}

// ofLogin says to which login a key belongs, and how that one stands to the one whose key was given.
func (a *analysis) ofLogin(k Key) Finding {
	f := newFinding("D31")
	used := a.in.KeyTime
	switch {
	case k.Obtained.IsZero():
	case used.IsZero() || used.Equal(k.Obtained):
		f = f.saying(textLoginAt, moment(k.Obtained))
	case k.Obtained.After(used):
		f = f.saying(textLaterLogin, moment(k.Obtained), moment(used)).since(textLaterCause)
	default:
		f = f.saying(textEarlierLogin, moment(k.Obtained), moment(used)).since(textEarlierCause)
	}
	if !k.Replaced.IsZero() {
		f = f.since(textReplaced, moment(k.Replaced))
	}
	if k.OpenID != "" && k.OpenID != a.in.OpenID {
		f = f.since(textOtherUser, redact.Shorten(string(k.OpenID), 40))
	}
	return f
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func wrongApp(payload opendata.Payload, e *opendata.AppIDError) Finding {
	got, want := redact.Shorten(string(e.Got), 40), redact.Shorten(string(e.Want), 40)
	if name, members, ok := platformOf(payload.Plain); ok {
		return newFinding("D28").saying(textPlatform, name).since(textMembers, members).since(textTwoAppIDs, got, want)
	}
	return newFinding("D36").saying(textOtherApp, got, want).since(textKeyIsRight)
}

// untimely says how far the data is off.
func (a *analysis) untimely(payload opendata.Payload, e *opendata.AgeError) Finding {
	f := newFinding("D37")
	at := moment(payload.Watermark.Timestamp)
	if e.Age < 0 {
		return f.saying(textFromFuture, at, e.Age.Abs().Round(time.Second).String())
	}
	return f.saying(textTooOld, at, e.Age.Round(time.Second).String(), e.Max.String())
}

// remark notes what is surprising about data that decrypts and that the policy lets pass.
func (a *analysis) remark(payload opendata.Payload) {
	a.ran["remarks"] = true
	var notes []Finding
	switch payload.Kind {
	case opendata.KindUserInfo:
		nick, id := member(payload.Plain, "nickName"), member(payload.Plain, "openId")
		if nick == "微信用户" || id == "" {
			f := newFinding("D38")
			if id == "" {
				f = f.since(textNoOpenID)
			}
			notes = append(notes, f)
		}
	case opendata.KindPhone:
		code, pure := member(payload.Plain, "countryCode"), member(payload.Plain, "purePhoneNumber")
		if code != "86" || pure == "" {
			notes = append(notes, newFinding("D39").since(textCountryCode, redact.Shorten(code, 8)))
		}
	}
	if ahead := a.in.Policy.Ahead(payload.Watermark); ahead > 0 && !a.found("D37") {
		notes = append(notes, a.untimely(payload, &opendata.AgeError{Age: -ahead}))
	}
	a.report.Notes = append(a.report.Notes, notes...)
}

// member returns a string or a number of a JSON object.
func member(object []byte, name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return ""
	}
	value := string(members[name])
	var text string
	if json.Unmarshal(members[name], &text) == nil {
		value = text
	}
	return value
}

// platformOf names the platform that a plain text comes from, by its members and by the form of its appid.
func platformOf(plain []byte) (name lang.T, members string, ok bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(plain, &object) != nil {
		return lang.T{}, "", false
	}
	var mark map[string]json.RawMessage
	_ = json.Unmarshal(object["watermark"], &mark)
	var appID string
	_ = json.Unmarshal(mark["appid"], &appID)
	var named string // by Xiaohongshu, and by whoever writes the member so
	_ = json.Unmarshal(mark["appId"], &named)
	has := func(set map[string]json.RawMessage, name string) bool { _, ok := set[name]; return ok }
	switch {
	case strings.HasPrefix(appID, "tt"):
		return platformDouyin, "watermark.appid tt…", true
	case strings.HasPrefix(named, "tt"):
		return platformDouyin, "watermark.appId tt…", true
	case has(object, "userid") && has(object, "corpid"):
		return platformWeCom, "userid, corpid", true
	case strings.HasPrefix(appID, "ww"):
		return platformWeCom, "watermark.appid ww…", true
	case has(mark, "appId"):
		return lang.T{En: "Xiaohongshu", Zh: "小红书"}, "watermark.appId", true
	case has(object, "mobile") && has(object, "code") && has(object, "msg"):
		return platformAlipay, "code, msg, mobile", true
	case has(object, "mobile") && has(object, "openid"):
		return lang.T{En: "Baidu", Zh: "百度"}, "mobile, openid", true
	case appID != "" && strings.Trim(appID, "0123456789") == "":
		return lang.T{En: "QQ", Zh: "QQ 小程序"}, "watermark.appid", true
	}
	return lang.T{}, "", false
}

var (
	textNoBlock       = lang.T{En: "under this key %d of %d blocks are noise", Zh: "用这个密钥，有 %d 个分组（共 %d 个）是乱码"}
	textKeyOneCase    = lang.T{En: "all letters of the key are of one case, which is rare: something may have changed it", Zh: "密钥的字母只有一种大小写，这很少见：可能被改动过"}
	textKeySigned     = lang.T{En: "the signature does belong to rawData under this key: key and profile are of one login, the data is of another", Zh: "而 signature 与 rawData 在此密钥下相符：密钥与资料属于同一次登录，数据属于另一次"}
	textKeyDidNotSign = lang.T{En: "the signature does not belong to rawData under this key either", Zh: "signature 与 rawData 在此密钥下也不相符"}
	textAESKey        = lang.T{En: "it decrypts under the 43 characters given as session_key, an EncodingAESKey", Zh: "用填在 session_key 处的 43 个字符（EncodingAESKey）可以解开"}
	textReceiver      = lang.T{En: "the message is for %s", Zh: "消息的接收方是 %s"}
	textKeySize       = lang.T{En: "the session_key has %d characters that hold %d bytes", Zh: "session_key 有 %d 个字符，解码为 %d 字节"}
	textTextAsKey     = lang.T{En: "it decrypts with the %d characters of the session_key themselves as key of AES-%d", Zh: "直接以 session_key 的 %d 个字符作为 AES-%d 的密钥可以解密"}
	textECB           = lang.T{En: "its blocks read one by one, without an iv: that is ECB mode", Zh: "各分组无需 iv 即可单独读出：这是 ECB 模式"}
	textLoginAt       = lang.T{En: "The data was encrypted under the session_key of the login at %s.", Zh: "数据是用 %s 那次登录的 session_key 加密的。"}
	textLaterLogin    = lang.T{En: "The data was encrypted under the session_key of the login at %s; the key given is of the earlier one at %s.", Zh: "数据是用 %s 那次登录的 session_key 加密的；给出的密钥属于更早的 %s 那次。"}
	textEarlierLogin  = lang.T{En: "The data was encrypted under the session_key of the login at %s; the key given is of the later one at %s.", Zh: "数据是用 %s 那次登录的 session_key 加密的；给出的密钥属于更晚的 %s 那次。"}
	textLaterCause    = lang.T{En: "the server has not stored, or not used, the newest key", Zh: "服务端没有保存或没有使用最新的密钥"}
	textEarlierCause  = lang.T{En: "the mini program called wx.login again after it had asked for the data", Zh: "小程序在获取数据之后又调用了 wx.login"}
	textReplaced      = lang.T{En: "that key was replaced at %s", Zh: "该密钥已于 %s 被更换"}
	textOtherUser     = lang.T{En: "that key belongs to another user, openid %s", Zh: "该密钥属于另一个用户，openid 为 %s"}
	textOtherApp      = lang.T{En: "The data was made for appid %s, but %s is configured.", Zh: "数据属于 appid %s，而配置的是 %s。"}
	textTwoAppIDs     = lang.T{En: "the data says appid %s, configured is %s", Zh: "数据中的 appid 是 %s，配置的是 %s"}
	textKeyIsRight    = lang.T{En: "session_key and iv are right: it decrypts", Zh: "session_key 与 iv 都正确：可以解密"}
	textFromFuture    = lang.T{En: "The data was made at %s, which is %s in the future.", Zh: "数据生成于 %s，比现在晚 %s。"}
	textTooOld        = lang.T{En: "The data was made at %s, %s ago; %s are allowed.", Zh: "数据生成于 %s，已过去 %s；允许的是 %s。"}
	textNoOpenID      = lang.T{En: "it has no openId", Zh: "其中没有 openId"}
	textCountryCode   = lang.T{En: "countryCode is %s", Zh: "countryCode 是 %s"}
)
