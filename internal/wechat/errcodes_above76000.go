package wechat

import "github.com/wxlogin/wxlogin/internal/lang"

var entriesAbove76000 = []Entry{
	{
		Code: 76001, Family: FamilyRID, ErrMsg: "rid not found", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "WeChat has no call with this rid.", Zh: "没有这个 rid 的调用记录。"},
		Cause:     lang.T{En: "The rid is mistyped, or its call carried no valid appid.", Zh: "rid 有误，或那次调用没有带有效的 appid。"},
		Fix:       lang.T{En: "Copy the rid from the errmsg: three groups of eight hexadecimal digits.", Zh: "从 errmsg 里原样复制 rid：三组八位十六进制字符。"},
		Endpoints: []string{getRID},
	},
	{
		Code: 76003, Family: FamilyRID, Evidence: Documented,
		Meaning:   lang.T{En: "The rid belongs to a call of another account.", Zh: "该 rid 属于其他帐号的调用。"},
		Cause:     lang.T{En: "The access token is of another app than the call was.", Zh: "access_token 与产生该 rid 的应用不同。"},
		Fix:       lang.T{En: "Look it up with the access token of the app that made the call.", Zh: "用产生该 rid 的应用的 access_token 查询。"},
		Endpoints: []string{getRID},
	},
	{
		Code: 76004, Family: FamilyRID, Evidence: Documented,
		Meaning:   lang.T{En: "The rid is too old to be looked up.", Zh: "rid 已过可查询的期限。"},
		Cause:     lang.T{En: "Its call was made more than seven days ago.", Zh: "那次调用发生在七天以前。"},
		Fix:       lang.T{En: "Cause the error again and look up the new rid.", Zh: "重现问题，用新的 rid 查询。"},
		Endpoints: []string{getRID},
	},
	{
		Code: 87007, Family: FamilySession, ErrMsg: "session_key is not existd or expired", Evidence: Documented,
		Meaning:   lang.T{En: "The user has no live session_key.", Zh: "该用户没有有效的 session_key。"},
		Cause:     lang.T{En: "The session expired, or the user never logged in to this app.", Zh: "会话已过期，或用户从未登录过本应用。"},
		Fix:       lang.T{En: "Let the mini program call wx.login again.", Zh: "让小程序重新调用 wx.login。"},
		Endpoints: []string{resetSession, encryptKey},
		Note:      lang.T{En: "The text is WeChat's own spelling.", Zh: "existd 是微信原文的拼写。"},
	},
	{
		Code: 87008, Family: FamilySession, ErrMsg: "invalid sig_method", Evidence: Documented,
		Meaning:   lang.T{En: "WeChat does not know this sig_method.", Zh: "不支持这个 sig_method。"},
		Cause:     lang.T{En: "The value is misspelt or missing.", Zh: "取值拼错或缺失。"},
		Fix:       lang.T{En: "Send hmac_sha256.", Zh: "填 hmac_sha256。"},
		Endpoints: []string{resetSession, encryptKey},
	},
	{
		Code: 87009, Family: FamilySession, ErrMsg: "invalid signature", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "The signature does not fit the session_key that WeChat holds now.", Zh: "签名与微信当前保存的 session_key 不符。"},
		Cause:     lang.T{En: "A later wx.login replaced the key, the key expired, or the HMAC was keyed with the decoded bytes.", Zh: "之后的 wx.login 换了密钥、密钥已过期，或计算 HMAC 时用了解码后的字节。"},
		Fix:       lang.T{En: "Sign the empty string with the base64 text of the key, in lower-case hex. If that fails too, log in again.", Zh: "以 base64 文本形式的密钥对空字符串签名，输出小写十六进制；仍失败则重新登录。"},
		Endpoints: []string{checkSession, resetSession, encryptKey},
	},
	{
		Code: 89002, Family: FamilyUser, ErrMsg: "open not exists", Evidence: Documented,
		Meaning:   lang.T{En: "The app is not bound to an Open Platform account.", Zh: "应用没有绑定微信开放平台帐号。"},
		Cause:     lang.T{En: "A unionid was asked for, and without that binding there is none.", Zh: "查询的是 unionid，而未绑定时没有 unionid。"},
		Fix:       lang.T{En: "Bind the mini program at open.weixin.qq.com.", Zh: "到 open.weixin.qq.com 绑定小程序。"},
		Endpoints: []string{paidUnionID},
	},
	{
		Code: 89300, Family: FamilyUser, ErrMsg: "invalid trade", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "WeChat does not accept the order.", Zh: "订单无效。"},
		Cause:     lang.T{En: "The payment is older than five minutes, or the order belongs to another appid or merchant.", Zh: "支付已超过五分钟，或订单不属于该 appid 或商户。"},
		Fix:       lang.T{En: "Ask within five minutes of the payment, with the numbers of that order.", Zh: "在支付后五分钟内，用该订单的编号查询。"},
		Endpoints: []string{paidUnionID},
	},
	{
		Code: 89503, Family: FamilyApp, Evidence: Documented, Retryable: true,
		Meaning:   lang.T{En: "An administrator has to confirm calls from this address.", Zh: "来自该 IP 的调用需要管理员确认。"},
		Cause:     lang.T{En: "The account asked for a token from a new address.", Zh: "帐号首次从新的 IP 获取 token。"},
		Fix:       lang.T{En: "Have the administrator confirm the message in WeChat, then repeat.", Zh: "请管理员在微信里确认后再试。"},
		Endpoints: []string{stableToken},
	},
	{
		Code: 89506, Family: FamilyApp, Evidence: Documented,
		Meaning:   lang.T{En: "An administrator refused this address twice; it is blocked for a day.", Zh: "管理员两次拒绝该 IP，24 小时内不能再用。"},
		Cause:     lang.T{En: "The confirmation of a new address was declined again.", Zh: "新 IP 的确认请求再次被拒绝。"},
		Fix:       lang.T{En: "Talk to the administrator, and try again after 24 hours.", Zh: "与管理员沟通，24 小时后再试。"},
		Endpoints: []string{stableToken},
	},
	{
		Code: 89507, Family: FamilyApp, Evidence: Documented,
		Meaning:   lang.T{En: "An administrator refused this address; it is blocked for an hour.", Zh: "管理员拒绝了该 IP，1 小时内不能再用。"},
		Cause:     lang.T{En: "The confirmation of a new address was declined.", Zh: "新 IP 的确认请求被拒绝。"},
		Fix:       lang.T{En: "Talk to the administrator, and try again after an hour.", Zh: "与管理员沟通，1 小时后再试。"},
		Endpoints: []string{stableToken},
	},
	{
		Code: 9410009, Family: FamilyUser, ErrMsg: "the quota is not enough;please apply again!", Evidence: Documented,
		Meaning:   lang.T{En: "The test calls of the risk API are used up.", Zh: "风险接口的测试额度已用完。"},
		Cause:     lang.T{En: "Test calls have a quota of their own, and it is spent.", Zh: "测试调用单独计额度，现已耗尽。"},
		Fix:       lang.T{En: "Apply for more in the console.", Zh: "在后台重新申请。"},
		Endpoints: []string{userRiskRank},
	},
}
