package bulk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// To examine a line takes as long as to decrypt some hundred, and a log of which everything fails mostly fails in one way. So of the
// lines that fail with the same error the first are examined, which takes a second at most, and then one now and then, which shows when the
// cause is another.
const (
	examined      = 1000
	examinedEvery = 128 // after those
)

// A failure is a line that does not decrypt or verify, before anything is said of it.
type failure struct {
	line    int64
	pasted  opendata.Pasted
	text    []byte // the line itself, where the parts of an envelope were not found in it
	others  []byte
	err     error
	like    int64 // number of the first line of its form
	examine bool
}

// forms counts failures by their form.
type forms struct {
	seen map[string]*formCount
	all  bool  // are examined
	most int64 // of one form that are examined without a gap
}

type formCount struct{ lines, first int64 }

// choose decides whether a failure is examined.
func (f *forms) choose(one *failure) {
	if f.seen == nil {
		f.seen = map[string]*formCount{}
	}
	name := formOf(one.err)
	count := f.seen[name]
	if count == nil {
		count = &formCount{first: one.line}
		f.seen[name] = count
	}
	count.lines++
	one.like = count.first
	one.examine = f.all || count.lines <= f.most || count.lines%examinedEvery == 0
}

// formOf tells errors apart by what they are about, not by the places that they name. There are some dozens.
func formOf(err error) string {
	if e, ok := errors.AsType[*opendata.PastedError](err); ok {
		return e.Field + " " + e.Reason
	}
	if e, ok := errors.AsType[*opendata.InputError](err); ok {
		return e.Field + " " + string(e.Reason)
	}
	if e, ok := errors.AsType[*opendata.PlaintextError](err); ok {
		return string(e.Reason)
	}
	if e, ok := errors.AsType[*opendata.CheckError](err); ok {
		var name strings.Builder
		for _, failed := range e.Failures {
			fmt.Fprintf(&name, "%T ", failed)
		}
		return name.String()
	}
	return err.Error()
}

// explain inserts into the output of a chunk what is to be said of its failures.
func (w *worker) explain(c *chunk) {
	before, out, from := c.out, c.spare[:0], 0
	for i := range c.results {
		r := &c.results[i]
		end := r.end
		if r.failure == 0 {
			out = append(out, before[from:end]...)
		} else {
			var said result
			out, said = w.explained(out, c.failures[r.failure-1])
			*r = said
		}
		r.end, from = len(out), end
	}
	clear(c.failures)
	c.out, c.spare, c.failures = out, before, c.failures[:0]
}

// explained appends the result of a failure.
func (w *worker) explained(out []byte, f failure) ([]byte, result) {
	if !f.examine {
		out, r := w.say(out, f.line, f.others, diagnosis{
			Name: causeNotExamined, Verdict: textNotExamined.With(redact.Clean(f.err.Error())).In(w.Lang),
			Evidence: []string{textLike.With(f.like).In(w.Lang)}, Fix: textLikeFix.In(w.Lang),
		})
		r.cause.like = f.like
		return out, r
	}
	report := diagnose.Data(diagnose.Input{
		SessionKey: f.pasted.SessionKey, Envelope: f.pasted.Envelope, ErrMsg: f.pasted.ErrMsg, Document: f.text, OpenID: f.pasted.OpenID,
		Policy: w.Policy, Keys: w.Keys, Quick: true,
	})
	if opened := report.Repaired; w.Repair && opened != nil && opened.Err == nil {
		return w.repaired(out, f, opened.Payload, report.Findings)
	}
	_, malformed := errors.AsType[*opendata.PastedError](f.err)
	if len(report.Findings) == 0 || malformed && report.Repaired == nil { // of no JSON only what opens it is proven
		return w.say(out, f.line, f.others, w.unexplained(f, report))
	}
	found := report.Findings[0] // the likeliest
	return w.say(out, f.line, f.others, diagnosis{
		found.ID, found.Name, found.Verdict.In(w.Lang), w.texts(found.Evidence), found.Fix.In(w.Lang), found.Repairable,
	})
}

// unexplained says what is known of a line without a diagnosis.
func (w *worker) unexplained(f failure, report diagnose.Report) diagnosis {
	if e, ok := errors.AsType[*opendata.PastedError](f.err); ok {
		return w.malformed(f.text, e)
	}
	return diagnosis{
		Name: causeUnexplained, Verdict: textUnexplained.With(redact.Clean(f.err.Error())).In(w.Lang), Evidence: w.texts(report.Facts),
	}
}

// repaired appends the result of a line that decrypts once its damage is undone, and names the damage.
func (w *worker) repaired(out []byte, f failure, p opendata.Payload, undone []diagnose.Finding) ([]byte, result) {
	out = w.payload(out, f.line, p)
	out = append(out, `,"repaired":[`...)
	for i, one := range undone {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, one.ID...)
		out = append(out, '"')
	}
	out = append(out, ']')
	return w.end(out, f.others), result{kind: p.Kind, unmarked: !p.Watermark.Present, repaired: true}
}

var (
	textUnexplained = lang.T{En: "No test explains it: %s.", Zh: "没有任何检验能解释：%s。"}
	textNotExamined = lang.T{En: "It was not examined: %s.", Zh: "未逐项检验：%s。"}
	textLike        = lang.T{En: "line %d was the first that failed with this error, and was examined", Zh: "第 %d 行最先出现同样的错误，并已检验"}
	textLikeFix     = lang.T{En: "Decrypt the line by itself, with --explain.", Zh: "单独解密该行，并加上 --explain。"}
)
