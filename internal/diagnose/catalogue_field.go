package diagnose

import "github.com/wxlogin/wxlogin/internal/lang"

var fieldEntries = []Entry{
	{
		ID: "D20", Name: "iv-and-data-swapped", Group: GroupField,
		Verdict: lang.T{En: "iv and encryptedData are swapped.", Zh: "iv 与 encryptedData 填反了。"},
		Test:    lang.T{En: "Swapped, the data decrypts.", Zh: "交换之后可以解密。"},
		Fix:     lang.T{En: "Pass the parameters by name, or in the order that your library's function declares.", Zh: "按名称传参，或核对库函数的参数顺序。"},
	},
	{
		ID: "D21", Name: "key-and-iv-swapped", Group: GroupField,
		Verdict: lang.T{En: "session_key and iv are swapped.", Zh: "session_key 与 iv 填反了。"},
		Test:    lang.T{En: "Swapped, the data decrypts.", Zh: "交换之后可以解密。"},
		Fix:     lang.T{En: "Pass the parameters by name, or in the order that your library's function declares.", Zh: "按名称传参，或核对库函数的参数顺序。"},
	},
	{
		ID: "D22", Name: "not-a-session-key", Group: GroupField,
		Verdict: lang.T{En: "What is given as session_key is another value of the login.", Zh: "填在 session_key 处的是登录流程中的另一个值。"},
		Test:    lang.T{En: "It has the shape of a code, an openid, an AppSecret, an access token or a JWT.", Zh: "它的形状是 code、openid、AppSecret、access_token 或 JWT。"},
		Fix:     lang.T{En: "The session_key is what WeChat's server answers to jscode2session: 24 characters that end in ==.", Zh: "session_key 是服务端调用 jscode2session 得到的：24 个字符，以 == 结尾。"},
	},
	{
		ID: "D23", Name: "empty-value", Group: GroupField,
		Verdict: lang.T{En: "A value is empty, or the text that a program prints for nothing.", Zh: "某个值为空，或者是程序对空值的输出。"},
		Test:    lang.T{En: "It is empty, undefined, null, [object Object], <nil>, None or NaN.", Zh: "它是空串、undefined、null、[object Object]、<nil>、None 或 NaN。"},
		Fix:     lang.T{En: "jscode2session failed before and nobody looked at its errcode, or the field has another name: print what came before you use it.", Zh: "之前的 jscode2session 已经失败却没有检查 errcode，或者字段名写错：使用之前先打印收到的内容。"},
	},
	{
		ID: "D24", Name: "placeholder-key", Group: GroupField,
		Verdict: lang.T{En: "The session_key is a made-up placeholder.", Zh: "session_key 是编造的占位符。"},
		Test:    lang.T{En: "It has words in it, and is not base64 of 16 bytes.", Zh: "它是由单词拼成的，且不是 16 字节的 base64。"},
		Fix:     lang.T{En: "A home-made mock answered: let it return base64 of 16 random bytes, or use wxlogin serve --mock.", Zh: "这是自制模拟服务的返回：请让它返回 16 个随机字节的 base64，或使用 wxlogin serve --mock。"},
	},
	{
		ID: "D25", Name: "raw-data-as-data", Group: GroupField,
		Verdict: lang.T{En: "What is given as encryptedData is rawData or signature, which is not encrypted.", Zh: "填在 encryptedData 处的是 rawData 或 signature，它们并没有加密。"},
		Test:    lang.T{En: "It is JSON of a profile, or 40 hexadecimal digits.", Zh: "它是用户资料的 JSON，或 40 位十六进制字符。"},
		Fix:     lang.T{En: "rawData is readable as it is, and signature vouches for it; encryptedData is another member of the same result.", Zh: "rawData 本来就是明文，由 signature 校验；encryptedData 是同一结果里的另一个字段。"},
	},
	{
		ID: "D26", Name: "whole-result-pasted", Group: GroupField,
		Verdict: lang.T{En: "What is given as encryptedData is the whole result of the call.", Zh: "填在 encryptedData 处的是整个返回结果。"},
		Test:    lang.T{En: "It is an object or a form that has encryptedData and iv in it.", Zh: "它是含有 encryptedData 与 iv 的对象或表单。"},
		Fix:     lang.T{En: "Take the members encryptedData and iv out of it; wxlogin decrypt FILE reads the whole as it is.", Zh: "请取出其中的 encryptedData 与 iv；wxlogin decrypt FILE 可以直接读取整个结果。"},
	},
	{
		ID: "D27", Name: "call-failed", Group: GroupField,
		Verdict: lang.T{En: "The call failed in the mini program, so there is nothing to decrypt.", Zh: "小程序中的调用失败了，没有可解密的内容。"},
		Test:    lang.T{En: `errMsg says "fail".`, Zh: "errMsg 中有“fail”。"},
		Fix:     lang.T{En: "user deny: the user refused, handle that in the page. no permission: the account (personal, unverified, test) may not use this function.", Zh: "user deny：用户拒绝了，请在页面中处理；no permission：该账号（个人、未认证、测试号）没有此接口权限。"},
	},
	{
		ID: "D28", Name: "other-platform", Group: GroupField,
		Verdict: lang.T{En: "The data comes from another platform, not from a WeChat mini program.", Zh: "数据来自其他平台，不是微信小程序。"},
		Test:    lang.T{En: "It has the field names or the appid of WeCom, Alipay, Douyin, Xiaohongshu, QQ or Baidu.", Zh: "字段名或 appid 属于企业微信、支付宝、抖音、小红书、QQ 或百度。"},
		Fix:     lang.T{En: "Use the server API and the rules of that platform.", Zh: "请使用该平台自己的服务端接口与规则。"},
	},
	{
		ID: "D29", Name: "message-push", Group: GroupField,
		Verdict: lang.T{En: "This is an encrypted push message, not open data.", Zh: "这是加密的消息推送，不是开放数据。"},
		Test:    lang.T{En: "It decrypts under the 43 characters of an EncodingAESKey, or it is the body of a push (Encrypt, ToUserName).", Zh: "用 43 个字符的 EncodingAESKey 可以解开，或者它就是消息推送的请求体（Encrypt、ToUserName）。"},
		Fix:     lang.T{En: "Messages are AES-256 under the EncodingAESKey of the console: use the message library (WXBizMsgCrypt) of your language.", Zh: "消息使用后台配置的 EncodingAESKey（AES-256）：请使用对应语言的 WXBizMsgCrypt。"},
	},
}
