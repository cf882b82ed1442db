package world

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A magic code is a code that nobody minted and that says what is to happen, as the test cards of payment services do: for
// tests that have nothing but a string. The grammar:
//
//	code   = verb *("." (verb / free))
//	verb   = "user-" NAME / failing ["-x" COUNT]
//	failing = "err-" ERRCODE / "slow-" DURATION / "hang" / "reset" / "truncate" / "drop"
//	free   = any text that does not start like a verb
//
// Free parts make a string of one's own and do nothing else. A part that starts like a verb and is none ("err-x", "slow-3") is
// a mistake and refuses the code, as do two users, two waits, or two of err, hang, reset, truncate and drop. -xCOUNT lets a verb act in the
// first COUNT calls with the whole string, counted for each app; without it the verb acts always.
//
// A code whose first part is no verb is no magic code. None has the shape of WeChat's: those start with "0".
const (
	maxMagic = 128 // bytes, of the whole string

	maxMagicTimes = 1_000_000
)

// A MagicForm describes a verb of magic codes to a user.
type MagicForm struct {
	Form, Example string
	Help          lang.T
}

// magicForms is in the order for help.
var magicForms = []MagicForm{
	{"user-NAME", "user-alice", lang.T{En: "log this user in, any number of times", Zh: "以该用户登录，次数不限"}},
	{"err-N", "err-45011", lang.T{En: "refuse with this errcode", Zh: "以该 errcode 拒绝"}},
	{"slow-DURATION", "slow-3s", lang.T{En: "answer that much later (1500ms, not 1.5s)", Zh: "推迟这么久再应答（写作 1500ms，而不是 1.5s）"}},
	{"hang", "hang", lang.T{En: "never answer", Zh: "永不应答"}},
	{"reset", "reset", lang.T{En: "reset the connection", Zh: "重置连接"}},
	{"truncate", "truncate", lang.T{En: "log the user in, and send half of the answer", Zh: "完成登录，但只发送一半应答"}},
	{"drop", "drop", lang.T{En: "log the user in, and close without an answer", Zh: "完成登录，但不应答就关闭连接"}},
	{"VERB-xN", "err-40029-x2", lang.T{En: "do so in the first N calls with this string, then all is well", Zh: "仅在用该字符串的前 N 次调用中如此，之后一切正常"}},
	{"VERB.VERB", "slow-1s.user-bob", lang.T{En: "a combination", Zh: "组合使用"}},
	{"VERB.ANYTHING", "err-40029-x2.t17", lang.T{En: "the same, counted for itself: a string of a test's own", Zh: "效果相同，但单独计数，可作为某个测试专用的字符串"}},
}

// MagicForms lists what magic codes are made of, in the order for help.
func MagicForms() []MagicForm { return append([]MagicForm(nil), magicForms...) }

// magic is a magic code, read.
type magic struct {
	user    string
	errCode magicPart // an effect errcode
	wait    magicPart // delay
	end     magicPart // hang, reset, truncated, consume-then-drop
	counted bool
}

// magicPart is an effect of the first so many calls; the zero value is none.
type magicPart struct {
	effect Effect
	times  int // 0: always
}

func (p magicPart) acts(call int) bool {
	return p.effect.Kind != "" && (p.times == 0 || call <= p.times)
}

// IsMagicCode reports whether a code is, or tries to be, a magic one.
func IsMagicCode(code wechat.Code) bool {
	first, _, _ := strings.Cut(string(code), ".")
	_, _, is := magicVerb(first)
	return is
}

// magicVerbs are the beginnings of verbs. A verb whose beginning ends in "-" has an argument.
var magicVerbs = []string{"user-", "err-", "slow-", "hang", "reset", "truncate", "drop"}

// magicVerb splits a part into verb and argument. A verb without argument is one only as a whole or before "-".
func magicVerb(part string) (verb, argument string, ok bool) {
	for _, verb := range magicVerbs {
		rest, found := strings.CutPrefix(part, verb)
		if found && (strings.HasSuffix(verb, "-") || rest == "" || rest[0] == '-') {
			return verb, rest, true
		}
	}
	return "", "", false
}

// parseMagic reads a code. The error says what is wrong with a code that is meant as a magic one.
func parseMagic(code wechat.Code) (m magic, is bool, err error) {
	text := string(code)
	if text == "" || text[0] < 'a' || text[0] > 'z' { // codes of WeChat's start with 0; this is all that they cost
		return magic{}, false, nil
	}
	first, _, _ := strings.Cut(text, ".")
	if _, _, is := magicVerb(first); !is {
		return magic{}, false, nil
	}
	if len(text) > maxMagic {
		return magic{}, true, fmt.Errorf("is longer than %d bytes", maxMagic)
	}
	for part := range strings.SplitSeq(text, ".") {
		verb, argument, is := magicVerb(part)
		if !is {
			continue
		}
		if problem := m.add(verb, argument); problem != "" {
			return magic{}, true, fmt.Errorf("part %q %s", redact.Shorten(part, 40), problem)
		}
	}
	return m, true, nil
}

// add takes one part in and returns what is wrong with it.
func (m *magic) add(verb, argument string) (problem string) {
	if verb == "user-" {
		switch _, err := checkUser(argument); {
		case m.user != "":
			return "names a second user"
		case argument == "" || err != nil:
			return "needs the name of a user"
		}
		m.user = argument
		return ""
	}
	argument, times, problem := cutTimes(argument)
	if problem != "" {
		return problem
	}
	m.counted = m.counted || times > 0
	place, effect := &m.end, Effect{}
	switch verb {
	case "err-":
		effect.Kind = EffectErrCode
		problem = errCodeArgument.read(&effect, argument, true)
		place = &m.errCode
	case "slow-":
		effect.Kind = EffectDelay
		problem = pauseArgument.read(&effect, argument, true)
		place = &m.wait
	default:
		if argument != "" {
			return "takes no argument but -xN"
		}
		effect.Kind = map[string]EffectKind{
			"hang": EffectHang, "reset": EffectReset, "truncate": EffectTruncated, "drop": EffectConsumeDrop,
		}[verb]
	}
	switch {
	case problem != "":
		return problem
	case place.effect.Kind != "":
		return "contradicts a part before it"
	case place == &m.errCode && m.end.effect.Kind != "", place == &m.end && m.errCode.effect.Kind != "":
		return "contradicts a part before it"
	}
	*place = magicPart{effect: effect, times: times}
	return ""
}

// cutTimes takes "-xN" off the end of an argument.
func cutTimes(argument string) (rest string, times int, problem string) {
	at := strings.LastIndex(argument, "-x")
	if at < 0 {
		return argument, 0, ""
	}
	times, err := strconv.Atoi(argument[at+2:])
	if err != nil || times < 1 || times > maxMagicTimes {
		return "", 0, "needs a number of calls after -x"
	}
	return argument[:at], times, ""
}

// magicCode reads a code as [parseMagic] does, unless the world is strict. A magic code without a user is of the default one.
func (w *World) magicCode(code wechat.Code) (m magic, is bool, err error) {
	if w.strict {
		return magic{}, false, nil
	}
	m, is, err = parseMagic(code)
	if m.user == "" {
		m.user = DefaultUser
	}
	return m, is, err
}

// magicSource is what the journal calls an effect of a magic code.
const magicSource = "magic code"

// magicOutcome is what a magic code does in one call: a refusal, or a login of the user, and effects on the wire besides.
type magicOutcome struct {
	refusal *Refusal
	user    string
	login   bool // the code gets as far as logging the user in
	effects []Hit
}

// magicCall reads a code as a magic one, for an endpoint that takes codes of whatever kind; is false means that it is an ordinary
// code. It counts the call, and changes nothing else. It takes the app's lock.
func (a *app) magicCall(w *World, code wechat.Code, peer netip.AddrPort) (o magicOutcome, is bool) {
	m, is, err := w.magicCode(code)
	if !is {
		return magicOutcome{}, false
	}
	if err != nil {
		reason := fmt.Sprintf("magic code: %s; wxlogin help mock lists them", err)
		return magicOutcome{refusal: w.Refuse(wechat.CodeInvalidCode, codeMessage(wechat.CodeInvalidCode), reason)}, true
	}
	call := 0
	if m.counted {
		a.mu.Lock()
		call = a.state.magic.count(code)
		a.mu.Unlock()
	}
	o = magicOutcome{user: m.user, login: true}
	if m.wait.acts(call) {
		o.effects = append(o.effects, Hit{Source: magicSource, Effect: m.wait.effect})
	}
	if m.end.acts(call) {
		o.effects = append(o.effects, Hit{Source: magicSource, Effect: m.end.effect})
		o.login = m.end.effect.Kind == EffectTruncated || m.end.effect.Kind == EffectConsumeDrop
	}
	if m.errCode.acts(call) {
		o.login = false
		reason := magicSource
		if m.errCode.times > 0 {
			reason = fmt.Sprintf("%s, call %d of %d that fail", magicSource, call, m.errCode.times)
		}
		o.refusal = w.RefuseWith(m.errCode.effect.Code, peer, reason)
		o.refusal.User = m.user
	}
	return o, true
}

// exchangeMagic is [World.Exchange] of a magic code by an app that has shown its secret. Like wx.login it establishes a new key
// unless the present one is young.
func (a *app) exchangeMagic(w *World, o magicOutcome) (Identity, *Refusal) {
	if o.refusal != nil {
		o.refusal.Effects = o.effects
		return Identity{}, o.refusal
	}
	if !o.login { // it hangs, or the connection breaks: nobody will see an answer
		return Identity{User: o.user, Effects: o.effects}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	index, err := a.state.user(o.user)
	if err != nil {
		refusal := w.Refuse(wechat.CodeInvalidCode, codeMessage(wechat.CodeInvalidCode), err.Error())
		refusal.User = o.user
		return Identity{}, refusal
	}
	a.refreshKey(index, w.now())
	described := a.state.described(o.user)
	return Identity{
		User: o.user, OpenID: a.openIDOf(o.user, described), UnionID: a.unionIDOf(o.user, described),
		SessionKey: sessionKey(a.state.users[index].key), Effects: o.effects,
	}, nil
}

// RefuseWith makes a refusal with an errcode that was asked for. The message is the catalogue's; peer is for the one that names the
// caller's address.
func (w *World) RefuseWith(code wechat.ErrCode, peer netip.AddrPort, reason string) *Refusal {
	if code == wechat.CodeIPNotListed {
		return w.Refuse(code, ipMessage(peer.Addr()), reason)
	}
	entry, _ := wechat.Lookup(code)
	message, _, _ := strings.Cut(entry.ErrMsg, " rid: ") // 1007 has no text but its rid
	if entry.ErrMsg == "" {
		message = "system error" // no text was seen; -1's is the least specific
	}
	return w.Refuse(code, message, reason)
}

// ipMessage is as seen in 2021: "invalid ip 116.25.45.231 ipv6 ::ffff:116.25.45.231, not in whitelist". For a caller by IPv6 the form
// is our choice. A caller inside this process gets an address that is kept for documentation.
func ipMessage(addr netip.Addr) string {
	if !addr.IsValid() {
		addr = netip.AddrFrom4([4]byte{203, 0, 113, 1})
	}
	addr = addr.Unmap().WithZone("")
	if !addr.Is4() {
		return fmt.Sprintf("invalid ip %s, not in whitelist", addr)
	}
	return fmt.Sprintf("invalid ip %s ipv6 ::ffff:%s, not in whitelist", addr, addr)
}

// magicPeriod is how many counted strings are remembered at least: 512 KiB an app at most.
const magicPeriod = 2048

// magicCounts counts the calls with magic codes that have a count. It remembers the strings of the last magicPeriod calls at
// least, and of twice as many strings at most. The zero value has seen none.
type magicCounts struct{ now, before map[wechat.Code]int }

// count returns the number of this call with the code: 1 for the first.
func (m *magicCounts) count(code wechat.Code) int {
	n, found := m.now[code]
	if !found {
		n = m.before[code]
		if len(m.now) >= magicPeriod {
			m.before, m.now = m.now, nil
		}
		if m.now == nil {
			m.now = make(map[wechat.Code]int)
		}
		code = wechat.Code(strings.Clone(string(code))) // it is part of a whole query, secret included
	}
	n++
	m.now[code] = n
	return n
}
