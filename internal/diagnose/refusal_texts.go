package diagnose

import "github.com/wxlogin/wxlogin/internal/lang"

// The causes of errcodes that have one each ([otherRefusal]).
var (
	busy = refusalRow{
		"E27", "busy",
		lang.T{En: "WeChat is busy; wxlogin asked twice. When it is always so, a parameter did not arrive", Zh: "微信繁忙，wxlogin 已重试一次；若一直如此，可能有参数没有传到"},
		lang.T{En: "wait a moment and try the same code again", Zh: "稍候用同一个 code 再试"},
	}
	tooOften = refusalRow{
		"E29", "too-often",
		lang.T{En: "one user logs in too often: WeChat counts about 100 calls a minute for each user and app. A login loop (401, login, 401) does that", Zh: "同一用户登录过于频繁：微信对每个用户、每个小程序约限每分钟 100 次，循环登录（401、登录、401）会触发"},
		lang.T{En: "wait a minute, and look for a login loop in the mini program", Zh: "等待一分钟，并检查小程序是否存在循环登录"},
	}
	blocked = refusalRow{
		"E30", "blocked",
		lang.T{En: "WeChat's risk control blocks this user; no retry and no new code helps", Zh: "该用户被微信风控拦截，重试或换 code 都无济于事"},
		lang.T{En: "tell the user kindly; getuserriskrank tells the rank to apps that may ask for it", Zh: "向用户友好提示；有权限的小程序可用 getuserriskrank 查询风险等级"},
	}
	secretFrozen = refusalRow{
		"E31", "secret-frozen",
		lang.T{En: "the AppSecret is frozen in the console of the account", Zh: "该 AppSecret 已在后台被冻结"},
		lang.T{En: "unfreeze or reset it: mp.weixin.qq.com, Development Management, Development Settings", Zh: "在 mp.weixin.qq.com 的“开发管理 - 开发设置”中解冻或重置"},
	}
	notListed = refusalRow{
		"E32", "address-not-listed",
		lang.T{En: "the address of this machine, which WeChat names in its message, is not on the list of the account. A mini program needs no list, so it may be an official account", Zh: "本机 IP（见微信的返回文字）不在该帐号的白名单中；小程序不需要白名单，它可能是公众号"},
		lang.T{En: "add the address to the list, or use the appid of the mini program", Zh: "把该 IP 加入白名单，或改用小程序的 appid"},
	}
	notGranted = refusalRow{
		"E34", "not-granted",
		lang.T{En: "the account may not use this interface: phone numbers are for verified accounts that are not personal ones, with the privacy guide filled in", Zh: "该帐号没有此接口的权限：手机号仅对已认证的非个人主体开放，且须填写隐私保护指引"},
		lang.T{En: "look at the interfaces of the account in mp.weixin.qq.com; test accounts have none of this", Zh: "在 mp.weixin.qq.com 查看接口权限；测试号没有此权限"},
	}
	thirdParty = refusalRow{
		"E35", "third-party",
		lang.T{En: "the app is not authorised to this third-party platform", Zh: "该小程序没有授权给此第三方平台"},
		lang.T{En: "a third-party platform exchanges codes at /sns/component/jscode2session", Zh: "第三方平台应使用 /sns/component/jscode2session"},
	}
	keyReplaced = refusalRow{
		"E36", "key-not-current",
		lang.T{En: "the saved session_key is not the user's current one: a newer wx.login, another device or a reset replaced it", Zh: "保存的 session_key 不是该用户当前的密钥：已被新的 wx.login、另一台设备或重置所替换"},
		lang.T{En: "log in again: wx.login, then wxlogin exchange CODE", Zh: "重新登录：wx.login，再 wxlogin exchange CODE"},
	}
	keyGone = refusalRow{
		"E36", "key-not-current",
		lang.T{En: "WeChat has no session_key of this user any more: it has expired, or the user never logged in to this mini program", Zh: "微信已没有该用户的 session_key：已过期，或该用户从未登录过这个小程序"},
		lang.T{En: "log in again: wx.login, then wxlogin exchange CODE", Zh: "重新登录：wx.login，再 wxlogin exchange CODE"},
	}
	paramMissing = refusalRow{
		"E28", "parameter-missing",
		lang.T{En: "a parameter did not arrive: something between here and WeChat changed the request, or api_base is not WeChat's", Zh: "有参数没有传到：请求在途中被改动，或 api_base 不是微信的地址"},
		lang.T{En: "see what is sent: wxlogin exchange CODE --dry-run; in code of your own, all four parameters stand in the query: appid, secret, js_code, grant_type", Zh: "查看发送的内容：wxlogin exchange CODE --dry-run；在自己的代码中，四个参数 appid、secret、js_code、grant_type 都应放在查询串里"},
	}
	tokenReplaced = refusalRow{
		"E33", "token-replaced",
		lang.T{En: "another server or machine fetched a token from /cgi-bin/token or forced a refresh; wxlogin fetched a new one once, and it was refused as well", Zh: "另一台服务器或机器调用了 /cgi-bin/token 或强制刷新；wxlogin 已重新获取一次，仍被拒绝"},
		lang.T{En: "let everybody use stable_token, and nobody force_refresh", Zh: "所有调用方统一使用 stable_token，且不要 force_refresh"},
	}
	toConfirm = refusalRow{
		"E37", "address-to-confirm",
		lang.T{En: "WeChat wants the account's administrator to confirm this machine's address", Zh: "微信要求帐号管理员确认本机 IP"},
		lang.T{En: "let the administrator confirm the message in WeChat, then try again", Zh: "请管理员在微信中确认，然后重试"},
	}
)
