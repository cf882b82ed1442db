package world

import (
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Scenario is a story that happens to mini programs, as faults that make it happen.
type Scenario struct {
	Name   string
	Text   lang.T // two sentences: what happens, and what a good client makes of it
	Faults []Fault
}

// apiExchange, apiToken and apiStableToken are names that package wxhttp gives to endpoints; a test there holds them.
const (
	apiExchange    = "jscode2session"
	apiToken       = "token"
	apiStableToken = "stable_token"
)

// scenarios is in the order for help.
var scenarios = []Scenario{
	{
		Name: "login-after-tap",
		Text: lang.T{
			En: "Each exchange replaces the session_key first, as when wx.login is called inside the callback of a button: data that was encrypted before the exchange does not decrypt after it. Ask for the code and exchange it before the user taps.",
			Zh: "每次兑换都会先更换 session_key，就像在按钮回调里才调用 wx.login：兑换之前加密的数据，之后就解不开。应在用户点击之前先取得 code 并完成兑换。",
		},
		Faults: []Fault{{On: apiExchange, Effect: Effect{Kind: EffectRotateFirst}}},
	},
	{
		Name: "two-servers-one-token",
		Text: lang.T{
			En: "Whenever an access token was fetched, another server of the same app fetches one, too: the one from stable_token is dead at once, and the one from token five minutes later (wxlogin mock clock +6m), whatever expires_in says. Let one place fetch tokens, and fetch anew on 40001.",
			Zh: "每次获取 access_token 之后，同一小程序的另一台服务器也会获取：来自 stable_token 的立即失效，来自 token 的五分钟后失效（wxlogin mock clock +6m），无论 expires_in 是多少。应由一处统一获取，并在遇到 40001 时重新获取。",
		},
		Faults: []Fault{{On: apiToken, Effect: Effect{Kind: EffectStealToken}}, {On: apiStableToken, Effect: Effect{Kind: EffectStealToken}}},
	},
	{
		Name: "stale-key",
		Text: lang.T{
			En: "Right after each exchange the user's session_key is replaced, as by a login on another device: what the phone encrypts from then on does not decrypt under the key that the server saved. The server should ask the mini program to log in again.",
			Zh: "每次兑换之后，用户的 session_key 立即被更换，就像在另一台设备上又登录了一次：此后手机加密的数据无法用服务器保存的密钥解开。服务器应让小程序重新登录。",
		},
		Faults: []Fault{{On: apiExchange, Effect: Effect{Kind: EffectRotateKey}}},
	},
	{
		Name: "busy-minute",
		Text: lang.T{
			En: "For one minute of the mock's clock every exchange is refused with 45011, and its code stays good. The server should tell the user to wait and not try again in a loop; wxlogin mock clock +1m ends the minute.",
			Zh: "在模拟时钟的一分钟内，每次兑换都以 45011 被拒，code 仍然有效。服务器应请用户稍候，而不是循环重试；wxlogin mock clock +1m 可结束这一分钟。",
		},
		Faults: []Fault{{On: apiExchange, For: time.Minute, Effect: Effect{Kind: EffectErrCode, Code: wechat.CodeMinuteQuota}}},
	},
	{
		Name: "late-unionid",
		Text: lang.T{
			En: "The first exchange gives no unionid and later ones do, as when an app is bound to an Open Platform account after its users came. The server should fill the unionid in when it appears, and not make a second account for it.",
			Zh: "第一次兑换没有 unionid，之后才有，就像小程序在已有用户之后才绑定微信开放平台。服务器应在 unionid 出现时补上，而不是另建一个账号。",
		},
		Faults: []Fault{{On: apiExchange, Times: 1, Effect: Effect{Kind: EffectNoUnionID}}},
	},
	{
		Name: "plus-becomes-space",
		Text: lang.T{
			En: "Every session_key and iv that is made from now on contains both + and /: a client that puts an iv into a form without escaping it turns + into a blank, and fails each time instead of now and then. Send JSON, or use encodeURIComponent.",
			Zh: "此后生成的每个 session_key 和 iv 都同时含有 + 和 /：不转义就把 iv 放进表单的客户端会把 + 变成空格，于是每次都失败，而不是偶尔失败。应使用 JSON 发送，或先 encodeURIComponent。",
		},
		Faults: []Fault{{Effect: Effect{Kind: EffectPlusSlash}}},
	},
}

// Scenarios lists the scenarios, in the order for help.
func Scenarios() []Scenario { return append([]Scenario(nil), scenarios...) }

// StartScenario adds the faults of a scenario for an app, or for each app for "". A run of the same one for the same app ends first.
// They end like other faults. The error is a [*FaultError] that lists the names, or one of [World.AddFault].
func (w *World) StartScenario(name string, id wechat.AppID) ([]FaultReport, error) {
	var names []string
	for _, s := range scenarios {
		if s.Name != name {
			names = append(names, s.Name)
			continue
		}
		w.faults.remove(func(f *faultState) bool { return f.Scenario == name && f.AppID == id })
		var started []FaultReport
		for _, f := range s.Faults {
			f.AppID, f.Scenario = id, name
			report, err := w.AddFault(f)
			if err != nil {
				return started, err
			}
			started = append(started, report)
		}
		return started, nil
	}
	return nil, faultError("there is no scenario %q; there are %s", wechat.Shown(name, 40), strings.Join(names, ", "))
}
