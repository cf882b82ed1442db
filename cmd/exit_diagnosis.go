package cmd

import (
	"errors"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// A diagnosedError is why data did not decrypt, with what was found out about it.
type diagnosedError struct {
	err    error
	report diagnose.Report
	asked  bool // --repair was given, and there is nothing to repair, or it is not enough
	shown  bool // --explain was given
}

func (e *diagnosedError) Error() string { return e.err.Error() }

// Unwrap returns what opendata, or the command, said.
func (e *diagnosedError) Unwrap() error { return e.err }

// classifyDiagnosis puts the likeliest finding in the place of what the decryption itself can tell, which is next to nothing.
func classifyDiagnosis(err error) (failure, bool) {
	e, ok := errors.AsType[*diagnosedError](err)
	if !ok {
		return failure{}, false
	}
	f, _ := classifyData(e.err)
	f.exit, f.diagnosis = exitInvalid, e.report.Findings
	if e.shown {
		f.explanation = explanationOf(e.report)
	}
	if len(e.report.Findings) == 0 {
		return unexplained(f, e), true
	}
	main := e.report.Findings[0]
	if f.checks == nil {
		f.message = bare(main.Verdict)
	} else if i := slices.IndexFunc(e.report.Findings, isCheck); i >= 0 { // its message names all that the policy refused
		main = e.report.Findings[i]
		if c, ok := errors.AsType[*opendata.CheckError](e.err); ok && main.ID == "D28" && len(c.Failures) == 1 {
			f.message = bare(main.Verdict) // which platform; the two appids are its evidence
		}
	}
	f.verdict = &main
	f.hints = nil
	if _, mocked := errors.AsType[*mockClockError](err); mocked {
		f.hints = append(f.hints, hintMockClock.With())
	}
	switch {
	case main.Repairable && e.report.Repaired != nil && e.report.Repaired.Err == nil && !e.asked:
		f.hints = append(f.hints, hintRepair.With(namesOf(e.report.Findings)))
	case e.asked && e.report.Repaired == nil:
		f.hints = append(f.hints, hintNoRepair.With())
	}
	return f, true
}

// isCheck reports whether a finding says what the policy refused.
func isCheck(f diagnose.Finding) bool { return f.ID == "D28" || f.ID == "D36" || f.ID == "D37" }

// unexplained says plainly that no test is confirmed, and what is known. What the errors of package opendata mostly come from is left
// out: the tests have excluded it.
func unexplained(f failure, e *diagnosedError) failure {
	if len(e.report.Facts) == 0 {
		return f // a check, or a document that could not be read: that says it all
	}
	f.facts = e.report.Facts
	f.hints = nil
	if !e.shown {
		f.hints = append(f.hints, hintExplain.With())
	}
	return f
}

// namesOf lists what a repair would undo.
func namesOf(findings []diagnose.Finding) string {
	var names []string
	for _, f := range findings {
		if f.Repairable {
			names = append(names, f.ID+" "+f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// bare turns a sentence into the rest of a line that begins with "error: ".
func bare(m lang.Message) lang.Message {
	return textClause.With(lang.T{En: withoutStop(m.In(lang.English)), Zh: strings.TrimSuffix(m.In(lang.Chinese), "。")})
}

func withoutStop(sentence string) string { return uncapitalized(strings.TrimSuffix(sentence, ".")) }

// diagnosisObject is a finding in JSON: API.
type diagnosisObject struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Verdict    string   `json:"verdict"`
	Evidence   []string `json:"evidence"`
	Fix        string   `json:"fix"`
	Repairable bool     `json:"repairable"`
}

func diagnosisObjects(findings []diagnose.Finding, l lang.Lang) []diagnosisObject {
	var list []diagnosisObject
	for _, f := range findings {
		o := diagnosisObject{ID: f.ID, Name: f.Name, Verdict: f.Verdict.In(l), Evidence: []string{}, Fix: f.Fix.In(l), Repairable: f.Repairable}
		for _, m := range f.Evidence {
			o.Evidence = append(o.Evidence, m.In(l))
		}
		list = append(list, o)
	}
	return list
}

var (
	hintRepair   = lang.T{En: "--repair undoes it and prints the data (%s)", Zh: "加上 --repair 会还原并输出数据（%s）"}
	hintNoRepair = lang.T{En: "there is nothing that --repair could undo", Zh: "没有 --repair 可以还原的内容"}
	hintExplain  = lang.T{En: "--explain shows every test with its outcome", Zh: "加上 --explain 可以查看每项测试的结果"}

	textUnexplained = lang.T{En: "None of the tests explains it. What is known:", Zh: "没有一项测试能解释它。已知的情况："}
)
