package wechat

import "github.com/wxlogin/wxlogin/internal/lang"

var entriesBelow40000 = []Entry{
	{
		Code: -41016, Family: FamilyDemo, Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "Base64 decoding failed, according to a comment of the sample code.", Zh: "示例代码的注释称：base64 解码失败。"},
		Cause:   lang.T{En: "A port of the sample code that took its numbers from the comment, not from the constants.", Zh: "某些移植版采用了注释里的编号，而不是代码里的常量。"},
		Fix:     lang.T{En: "Check that encryptedData, iv and session_key arrived as they were sent, every + included.", Zh: "检查 encryptedData、iv、session_key 是否原样到达，尤其是 + 有没有丢。"},
	},
	{
		Code: -41006, Family: FamilyDemo, Evidence: Unproven, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "Not known; the sample code has no such number.", Zh: "含义不明；官方示例代码里没有这个编号。"},
		Cause:   lang.T{En: "A number that your decryption library made up.", Zh: "由所用的解密库自行定义。"},
		Fix:     lang.T{En: "Look it up in the source of that library.", Zh: "到该库的源码里查它的含义。"},
		Note:    lang.T{En: "Not an official code.", Zh: "不是官方错误码。"},
	},
	{
		Code: -41005, Family: FamilyDemo, Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "Base64 encoding failed, according to a comment of the sample code; a Go port reports JSON that does not parse with it.", Zh: "示例代码的注释称：base64 编码失败；有 Go 移植版用它表示 JSON 解析失败。"},
		Cause:   lang.T{En: "With the Go port: what came out of the decryption is not JSON, mostly because the session_key is an old one.", Zh: "若来自该 Go 移植版：解密结果不是 JSON，多半是 session_key 已过时。"},
		Fix:     lang.T{En: "Treat it like -41003: log in first, ask for the data afterwards.", Zh: "按 -41003 处理：先登录，再获取加密数据。"},
	},
	{
		Code: -41004, Family: FamilyDemo, ErrMsg: "DecodeBase64Error", Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "By its name base64 that does not decode; by its comment a plaintext that makes no sense.", Zh: "按常量名是 base64 解码失败；按注释是解密后的内容不合法。"},
		Cause:   lang.T{En: "The PHP sample never returns it. Copies return it for damaged base64 or for a watermark of another appid.", Zh: "PHP 示例本身从不返回它；改写版会在 base64 损坏或水印 appid 不符时返回。"},
		Fix:     lang.T{En: "Compare the inputs byte for byte with what the mini program sent, then the watermark's appid with yours.", Zh: "先与小程序发出的内容逐字节比对，再核对水印里的 appid。"},
	},
	{
		Code: -41003, Family: FamilyDemo, ErrMsg: "IllegalBuffer", Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "The data did not decrypt to JSON, or its watermark names another appid.", Zh: "解密结果不是 JSON，或水印中的 appid 不是本小程序。"},
		Cause:   lang.T{En: "The data was encrypted under another session_key: wx.login ran again after the button was tapped, or the server kept an older key.", Zh: "数据是用另一把 session_key 加密的：点按钮之后又调了 wx.login，或服务器存的是旧密钥。"},
		Fix:     lang.T{En: "Log in, wait until the server has the key, then ask for the data; never call wx.login in the button's callback.", Zh: "先登录并等服务器拿到密钥，再获取数据；不要在按钮回调里调用 wx.login。"},
	},
	{
		Code: -41002, Family: FamilyDemo, ErrMsg: "IllegalIv", Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "The iv is not 24 characters of base64.", Zh: "iv 不是 24 个 base64 字符。"},
		Cause:   lang.T{En: "A + became a blank in a form or a query, the value was cut, or iv and encryptedData changed places.", Zh: "表单或查询串把 + 变成了空格，值被截断，或 iv 与 encryptedData 填反了。"},
		Fix:     lang.T{En: "Send the data as JSON, or through encodeURIComponent.", Zh: "用 JSON 提交，或先做 encodeURIComponent。"},
	},
	{
		Code: -41001, Family: FamilyDemo, ErrMsg: "IllegalAesKey", Evidence: Demo, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "The session_key is not 24 characters of base64.", Zh: "session_key 不是 24 个 base64 字符。"},
		Cause:   lang.T{En: "The key is empty because the code exchange failed unnoticed, was cut by a column, or is another value altogether.", Zh: "换取 session_key 时已失败却未检查，存库时被截断，或根本不是 session_key。"},
		Fix:     lang.T{En: "Look at the stored value and at the answer of code2Session that it came from.", Zh: "检查存储的值，以及当初 code2Session 的返回。"},
	},
	{
		Code: -41000, Family: FamilyDemo, Evidence: Unproven, Endpoints: []string{DataCryptDemo},
		Meaning: lang.T{En: "Not known; some ports of the sample code use it.", Zh: "含义不明；仅个别移植版使用。"},
		Cause:   lang.T{En: "A number that your decryption library made up.", Zh: "由所用的解密库自行定义。"},
		Fix:     lang.T{En: "Look it up in the source of that library.", Zh: "到该库的源码里查它的含义。"},
		Note:    lang.T{En: "Not an official code.", Zh: "不是官方错误码。"},
	},
	{
		Code: CodeBusy, Family: FamilyGeneral, ErrMsg: "system error", Evidence: Documented, Retryable: true,
		Meaning:   lang.T{En: "WeChat is busy or failed internally.", Zh: "微信侧繁忙或内部出错。"},
		Cause:     lang.T{En: "A passing fault at WeChat; now and then a parameter with an odd value.", Zh: "微信侧的瞬时故障；偶尔是某个参数取值异常。"},
		Fix:       lang.T{En: "Wait a moment and send the call once more. If a login code is refused then, get a new one.", Zh: "稍等片刻再试一次；若登录 code 因此失效，重新调用 wx.login。"},
		Endpoints: []string{code2Session, plainToken, stableToken, resetSession, phoneNumber, paidUnionID, checkEncrypted},
	},
	{
		Code: 0, Family: FamilyGeneral, ErrMsg: "ok", Evidence: DocumentedAndSeen, Endpoints: []string{AllEndpoints},
		Meaning: lang.T{En: "Success.", Zh: "成功。"},
		Cause:   lang.T{En: "The call was accepted.", Zh: "调用已被接受。"},
		Fix:     lang.T{En: "Nothing to do. Read a missing errcode as 0: code2Session and the token endpoints send none on success.", Zh: "无需处理。没有 errcode 也等于 0：code2Session 与获取 token 的接口成功时都不返回它。"},
		Note:    lang.T{En: "getuserriskrank says getuserriskrank succ instead of ok.", Zh: "getuserriskrank 成功时的 errmsg 是 getuserriskrank succ，不是 ok。"},
	},
	{
		Code: 1, Family: FamilyUser, ErrMsg: "data not exit", Evidence: Documented, Endpoints: []string{checkEncrypted},
		Meaning: lang.T{En: "WeChat does not know encrypted data with this hash.", Zh: "微信没有与此哈希对应的加密数据。"},
		Cause:   lang.T{En: "The data is older than three days, belongs to another appid, or the hash was made over something else.", Zh: "数据已超过三天，属于别的 appid，或哈希的对象不对。"},
		Fix:     lang.T{En: "Hash encryptedData as WeChat gave it with SHA-256, in lower-case hex, within three days.", Zh: "对微信原样给出的 encryptedData 做 SHA-256（小写十六进制），并在三天内查询。"},
		Note:    lang.T{En: "The text is WeChat's own spelling.", Zh: "exit 是微信原文的拼写。"},
	},
	{
		Code: 1000, Family: FamilyPlugin, Evidence: Documented, Retryable: true, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "The openpid service failed.", Zh: "openpid 服务出错。"},
		Cause:   lang.T{En: "A passing fault at WeChat.", Zh: "微信侧的瞬时故障。"},
		Fix:     lang.T{En: "Send the call again after a while.", Zh: "稍后重试。"},
	},
	{
		Code: 1001, Family: FamilyPlugin, Evidence: Documented, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "A parameter of the request is not allowed.", Zh: "请求参数不合法。"},
		Cause:   lang.T{En: "A field is missing, misspelt or of the wrong type.", Zh: "字段缺失、拼错或类型不对。"},
		Fix:     lang.T{En: "Send a JSON body with the field code.", Zh: "请求体用 JSON，并带上 code 字段。"},
	},
	{
		Code: 1003, Family: FamilyPlugin, Evidence: Documented, Retryable: true, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "Too many requests.", Zh: "请求过于频繁。"},
		Cause:   lang.T{En: "More calls than this endpoint allows.", Zh: "调用次数超过该接口的频率限制。"},
		Fix:     lang.T{En: "Slow down and repeat later.", Zh: "降低频率，稍后再试。"},
	},
	{
		Code: 1005, Family: FamilyPlugin, Evidence: Documented, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "The data belongs to another plugin.", Zh: "数据不属于这个插件。"},
		Cause:   lang.T{En: "The access token is not that of the plugin whose wx.pluginLogin gave the code.", Zh: "access_token 与调用 wx.pluginLogin 的插件不是同一个 appid。"},
		Fix:     lang.T{En: "Call with the plugin's own appid and access token.", Zh: "改用该插件自己的 appid 和 access_token。"},
	},
	{
		Code: 1007, Family: FamilyPlugin, ErrMsg: " rid: <rid>", Evidence: DocumentedAndSeen, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "There is no openpid for this code.", Zh: "这个 code 没有对应的 openpid。"},
		Cause:   lang.T{En: "The code came from wx.login, not from wx.pluginLogin, or it was used before or is too old.", Zh: "code 来自 wx.login 而不是 wx.pluginLogin，或已使用、已过期。"},
		Fix:     lang.T{En: "Send the code of wx.pluginLogin here, and that of wx.login to code2Session.", Zh: "此接口用 wx.pluginLogin 的 code；wx.login 的 code 请交给 code2Session。"},
		Note:    lang.T{En: "The errmsg has no text, only a blank and the rid.", Zh: "errmsg 没有文字，只有一个空格和 rid。"},
	},
	{
		Code: 1022, Family: FamilyPlugin, Evidence: Documented, Endpoints: []string{pluginOpenPID},
		Meaning: lang.T{En: "The body is not valid JSON.", Zh: "请求体不是合法的 JSON。"},
		Cause:   lang.T{En: "The body was sent as a form, is empty or is broken.", Zh: "请求体以表单提交、为空或已损坏。"},
		Fix:     lang.T{En: "Send a JSON object in UTF-8.", Zh: "以 UTF-8 发送 JSON 对象。"},
	},
}
