package diagnose

import "github.com/wxlogin/wxlogin/internal/lang"

// What is behind an error, likeliest first. A wrong key has as many texts as there are libraries: it ends in valid padding once in
// 245 times, and what follows differs.
var (
	anyFailure   = []string{"D30", "D01", "D36"}
	notBlocks    = []string{"D33", "D10", "D20"}
	badKeyLength = []string{"D22", "D23", "D24", "D10"}
	badIVLength  = []string{"D20", "D23", "D02", "D10"}
	badPadding   = []string{"D02", "D15", "D08", "D33"}
)

// phrases are the texts of docs/diagnoses.md. Where one contains another the longer one counts.
var phrases = []Phrase{
	{Text: "pad block corrupted", Stacks: "Java, BouncyCastle", IDs: anyFailure},
	{Text: "given final block not properly padded", Stacks: "Java", IDs: anyFailure},
	{Text: "padding is invalid and cannot be removed", Stacks: ".NET", IDs: anyFailure},
	{Text: "填充无效，无法被移除", Stacks: ".NET", IDs: anyFailure},
	{Text: "bad decrypt", Stacks: "OpenSSL, Node.js, PHP", IDs: anyFailure},
	{Text: "evp_decryptfinal_ex", Stacks: "OpenSSL, Node.js", IDs: anyFailure},
	{Text: "1c800064", Stacks: "OpenSSL 3", IDs: anyFailure},
	{Text: "err_ossl_bad_decrypt", Stacks: "Node.js", IDs: anyFailure},
	{Text: "invalid padding on input", Stacks: "Go", IDs: anyFailure},
	{Text: "invalid pkcs7 padding", Stacks: "Go, Rust, Python", IDs: anyFailure},
	{Text: "padding is incorrect", Stacks: "Python, PyCryptodome", IDs: anyFailure},
	{Text: "pkcs#7 padding is incorrect", Stacks: "Python, PyCryptodome", IDs: anyFailure},
	{Text: "invalid padding bytes", Stacks: "Python, cryptography", IDs: anyFailure},
	{Text: "unpaderror", Stacks: "Rust", IDs: anyFailure},
	{Text: "illegal_buffer", Stacks: "WXBizDataCrypt", IDs: anyFailure},
	{Text: "illegal buffer", Stacks: "WXBizDataCrypt for Node.js", IDs: anyFailure},
	{Text: "illegalbuffer", Stacks: "WXBizDataCrypt for PHP", IDs: anyFailure},
	{Text: "the given payload is invalid", Stacks: "EasyWeChat", IDs: anyFailure},
	{Text: "expected begin_object but was string", Stacks: "Java, Gson, WxJava", IDs: anyFailure},
	{Text: "looking for beginning of value", Stacks: "Go, encoding/json", IDs: anyFailure},
	{Text: "codec can't decode byte", Stacks: "Python", IDs: anyFailure},
	{Text: "invalid start byte", Stacks: "Python", IDs: anyFailure},
	{Text: "unexpected token", Stacks: "JavaScript, JSON.parse", IDs: anyFailure},
	{Text: "is not valid json", Stacks: "JavaScript, JSON.parse", IDs: anyFailure},
	{Text: "expecting value: line 1 column 1", Stacks: "Python, json", IDs: anyFailure},
	{Text: "malformed utf-8 data", Stacks: "crypto-js", IDs: anyFailure},
	{Text: "unrecognized token", Stacks: "Java, Jackson", IDs: anyFailure},
	{Text: "jsonexception: syntax error, pos", Stacks: "Java, fastjson", IDs: anyFailure},
	{Text: "property 'watermark' of non-object", Stacks: "PHP 7", IDs: anyFailure, Note: textNoJSON},
	{Text: "property \"watermark\" on null", Stacks: "PHP 8", IDs: anyFailure, Note: textNoJSON},
	{Text: "property 'watermark' of null", Stacks: "JavaScript", IDs: anyFailure, Note: textNoJSON},
	{Text: "of null (reading 'watermark')", Stacks: "JavaScript", IDs: anyFailure, Note: textNoJSON},

	{Text: "unexpected end of json input", Stacks: "Go, encoding/json; JavaScript, JSON.parse", IDs: []string{"D30", "D33", "D23"}, Note: textCutJSON},
	{Text: "unexpected end of json data", Stacks: "Python, orjson", IDs: []string{"D30", "D33", "D23"}, Note: textCutJSON},
	{Text: "after top-level value", Stacks: "Go, encoding/json", IDs: []string{"D35", "D41"}, Note: textBehindJSON},
	{Text: "unexpected non-whitespace character after json", Stacks: "JavaScript, JSON.parse", IDs: []string{"D35", "D41"}, Note: textBehindJSON},
	{Text: "extra data: line 1 column", Stacks: "Python, json", IDs: []string{"D35", "D41"}, Note: textBehindJSON},

	{Text: "解密后数据为空", Stacks: "SDK", IDs: []string{"D30", "D23", "D01"}},
	{Text: "解密失败", Stacks: "SDK", IDs: anyFailure},
	{Text: "解密错误", Stacks: "SDK", IDs: anyFailure},
	{Text: "aes解密失败", Stacks: "SDK", IDs: anyFailure},
	{Text: "invalid buffer", Stacks: "SDK", IDs: anyFailure},

	{Text: "illegal base64 data at input byte", Stacks: "Go", IDs: []string{"D01", "D03", "D05", "D08"}},
	{Text: "illegal base64 character", Stacks: "Java", IDs: []string{"D01", "D05", "D08", "D07"}},
	{Text: "illegal base64 character 20", Stacks: "Java", IDs: []string{"D01", "D07"}, Note: lang.T{En: "20 is the blank, in hexadecimal", Zh: "20 是空格的十六进制"}},
	{Text: "illegal base64 character 22", Stacks: "Java", IDs: []string{"D05"}, Note: lang.T{En: "22 is the quotation mark, in hexadecimal", Zh: "22 是双引号的十六进制"}},
	{Text: "illegal base64 character 25", Stacks: "Java", IDs: []string{"D03"}, Note: lang.T{En: "25 is the percent sign, in hexadecimal", Zh: "25 是百分号的十六进制"}},
	{Text: "illegal base64 character 26", Stacks: "Java", IDs: []string{"D06"}, Note: lang.T{En: "26 is the ampersand, in hexadecimal", Zh: "26 是 & 的十六进制"}},
	{Text: "illegal base64 character 2d", Stacks: "Java", IDs: []string{"D08", "D22"}, Note: lang.T{En: "2d is the hyphen, in hexadecimal", Zh: "2d 是连字符的十六进制"}},
	{Text: "illegal base64 character 5c", Stacks: "Java", IDs: []string{"D04"}, Note: lang.T{En: "5c is the backslash, in hexadecimal", Zh: "5c 是反斜杠的十六进制"}},
	{Text: "illegal base64 character 5f", Stacks: "Java", IDs: []string{"D08", "D24", "D22"}, Note: lang.T{En: "5f is the underscore, in hexadecimal", Zh: "5f 是下划线的十六进制"}},
	{Text: "illegal base64 character 7b", Stacks: "Java", IDs: []string{"D26", "D25"}, Note: lang.T{En: "7b is the opening brace, in hexadecimal", Zh: "7b 是左花括号的十六进制"}},
	{Text: "illegal base64 character a", Stacks: "Java", IDs: []string{"D07"}, Note: lang.T{En: "a is the line feed, in hexadecimal", Zh: "a 是换行符的十六进制"}},
	{Text: "illegal base64 character d", Stacks: "Java", IDs: []string{"D07"}, Note: lang.T{En: "d is the carriage return, in hexadecimal", Zh: "d 是回车符的十六进制"}},
	{Text: "the input is not a valid base-64 string", Stacks: ".NET", IDs: []string{"D01", "D03", "D05", "D08"}},
	{Text: "输入的不是有效的 base-64 字符串", Stacks: ".NET", IDs: []string{"D01", "D03", "D05", "D08"}},
	{Text: "invalid length for a base-64 char array", Stacks: ".NET", IDs: badPadding},
	{Text: "base-64 字符数组或字符串的长度无效", Stacks: ".NET", IDs: badPadding},
	{Text: "incorrect padding", Stacks: "Python, base64", IDs: badPadding},
	{Text: "last encoded character", Stacks: "Java, commons-codec 1.13 and later", IDs: []string{"D15", "D02"}},
	{Text: "input byte array has wrong 4-byte ending unit", Stacks: "Java", IDs: badPadding},
	{Text: "last unit does not have enough valid bits", Stacks: "Java", IDs: badPadding},
	{Text: "input byte array has incorrect ending byte", Stacks: "Java", IDs: []string{"D14", "D35"}},
	{Text: "invalid base64", Stacks: "many", IDs: []string{"D01", "D03", "D05", "D08"}},

	{Text: "iv passed is only", Stacks: "PHP, openssl_decrypt", IDs: []string{"D01", "D02", "D23"}, Note: lang.T{En: "it is about the iv", Zh: "问题出在 iv"}},
	{Text: "iv passed is", Stacks: "PHP, openssl_decrypt", IDs: []string{"D14", "D10", "D20"}, Note: lang.T{En: "it is about the iv", Zh: "问题出在 iv"}},
	{Text: "using an empty initialization vector", Stacks: "PHP, openssl_decrypt", IDs: []string{"D23"}, Note: lang.T{En: "it is about the iv", Zh: "问题出在 iv"}},
	{Text: "invalid iv length", Stacks: "Node.js", IDs: badIVLength},
	{Text: "wrong iv length", Stacks: "Java", IDs: badIVLength},
	{Text: "invalid initialization vector", Stacks: "Node.js", IDs: badIVLength},
	{Text: "iv length must equal block size", Stacks: "Go", IDs: badIVLength},
	{Text: "iv must be 16 bytes long", Stacks: "Java, Python", IDs: badIVLength},
	{Text: "incorrect iv length", Stacks: "Python, PyCryptodome", IDs: badIVLength},
	{Text: "specified initialization vector (iv) does not match", Stacks: ".NET", IDs: badIVLength},
	{Text: "指定的初始化向量", Stacks: ".NET", IDs: badIVLength},
	{Text: "illegal_iv", Stacks: "WXBizDataCrypt", IDs: badIVLength},

	{Text: "invalid aes key length", Stacks: "Java", IDs: badKeyLength},
	{Text: "invalid key length", Stacks: "Node.js", IDs: badKeyLength},
	{Text: "crypto/aes: invalid key size 0", Stacks: "Go", IDs: []string{"D23", "D22"}},
	{Text: "crypto/aes: invalid key size", Stacks: "Go", IDs: badKeyLength},
	{Text: "incorrect aes key length", Stacks: "Python, PyCryptodome", IDs: badKeyLength},
	{Text: "specified key is not a valid size", Stacks: ".NET", IDs: badKeyLength},
	{Text: "指定键的大小对于此算法无效", Stacks: ".NET", IDs: badKeyLength},
	{Text: "empty key", Stacks: "Java", IDs: []string{"D23"}},
	{Text: "illegal_aes_key", Stacks: "WXBizDataCrypt", IDs: badKeyLength},
	{Text: "encodingaeskey", Stacks: "many", IDs: []string{"D29", "D22"}},

	{Text: "last block incomplete", Stacks: "Java, BouncyCastle", IDs: notBlocks},
	{Text: "input length must be multiple of 16", Stacks: "Java", IDs: notBlocks},
	{Text: "input not full blocks", Stacks: "Go", IDs: notBlocks},
	{Text: "wrong final block length", Stacks: "OpenSSL, Node.js", IDs: notBlocks},
	{Text: "err_ossl_wrong_final_block_length", Stacks: "Node.js", IDs: notBlocks},
	{Text: "not a multiple of the block size", Stacks: "Go", IDs: notBlocks},
	{Text: "not a multiple of the block length", Stacks: "Python, cryptography, PyCryptodome", IDs: notBlocks},
	{Text: "input strings must be a multiple of 16 in length", Stacks: "Python, PyCrypto", IDs: notBlocks},
	{Text: "data must be padded to 16 byte boundary", Stacks: "Python, PyCryptodome", IDs: notBlocks},
	{Text: "data must be aligned to block boundary", Stacks: "Python, PyCryptodome", IDs: notBlocks},
	{Text: "length of the data to decrypt is invalid", Stacks: ".NET", IDs: notBlocks},
	{Text: "要解密的数据的长度无效", Stacks: ".NET", IDs: notBlocks},
	{Text: "not a complete block", Stacks: ".NET", IDs: notBlocks},

	{Text: "the first argument must be of type string", Stacks: "Node.js, Buffer.from", IDs: []string{"D23", "D27", "D26"}, Note: textUndefined},
	{Text: "first argument must be a string, buffer", Stacks: "Node.js before 10, Buffer.from", IDs: []string{"D23", "D27", "D26"}, Note: textUndefined},
	{Text: "the \"data\" argument must be of type string", Stacks: "Node.js, decipher.update", IDs: []string{"D23", "D27", "D26"}, Note: textUndefined},
	{Text: "the \"key\" argument must be of type", Stacks: "Node.js, createDecipheriv", IDs: []string{"D23"}, Note: textUndefined},
	{Text: "the \"iv\" argument must be of type", Stacks: "Node.js, createDecipheriv", IDs: []string{"D23", "D27"}, Note: textUndefined},
	{Text: "slice bounds out of range", Stacks: "Go, weapp/cbc.go", IDs: []string{"D23", "D20"}, Note: lang.T{En: "in code that decrypts, the iv or the data is empty", Zh: "若出自解密代码，说明 iv 或数据为空"}},
	{Text: "cannot find any provider supporting aes/cbc/pkcs7padding", Stacks: "Java", Note: lang.T{En: "Not the data: the JDK calls this padding PKCS5Padding. Use AES/CBC/PKCS5Padding, or add BouncyCastle.", Zh: "与数据无关：JDK 把这种填充叫做 PKCS5Padding。请改用 AES/CBC/PKCS5Padding，或加入 BouncyCastle。"}},
	{Text: "illegal key size or default parameters", Stacks: "Java 8 before update 161", IDs: []string{"D40", "D22"}, Note: lang.T{En: "An old JDK refuses keys above 128 bits, which those of WeChat are not: the key was not decoded.", Zh: "旧版 JDK 拒绝超过 128 位的密钥，而微信的密钥是 128 位：说明密钥没有先解码。"}},
	{Text: "watermark", Stacks: "SDK", IDs: []string{"D36", "D37"}},
	{Text: "水印", Stacks: "SDK", IDs: []string{"D36", "D37"}},
	{Text: "fail user deny", Stacks: "wx.*", IDs: []string{"D27"}},
	{Text: "fail no permission", Stacks: "wx.*", IDs: []string{"D27"}},
	{Text: "fail auth deny", Stacks: "wx.*", IDs: []string{"D27"}},
	{Text: "微信用户", Stacks: "wx.getUserInfo", IDs: []string{"D38"}},
}

var (
	textCutJSON    = lang.T{En: "the JSON is empty, or ends too early: code that takes padding off without looking at it leaves that of any wrong key; without a decryption near by, the answer of a server was empty", Zh: "JSON 为空或提前结束：不检查填充就截掉末尾的代码，遇到错误的密钥就会这样；若与解密无关，则是某个接口的返回为空"}
	textBehindJSON = lang.T{En: "the JSON is whole, and something stands behind it: most often the padding, which your code did not take off. If wxlogin decrypt opens the data, it is the code", Zh: "JSON 本身完整，但后面还有内容：多半是代码没有去掉填充。如果 wxlogin decrypt 能解开，问题就在代码"}
	textUndefined  = lang.T{En: "a value is undefined: it was not sent, or is read under another name (sessionKey for session_key, encrypteddata for encryptedData)", Zh: "某个值是 undefined：没有传过来，或读取的字段名不对（如把 session_key 写成 sessionKey，把 encryptedData 写成 encrypteddata）"}
)

var textNoJSON = lang.T{En: "what came out of the decryption was no JSON, and the code went on to its watermark", Zh: "解密结果不是 JSON，而代码接着去读其中的水印"}
