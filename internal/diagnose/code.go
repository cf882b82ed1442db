package diagnose

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A CodeUse says what a code is about to be exchanged for, or that a call carries none.
type CodeUse int

// The uses.
const (
	UseLogin   CodeUse = iota // code2Session
	UsePhone                  // getuserphonenumber
	UseSession                // checksession and its like: an access token and no code
	UseToken                  // stable_token: neither
)

// A Side is who is going to get a code.
type Side int

// The sides.
const (
	SideUnknown    Side = iota // some other host, which may be anything
	SideWeChat                 // WeChat's own
	SideSimulation             // this machine, where nothing but a simulation answers in WeChat's place
)

// CodeInput is what [Code] looks at before a code is spent.
type CodeInput struct {
	Code    wechat.Code // [ExtractCode]
	Use     CodeUse
	To      Side
	Minted  bool               // a simulation of wxlogin made the code
	History []session.Exchange // what the ledger knows of it, at the host that it is going to

	IssuedAt time.Time // when wx.login handed it out; zero where nobody knows
	Now      time.Time
}

// A CodeFinding is a [Finding] before a code is spent. One that stops makes it a waste to send the code; the others may be wrong, and
// merely warn.
type CodeFinding struct {
	Finding
	Stop bool
}

// Code looks for what will keep a code from being accepted. Nothing is sent. The findings are in the order of their numbers.
func Code(in CodeInput) []CodeFinding {
	if strings.EqualFold(strings.TrimSpace(string(in.Code)), wechat.MockCode) {
		return []CodeFinding{stops(codeLiteral())}
	}
	if f, wrong := notACode(in); wrong {
		return []CodeFinding{stops(f)}
	}
	var found []CodeFinding
	if f, wrong := codeShape(in); wrong {
		found = append(found, warns(f))
	}
	if f, wrong := wrongSide(in); wrong {
		found = append(found, stops(f))
	}
	if f, wrong := alreadySent(in); wrong {
		// Sending it to a simulation costs nothing, and after a reset, or under the same seed, that gives out the same codes again.
		found = append(found, CodeFinding{Finding: f, Stop: in.To != SideSimulation})
	}
	if f, wrong := tooOld(in.IssuedAt, in.Now); wrong {
		found = append(found, warns(f))
	}
	return found
}

func stops(f Finding) CodeFinding { return CodeFinding{Finding: f, Stop: true} }
func warns(f Finding) CodeFinding { return CodeFinding{Finding: f} }

// codeLiteral is E01.
func codeLiteral() Finding {
	return Finding{
		ID: "E01", Name: "devtools-literal",
		Verdict: lang.T{
			En: "this is the text that WeChat DevTools hands out in place of a code when the project has no AppID; WeChat never accepts it",
			Zh: "这是微信开发者工具在项目没有 AppID（游客模式）时给出的固定文字，微信永远不会接受",
		}.With(),
		Fix: lang.T{
			En: "set the AppID of the project in DevTools (uni-app: mp-weixin.appid in manifest.json) and call wx.login again; a mock that runs with --adopt takes the text as it is, with --force",
			Zh: "在开发者工具的项目中填写 AppID（uni-app：manifest.json 的 mp-weixin.appid）后重新调用 wx.login；若对方是带 --adopt 的模拟服务，加 --force 可直接使用",
		}.With(),
	}
}

// notACode is E02, a code of the other kind, and E10, something that is no code at all.
func notACode(in CodeInput) (Finding, bool) {
	shape := wechat.ShapeOf(string(in.Code))
	switch {
	case shape == wechat.ShapePhoneCode && in.Use == UseLogin:
		return Finding{
			ID: "E02", Name: "wrong-kind",
			Verdict: lang.T{En: "this is a code of the phone number button (64 hexadecimal digits), not one of wx.login", Zh: "这是手机号按钮的 code（64 位十六进制），不是 wx.login 的 code"}.With(),
			Fix:     lang.T{En: "exchange it with: wxlogin phone CODE", Zh: "请用：wxlogin phone CODE"}.With(),
		}, true
	case shape == wechat.ShapeLoginCode && in.Use == UsePhone && loginShape(string(in.Code)).IsZero():
		return Finding{
			ID: "E02", Name: "wrong-kind",
			Verdict: lang.T{En: "this is a code of wx.login, not one of the phone number button (64 hexadecimal digits)", Zh: "这是 wx.login 的 code，不是手机号按钮的 code（64 位十六进制）"}.With(),
			Fix:     lang.T{En: "send e.detail.code of the button's event; a code of wx.login goes to: wxlogin exchange CODE", Zh: "请使用按钮事件中的 e.detail.code；wx.login 的 code 请用：wxlogin exchange CODE"}.With(),
		}, true
	}
	what := shapeName(shape)
	if what == (lang.T{}) {
		return Finding{}, false
	}
	f := Finding{
		ID: "E10", Name: "not-a-code",
		Verdict: lang.T{En: "this is %s, not a code", Zh: "这是 %s，不是 code"}.With(what),
		Fix:     lang.T{En: "send res.code of wx.login, which the mini program gets anew at each login", Zh: "请使用 wx.login 返回的 res.code，小程序每次登录都会拿到新的"}.With(),
	}
	if in.Use == UsePhone {
		f.Fix = lang.T{En: "send e.detail.code of the phone number button's event", Zh: "请使用手机号按钮事件中的 e.detail.code"}.With()
	}
	return f, true
}

// shapeName names what is none of the codes; the zero text for what may be one.
func shapeName(shape wechat.Shape) lang.T {
	switch shape {
	case wechat.ShapeOpenID:
		return lang.T{En: "an openid (or unionid): 28 characters, the first an o", Zh: "openid（或 unionid）：28 个字符，以 o 开头"}
	case wechat.ShapeAppID:
		return lang.T{En: "an AppID", Zh: "一个 AppID"}
	case wechat.ShapeOriginalID:
		return lang.T{En: "the original id of an account (gh_…)", Zh: "帐号的原始 ID（gh_…）"}
	case wechat.ShapeAppSecret:
		return lang.T{En: "an AppSecret (32 lower-case hexadecimal digits)", Zh: "AppSecret（32 位小写十六进制）"}
	case wechat.ShapeSessionKey:
		return lang.T{En: "a session_key or an iv (base64 of 16 bytes)", Zh: "session_key 或 iv（16 字节的 base64）"}
	case wechat.ShapeAccessToken:
		return lang.T{En: "an access_token", Zh: "一个 access_token"}
	case wechat.ShapeJWE, wechat.ShapeJWS:
		return lang.T{En: "a login token (JWT)", Zh: "登录令牌（JWT）"}
	case wechat.ShapeUnknown, wechat.ShapeLoginCode, wechat.ShapeMockLiteral, wechat.ShapePhoneCode:
	}
	return lang.T{}
}

// codeShape is E04, E05 and E06: what was shortened, lower-cased or altered on its way.
func codeShape(in CodeInput) (Finding, bool) {
	text, want := string(in.Code), 32
	if in.Use == UsePhone {
		want = 64
	}
	switch {
	case len(text) != want:
		return Finding{
			ID: "E04", Name: "length",
			Verdict:  lang.T{En: "a code of this kind has %d characters, this one has %d", Zh: "这类 code 有 %d 个字符，而它有 %d 个"}.With(want, len(text)),
			Evidence: lengthEvidence(len(text), want, in.Use),
			Fix:      textCopyAgain.With(),
		}, true
	case in.Use == UsePhone:
		if wechat.ShapeOf(text) == wechat.ShapePhoneCode {
			return Finding{}, false
		}
		return altered(lang.T{En: "a code of the phone number button is made of 0-9 and a-f", Zh: "手机号按钮的 code 只由 0-9 和 a-f 组成"}.With()), true
	case strings.ToLower(text) == text && strings.ContainsFunc(text, isLetter):
		return Finding{
			ID: "E05", Name: "case-lost",
			Verdict: lang.T{En: "the code has no capital letter: something lower-cased it on the way", Zh: "code 中没有大写字母：很可能在传输中被转成了小写"}.With(),
			Fix:     lang.T{En: "look for what lower-cases the code (a URL, a header, a cache key), then get a new code", Zh: "查找是什么把 code 转成了小写（URL、请求头、缓存键等），然后重新获取 code"}.With(),
		}, true
	}
	if broken := loginShape(text); !broken.IsZero() {
		return altered(broken), true
	}
	return Finding{}, false
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func lengthEvidence(got, want int, use CodeUse) []lang.Message {
	switch {
	case got == 43 && use == UseLogin:
		return []lang.Message{lang.T{En: "43 characters is what codes of WeCom (wx.qy.login) have, which go to another host", Zh: "43 个字符是企业微信（wx.qy.login）的 code，应发往另一个域名"}.With()}
	case got == want-1:
		return []lang.Message{lang.T{En: "one is missing, cut off when it was copied or stored", Zh: "少了 1 个，应是在复制或存储时被截断"}.With()}
	case got < want:
		return []lang.Message{lang.T{En: "%d are missing, cut off when it was copied or stored", Zh: "少了 %d 个，应是在复制或存储时被截断"}.With(want - got)}
	case got == want+1:
		return []lang.Message{lang.T{En: "one is too many", Zh: "多了 1 个"}.With()}
	}
	return []lang.Message{lang.T{En: "%d are too many", Zh: "多了 %d 个"}.With(got - want)}
}

// altered is E06.
func altered(evidence lang.Message) Finding {
	return Finding{
		ID: "E06", Name: "altered",
		Verdict:  lang.T{En: "the code was altered on the way, or is not from wx.login", Zh: "code 在传输中被改动，或不是 wx.login 给出的"}.With(),
		Evidence: []lang.Message{evidence},
		Fix:      textCopyAgain.With(),
	}
}

var textCopyAgain = lang.T{En: "copy res.code again as it is, whole and untouched, or get a new one", Zh: "请原样完整地复制 res.code，或重新获取"}

// loginShape says in what a text of 32 characters differs from the codes of wx.login; the zero message if in nothing. All 62 public
// codes of 2017 to 2025 have what it looks for, and a random text has it with a probability of 1 in 10^9. WeChat documents none of
// it, so it is never a reason to stop.
func loginShape(code string) lang.Message {
	for i := range len(code) {
		if c := code[i]; !isLetter(rune(c)) && (c < '0' || c > '9') {
			return lang.T{En: "character %d is neither a letter nor a digit", Zh: "第 %d 个字符既不是字母也不是数字"}.With(i + 1)
		}
	}
	switch {
	case code[0] != '0':
		return lang.T{En: "codes of wx.login start with 0", Zh: "wx.login 的 code 以 0 开头"}.With()
	case !strings.ContainsRune("0123456789abcdef", rune(code[1])):
		return lang.T{En: "the second character is not a hexadecimal digit", Zh: "第 2 个字符不是十六进制数字"}.With()
	case code[2] < '0' || code[2] > '9':
		return lang.T{En: "the third character is not a digit", Zh: "第 3 个字符不是数字"}.With()
	case code[27:31] != code[3:7]:
		return lang.T{En: "characters 28 to 31 do not repeat characters 4 to 7", Zh: "第 28～31 个字符与第 4～7 个不一致"}.With()
	case code[20] != code[8]:
		return lang.T{En: "character 21 does not repeat character 9", Zh: "第 21 个字符与第 9 个不一致"}.With()
	}
	return lang.Message{}
}

// wrongSide is E07: a code of a simulation on its way to WeChat, and one of WeChat's on its way to a simulation.
func wrongSide(in CodeInput) (Finding, bool) {
	f := Finding{ID: "E07", Name: "wrong-side"}
	switch {
	case in.Minted && in.To == SideWeChat:
		f.Verdict = lang.T{En: "this code comes from wxlogin mock, and would go to the real WeChat, which does not know it", Zh: "这个 code 由 wxlogin mock 生成，却要发给真实的微信，微信不认识它"}.With()
		f.Fix = lang.T{En: "send it to the mock that made it: --api-base URL, or eval \"$(wxlogin mock env)\"", Zh: "请发给生成它的模拟服务：--api-base URL，或 eval \"$(wxlogin mock env)\""}.With()
		return f, true
	case !in.Minted && in.To == SideSimulation && genuine(in):
		f.Verdict = lang.T{En: "this code looks like one of the real WeChat, and would go to a simulation, which does not know it", Zh: "这个 code 像是真实微信签发的，却要发给模拟服务，模拟服务不认识它"}.With()
		f.Fix = lang.T{En: "leave out --api-base (and WXLOGIN_API_BASE) to send it to WeChat; a mock that runs with --adopt takes it, with --force", Zh: "去掉 --api-base（及 WXLOGIN_API_BASE）即可发给微信；若模拟服务带 --adopt，加 --force 即可"}.With()
		return f, true
	}
	return Finding{}, false
}

// genuine reports whether a code has all that WeChat's have. Lower-cased, one of a simulation has lost its mark and looks the same.
func genuine(in CodeInput) bool {
	text := string(in.Code)
	if in.Use == UsePhone {
		return wechat.ShapeOf(text) == wechat.ShapePhoneCode
	}
	return wechat.ShapeOf(text) == wechat.ShapeLoginCode && loginShape(text).IsZero() && strings.ToLower(text) != text
}

// alreadySent is E08.
func alreadySent(in CodeInput) (Finding, bool) {
	spent, found := session.Spending(in.History)
	if !found || in.To == SideSimulation && in.Now.Sub(spent.At) > wechat.CodeLife {
		return Finding{}, false
	}
	return Finding{
		ID: "E08", Name: "already-sent",
		Verdict: lang.T{En: "this code was sent by wxlogin already, %v", Zh: "wxlogin 已经发送过这个 code：%v"}.With(sentText(spent, in.Now)),
		Fix:     textNewCode.With(),
	}, true
}

var textNewCode = lang.T{En: "get a new code: each works once", Zh: "请重新获取 code：每个只能用一次"}

// sentText tells when a code was sent and what came of it.
func sentText(e session.Exchange, now time.Time) lang.Message {
	ago := agoText(now.Sub(e.At))
	switch e.Outcome {
	case session.OutcomeExchanged:
		return lang.T{En: "%v with appid %s, and WeChat accepted it", Zh: "%v以 appid %s 发送，微信已接受"}.With(ago, e.AppID)
	case session.OutcomeRefused:
		return lang.T{En: "%v with appid %s, and WeChat refused it with errcode %d", Zh: "%v以 appid %s 发送，微信以 errcode %d 拒绝"}.With(ago, e.AppID, int(e.ErrCode))
	case session.OutcomeLost:
		return lang.T{En: "%v with appid %s, and no usable answer came: it may be consumed", Zh: "%v以 appid %s 发送，但没有得到有效答复：可能已被消耗"}.With(ago, e.AppID)
	case session.OutcomeSending, session.OutcomeUnsent:
	}
	return lang.T{En: "%v with appid %s, and wxlogin was ended before an answer came: it may be consumed", Zh: "%v以 appid %s 发送，但 wxlogin 在收到答复前被终止：可能已被消耗"}.With(ago, e.AppID)
}

// tooOld is E09.
func tooOld(issued, now time.Time) (Finding, bool) {
	age := now.Sub(issued)
	if issued.IsZero() || age <= wechat.CodeLife {
		return Finding{}, false
	}
	return Finding{
		ID: "E09", Name: "too-old",
		Verdict: lang.T{En: "the code is %v old, and a code lives five minutes", Zh: "code 已签发 %v，而 code 只有五分钟有效期"}.With(timeSpan(age)),
		Fix:     lang.T{En: "get a new code and exchange it at once", Zh: "重新获取 code 并立即使用"}.With(),
	}, true
}

func agoText(d time.Duration) lang.Message {
	if d < time.Second {
		return lang.T{En: "just now", Zh: "刚刚"}.With()
	}
	return lang.T{En: "%v ago", Zh: "%v前"}.With(timeSpan(d))
}

// timeSpan is a length of time in its largest unit and the one below: "4 min 59 s".
func timeSpan(d time.Duration) lang.Message {
	d = d.Abs()
	switch {
	case d >= 24*time.Hour:
		return lang.T{En: "%d d %d h", Zh: "%d 天 %d 小时"}.With(int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour))
	case d >= time.Hour:
		return lang.T{En: "%d h %d min", Zh: "%d 小时 %d 分钟"}.With(int(d/time.Hour), int(d%time.Hour/time.Minute))
	case d >= time.Minute:
		return lang.T{En: "%d min %d s", Zh: "%d 分 %d 秒"}.With(int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	return lang.T{En: "%d s", Zh: "%d 秒"}.With(int(d / time.Second))
}

// NeverIssued returns a code that looks like one of wx.login and was never issued: 20 characters of it are drawn at random.
func NeverIssued() wechat.Code {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	code := []byte(rand.Text() + rand.Text()) // of A-Z and 2-7; 26 characters each
	code = code[:32]
	for i, c := range code {
		if i%3 == 0 { // WeChat's have small letters as well
			code[i] = alphabet[strings.IndexByte(alphabet, c)%26+36]
		}
	}
	copy(code, "0a1")
	for _, i := range []int{8, 14, 20, 26} {
		code[i] = '0' + code[i]%4
	}
	code[20] = code[8]
	copy(code[27:31], code[3:7])
	return wechat.Code(code)
}
