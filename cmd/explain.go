package cmd

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newExplain is `wxlogin explain WHAT…`.
func newExplain(a *app.App) *cobra.Command {
	var rate string
	c := a.Command(app.Spec{
		Use:   "explain [WHAT... | -]",
		Short: lang.T{En: "Explain an errcode or an error text", Zh: "解释错误码或报错文本"},
		Long: lang.T{
			En: "WHAT is an errcode of WeChat, or an error text of any stack: Java, .NET, Node.js, PHP, Python, Go, an SDK. A whole log line or stack trace is fine, also on standard input (-): the telling phrase is looked for. The likely causes come in order, each with the command that confirms it.\n--rate names what fits a share of failures, such as three in ten: a \"+\" that is lost shows up so.\nNothing is read from disk and nobody is asked.",
			Zh: "WHAT 是微信的错误码，或任意技术栈的报错文本：Java、.NET、Node.js、PHP、Python、Go 或各种 SDK。整行日志或整段堆栈也可以，可从标准输入（-）读取，会从中找出关键的一句。可能的原因按顺序列出，并给出证实它的命令。\n--rate 根据失败比例判断，例如三成：丢失“+”就是这个比例。\n不读取磁盘，也不访问网络。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "what WeChat answered", Zh: "微信返回的错误码"}, Line: "wxlogin explain 40029"},
			{Note: lang.T{En: "what a library says", Zh: "类库的报错"}, Line: `wxlogin explain "pad block corrupted"`},
			{Note: lang.T{En: "the phrase that tells, out of a stack trace", Zh: "从堆栈中找出关键的一句"}, Line: "wxlogin explain - < error.log"},
			{Note: lang.T{En: "about three in ten fail", Zh: "大约三成失败"}, Line: "wxlogin explain --rate 30%"},
		},
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = completeErrCodes(a)
	c.Flags().StringVar(&rate, "rate", "", lang.T{En: "what fits this share of failures: `PERCENT`", Zh: "根据失败比例判断：`PERCENT`"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case c.Flags().Changed("rate") && len(args) > 0:
			return app.Usage(textRateAlone)
		case c.Flags().Changed("rate"):
			return explainRate(a, rate)
		}
		return runExplain(a, args)
	}
	return c
}

// completeErrCodes offers the catalogue with its meanings.
func completeErrCodes(a *app.App) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var list []string
		for e := range wechat.Catalogue() {
			if len(args) == 0 {
				list = append(list, fmt.Sprintf("%d\t%s", e.Code, e.Meaning.In(a.IO.Lang)))
			}
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// protectNumbers keeps an errcode such as -41003 from being read as flags: behind "explain" it gets a blank in front.
func protectNumbers(args []string) []string {
	out := append([]string(nil), args...)
	explain := false
	for i, arg := range out {
		if n, err := strconv.Atoi(arg); err == nil && n < 0 && explain {
			out[i] = " " + arg
		}
		explain = explain || arg == "explain"
	}
	return out
}

// An unknownTextError says that nothing in a text is known.
type unknownTextError struct {
	codes []wechat.ErrCode // that look like errcodes
}

func (e *unknownTextError) Error() string { return "nothing in the text is known" }

// explainResult is what explain prints with --json. The field names are API.
type explainResult struct {
	Phrase    *phraseObject `json:"phrase"` // null where an errcode was explained
	ErrCodes  []codeObject  `json:"errcodes"`
	Diagnoses []entryObject `json:"diagnoses"`
}

type phraseObject struct {
	Text   string      `json:"text"`
	Stacks string      `json:"stacks"`
	Line   string      `json:"line"` // where it stands
	Note   *textObject `json:"note"`
}

// textObject is a text of a catalogue, in both languages.
type textObject struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

func bothOf(t lang.T) textObject { return textObject(t) }

type codeObject struct {
	ErrCode   wechat.ErrCode `json:"errcode"`
	ErrMsg    string         `json:"errmsg"`
	Meaning   textObject     `json:"meaning"`
	Cause     textObject     `json:"cause"`
	Fix       textObject     `json:"fix"`
	Retryable bool           `json:"retryable"`
	Confirm   string         `json:"confirm"`
}

type entryObject struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Verdict textObject `json:"verdict"`
	Test    textObject `json:"test"`
	Fix     textObject `json:"fix"`
	Confirm string     `json:"confirm"` // the command that shows whether it is this
}

func runExplain(a *app.App, args []string) error {
	text := strings.Join(args, " ")
	switch {
	case len(args) == 0 && a.IO.InTTY:
		return app.Usage(textNothingToExplain)
	case len(args) == 0, len(args) == 1 && args[0] == "-":
		data, err := readFile(a, "-", "WHAT")
		if err != nil {
			return err
		}
		text = string(data)
	}
	if strings.TrimSpace(text) == "" {
		return app.Usage(textNothingToExplain)
	}
	e := diagnose.Explain(text)
	if e.Phrase == nil && len(e.ErrCodes) == 0 {
		return &unknownTextError{e.Unknown}
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	result := explainResult{ErrCodes: []codeObject{}, Diagnoses: entryObjects(e.Likely)}
	if e.Phrase != nil {
		result.Phrase = &phraseObject{Text: e.Phrase.Text, Stacks: e.Phrase.Stacks, Line: e.Line}
		if e.Phrase.Note != (lang.T{}) {
			note := bothOf(e.Phrase.Note)
			result.Phrase.Note = &note
		}
	}
	for _, entry := range e.ErrCodes {
		result.ErrCodes = append(result.ErrCodes, codeObject{
			entry.Code, entry.ErrMsg, bothOf(entry.Meaning), bothOf(entry.Cause), bothOf(entry.Fix), entry.Retryable, confirmCode(entry),
		})
	}
	return output.Print(a.IO, result, func(p *term.Page) { printExplanation(p, e) })
}

func entryObjects(entries []diagnose.Entry) []entryObject {
	list := []entryObject{}
	for _, e := range entries {
		list = append(list, entryObject{e.ID, e.Name, bothOf(e.Verdict), bothOf(e.Test), bothOf(e.Fix), e.Confirm()})
	}
	return list
}

// confirmCode returns the command that shows more about an errcode.
func confirmCode(e wechat.Entry) string {
	switch e.Family {
	case wechat.FamilyLogin:
		return "wxlogin exchange CODE"
	case wechat.FamilyDemo:
		return "wxlogin decrypt payload.json"
	case wechat.FamilyApp:
		return "wxlogin config validate"
	}
	return "wxlogin config list --show-origin"
}

func printExplanation(p *term.Page, e diagnose.Explanation) {
	for _, entry := range e.ErrCodes {
		p.Heading(textCodeTitle, int(entry.Code), titleOf(entry))
		p.Prose(entry.Meaning)
		p.Terms([]term.Term{
			{Label: labelCause, Text: entry.Cause}, {Label: labelFix, Text: entry.Fix}, {Label: labelNote, Text: entry.Note},
		})
		p.Command(confirmCode(entry))
		p.Blank()
	}
	if e.Phrase != nil {
		p.Heading(textPhraseTitle, e.Phrase.Text, e.Phrase.Stacks)
		if !strings.EqualFold(strings.TrimSpace(e.Line), e.Phrase.Text) {
			p.Note(textFoundIn, e.Line)
		}
		if e.Phrase.Note != (lang.T{}) {
			p.Prose(e.Phrase.Note)
		}
		p.Blank()
	}
	printLikely(p, e.Likely)
}

func titleOf(e wechat.Entry) string {
	if e.ErrMsg == "" {
		return "errcode"
	}
	return strings.TrimSpace(e.ErrMsg)
}

// printLikely lists causes in order.
func printLikely(p *term.Page, entries []diagnose.Entry) {
	if len(entries) == 0 {
		return
	}
	p.Heading(textLikely)
	for _, e := range entries {
		p.Blank()
		p.Pieces(term.Cell{Text: e.ID + " " + e.Name, Level: term.Warn})
		p.Prose(e.Verdict)
		p.Terms([]term.Term{{Label: labelTest, Text: e.Test}, {Label: labelFix, Text: e.Fix}})
		p.Command(e.Confirm())
	}
}

// rateResult is what explain --rate prints with --json.
type rateResult struct {
	Percent float64      `json:"percent"`
	Fits    []rateObject `json:"fits"`
}

type rateObject struct {
	Reason    textObject    `json:"reason"`
	Diagnoses []entryObject `json:"diagnoses"`
}

func explainRate(a *app.App, text string) error {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || math.IsNaN(percent) || percent <= 0 || percent > 100 {
		return app.Usage(textBadRate, "30%")
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	rates := diagnose.Fingerprint(percent)
	result := rateResult{Percent: percent, Fits: []rateObject{}}
	for _, r := range rates {
		result.Fits = append(result.Fits, rateObject{bothOf(r.Reason), entryObjects(r.Entries())})
	}
	return output.Print(a.IO, result, func(p *term.Page) {
		p.Heading(textRate, strconv.FormatFloat(percent, 'f', -1, 64))
		if len(rates) == 0 {
			p.Prose(textNoRate)
		}
		for _, r := range rates {
			p.Blank()
			p.Prose(r.Reason)
			for _, e := range r.Entries() {
				p.Pieces(term.Cell{Text: "  " + e.ID + " " + e.Name, Level: term.Warn})
			}
		}
		p.Blank()
		p.Note(textRateNext)
		p.Command("wxlogin decrypt payload.json")
	})
}

// unknownTextFailure says what to try with a text that nothing is known of.
func unknownTextFailure(e *unknownTextError) failure {
	if len(e.codes) > 0 {
		return failure{exit: exitFailure, message: textUnknownCode.With(int(e.codes[0])), hints: []lang.Message{hintWeChatTable.With(), hintOpenIssue.With()}}
	}
	return failure{exit: exitFailure, message: textUnknownText.With(), hints: []lang.Message{hintWholeTrace.With(), hintTryDecrypt.With()}}
}

var (
	labelCause = lang.T{En: "cause", Zh: "原因"}
	labelFix   = lang.T{En: "fix", Zh: "处理"}
	labelNote  = lang.T{En: "note", Zh: "备注"}
	labelTest  = lang.T{En: "proof", Zh: "证据"}

	textCodeTitle   = lang.T{En: "%d  %s", Zh: "%d  %s"}
	textPhraseTitle = lang.T{En: "%q (%s)", Zh: "%q（%s）"}
	textFoundIn     = lang.T{En: "found in: %s", Zh: "出现在：%s"}
	textLikely      = lang.T{En: "Likely causes, the first one first", Zh: "可能的原因，按可能性排列"}
	textRate        = lang.T{En: "%s %% of the decryptions fail. What fits:", Zh: "%s%% 的解密失败，符合的情况："}
	textNoRate      = lang.T{En: "Nothing typical has this share. Several causes may add up.", Zh: "没有典型情况符合这个比例，可能是几种原因叠加。"}
	textRateNext    = lang.T{En: "one failing payload tells which it is:", Zh: "用一份解密失败的数据即可确定："}
	textRateAlone   = lang.T{En: "--rate stands alone, without WHAT", Zh: "--rate 要单独使用，不带 WHAT"}
	textBadRate     = lang.T{En: "--rate wants a share above 0 and up to 100, such as %s", Zh: "--rate 应为 0 到 100 之间的比例，例如 %s"}

	textNothingToExplain = lang.T{En: "nothing to explain: give an errcode or an error text, or - to read one from standard input", Zh: "没有要解释的内容：请给出错误码或报错文本，或用 - 从标准输入读取"}
	textUnknownText      = lang.T{En: "nothing in this text is known: no errcode of WeChat, and no error of a library that decrypts", Zh: "文本中没有已知的内容：既没有微信的错误码，也没有解密类库的报错"}
	textUnknownCode      = lang.T{En: "errcode %d is not in the catalogue", Zh: "目录中没有错误码 %d"}
	hintWeChatTable      = lang.T{En: "WeChat's own table may have it: https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html", Zh: "请查微信的全局错误码表：https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html"}
	hintOpenIssue        = lang.T{En: "the rid in WeChat's answer tells more, on the page of the API in the console", Zh: "凭返回中的 rid 可以在开放平台的接口调试页查询详情"}
	hintWholeTrace       = lang.T{En: "give more of it, such as the whole stack trace: wxlogin explain - < error.log", Zh: "给出更多内容，例如整段堆栈：wxlogin explain - < error.log"}
	hintTryDecrypt       = lang.T{En: "or let the data speak for itself: wxlogin decrypt payload.json --explain", Zh: "或者直接检查数据：wxlogin decrypt payload.json --explain"}
)
