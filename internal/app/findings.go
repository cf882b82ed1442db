package app

import (
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// PrintFinding writes what a check found: its level, a sentence, and below it what to do, if there is anything.
func PrintFinding(p *term.Page, level config.Level, message, fix lang.Message) {
	levels := map[config.Level]term.Level{
		config.LevelOK: term.OK, config.LevelWarn: term.Warn, config.LevelFail: term.Fail, config.LevelSkip: term.Skip,
	}
	p.Status(levels[level], message)
	if !fix.IsZero() {
		p.Under(textFix.With(fix))
	}
}

// PrintTotals ends a list of findings. usable, which has the number of warnings, and well are said where nothing failed.
func PrintTotals(p *term.Page, failed, warned int, usable, well lang.T) {
	p.Blank()
	switch {
	case failed > 0:
		p.Verdict(term.Fail, textTotals, failed, warned)
	case warned > 0:
		p.Verdict(term.Warn, usable, warned)
	default:
		p.Verdict(term.OK, well)
	}
}

var (
	textFix    = lang.T{En: "fix: %v", Zh: "处理：%v"}
	textTotals = lang.T{En: "failed: %d, warnings: %d", Zh: "失败 %d 项，警告 %d 项"}
)
