package diagnose

import "github.com/wxlogin/wxlogin/internal/lang"

var proofEntries = []Entry{
	{
		ID: "D30", Name: "wrong-session-key", Group: GroupProof,
		Verdict: lang.T{En: "The session_key is not the one that the data was encrypted under.", Zh: "数据不是用这个 session_key 加密的。"},
		Test:    lang.T{En: "All lengths are right, and under this key not one block reads as text.", Zh: "各项长度都正确，但用这个密钥没有一个分组能读出文字。"},
		Fix:     lang.T{En: "Call wx.login, let the server exchange the code and save the key, and only then ask for the data; no wx.login inside the callback, one key per user, and the newest login wins.", Zh: "先 wx.login，等服务端换到并保存密钥，再获取数据；不要在回调里调用 wx.login；每个用户各存一个密钥，以最近一次登录为准。"},
	},
	{
		ID: "D31", Name: "key-of-another-login", Group: GroupProof,
		Verdict: lang.T{En: "The data was encrypted under the session_key of another login.", Zh: "数据是用另一次登录的 session_key 加密的。"},
		Test:    lang.T{En: "It does not decrypt under the key given, but under another one of the history or of --keys.", Zh: "用给出的密钥无法解密，而用历史记录或 --keys 中的另一个可以。"},
		Fix:     lang.T{En: "Decrypt with the key that was current when the data was made: save the key of every login, and do not log in again between the tap and the upload.", Zh: "要用数据生成时有效的密钥：每次登录都保存密钥，并且在点击与上传之间不要重新登录。"},
	},
	{
		ID: "D32", Name: "wrong-iv", Group: GroupProof,
		Verdict: lang.T{En: "The session_key is right, the iv is wrong.", Zh: "session_key 正确，iv 有误。"},
		Test:    lang.T{En: "The first 16 bytes are noise, all others read, and the padding is right.", Zh: "前 16 字节是乱码，其余都能读出，填充也正确。"},
		Fix:     lang.T{En: "Take iv and encryptedData from one and the same result of wx.*, and do not keep the iv of an earlier call.", Zh: "iv 与 encryptedData 必须取自同一次 wx.* 的结果，不要沿用之前的 iv。"},
	},
	{
		ID: "D33", Name: "truncated", Group: GroupProof,
		Verdict: lang.T{En: "The encryptedData was cut off.", Zh: "encryptedData 被截断了。"},
		Test:    lang.T{En: "The beginning reads, and the end with its padding is missing; or the end reads, and more than the first 16 bytes of the text are missing.", Zh: "开头能读出，而带填充的结尾缺失；或者结尾能读出，而开头缺失的超过 16 字节。"},
		Fix:     lang.T{En: "Look for a limit on the way: a VARCHAR column, a log line, the length of a URL. Send it in the body, and keep it in a TEXT column.", Zh: "查找途中的长度限制：VARCHAR 列、日志行、网址长度。请放在请求体中，并用 TEXT 列保存。"},
	},
	{
		ID: "D34", Name: "block-altered", Group: GroupProof,
		Verdict: lang.T{En: "Part of the encryptedData was altered on the way.", Zh: "encryptedData 有一部分在途中被改动。"},
		Test:    lang.T{En: "One block is noise, the next one has damage at the same places, all others read.", Zh: "一个分组成了乱码，下一个分组在相同位置受损，其余都能读出。"},
		Fix:     lang.T{En: "Compare these characters with what the mini program logs: a filter, an editor or a copy by hand changed them.", Zh: "把这些字符与小程序端打印的比较：它们被过滤器、编辑器或手工抄写改动了。"},
	},
	{
		ID: "D35", Name: "end-damaged-or-twice", Group: GroupProof,
		Verdict: lang.T{En: "The end of the encryptedData is damaged, or two values stand in one.", Zh: "encryptedData 的结尾受损，或两个值连在了一起。"},
		Test:    lang.T{En: "All but the last block reads; or a first part of the value decrypts by itself.", Zh: "除最后一个分组外都能读出；或者前一部分单独可以解密。"},
		Fix:     lang.T{En: "A parameter that is sent twice arrives as one text: send it once, and look for who appends to it.", Zh: "同名参数发送两次会被拼成一个值：只发送一次，并查明是谁在后面追加。"},
	},
	{
		ID: "D36", Name: "wrong-app", Group: GroupProof,
		Verdict: lang.T{En: "The data was made for another mini program.", Zh: "数据属于另一个小程序。"},
		Test:    lang.T{En: "It decrypts, and the appid of its watermark is not the configured one.", Zh: "可以解密，但水印中的 appid 与配置的不一致。"},
		Fix:     lang.T{En: "Compare the appid in project.config.json with the one of the server: wxlogin config get appid.", Zh: "比较 project.config.json 中的 appid 与服务端的 appid：wxlogin config get appid。"},
	},
	{
		ID: "D37", Name: "stale-or-future", Group: GroupProof,
		Verdict: lang.T{En: "The data is too old, or from the future.", Zh: "数据太旧，或来自未来。"},
		Test:    lang.T{En: "It decrypts, and the timestamp of its watermark is outside of what is allowed.", Zh: "可以解密，但水印时间超出了允许的范围。"},
		Fix:     lang.T{En: "Old data may be a replay: ask the mini program for fresh data. For data from the future, check the clock of this machine.", Zh: "旧数据可能是重放：请让小程序重新获取；来自未来则请检查本机时钟。"},
	},
	{
		ID: "D38", Name: "anonymous-profile", Group: GroupProof,
		Verdict: lang.T{En: "The profile is the anonymous one that WeChat gives since October 2022.", Zh: "这是微信自 2022 年 10 月起返回的匿名资料。"},
		Test:    lang.T{En: "It decrypts, and its nickname is 微信用户 or its openId is missing.", Zh: "可以解密，但昵称是“微信用户”或没有 openId。"},
		Fix:     lang.T{En: "Take openid and unionid from jscode2session, and nickname and avatar from the form that the user fills in.", Zh: "openid 与 unionid 取自 jscode2session，昵称与头像用头像昵称填写能力获取。"},
	},
	{
		ID: "D39", Name: "foreign-number", Group: GroupProof,
		Verdict: lang.T{En: "The phone number is not one of mainland China, or it comes without its pure form.", Zh: "手机号不是中国大陆号码，或没有不带区号的形式。"},
		Test:    lang.T{En: "It decrypts, and countryCode is not 86 or purePhoneNumber is empty.", Zh: "可以解密，但 countryCode 不是 86 或 purePhoneNumber 为空。"},
		Fix:     lang.T{En: "Nothing is wrong: keep countryCode beside purePhoneNumber, and do not expect 11 digits.", Zh: "这不是错误：请同时保存 countryCode 与 purePhoneNumber，不要假定是 11 位。"},
	},
	{
		ID: "D40", Name: "not-aes-128", Group: GroupProof,
		Verdict: lang.T{En: "The session_key is not one of AES-128.", Zh: "session_key 不是 AES-128 的密钥。"},
		Test:    lang.T{En: "It holds 24 or 32 bytes; or the data decrypts with the 24 characters themselves as key.", Zh: "它是 24 或 32 字节；或者直接用这 24 个字符作密钥可以解密。"},
		Fix:     lang.T{En: "WeChat's keys hold 16 bytes. A library that picks AES-192 or AES-256 by the length of the text is used wrongly: decode the key first.", Zh: "微信的密钥是 16 字节。若所用的库按文本长度选了 AES-192 或 AES-256，请先把密钥 base64 解码。"},
	},
	{
		ID: "D41", Name: "not-wechat-encryption", Group: GroupProof,
		Verdict: lang.T{En: "The data was not encrypted as WeChat does it.", Zh: "数据的加密方式不是微信的。"},
		Test:    lang.T{En: "It decrypts with another padding than PKCS#7 to 16 bytes, or in ECB mode.", Zh: "用其他填充方式或 ECB 模式可以解密。"},
		Fix:     lang.T{En: "A crypto helper of your own made it: use AES-128-CBC with PKCS#7 padding, or let wxlogin serve --mock make test data.", Zh: "它是自己的加密代码生成的：请使用 AES-128-CBC 与 PKCS#7 填充，或用 wxlogin serve --mock 生成测试数据。"},
	},
}
