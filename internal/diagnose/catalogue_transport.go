package diagnose

import "github.com/wxlogin/wxlogin/internal/lang"

var transportEntries = []Entry{
	{
		ID: "D01", Name: "plus-to-space", Group: GroupTransport,
		Verdict: lang.T{En: `Every "+" became a blank on the way.`, Zh: "传输途中“+”变成了空格。"},
		Test:    lang.T{En: `There are blanks, and with "+" in their place the data decrypts.`, Zh: "值中有空格，换回“+”之后可以解密。"},
		Fix:     lang.T{En: "Send the values as JSON, or encodeURIComponent each one; on the server, do not URL-decode what the framework has decoded already.", Zh: "改用 JSON 提交，或对每个值 encodeURIComponent；服务端不要对框架已解码的参数再次 URL 解码。"},
	},
	{
		ID: "D02", Name: "plus-lost", Group: GroupTransport,
		Verdict: lang.T{En: `A "+" got lost on the way.`, Zh: "传输途中丢失了“+”。"},
		Test:    lang.T{En: `A character is missing, and with a "+" at one place the data decrypts.`, Zh: "值少了字符，在某一处补上“+”之后可以解密。"},
		Fix:     lang.T{En: `A form decoder made "+" a blank and something trimmed or removed it: send JSON or encodeURIComponent the values, and trim nothing.`, Zh: "表单解码把“+”变成空格，随后又被 trim 或过滤掉：改用 JSON 或 encodeURIComponent，并且不要 trim。"},
	},
	{
		ID: "D03", Name: "percent-escaped", Group: GroupTransport,
		Verdict: lang.T{En: "The value is still URL-escaped.", Zh: "值还带着 URL 转义。"},
		Test:    lang.T{En: "There are escapes such as %2B, and unescaped the data decrypts.", Zh: "值中有 %2B 之类的转义，还原之后可以解密。"},
		Fix:     lang.T{En: "Escape once less in the mini program, or unescape once more on the server: both sides have to do it equally often.", Zh: "小程序端少编码一次，或服务端多解码一次：两端的次数必须相同。"},
	},
	{
		ID: "D04", Name: "json-escaped", Group: GroupTransport,
		Verdict: lang.T{En: "The value still has the backslashes of JSON.", Zh: "值还带着 JSON 的反斜杠转义。"},
		Test:    lang.T{En: `There is \/ or \u002b, and unescaped the data decrypts.`, Zh: `值中有 \/ 或 \u002b，还原之后可以解密。`},
		Fix:     lang.T{En: "The value was cut out of raw JSON: use a JSON parser, neither a regular expression nor a substring.", Zh: "值是从 JSON 原文里截取的：请用 JSON 解析器，不要用正则或截取字符串。"},
	},
	{
		ID: "D05", Name: "quoted", Group: GroupTransport,
		Verdict: lang.T{En: "The value is wrapped in quotes.", Zh: "值的外面还有引号。"},
		Test:    lang.T{En: "Without the quotes the data decrypts.", Zh: "去掉引号之后可以解密。"},
		Fix:     lang.T{En: "JSON.stringify was applied to a string, or once too often: stringify the whole object, once.", Zh: "对字符串做了 JSON.stringify，或多做了一次：只对整个对象 stringify 一次。"},
	},
	{
		ID: "D06", Name: "html-escaped", Group: GroupTransport,
		Verdict: lang.T{En: "The value was escaped for HTML.", Zh: "值被做了 HTML 转义。"},
		Test:    lang.T{En: "There are entities such as &#43;, and unescaped the data decrypts.", Zh: "值中有 &#43; 之类的实体，还原之后可以解密。"},
		Fix:     lang.T{En: "A filter against cross-site scripting rewrites request bodies: exempt this route.", Zh: "XSS 过滤器改写了请求体：请让该接口绕过过滤。"},
	},
	{
		ID: "D07", Name: "whitespace", Group: GroupTransport,
		Verdict: lang.T{En: "The value has line ends, blanks or invisible characters in it.", Zh: "值中混入了换行、空白或不可见字符。"},
		Test:    lang.T{En: "Without them the data decrypts.", Zh: "去掉它们之后可以解密。"},
		Fix:     lang.T{En: "It was wrapped at 76 characters (MIME base64), saved with a line end, or pasted from a chat: take the value as it came.", Zh: "值被按 76 字符折行（MIME base64）、随文件带上了换行，或从聊天窗口粘贴：请使用原样的值。"},
	},
	{
		ID: "D08", Name: "base64url", Group: GroupTransport,
		Verdict: lang.T{En: "The value is URL-safe or unpadded base64, which WeChat does not send.", Zh: "值是 URL 安全或缺少填充的 base64，微信不会这样发送。"},
		Test:    lang.T{En: `There is "-" or "_", or the "=" at the end is missing; in the standard alphabet, padded, the data decrypts.`, Zh: "值中有“-”或“_”，或末尾缺少“=”；换成标准字母表并补齐之后可以解密。"},
		Fix:     lang.T{En: "Something re-encodes the values: pass them through as WeChat gave them.", Zh: "某个环节重新编码了这些值：请原样传递微信给出的内容。"},
	},
	{
		ID: "D09", Name: "hex", Group: GroupTransport,
		Verdict: lang.T{En: "The value is hexadecimal; WeChat gives base64.", Zh: "值是十六进制，而微信给出的是 base64。"},
		Test:    lang.T{En: "It is hexadecimal of the right length, and read so the data decrypts.", Zh: "值是长度正确的十六进制，按此读取可以解密。"},
		Fix:     lang.T{En: "Pass the base64 text on; do not print the bytes in between.", Zh: "直接传递 base64 文本，中间不要转成字节再输出。"},
	},
	{
		ID: "D10", Name: "already-decoded", Group: GroupTransport,
		Verdict: lang.T{En: "The value was base64-decoded already.", Zh: "值已经被 base64 解码过一次。"},
		Test:    lang.T{En: "It is bytes of the right length, and taken as they are the data decrypts.", Zh: "值本身就是长度正确的字节，直接使用可以解密。"},
		Fix:     lang.T{En: "Decode once, in one place, right before decrypting.", Zh: "只在解密之前的那一处解码一次。"},
	},
	{
		ID: "D11", Name: "double-base64", Group: GroupTransport,
		Verdict: lang.T{En: "The value was base64-encoded twice.", Zh: "值被 base64 编码了两次。"},
		Test:    lang.T{En: "It decodes to base64, and decoded twice the data decrypts.", Zh: "解码后仍是 base64，再解码一次之后可以解密。"},
		Fix:     lang.T{En: "WeChat's values are base64 already: do not encode them again.", Zh: "微信给出的值已经是 base64，不要再编码。"},
	},
	{
		ID: "D12", Name: "utf-16", Group: GroupTransport,
		Verdict: lang.T{En: "The input was saved as UTF-16.", Zh: "输入被存成了 UTF-16。"},
		Test:    lang.T{En: "Every other byte is zero, or the file starts with FF FE; as UTF-8 the data decrypts.", Zh: "隔一个字节为零，或文件以 FF FE 开头；转成 UTF-8 之后可以解密。"},
		Fix:     lang.T{En: "PowerShell's > writes UTF-16: use | Out-File -Encoding utf8, or save as UTF-8.", Zh: "PowerShell 的 > 会写成 UTF-16：请用 | Out-File -Encoding utf8，或另存为 UTF-8。"},
	},
	{
		ID: "D13", Name: "case-lost", Group: GroupTransport,
		Verdict: lang.T{En: "Something changed the case of the letters.", Zh: "字母的大小写被改动了。"},
		Test:    lang.T{En: "The letters are all of one case, which base64 of that length never is; a key or an iv counts when the data decrypts with its case restored.", Zh: "所有字母只有一种大小写，而这样长的 base64 不可能如此；对密钥和 iv，则要恢复大小写之后可以解密。"},
		Fix:     lang.T{En: "A URL, a header name or a case-insensitive column lower-cased it: send it in a body, and keep it in a column with a binary collation.", Zh: "网址、请求头或大小写不敏感的处理改了大小写：请放在请求体中，并用区分大小写（binary）的列保存。"},
	},
	{
		ID: "D14", Name: "extra-characters", Group: GroupTransport,
		Verdict: lang.T{En: "The value has characters too many.", Zh: "值多出了字符。"},
		Test:    lang.T{En: "Without them the data decrypts.", Zh: "去掉多余的字符之后可以解密。"},
		Fix:     lang.T{En: `Pad nothing by hand: WeChat's values have the "=" that they need.`, Zh: "不要手工补“=”：微信给出的值已经带有所需的“=”。"},
	},
	{
		ID: "D15", Name: "non-canonical-tail", Group: GroupTransport,
		Verdict: lang.T{En: "The last character was changed: no base64 encoder writes it there.", Zh: "最后一个字符被改过：base64 编码器不会写出它。"},
		Test:    lang.T{En: "A tolerant decoder takes the value, a strict one refuses it, and with the spare bits cleared the data decrypts.", Zh: "宽松的解码器接受该值而严格的拒绝；清除多余的比特位之后可以解密。"},
		Fix:     lang.T{En: "Some libraries accept it, commons-codec from 1.13 on does not: find out who edits or invents the value.", Zh: "有的库能接受，commons-codec 1.13 起会拒绝：请查明是谁改动或编造了这个值。"},
	},
}
