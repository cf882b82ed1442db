package diagnose_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// testNow is the time of the tests; payloads were made a minute before.
var testNow = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const (
	testAppID  = "wx4f4bc4dec97d474b"
	otherAppID = "wx00000000000000aa"
)

// A sample is a good input on its way to becoming a bad one.
type sample struct {
	key, iv, data string
	plain         string
	openID        string
	in            diagnose.Input // what the three texts do not say
}

func (s *sample) input() diagnose.Input {
	in := s.in
	in.SessionKey = wechat.NewSessionKey(s.key)
	in.IV, in.EncryptedData = s.iv, s.data
	return in
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func randomText(r *rand.Rand, n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	alnum     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64URL = alnum + "-_"
	lowerHex  = "0123456789abcdef"
)

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var payloadKinds = []string{"userinfo", "anonymous", "phone", "werun", "group", "share"}

// plaintext writes a payload as WeChat does, in WeChat's order of members.
func plaintext(r *rand.Rand, kind, appID, openID string, at time.Time) string {
	mark := fmt.Sprintf(`"watermark":{"timestamp":%d,"appid":"%s"}}`, at.Unix(), appID)
	switch kind {
	case "userinfo":
		names := []string{"Band", "张三", "小明同学", "a", "O'Neil <b>", "😀 emoji"}
		return fmt.Sprintf(`{"openId":"%s","nickName":"%s","gender":%d,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/%s/0","unionId":"o%s",`,
			openID, names[r.IntN(len(names))], r.IntN(3), randomText(r, 80, alnum), randomText(r, 27, base64URL)) + mark
	case "anonymous":
		return `{"nickName":"微信用户","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/` +
			randomText(r, 90, alnum) + `/132",` + mark
	case "phone":
		number := "1" + randomText(r, 10, "0123456789")
		return fmt.Sprintf(`{"phoneNumber":"%s","purePhoneNumber":"%s","countryCode":"86",`, number, number) + mark
	case "werun":
		var days []string
		for i := range 31 {
			days = append(days, fmt.Sprintf(`{"timestamp":%d,"step":%d}`, at.Unix()-int64(86400*(31-i)), r.IntN(20000)))
		}
		return `{"stepInfoList":[` + strings.Join(days, ",") + `],` + mark
	case "group":
		return fmt.Sprintf(`{"opengid":"%s","open_single_roomid":"%s","group_openid":"%s","chat_type":3,`, randomText(r, 28, base64URL), "", randomText(r, 28, base64URL)) + mark
	}
	return fmt.Sprintf(`{"openGId":"t%s",`, randomText(r, 27, base64URL)) + mark
}

func newSample(t testing.TB, r *rand.Rand, kind string) *sample {
	t.Helper()
	s := &sample{openID: "o" + randomText(r, 27, base64URL)}
	s.plain = plaintext(r, kind, testAppID, s.openID, testNow.Add(-time.Minute))
	s.key = encode(randomBytes(r, 16))
	if !s.seal(t, r) {
		t.Fatal("a good sample is not sealed")
	}
	s.in.Policy = opendata.Policy{AppID: testAppID, Now: testNow}
	s.in.OpenID = wechat.OpenID(s.openID)
	return s
}

func (s *sample) seal(t testing.TB, r *rand.Rand) bool {
	t.Helper()
	envelope, err := opendata.Seal(wechat.NewSessionKey(s.key), randomBytes(r, 16), []byte(s.plain))
	if err != nil {
		return false // the key is damaged already
	}
	s.iv, s.data = envelope.IV, envelope.EncryptedData
	return true
}

// each applies a change to all texts.
func (s *sample) each(change func(string) string) bool {
	before := *s
	s.key, s.iv, s.data = change(s.key), change(s.iv), change(s.data)
	return before.key != s.key || before.iv != s.iv || before.data != s.data
}

// one applies a change to one of the texts.
func (s *sample) one(r *rand.Rand, change func(string) string) bool {
	text := []*string{&s.key, &s.iv, &s.data}[r.IntN(3)]
	before := *text
	*text = change(before)
	return *text != before
}

// A damage spoils a sample in the way of the diagnosis id. It reports false when there is nothing in the sample to spoil.
type damage struct {
	id    string
	spoil func(t testing.TB, r *rand.Rand, s *sample) bool
}

func transportDamages() []damage {
	text := func(id string, change func(r *rand.Rand, text string) string) damage {
		return damage{id, func(_ testing.TB, r *rand.Rand, s *sample) bool {
			f := func(text string) string { return change(r, text) }
			if r.IntN(2) == 0 {
				return s.one(r, f)
			}
			return s.each(f)
		}}
	}
	return []damage{
		text("D01", func(_ *rand.Rand, text string) string { return strings.ReplaceAll(text, "+", " ") }),
		text("D02", func(r *rand.Rand, text string) string {
			if r.IntN(2) == 0 {
				return strings.TrimPrefix(text, "+")
			}
			return strings.Replace(text, "+", "", 1+r.IntN(2))
		}),
		text("D03", func(r *rand.Rand, text string) string {
			for range 1 + r.IntN(2) {
				text = url.QueryEscape(text)
			}
			return text
		}),
		text("D04", func(r *rand.Rand, text string) string {
			if r.IntN(2) == 0 {
				return strings.ReplaceAll(text, "/", `\/`)
			}
			return strings.NewReplacer("+", `\u002b`, "=", `\u003d`).Replace(text)
		}),
		text("D05", func(r *rand.Rand, text string) string {
			for range 1 + r.IntN(2) {
				quoted, _ := json.Marshal(text)
				text = string(quoted)
			}
			return text
		}),
		text("D06", func(_ *rand.Rand, text string) string {
			return strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&#61;").Replace(text)
		}),
		text("D07", func(r *rand.Rand, text string) string {
			if text == "" {
				return text
			}
			stray := []string{"\n", "\r\n", "\t", "\u200b", "\ufeff", "\u00a0"}[r.IntN(6)]
			at := []int{0, len(text), r.IntN(len(text))}[r.IntN(3)]
			return text[:at] + stray + text[at:]
		}),
		text("D08", func(r *rand.Rand, text string) string {
			if r.IntN(2) == 0 {
				return strings.TrimRight(text, "=")
			}
			return strings.NewReplacer("+", "-", "/", "_").Replace(text)
		}),
		text("D09", func(_ *rand.Rand, text string) string {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				return hex.EncodeToString(raw)
			}
			return text
		}),
		text("D10", func(_ *rand.Rand, text string) string {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				return string(raw)
			}
			return text
		}),
		text("D11", func(_ *rand.Rand, text string) string { return encode([]byte(text)) }),
		text("D12", func(r *rand.Rand, text string) string {
			var b []byte
			if r.IntN(2) == 0 {
				b = append(b, 0xff, 0xfe)
			}
			for _, unit := range utf16.Encode([]rune(text)) {
				b = binary.LittleEndian.AppendUint16(b, unit)
			}
			return string(b)
		}),
		{"D14", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			if r.IntN(2) == 0 {
				return s.one(r, func(text string) string { return text + "=" })
			}
			text := []*string{&s.key, &s.iv}[r.IntN(2)]
			if len(*text) < 22 {
				return false
			}
			at := r.IntN(22)
			*text = (*text)[:at] + randomText(r, 1, alnum) + (*text)[at:]
			return true
		}},
		{"D15", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			return s.one(r, func(text string) string {
				at := len(strings.TrimRight(text, "=")) - 1
				if at < 0 || at == len(text)-1 {
					return text
				}
				const digits = alnum + "+/"
				for {
					changed := text[:at] + randomText(r, 1, digits) + text[at+1:]
					a, err := base64.StdEncoding.DecodeString(changed)
					b, err2 := base64.StdEncoding.DecodeString(text)
					if err == nil && err2 == nil && string(a) == string(b) && changed != text {
						return changed
					}
					if err2 != nil {
						return text
					}
				}
			})
		}},
	}
}

func fieldDamages() []damage {
	return []damage{
		{"D20", func(_ testing.TB, _ *rand.Rand, s *sample) bool { s.iv, s.data = s.data, s.iv; return true }},
		{"D21", func(_ testing.TB, _ *rand.Rand, s *sample) bool { s.key, s.iv = s.iv, s.key; return true }},
		{"D22", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			s.key = []string{
				"0" + randomText(r, 1, lowerHex) + randomText(r, 30, alnum), s.openID, randomText(r, 32, lowerHex), randomText(r, 64, lowerHex),
				"eyJhbGciOiJIUzI1NiJ9." + randomText(r, 40, base64URL) + "." + randomText(r, 43, base64URL), testAppID,
				"81_" + randomText(r, 120, base64URL),
			}[r.IntN(7)]
			return true
		}},
		{"D23", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			*[]*string{&s.key, &s.iv, &s.data}[r.IntN(3)] = []string{"", "undefined", "null", "[object Object]", "<nil>", "None"}[r.IntN(6)]
			return true
		}},
		{"D24", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			s.key = []string{"mock_session_key_" + randomText(r, 6, lowerHex), "test-session-key", "your_session_key", "fake_key_1234567890"}[r.IntN(4)]
			return true
		}},
		{"D25", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			s.data = []string{`{"nickName":"Band","gender":1,"language":"zh_CN","city":"","province":"","country":"CN","avatarUrl":"http://wx.qlogo.cn/x"}`,
				randomText(r, 40, lowerHex)}[r.IntN(2)]
			return true
		}},
		{"D26", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			switch r.IntN(3) {
			case 0:
				whole, _ := json.Marshal(map[string]string{"errMsg": "getPhoneNumber:ok", "encryptedData": s.data, "iv": s.iv, "code": randomText(r, 64, lowerHex)})
				s.data = string(whole)
			case 1:
				whole, _ := json.Marshal(map[string]any{"type": "getphonenumber", "detail": map[string]string{"encryptedData": s.data, "iv": s.iv}})
				s.data = string(whole)
			default:
				s.data = url.Values{"encryptedData": {s.data}, "iv": {s.iv}}.Encode()
			}
			return true
		}},
		{"D27", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			s.in.ErrMsg = redact.Untrusted([]string{"getPhoneNumber:fail user deny", "getUserInfo:fail no permission"}[r.IntN(2)])
			s.iv, s.data = "", ""
			return true
		}},
		{"D28", func(t testing.TB, r *rand.Rand, s *sample) bool {
			s.plain = []string{
				`{"openId":"x","nickName":"a","watermark":{"appId":"61c0000000000","timestamp":1700000000}}`,
				`{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86","watermark":{"appid":"tt07e3715e98c9aac0","timestamp":1764158340}}`,
				`{"code":"10000","msg":"Success","mobile":"1597671905"}`,
				`{"corpid":"ww0000000000000000","userid":"zhangsan","watermark":{"appid":"ww0000000000000000","timestamp":1764158340}}`,
			}[r.IntN(4)]
			return s.seal(t, r)
		}},
		{"D29", func(_ testing.TB, r *rand.Rand, s *sample) bool {
			if r.IntN(3) == 0 {
				s.data = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[` + s.data + `]]></Encrypt></xml>`
				return true
			}
			key := randomBytes(r, 32)
			body := `{"ToUserName":"gh_0123456789ab","MsgType":"event"}`
			plain := binary.BigEndian.AppendUint32(randomBytes(r, 16), uint32(len(body)))
			plain = append(plain, body+testAppID...)
			pad := 32 - len(plain)%32
			plain = append(plain, strings.Repeat(string(rune(pad)), pad)...)
			block, _ := aes.NewCipher(key)
			cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(plain, plain)
			s.key, s.data = base64.RawStdEncoding.EncodeToString(key), encode(plain)
			return true
		}},
	}
}
