package cmd

import (
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// summarize says what became of the lines: the fingerprint of a failure is in its numbers.
func summarize(p *term.Page, sum bulk.Summary, stopped bool) {
	if stopped {
		p.Line(textBulkStopped)
	}
	switch {
	case sum.Failed > 0:
		p.Verdict(term.Fail, textBulkFailed, sum.Failed, sum.Lines-sum.Blank, percent(sum.Failed, sum.Lines-sum.Blank))
	case stopped:
		p.Line(textBulkOK, sum.OK)
	default:
		p.Verdict(term.OK, textBulkOK, sum.OK)
	}
	kinds := make([]string, len(sum.Kinds))
	for i, k := range sum.Kinds {
		kinds[i] = string(k.Kind) + " " + strconv.FormatInt(k.Lines, 10)
	}
	if len(kinds) > 0 && (sum.Failed > 0 || len(kinds) > 1) {
		p.Line(textBulkKinds, strings.Join(kinds, ", "))
	}
	if sum.Repaired > 0 {
		p.Line(textBulkRepaired, sum.Repaired)
	}
	if sum.Unmarked > 0 {
		p.Line(textBulkUnmarked, sum.Unmarked)
	}
	if len(sum.Diagnoses) == 0 {
		return
	}
	p.Blank()
	rows := make([][]term.Cell, len(sum.Diagnoses))
	for i, d := range sum.Diagnoses {
		id := d.ID
		if id == "" {
			id = "-"
		}
		rows[i] = term.Cells(strconv.FormatInt(d.Lines, 10), percent(d.Lines, sum.Lines-sum.Blank), strconv.FormatInt(d.First, 10), id, diagnosisName(p, d))
	}
	p.Table([]lang.T{textColumnLines, textColumnShare, textColumnFirst, textColumnID, textColumnDiagnosis}, rows)
}

// diagnosisName names a cause. What was not examined fails as the line that is named with it.
func diagnosisName(p *term.Page, d bulk.CauseCount) string {
	if d.Like == 0 {
		return d.Name
	}
	return p.In(textBulkLike, d.Name, d.Like)
}

// percent is a share with one decimal place: of a million lines a thousandth part is a thousand.
func percent(part, whole int64) string {
	return strconv.FormatFloat(float64(part)*100/float64(max(1, whole)), 'f', 1, 64) + "%"
}

var (
	textBulkStopped  = lang.T{En: "stopped; what is done is whole lines:", Zh: "已停止，已完成的部分均为完整的行："}
	textBulkOK       = lang.T{En: "%d lines decrypted", Zh: "已解密 %d 行"}
	textBulkFailed   = lang.T{En: "%d of %d lines failed (%s)", Zh: "%d 行失败，共 %d 行（%s）"}
	textBulkKinds    = lang.T{En: "decrypted: %s", Zh: "已解密：%s"}
	textBulkRepaired = lang.T{En: "%d of them were damaged, now repaired: \"repaired\" names the damage", Zh: "其中 %d 行原有损坏，已还原：\"repaired\" 中注明"}
	textBulkUnmarked = lang.T{En: "%d of them have no watermark: nothing proves for which app, and when", Zh: "其中 %d 行没有水印：无法证明它们属于哪个小程序、何时生成"}

	textBulkLike = lang.T{En: "%s, as line %d", Zh: "%s，与第 %d 行相同"}

	textColumnLines     = lang.T{En: "lines", Zh: "行数"}
	textColumnShare     = lang.T{En: "share", Zh: "占比"}
	textColumnFirst     = lang.T{En: "first", Zh: "首行"}
	textColumnID        = lang.T{En: "id", Zh: "编号"}
	textColumnDiagnosis = lang.T{En: "diagnosis", Zh: "诊断"}
)
