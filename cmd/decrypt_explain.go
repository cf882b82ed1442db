package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// An explanation is what --explain shows of a diagnosis.
type explanation struct{ report diagnose.Report }

func explanationOf(report diagnose.Report) *explanation { return &explanation{report} }

// explanationObject is an explanation in JSON: API.
type explanationObject struct {
	Blocks blocksObject      `json:"blocks"`
	Tests  []testObject      `json:"tests"`
	Notes  []diagnosisObject `json:"notes"` // remarkable, and no failure
	Facts  []string          `json:"facts"` // what is known where no test is confirmed
}

type blocksObject struct {
	Map      string `json:"map"` // a sign for each block of 16 bytes: "#" text, "=" text with padding, "+" damaged text, "." noise
	Readable int    `json:"readable"`
	Total    int    `json:"total"`
	Bytes    int    `json:"bytes"`
}

type testObject struct {
	ID      string           `json:"id"`
	Name    string           `json:"name"`
	Outcome diagnose.Outcome `json:"outcome"` // "confirmed", "excluded", "not-run"
	Note    string           `json:"note,omitempty"`
}

// in returns the object in a language; nil for no explanation.
func (e *explanation) in(l lang.Lang) *explanationObject {
	if e == nil {
		return nil
	}
	m := e.report.Blocks
	o := &explanationObject{
		Blocks: blocksObject{Map: signs(m.Blocks), Readable: m.Readable(), Total: len(m.Blocks), Bytes: m.Bytes},
		Tests:  []testObject{}, Notes: []diagnosisObject{}, Facts: []string{},
	}
	for _, t := range e.report.Tests {
		o.Tests = append(o.Tests, testObject{t.ID, t.Name, t.Outcome, t.Note.In(l)})
	}
	o.Notes = append(o.Notes, diagnosisObjects(e.report.Notes, l)...)
	for _, fact := range e.report.Facts {
		o.Facts = append(o.Facts, fact.In(l))
	}
	return o
}

func signs(blocks []diagnose.Block) string {
	out := make([]byte, len(blocks))
	for i, b := range blocks {
		out[i] = byte(b)
	}
	return string(out)
}

// show writes the block map, then the tests.
func (e *explanation) show(p *term.Page) {
	e.printBlocks(p)
	for _, note := range e.report.Notes {
		p.Status(term.Warn, textFinding.With(note.Verdict, note.ID+" "+note.Name))
	}
	if len(e.report.Notes) > 0 {
		p.Blank()
	}
	e.printTests(p)
}

// The block map has rows of so many signs where the terminal is wide enough, and of a long text only so many rows at each end.
const (
	mostSigns  = 64
	leastSigns = 16
	rowsAtEnd  = 4
	mapIndent  = 9 // before the signs stands how many bytes come before the row
)

func signsInRow(width int) int {
	signs := mostSigns
	for signs > leastSigns && mapIndent+signs > width {
		signs /= 2
	}
	return signs
}

func (e *explanation) printBlocks(p *term.Page) {
	m := e.report.Blocks
	p.Heading(textBlocks, len(m.Blocks), m.Bytes, m.Readable())
	if len(m.Blocks) == 0 {
		p.Line(textNoBlocks)
		p.Blank()
		return
	}
	inRow := signsInRow(p.Width())
	rows := (len(m.Blocks) + inRow - 1) / inRow
	for row := range rows {
		if rows > 2*rowsAtEnd+1 && row >= rowsAtEnd && row < rows-rowsAtEnd {
			if row == rowsAtEnd {
				p.Line(textRowsLeftOut, rows-2*rowsAtEnd)
			}
			continue
		}
		part := m.Blocks[row*inRow : min(len(m.Blocks), (row+1)*inRow)]
		p.Pieces(append([]term.Cell{{Text: fmt.Sprintf("%7d  ", row*inRow*16), Level: term.Faint}}, pieces(part)...)...)
	}
	p.Legend(mapIndent, legend[:]...)
	p.Blank()
	e.printRuns(p)
}

// pieces colours runs of equal signs.
func pieces(blocks []diagnose.Block) []term.Cell {
	var cells []term.Cell
	for i, b := range blocks {
		if i == 0 || blocks[i-1] != b {
			cells = append(cells, term.Cell{Level: levelOf(b)})
		}
		cells[len(cells)-1].Text += string(rune(b))
	}
	return cells
}

func levelOf(b diagnose.Block) term.Level {
	switch b {
	case diagnose.BlockGarbage:
		return term.Fail
	case diagnose.BlockPartly:
		return term.Warn
	}
	return term.OK
}

// maxRuns is how many stretches of blocks are told in words; of noise there are more, and they say nothing.
const maxRuns = 8

// printRuns says in words what the map shows: which blocks, and which characters of encryptedData they are.
func (e *explanation) printRuns(p *term.Page) {
	runs := e.report.Blocks.Runs()
	if len(runs) > maxRuns {
		return
	}
	var rows [][]term.Cell
	for _, r := range runs {
		rows = append(rows, []term.Cell{
			{Text: interval(r.First, r.Last)}, {Text: interval(r.FirstChar, r.LastChar)}, {Text: p.In(lookText(r.Look)), Level: levelOf(r.Look)},
		})
	}
	p.Table([]lang.T{{En: "blocks", Zh: "分组"}, {En: "characters", Zh: "字符"}, {En: "look", Zh: "内容"}}, rows)
	p.Blank()
}

func interval(first, last int) string {
	if first == last {
		return strconv.Itoa(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

func lookText(b diagnose.Block) lang.T {
	switch b {
	case diagnose.BlockReadable:
		return lang.T{En: "text", Zh: "文字"}
	case diagnose.BlockPadding:
		return lang.T{En: "text and valid padding", Zh: "文字与有效的填充"}
	case diagnose.BlockPartly:
		return lang.T{En: "text with damage", Zh: "受损的文字"}
	}
	return lang.T{En: "noise", Zh: "乱码"}
}

func (e *explanation) printTests(p *term.Page) {
	counts := map[diagnose.Outcome]int{}
	var rows [][]term.Cell
	for _, t := range e.report.Tests {
		counts[t.Outcome]++
		word, level := outcomeText(t.Outcome)
		rows = append(rows, []term.Cell{
			{Text: t.ID, Level: level}, {Text: t.Name, Level: level}, {Text: p.In(word), Level: level}, {Text: strings.TrimSpace(t.Note.In(p.Lang())), Level: term.Faint},
		})
	}
	p.Heading(textTests, counts[diagnose.OutcomeConfirmed], counts[diagnose.OutcomeExcluded], counts[diagnose.OutcomeNotRun])
	p.Table([]lang.T{{En: "id", Zh: "编号"}, {En: "name", Zh: "名称"}, {En: "outcome", Zh: "结果"}, {}}, rows)
}

func outcomeText(o diagnose.Outcome) (lang.T, term.Level) {
	switch o {
	case diagnose.OutcomeConfirmed:
		return lang.T{En: "confirmed", Zh: "证实"}, term.Warn
	case diagnose.OutcomeExcluded:
		return lang.T{En: "excluded", Zh: "排除"}, term.Plain
	}
	return lang.T{En: "not run", Zh: "未测"}, term.Faint
}

// legend explains the signs of the block map.
var legend = [...]lang.T{
	{En: "# text", Zh: "# 文字"}, {En: "= text and padding", Zh: "= 文字与填充"}, {En: "+ damaged text", Zh: "+ 受损的文字"}, {En: ". noise", Zh: ". 乱码"},
}

var (
	textBlocks      = lang.T{En: "Blocks: %d of 16 bytes (%d bytes arrived), %d read as text", Zh: "分组：%d 个，每个 16 字节（共收到 %d 字节），其中 %d 个能读出文字"}
	textNoBlocks    = lang.T{En: "There is no key and no data that could be mapped.", Zh: "没有可用的密钥和数据，无法绘制分组图。"}
	textRowsLeftOut = lang.T{En: "        ... %d rows left out", Zh: "        ... 省略 %d 行"}
	textTests       = lang.T{En: "Tests: %d confirmed, %d excluded, %d not run", Zh: "测试：证实 %d 项，排除 %d 项，未测 %d 项"}
)
