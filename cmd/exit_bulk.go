package cmd

import (
	"errors"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// classifyBulk knows how decrypt --bulk ends.
func classifyBulk(err error) (failure, bool) {
	whole, isWhole := errors.AsType[*bulkError](err)
	if isWhole && whole.cause == nil {
		f := invalid(textBulkFailed.With(whole.summary.Failed, whole.summary.Lines-whole.summary.Blank, percent(whole.summary.Failed, whole.summary.Lines-whole.summary.Blank)))
		f.summary, f.silent = &whole.summary, whole.told
		return f, true
	}
	if isWhole {
		f := classify(whole.cause)
		f.summary = &whole.summary
		return f, true
	}
	if e, ok := errors.AsType[*bulk.FormatError](err); ok {
		return invalid(textBulkFormat.With(e.Name), hintBulkFormat), true
	}
	if e, ok := errors.AsType[*bulk.ReadError](err); ok {
		if e.Gzip {
			return invalid(textBulkGzip.With(e.Line, reason(e.Err))), true
		}
		return failure{exit: exitFailure, message: textBulkRead.With(e.Line, reason(e.Err))}, true
	}
	return failure{}, false
}

var (
	textBulkFormat = lang.T{En: "the input is %s, not lines of JSON", Zh: "输入是 %s，不是逐行的 JSON"}
	hintBulkFormat = lang.T{En: "unpack or convert it first; gzip and UTF-8 are read as they are", Zh: "请先解压或转换；gzip 和 UTF-8 可直接读取"}
	textBulkGzip   = lang.T{En: "the gzip data is broken after line %d: %s", Zh: "gzip 数据在第 %d 行之后损坏：%s"}
	textBulkRead   = lang.T{En: "cannot read on after line %d: %s", Zh: "第 %d 行之后无法继续读取：%s"}
)
