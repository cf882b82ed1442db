package cmd

import (
	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

var (
	textNoToken    = lang.T{En: "no token: give it as an argument, as @FILE, or - to read it from standard input", Zh: "没有令牌：请作为参数给出，或用 @FILE，或用 - 从标准输入读取"}
	textNotAToken  = lang.T{En: "%s", Zh: "这不是登录令牌：%s"}
	textMistaken   = lang.T{En: "this is not a login token but %s; the command for that is", Zh: "这不是登录令牌，而是%s；对应的命令是"}
	textHeaderOnly = lang.T{En: "The token is encrypted: without its key nothing but the header can be read, and nothing vouches for the header.", Zh: "令牌是加密的：没有密钥只能读到头部，而且头部也未经验证。"}
	textByMock     = lang.T{En: "the mock at %s, whose keys nobody else has", Zh: "位于 %s 的模拟服务（只有它持有密钥）"}

	textValid      = lang.T{En: "valid: the token lets its user in, and expires %s", Zh: "有效：令牌可以登录，%s过期"}
	textExpired    = lang.T{En: "expired %s: the mini program has to call wx.login again", Zh: "已于%s过期：小程序需要重新调用 wx.login"}
	textRevoked    = lang.T{En: "%s", Zh: "已被吊销：%s"}
	textUnknownKey = lang.T{En: "sealed with key %q, which this key ring does not hold: it was issued elsewhere, or the ring was replaced", Zh: "令牌由密钥 %q 加密，而本机密钥环没有它：令牌来自别处，或密钥环已被更换"}
	textTampered   = lang.T{En: "tampered with: the token was changed after it was issued", Zh: "已被篡改：令牌在签发之后被改动过"}
	textElsewhere  = lang.T{En: "a login token, but not for this service: %s", Zh: "是登录令牌，但不属于本服务：%s"}
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
		return textValid.With(term.Distance(in.ExpiresAt.Sub(now), a.IO.Lang))
	case login.Expired:
		return textExpired.With(term.Distance(in.ExpiresAt.Sub(now), a.IO.Lang))
	case login.Revoked:
		return textRevoked.With(in.Reason)
	case login.UnknownKey:
		return textUnknownKey.With(in.Header.KeyID)
	case login.Tampered:
		return textTampered.With()
	case login.Unverified:
		return textUnverified.With()
	}
	return textElsewhere.With(in.Reason)
}

func sessionText(state string) lang.T {
	switch state {
	case login.SessionCurrent:
		return textSessionCurrent
	case login.SessionRotated:
		return textSessionRotated
	case login.SessionAbsent:
		return textSessionAbsent
	}
	return lang.T{}
}

// mistaken names what is often pasted in a token's place, and the command that wants it.
func mistaken(shape wechat.Shape) (what lang.T, command string) {
	switch shape {
	case wechat.ShapeLoginCode:
		return lang.T{En: "a wx.login code", Zh: "一个 wx.login 的 code"}, "wxlogin exchange CODE"
	case wechat.ShapeMockLiteral:
		return lang.T{En: "what DevTools hands out in place of a code when the project has no AppID", Zh: "开发者工具在项目没有 AppID 时给出的假 code"}, "wxlogin help mock"
	case wechat.ShapeOpenID:
		return lang.T{En: "an openid or unionid", Zh: "一个 openid 或 unionid"}, "wxlogin decrypt --openid OPENID payload.json"
	case wechat.ShapeSessionKey:
		return lang.T{En: "a session_key or an iv", Zh: "一个 session_key 或 iv"}, "wxlogin decrypt --session-key - --iv IV --data @FILE"
	case wechat.ShapeOriginalID:
		return lang.T{En: "the original id of an account, not even an appid", Zh: "一个帐号的原始 ID（也不是 appid）"}, "wxlogin config set appid APPID"
	case wechat.ShapeAppID:
		return lang.T{En: "an appid", Zh: "一个 appid"}, "wxlogin config set appid APPID"
	case wechat.ShapeAppSecret:
		return lang.T{En: "an AppSecret", Zh: "一个 AppSecret"}, "wxlogin help secrets"
	case wechat.ShapeJWS:
		return lang.T{En: "a signed JWT of somebody else: ours are encrypted", Zh: "别处签发的签名 JWT（我们的令牌是加密的）"}, "wxlogin help formatting"
	case wechat.ShapeAccessToken:
		return lang.T{En: "an access_token of WeChat's server API", Zh: "微信服务端接口的 access_token"}, "wxlogin help secrets"
	}
	return lang.T{}, ""
}
