package cmd

import (
	"time"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

var (
	textNoToken    = lang.T{En: "no token: give it as an argument, as @FILE, or - to read it from standard input", Zh: "没有令牌：请作为参数给出，或用 @FILE，或用 - 从标准输入读取"}
	textOneToken   = lang.T{En: "one token is wanted here, and several lines were given", Zh: "这里只接受一个令牌，却给出了多行"}
	textNotAToken  = lang.T{En: "not a login token: %s", Zh: "这不是登录令牌：%s"}
	textMistaken   = lang.T{En: "this is not a login token but %s; the command for that is", Zh: "这不是登录令牌，而是%s；对应的命令是"}
	textNoTaker    = lang.T{En: "this is not a login token but %s; no command here takes it", Zh: "这不是登录令牌，而是%s；这里没有命令使用它"}
	textUnwrapped  = lang.T{En: "the input is a JSON object; its member token is inspected", Zh: "输入是一个 JSON 对象，检查的是其中的 token"}
	textHeaderOnly = lang.T{En: "The token is encrypted: without its key nothing but the header can be read, and nothing vouches for the header.", Zh: "令牌是加密的：没有密钥只能读到头部，而且头部也未经验证。"}
	textByMock     = lang.T{En: "the mock at %s, whose keys nobody else has", Zh: "位于 %s 的模拟服务（只有它持有密钥）"}

	textValid      = lang.T{En: "valid: the token lets its user in, and expires %s", Zh: "有效：令牌可以登录，%s过期"}
	textNoSession  = lang.T{En: "genuine, and expires %s, but its session is gone: the mini program has to call wx.login again", Zh: "令牌真实有效，%s过期，但没有对应的会话：小程序需要重新调用 wx.login"}
	textExpired    = lang.T{En: "expired %s: the mini program has to call wx.login again", Zh: "已于%s过期：小程序需要重新调用 wx.login"}
	textUnknownKey = lang.T{En: "sealed with key %q, which this key ring does not hold: it was issued elsewhere, or the ring was replaced", Zh: "令牌由密钥 %q 加密，而本机密钥环没有它：令牌来自别处，或密钥环已被更换"}
	textTampered   = lang.T{En: "tampered with: the token was changed after it was issued", Zh: "已被篡改：令牌在签发之后被改动过"}
	textElsewhere  = lang.T{En: "a login token, but not for this service: %s", Zh: "是登录令牌，但不属于本服务：%s"}
	textOtherApp   = lang.T{En: "issued for appid %q, not for %q", Zh: "它签发给 appid %q，而这里是 %q"}
	textOtherMaker = lang.T{En: "issued by %q, not by %q", Zh: "签发者是 %q，而不是 %q"}
	textUnverified = lang.T{En: "UNVERIFIED: only the header was read", Zh: "未验证：只读取了头部"}

	textSessionCurrent = lang.T{En: "current: the session_key has not changed since", Zh: "最新：签发后 session_key 没有变化"}
	textSessionRotated = lang.T{En: "rotated: the user logged in again since, with another session_key", Zh: "已更换：用户此后重新登录，session_key 已改变"}
	textSessionAbsent  = lang.T{En: "absent: no session is saved for this user", Zh: "不存在：没有保存该用户的会话"}

	labelIssuer     = lang.T{En: "issuer", Zh: "签发者"}
	labelIssued     = lang.T{En: "issued", Zh: "签发时间"}
	labelExpires    = lang.T{En: "expires", Zh: "过期时间"}
	labelSession    = lang.T{En: "session", Zh: "会话"}
	labelKey        = lang.T{En: "key", Zh: "密钥"}
	labelEncryption = lang.T{En: "encryption", Zh: "加密方式"}
	labelJudge      = lang.T{En: "judged by", Zh: "判断者"}
)

// verdictText is the verdict as a sentence.
func verdictText(a *app.App, in inspection) lang.Message {
	now := a.Now()
	if in.By != "" {
		now = in.CheckedAt
	}
	switch in.Verdict {
	case login.Valid:
		if in.Session == login.SessionAbsent {
			return textNoSession.With(term.Distance(in.ExpiresAt.Sub(now), a.IO.Lang))
		}
		return textValid.With(term.Distance(in.ExpiresAt.Sub(now), a.IO.Lang))
	case login.Expired:
		return textExpired.With(term.Distance(in.ExpiresAt.Sub(now), a.IO.Lang))
	case login.Revoked:
		return revokedText(a, in)
	case login.UnknownKey:
		return textUnknownKey.With(in.Header.KeyID)
	case login.Tampered:
		return textTampered.With()
	case login.Unverified:
		return textUnverified.With()
	}
	return textElsewhere.With(elsewhere(a, in))
}

// revokedText has the time in Chinese too; the reason of a revocation is an English word.
func revokedText(a *app.App, in inspection) lang.Message {
	text := lang.T{En: in.Reason, Zh: in.Reason}
	if in.RevokedAt != nil {
		text.Zh = textRevokedAt.With(a.IO.Clock(*in.RevokedAt)).In(lang.Chinese)
	}
	return textAsIs.With(text)
}

var (
	textRevokedAt = lang.T{En: "revoked at %s", Zh: "已于 %s 被吊销"}
	textAsIs      = lang.T{En: "%s", Zh: "%s"}
)

// elsewhere says for whom a token is that opens and is not for us.
func elsewhere(a *app.App, in inspection) lang.Message {
	want, err := wantedAppID(a)
	switch {
	case in.Claims == nil || err != nil:
	case in.By == "" && in.Claims.Issuer != stack.Issuer:
		return textOtherMaker.With(in.Claims.Issuer, stack.Issuer)
	case want != "" && in.Claims.AppID != want:
		return textOtherApp.With(string(in.Claims.AppID), string(want))
	}
	return textAsIs.With(in.Reason)
}

func sessionText(p *term.Page, in inspection, now time.Time) string {
	switch in.Session {
	case login.SessionCurrent:
		return p.In(textSessionCurrent)
	case login.SessionRotated:
		if in.KeyChangedAt != nil {
			return p.In(textSessionRotatedAt, p.Time(*in.KeyChangedAt, now))
		}
		return p.In(textSessionRotated)
	case login.SessionAbsent:
		return p.In(textSessionAbsent)
	}
	return ""
}

// keyText names the key that sealed the token, and its state.
func keyText(p *term.Page, in inspection, now time.Time) string {
	switch {
	case in.Key == nil:
		return in.Header.KeyID
	case in.Key.State == token.Retired:
		return p.In(textKeyRetired, in.Key.ID, p.Time(in.Key.RetiredAt, now))
	case in.Key.State == token.Prepared:
		return p.In(textKeyPrepared, in.Key.ID)
	}
	return p.In(textKeyActive, in.Key.ID, p.Time(in.Key.Created, now))
}

// revocationText says when and why a token was revoked, and together with which; "" if it was not.
func revocationText(p *term.Page, r *login.Revocation, now time.Time) string {
	if r == nil {
		return ""
	}
	scope := textScopeToken
	switch r.Scope {
	case login.ScopeUser:
		scope = textScopeUser
	case login.ScopeEverybody:
		scope = textScopeEverybody
	}
	return p.In(textRevocation, p.Time(r.At, now), scope, r.Reason)
}

// serversText says what any login server with this key ring and store answers.
func serversText(p *term.Page, in inspection) string {
	if in.Answer.Active {
		return p.In(textServersLetIn)
	}
	return p.In(textServersRefuse, in.Answer.Status, in.Answer.Reason)
}

var (
	textSessionRotatedAt = lang.T{En: "rotated: the session_key was replaced %s", Zh: "已更换：session_key 于 %s 被替换"}

	textKeyActive   = lang.T{En: "%s, active, made %s", Zh: "%s，启用中，生成于 %s"}
	textKeyRetired  = lang.T{En: "%s, retired %s", Zh: "%s，已退役，时间 %s"}
	textKeyPrepared = lang.T{En: "%s, prepared for the next rotation or imported", Zh: "%s，预备供下次轮换使用，或由别处导入"}

	textRevocation     = lang.T{En: "%s, %s (%s)", Zh: "%s，%s（%s）"}
	textScopeToken     = lang.T{En: "this token", Zh: "仅此令牌"}
	textScopeUser      = lang.T{En: "older tokens of this user", Zh: "该用户的旧令牌"}
	textScopeEverybody = lang.T{En: "older tokens of all users", Zh: "所有用户的旧令牌"}

	textServersLetIn  = lang.T{En: "any with this key ring and store lets its user in", Zh: "使用同一密钥环和存储的服务器都会放行"}
	textServersRefuse = lang.T{En: "any with this key ring and store answers %d %s; /introspect says inactive", Zh: "使用同一密钥环和存储的服务器都会答复 %d %s，/introspect 返回 active: false"}

	labelServers    = lang.T{En: "servers", Zh: "服务器"}
	labelRevocation = lang.T{En: "revoked", Zh: "吊销"}
)
