package cmd

import (
	"encoding/json"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A mistake is what was given in place of a login token.
type mistake struct {
	what    lang.T
	command string // the one that wants it; "" where none does
}

// message is the mistake as a sentence, after which the command stands.
func (m mistake) message() lang.Message {
	if m.command == "" {
		return textNoTaker.With(m.what)
	}
	return textMistaken.With(m.what)
}

// mistakeOf names what is often pasted in a token's place, by its form and shape.
func mistakeOf(text string) (m mistake, known bool) {
	if pasted, err := opendata.ParsePasted([]byte(text)); err == nil && pasted.EncryptedData != "" {
		return mistake{lang.T{En: "what wx.* handed to success", Zh: " wx.* 返回给 success 的对象"}, "wxlogin decrypt payload.json"}, true
	}
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		return mistake{what: lang.T{En: "a URL", Zh: "一个网址"}}, true
	}
	m = mistakenShape(wechat.ShapeOf(text))
	return m, m != mistake{}
}

func mistakenShape(shape wechat.Shape) mistake {
	switch shape {
	case wechat.ShapeLoginCode:
		return mistake{lang.T{En: "a wx.login code", Zh: "一个 wx.login 的 code"}, "wxlogin exchange CODE"}
	case wechat.ShapeMockLiteral:
		return mistake{lang.T{En: "what DevTools hands out in place of a code when the project has no AppID", Zh: "开发者工具在项目没有 AppID 时给出的假 code"}, "wxlogin help mock"}
	case wechat.ShapePhoneCode:
		return mistake{what: lang.T{En: "a code of the phone number button, which WeChat's getuserphonenumber takes", Zh: "手机号按钮给出的 code（用于微信的 getuserphonenumber 接口）"}}
	case wechat.ShapeOpenID:
		return mistake{lang.T{En: "an openid or unionid", Zh: "一个 openid 或 unionid"}, "wxlogin decrypt --openid OPENID payload.json"}
	case wechat.ShapeSessionKey:
		return mistake{lang.T{En: "a session_key or an iv", Zh: "一个 session_key 或 iv"}, "wxlogin decrypt --session-key - --iv IV --data @FILE"}
	case wechat.ShapeOriginalID:
		return mistake{lang.T{En: "the original id of an account, not even an appid", Zh: "一个帐号的原始 ID（也不是 appid）"}, "wxlogin config set appid APPID"}
	case wechat.ShapeAppID:
		return mistake{lang.T{En: "an appid", Zh: "一个 appid"}, "wxlogin config set appid APPID"}
	case wechat.ShapeAppSecret:
		return mistake{lang.T{En: "an AppSecret", Zh: "一个 AppSecret"}, "wxlogin config set secret"}
	case wechat.ShapeJWS:
		return mistake{what: lang.T{En: "a signed JWT of somebody else (ours are encrypted)", Zh: "别处签发的签名 JWT（我们的令牌是加密的）"}}
	case wechat.ShapeAccessToken:
		return mistake{what: lang.T{En: "an access_token of WeChat's server API", Zh: "微信服务端接口的 access_token"}}
	}
	return mistake{}
}

// unwrapToken takes the token out of what a login server answers, {"token":"…"}.
func unwrapToken(text string) (token string, wrapped bool) {
	var answer struct {
		Token string `json:"token"`
	}
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &answer) != nil || answer.Token == "" {
		return text, false
	}
	return strings.TrimSpace(answer.Token), true
}
