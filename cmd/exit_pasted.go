package cmd

import (
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// pastedFailure says why the input is not the object of wx.*, and what to paste in its place.
func pastedFailure(e *opendata.PastedError) failure {
	message := textInputIs.With(pastedReasons(e.Reason))
	if e.Field != "" {
		message = textMemberIs.With(e.Field, pastedReasons(e.Reason))
	}
	if e.Pos >= 0 {
		message = textAtByte.With(message, e.Pos)
	}
	hint := hintInput
	switch e.Form {
	case opendata.FormArray:
		hint = hintArray
	case opendata.FormLines:
		hint = hintLines
	case opendata.FormLiteral:
		hint = hintLiteral
	case opendata.FormBase64:
		hint = hintBase64
	}
	return invalid(message, hint)
}

// pastedReasons translates why the input, or a member of it, is refused.
func pastedReasons(reason string) lang.T {
	zh := map[string]string{
		"is empty": "为空",
		`is not a JSON object: it does not start with "{"`: `不是 JSON 对象：开头不是“{”`,
		"is not well-formed JSON":                          "不是合法的 JSON",
		"is given more than once, with different values":   "出现了不止一次，且值不同",
		"is an object, not a string":                       "是对象，不是字符串",
		"is an array, not a string":                        "是数组，不是字符串",
		"is a boolean, not a string":                       "是布尔值，不是字符串",
		"is a number, not a string":                        "是数字，不是字符串",
		"is an array, not an object":                       "是数组，不是对象",
		"is a string, not an object":                       "是字符串，不是对象",
		"is a boolean, not an object":                      "是布尔值，不是对象",
		"is a number, not an object":                       "是数字，不是对象",
	}
	return lang.T{En: reason, Zh: zh[reason]}
}

var (
	textInputIs  = lang.T{En: "the input %s", Zh: "输入%s"}
	textMemberIs = lang.T{En: "%q %s", Zh: "字段 %q %s"}
	textAtByte   = lang.T{En: "%s (byte %d, counted from 0)", Zh: "%s（第 %d 字节，从 0 数起）"}

	hintArray   = lang.T{En: "it is an array: decrypt all of its objects with jq -c '.[]' FILE | wxlogin decrypt --bulk, or one with jq '.[0]' FILE | wxlogin decrypt", Zh: "这是数组：用 jq -c '.[]' FILE | wxlogin decrypt --bulk 解密其中全部对象，或用 jq '.[0]' FILE | wxlogin decrypt 解密一个"}
	hintLines   = lang.T{En: "these are several objects: wxlogin decrypt --bulk takes one a line", Zh: "这是多个对象：wxlogin decrypt --bulk 可逐行解密"}
	hintLiteral = lang.T{En: `it is written as in a program, not as JSON, whose names and texts stand in double quotes: print it with JSON.stringify(res), in Python with json.dumps(res)`, Zh: `这是程序里的写法，不是 JSON（JSON 的名称和文本要用双引号）：请用 JSON.stringify(res) 打印，Python 用 json.dumps(res)`}
	hintBase64  = lang.T{En: `it is a bare value, without the iv that belongs to it: wxlogin decrypt --data @FILE --iv IV, or paste the whole object {"encryptedData":"…","iv":"…"}`, Zh: `这只是其中一个值，缺少对应的 iv：wxlogin decrypt --data @FILE --iv IV，或粘贴整个对象 {"encryptedData":"…","iv":"…"}`}
)
