package diagnose

import (
	"errors"
	"slices"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// listTests fills in how every test of the catalogue ended.
func (a *analysis) listTests() {
	for _, e := range Catalogue() {
		t := Test{ID: e.ID, Name: e.Name, Outcome: a.outcome(e), Note: a.notes[e.ID]}
		switch {
		case t.Outcome == OutcomeConfirmed:
			t.Note = lang.Message{}
		case t.Outcome == OutcomeNotRun && t.Note.IsZero():
			t.Note = a.whyNotRun(e.ID)
		}
		a.report.Tests = append(a.report.Tests, t)
	}
}

// whyNotRun names the precondition that is not given.
func (a *analysis) whyNotRun(id string) lang.Message {
	decrypted := a.report.Err == nil || a.ran["remarks"]
	switch {
	case decrypted && id == "D36":
		return textNeedsAppID.With()
	case decrypted && id == "D37":
		return textNeedsMaxAge.With()
	case id >= "D36" && id <= "D39":
		return textNeedsData.With()
	}
	return lang.Message{}
}

func (a *analysis) outcome(e Entry) Outcome {
	is := func(f Finding) bool { return f.ID == e.ID }
	whole := a.report.Err == nil || a.ran["remarks"]
	switch {
	case slices.ContainsFunc(a.report.Findings, is) || slices.ContainsFunc(a.report.Notes, is):
		return OutcomeConfirmed
	case e.ID == "D31":
		if !whole && !a.ran[e.ID] {
			return OutcomeNotRun
		}
	case e.ID == "D36" && (a.in.Policy.AppID == "" || a.in.Policy.SkipWatermark):
		return OutcomeNotRun
	case e.ID == "D37" && a.in.Policy.MaxAge == 0:
		return OutcomeNotRun
	case e.ID >= "D36" && e.ID <= "D39":
		if !a.ran["remarks"] {
			return OutcomeNotRun
		}
	case whole: // the input decrypts, as it is or repaired: no other cause is left
	case e.ID == "D30" && !a.ran["D30"] && !a.ran["proven"]:
		return OutcomeNotRun
	case e.ID >= "D32" && e.ID <= "D35" && !a.ran["blocks"], e.ID >= "D40" && !a.ran["foreign"] && !a.ran["proven"]:
		return OutcomeNotRun
	}
	return OutcomeExcluded
}

// facts says what is known of an input that no test explains. What decrypts and is refused by the policy needs none.
func (a *analysis) facts() {
	if a.report.Err == nil || len(a.report.Findings) > 0 || a.ran["remarks"] || a.stillDocument() {
		return
	}
	for _, f := range []field{fieldKey, fieldIV, fieldData} {
		text := a.texts[f]
		list := a.readings(f, f)
		if len(list) == 0 {
			a.report.Facts = append(a.report.Facts, textUnread.With(f.String(), len(text)))
			continue
		}
		a.report.Facts = append(a.report.Facts, textRead.With(f.String(), len(text), len(list[0].raw)))
	}
	if m := a.report.Blocks; len(m.Blocks) > 0 {
		a.report.Facts = append(a.report.Facts, textMapped.With(len(m.Blocks), m.Readable()))
		if m.before.mayBeLost() {
			a.report.Facts = append(a.report.Facts, textShortStart.With())
		}
	}
	if len(a.report.Blocks.Blocks) == 1 {
		a.report.Facts = append(a.report.Facts, textOneBlock.With())
	}
	if e, ok := errors.AsType[*opendata.PlaintextError](a.report.Err); ok {
		a.report.Facts = append(a.report.Facts, textNotSent.With(string(e.Reason), e.Pos))
	}
}

var (
	textNeedsAppID  = lang.T{En: "needs --appid", Zh: "需要 --appid"}
	textNeedsMaxAge = lang.T{En: "needs --max-age", Zh: "需要 --max-age"}
	textNeedsData   = lang.T{En: "needs data that decrypts", Zh: "要解密之后才能判断"}

	textUnread     = lang.T{En: "%s: %d characters that are not what belongs there, whatever is undone", Zh: "%s：%d 个字符，无论怎样还原都不符合要求"}
	textRead       = lang.T{En: "%s: %d characters, %d bytes", Zh: "%s：%d 个字符，%d 字节"}
	textMapped     = lang.T{En: "%d blocks, of which %d read as text", Zh: "共 %d 个分组，其中 %d 个能读出文字"}
	textShortStart = lang.T{En: "counted from the end they read, so the key is right: before them characters were lost or added, or the beginning is cut off", Zh: "从结尾数起它们能读出，说明密钥正确：在它们之前丢失或多出了字符，或者开头被截掉"}
	textOneBlock   = lang.T{En: "one block alone cannot show whether the key or the iv is wrong", Zh: "只有一个分组，无法区分是密钥还是 iv 有误"}
	textNotSent    = lang.T{En: "the decrypted text %s (byte %d)", Zh: "解密后的文本有问题：%s（第 %d 字节）"}
)
