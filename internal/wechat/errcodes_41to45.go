package wechat

import "github.com/wxlogin/wxlogin/internal/lang"

var entries41To45 = []Entry{
	{
		Code: 41001, Family: FamilyToken, ErrMsg: "access_token missing", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "The call carries no access token.", Zh: "请求没有带 access_token。"},
		Cause:     lang.T{En: "The token went into the body or a header, or is empty.", Zh: "token 放进了请求体或请求头，或值为空。"},
		Fix:       lang.T{En: "Put it into the query: ?access_token=…", Zh: "放到查询串里：?access_token=…"},
		Endpoints: []string{TokenEndpoints},
	},
	{
		Code: CodeAppIDMissing, Family: FamilyApp, ErrMsg: "appid missing", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "No appid arrived.", Zh: "没有收到 appid。"},
		Cause:     lang.T{En: "The parameters are in the wrong place, misspelt (appId), or the variable behind them is empty.", Zh: "参数放错了位置、名字拼错（如 appId），或对应的变量为空。"},
		Fix:       lang.T{En: "code2Session reads the query only; stable_token reads a JSON body only.", Zh: "code2Session 只读查询串；stable_token 只读 JSON 请求体。"},
		Endpoints: []string{code2Session, plainToken, stableToken},
	},
	{
		Code: CodeSecretMissing, Family: FamilyApp, ErrMsg: "appsecret missing", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "No AppSecret arrived.", Zh: "没有收到 AppSecret。"},
		Cause:     lang.T{En: "The parameter is called appsecret or app_secret, it is empty, or a third-party platform calls code2Session instead of its own endpoint.", Zh: "参数写成了 appsecret 或 app_secret、值为空，或第三方平台误用了 code2Session。"},
		Fix:       lang.T{En: "Call the parameter secret. Third-party platforms use /sns/component/jscode2session.", Zh: "参数名必须是 secret；第三方平台请用 /sns/component/jscode2session。"},
		Endpoints: []string{code2Session, plainToken, stableToken},
	},
	{
		Code: CodeMissing, Family: FamilyLogin, ErrMsg: "missing code", Evidence: Seen,
		Meaning:   lang.T{En: "No js_code arrived.", Zh: "没有收到 js_code。"},
		Cause:     lang.T{En: "The parameter is called code instead of js_code, or it is empty.", Zh: "参数写成了 code 而不是 js_code，或值为空。"},
		Fix:       lang.T{En: "Call the parameter js_code, and refuse an empty code before the call.", Zh: "参数名用 js_code，并在调用前拦住空值。"},
		Endpoints: []string{code2Session},
	},
	{
		Code: 41021, Family: FamilyPermission, ErrMsg: "missing component_access_token", Evidence: Documented,
		Meaning:   lang.T{En: "The platform's access token did not arrive.", Zh: "没有收到第三方平台的 component_access_token。"},
		Cause:     lang.T{En: "The parameter is missing or empty, or the mini program's own token was sent instead.", Zh: "参数缺失或为空，或误传了小程序自己的 access_token。"},
		Fix:       lang.T{En: "Send component_access_token in the query.", Zh: "在查询串里带上 component_access_token。"},
		Endpoints: []string{component2Session},
	},
	{
		Code: 42001, Family: FamilyToken, ErrMsg: "access_token expired", Evidence: DocumentedAndSeen, Retryable: true,
		Meaning:   lang.T{En: "The access token is past its two hours.", Zh: "access_token 已超过两小时的有效期。"},
		Cause:     lang.T{En: "A cached token was kept longer than its expires_in says.", Zh: "缓存的 token 没有按 expires_in 及时更新。"},
		Fix:       lang.T{En: "Fetch a new token and repeat the call once.", Zh: "重新获取 token，再重试一次。"},
		Endpoints: []string{TokenEndpoints},
	},
	{
		Code: 43002, Family: FamilyRequest, ErrMsg: "require POST method", Evidence: Documented,
		Meaning:   lang.T{En: "This endpoint wants POST.", Zh: "该接口只接受 POST。"},
		Cause:     lang.T{En: "The call was a GET, or a redirect turned a POST into one.", Zh: "用了 GET，或重定向把 POST 变成了 GET。"},
		Fix:       lang.T{En: "Use POST, and call the final address directly.", Zh: "改用 POST，并直接请求最终地址。"},
		Endpoints: []string{stableToken, phoneNumber, pluginOpenPID, checkEncrypted},
	},
	{
		Code: 43003, Family: FamilyRequest, ErrMsg: "require https", Evidence: Documented,
		Meaning:   lang.T{En: "The call came over plain HTTP.", Zh: "请求使用了明文 HTTP。"},
		Cause:     lang.T{En: "The address starts with http://.", Zh: "地址以 http:// 开头。"},
		Fix:       lang.T{En: "Use https://. If a real secret went over plain HTTP, reset it.", Zh: "改用 https://；若真实密钥已走过明文，请重置。"},
		Endpoints: []string{AnyEndpoint},
	},
	{
		Code: 43104, Family: FamilyUser, ErrMsg: "The openid does not match the appid", Evidence: Documented,
		Meaning:   lang.T{En: "The openid belongs to another appid.", Zh: "openid 属于另一个 appid。"},
		Cause:     lang.T{En: "The openid of a sibling app was sent, or appid and access token name different apps.", Zh: "传了同主体其他应用的 openid，或 appid 与 access_token 不是同一个应用。"},
		Fix:       lang.T{En: "Take openid, appid and access token from the same app.", Zh: "openid、appid 与 access_token 须来自同一个应用。"},
		Endpoints: []string{userRiskRank},
	},
	{
		Code: 44002, Family: FamilyRequest, ErrMsg: "empty post data", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "The POST has no body.", Zh: "POST 请求体为空。"},
		Cause:     lang.T{En: "The body was never written, or a library sent the parameters in the query.", Zh: "请求体没有写出，或库把参数放进了查询串。"},
		Fix:       lang.T{En: "Send a JSON body.", Zh: "发送 JSON 请求体。"},
		Endpoints: []string{stableToken, phoneNumber, pluginOpenPID, checkEncrypted},
	},
	{
		Code: CodeDailyQuota, Family: FamilyQuota, ErrMsg: "reach max api daily quota limit", Evidence: DocumentedAndSeen,
		Meaning:   lang.T{En: "The endpoint's calls for today are used up.", Zh: "该接口当天的调用次数已用完。"},
		Cause:     lang.T{En: "Mostly a token that is not cached: /cgi-bin/token allows 2,000 calls a day, force_refresh 20.", Zh: "多半是没有缓存 token：/cgi-bin/token 每天 2000 次，force_refresh 每天 20 次。"},
		Fix:       lang.T{En: "Cache the token and use stable_token. The count starts anew the next day; clear_quota resets it ten times a month.", Zh: "缓存 token 并改用 stable_token。次日重新计数；clear_quota 每月可清零 10 次。"},
		Endpoints: []string{plainToken, stableToken, pluginOpenPID, userRiskRank},
		Note:      lang.T{En: "Reported of code2Session by users of libraries that fetch a token first.", Zh: "有人在 code2Session 上遇到，其实是所用的库先去获取了 token。"},
	},
	{
		Code: CodeMinuteQuota, Family: FamilyQuota, ErrMsg: "api minute-quota reach limit  mustslower  retry next minute", Evidence: Documented, Retryable: true,
		Meaning:   lang.T{En: "Too many calls within a minute.", Zh: "一分钟内调用过多。"},
		Cause:     lang.T{En: "Often a client that logs in in a loop. Older pages of code2Session name 100 calls a minute for each user.", Zh: "常见于客户端循环登录。code2Session 的旧文档写明每个用户每分钟 100 次。"},
		Fix:       lang.T{En: "Wait until the next minute, and find what calls so often.", Zh: "等到下一分钟，并找出频繁调用的地方。"},
		Endpoints: []string{code2Session, stableToken, phoneNumber, resetSession, component2Session},
		Note:      lang.T{En: "The double blanks in the text are WeChat's.", Zh: "errmsg 中的双空格是微信原文。"},
	},
}
