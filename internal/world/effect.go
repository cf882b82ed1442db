package world

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// EffectKind is what a fault does, without its argument.
type EffectKind string

// The effects.
const (
	EffectErrCode      EffectKind = "errcode"
	EffectIPNotAllowed EffectKind = "ip-not-allowed"
	EffectDelay        EffectKind = "delay"
	EffectHang         EffectKind = "hang"
	EffectTrickle      EffectKind = "trickle"
	EffectReset        EffectKind = "reset"
	EffectConsumeDrop  EffectKind = "consume-then-drop"
	EffectConsume      EffectKind = "consume-then"
	EffectStatus       EffectKind = "status"
	EffectHTML         EffectKind = "html"
	EffectEmpty        EffectKind = "empty"
	EffectTruncated    EffectKind = "truncated"
	EffectBadJSON      EffectKind = "bad-json"
	EffectGzipGarbage  EffectKind = "gzip-garbage"
	EffectErrCode0     EffectKind = "errcode0"
	EffectExtraFields  EffectKind = "extra-fields"
	EffectNullUnionID  EffectKind = "null-unionid"
	EffectNoUnionID    EffectKind = "no-unionid"
	EffectStringCode   EffectKind = "string-errcode"
	EffectRotateKey    EffectKind = "rotate-key"
	EffectRotateFirst  EffectKind = "rotate-key-first"
	EffectStealToken   EffectKind = "steal-token"
	EffectSecretReset  EffectKind = "secret-reset"
	EffectPlusSlash    EffectKind = "plus-slash"
)

const (
	// MaxDelay bounds delay and trickle; no client waits longer.
	MaxDelay = time.Hour

	// defaultTrickle is the pause before each byte: an answer of jscode2session takes half a minute.
	defaultTrickle = 200 * time.Millisecond

	minStatus, maxStatus = 200, 599 // a lower one is not the end of an answer
)

// An Effect is what a fault does to a call. Effects are comparable; the zero value is none.
type Effect struct {
	Kind  EffectKind
	Code  wechat.ErrCode // of errcode
	Pause time.Duration  // of delay; of trickle, before each byte
	// Status is the HTTP status of status and consume-then.
	Status int
}

// argument is what follows the colon of an effect.
type argument int

const (
	noArgument argument = iota
	errCodeArgument
	pauseArgument
	optionalPauseArgument
	statusArgument
)

func (a argument) placeholder() string {
	switch a {
	case errCodeArgument, statusArgument:
		return ":N"
	case pauseArgument:
		return ":DURATION"
	case optionalPauseArgument:
		return "[:DURATION]"
	}
	return ""
}

// An EffectForm describes an effect to a user.
type EffectForm struct {
	Kind    EffectKind
	Example string // as it is typed
	Help    lang.T

	argument argument
}

// Form is the effect with a placeholder for its argument: "errcode:N".
func (f EffectForm) Form() string { return string(f.Kind) + f.argument.placeholder() }

// effectForms is in the order in which help lists the effects.
var effectForms = []EffectForm{
	{EffectErrCode, "errcode:45011", lang.T{En: "refuse with this errcode; the code stays good", Zh: "以该 errcode 拒绝，code 不受影响"}, errCodeArgument},
	{EffectIPNotAllowed, "ip-not-allowed", lang.T{En: "refuse with 40164, naming the caller's address", Zh: "以 40164 拒绝，并写出调用方的地址"}, noArgument},
	{EffectDelay, "delay:3s", lang.T{En: "wait, then answer", Zh: "等待一段时间再应答"}, pauseArgument},
	{EffectHang, "hang", lang.T{En: "never answer, and keep the connection open", Zh: "永不应答，连接保持打开"}, noArgument},
	{EffectTrickle, "trickle", lang.T{En: "answer byte by byte, with a pause before each (200ms)", Zh: "逐字节应答，每个字节前停顿（默认 200ms）"}, optionalPauseArgument},
	{EffectReset, "reset", lang.T{En: "reset the connection (RST) before anything happened", Zh: "什么都没做就重置连接（RST）"}, noArgument},
	{EffectConsumeDrop, "consume-then-drop", lang.T{En: "do the work, so that the code is spent, and close without an answer", Zh: "照常处理（code 已作废），但不应答就关闭连接"}, noArgument},
	{EffectConsume, "consume-then:502", lang.T{En: "do the work, and answer with this HTTP status instead", Zh: "照常处理，但改用该 HTTP 状态码应答"}, statusArgument},
	{EffectStatus, "status:502", lang.T{En: "answer with this HTTP status and a gateway's page", Zh: "以该 HTTP 状态码和网关错误页应答"}, statusArgument},
	{EffectHTML, "html", lang.T{En: "answer with a captive portal's page and status 200", Zh: "以状态码 200 返回认证门户的网页"}, noArgument},
	{EffectEmpty, "empty", lang.T{En: "answer with an empty body", Zh: "返回空的应答体"}, noArgument},
	{EffectTruncated, "truncated", lang.T{En: "send half of the answer, then close", Zh: "只发送一半应答就关闭连接"}, noArgument},
	{EffectBadJSON, "bad-json", lang.T{En: "send a whole answer whose JSON breaks off", Zh: "应答完整，但其中的 JSON 中途断开"}, noArgument},
	{EffectGzipGarbage, "gzip-garbage", lang.T{En: "call the answer gzip although it does not unpack", Zh: "声称应答是 gzip，却无法解压"}, noArgument},
	{EffectErrCode0, "errcode0", lang.T{En: `add "errcode":0,"errmsg":"ok" to a success`, Zh: `在成功的应答中加入 "errcode":0,"errmsg":"ok"`}, noArgument},
	{EffectExtraFields, "extra-fields", lang.T{En: "add fields that nobody knows", Zh: "加入没人认识的字段"}, noArgument},
	{EffectNullUnionID, "null-unionid", lang.T{En: `give "unionid":null`, Zh: `返回 "unionid":null`}, noArgument},
	{EffectNoUnionID, "no-unionid", lang.T{En: "leave the unionid out", Zh: "不返回 unionid"}, noArgument},
	{EffectStringCode, "string-errcode", lang.T{En: `write errcode as text, as some gateways do; a success gets "0"`, Zh: `像某些网关那样把 errcode 写成字符串，成功时为 "0"`}, noArgument},
	{EffectRotateKey, "rotate-key", lang.T{En: "replace the user's session_key right after the answer", Zh: "应答之后立即更换该用户的 session_key"}, noArgument},
	{EffectRotateFirst, "rotate-key-first", lang.T{En: "replace the user's session_key right before the answer", Zh: "应答之前先更换该用户的 session_key"}, noArgument},
	{EffectStealToken, "steal-token", lang.T{En: "let another server fetch an access token after the answer, so that the app's current one is retired", Zh: "应答之后由另一台服务器获取 access_token，使该小程序当前的 access_token 被取代"}, noArgument},
	{EffectSecretReset, "secret-reset", lang.T{En: "from this call on, the app's secret is another", Zh: "从这次调用起，该小程序的 secret 已被重置"}, noArgument},
	{EffectPlusSlash, "plus-slash", lang.T{En: "no call fails, but every session_key and iv made from now on has + and / in it", Zh: "不影响任何调用，但此后生成的 session_key 和 iv 都含有 + 和 /"}, noArgument},
}

// Effects lists the effects, in the order for help.
func Effects() []EffectForm {
	return append([]EffectForm(nil), effectForms...)
}

// A FaultError says why a fault cannot be added.
type FaultError struct{ Reason string }

func (e *FaultError) Error() string { return e.Reason }

func faultError(format string, args ...any) error {
	return &FaultError{Reason: fmt.Sprintf(format, args...)}
}

// shownEffect is an effect as a message may quote it: neither its name nor its argument is shown when it looks like a secret.
func shownEffect(text string) string {
	name, argument, given := strings.Cut(text, ":")
	if !given {
		return wechat.Shown(name, 40)
	}
	return wechat.Shown(name, 40) + ":" + wechat.Shown(argument, 40)
}

// ParseEffect reads an effect as users write it: "errcode:45011", "hang". The error is a [*FaultError], which lists what exists.
func ParseEffect(text string) (Effect, error) {
	name, value, hasValue := strings.Cut(text, ":")
	form, found := formOf(EffectKind(name))
	if !found {
		return Effect{}, faultError("there is no effect %q; the effects are %s", shownEffect(text), strings.Join(forms(), ", "))
	}
	e := Effect{Kind: form.Kind}
	problem := form.argument.read(&e, value, hasValue)
	if problem != "" {
		return Effect{}, faultError("the effect %q %s; it is written like %s", shownEffect(text), problem, form.Example)
	}
	return e, nil
}

func formOf(kind EffectKind) (EffectForm, bool) {
	for _, form := range effectForms {
		if form.Kind == kind {
			return form, true
		}
	}
	return EffectForm{}, false
}

func forms() []string {
	texts := make([]string, len(effectForms))
	for i, form := range effectForms {
		texts[i] = form.Form()
	}
	return texts
}

// read puts the text of an argument into e and returns what is wrong with it.
func (a argument) read(e *Effect, text string, given bool) (problem string) {
	switch a {
	case errCodeArgument:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n == 0 || n < -1 {
			return "needs an errcode: -1 or a positive number"
		}
		e.Code = wechat.ErrCode(n)
	case statusArgument:
		n, err := strconv.Atoi(text)
		if err != nil || n < minStatus || n > maxStatus {
			return fmt.Sprintf("needs an HTTP status of %d to %d", minStatus, maxStatus)
		}
		e.Status = n
	case pauseArgument, optionalPauseArgument:
		if a == optionalPauseArgument && !given {
			e.Pause = defaultTrickle
			return ""
		}
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > MaxDelay {
			return fmt.Sprintf("needs a duration of up to %v", MaxDelay)
		}
		e.Pause = d
	case noArgument:
		if given {
			return "takes no argument"
		}
	}
	return ""
}

// String is the text that [ParseEffect] reads; "" for the zero value.
func (e Effect) String() string {
	form, _ := formOf(e.Kind)
	switch {
	case form.argument == errCodeArgument:
		return string(e.Kind) + ":" + strconv.Itoa(int(e.Code))
	case form.argument == statusArgument:
		return string(e.Kind) + ":" + strconv.Itoa(e.Status)
	case form.argument == pauseArgument, form.argument == optionalPauseArgument && e.Pause != defaultTrickle:
		return string(e.Kind) + ":" + e.Pause.String()
	}
	return string(e.Kind)
}

// MarshalText is [Effect.String].
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText is [ParseEffect].
func (e *Effect) UnmarshalText(text []byte) error {
	parsed, err := ParseEffect(string(text))
	if err == nil {
		*e = parsed
	}
	return err
}

// Precedes reports whether the effect is one on the world that comes before the call is answered; [Effect.Follows], after it.
func (e Effect) Precedes() bool { return e.Kind == EffectRotateFirst }

// Follows is explained at [Effect.Precedes].
func (e Effect) Follows() bool { return e.Kind == EffectRotateKey || e.Kind == EffectStealToken }
