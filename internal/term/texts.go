package term

import "github.com/wxlogin/wxlogin/internal/lang"

// The texts of the package. Package-level composite literals of strings cost nothing at start.
var (
	textError   = lang.T{En: "error: ", Zh: "错误："}
	textWarning = lang.T{En: "warning: ", Zh: "警告："}
	textHint    = lang.T{En: "hint: ", Zh: "提示："}
	textCause   = lang.T{En: "cause: ", Zh: "原因："}
	textFix     = lang.T{En: "fix: ", Zh: "解决："}
	textAlso    = lang.T{En: "also: ", Zh: "另外："}

	textBadColor    = lang.T{En: "unknown --color %q (want auto, always or never)", Zh: "--color 的值 %q 无效（可用 auto、always、never）"}
	textBadOutput   = lang.T{En: "unknown output format %q (want text, json or ndjson)", Zh: "未知的输出格式 %q（可用 text、json、ndjson）"}
	textEmptyQuery  = lang.T{En: "the jq expression is empty (-q . is the whole object)", Zh: "jq 表达式为空（-q . 表示整个对象）"}
	textBadQuery    = lang.T{En: "the jq expression %q does not compile: %v", Zh: "jq 表达式 %q 无法编译：%v"}
	textQueryFailed = lang.T{En: "the jq expression %q failed: %v", Zh: "jq 表达式 %q 执行失败：%v"}

	textStdinTwice = lang.T{En: "%s and %s both read standard input; only one can", Zh: "%s 和 %s 都要读取标准输入，只能有一个"}
	textStdinWaits = lang.T{
		En: "reading %s from the terminal; end it with Ctrl-D (Ctrl-Z and Enter on Windows)",
		Zh: "正在从终端读取 %s，按 Ctrl-D 结束输入（Windows 上为 Ctrl-Z 加回车）",
	}
	textNoAnswer = lang.T{En: "no answer: the input ended", Zh: "没有回答：输入已结束"}
	textYesNo    = lang.T{En: "%s [y/N] ", Zh: "%s [y/N] "}
)
