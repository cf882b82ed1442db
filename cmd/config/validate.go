package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// A FindingsError says that `config validate` found something wrong. What it found has been printed.
type FindingsError struct {
	Failed int // findings of level fail, at least one
}

// Error counts the findings.
func (e *FindingsError) Error() string { return fmt.Sprintf("%d finding(s) failed", e.Failed) }

// validation is what `config validate` prints with --json. The field names are API.
type validation struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

// finding is a [config.Finding] in the reader's language.
type finding struct {
	Level   config.Level `json:"level"`
	Key     string       `json:"key"` // "" if it is not about one key
	Message string       `json:"message"`
	Fix     string       `json:"fix"` // "" if there is nothing to do
}

func newValidate(a *app.App, keyring config.Keyring) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "validate",
		Short: lang.T{En: "Check the configuration without the network", Zh: "检查配置（不访问网络）"},
		Long: lang.T{
			En: "Checks what can be checked on this machine: the shapes of appid and secret in every profile, where they come from, who can read them, and what is set without a value. It fetches the secret as exchange would, also from the keyring or a command, and never prints it.\nEach line is ok, warn or fail, with what to do. The exit code is 9 when something failed; warnings do not count.",
			Zh: "检查本机上能检查的内容：各 profile 中 appid 和 secret 的格式、来源、哪些人可以读取，以及哪些项设置了却为空。密钥会像 exchange 那样真的取一遍（包括读取系统钥匙串、执行命令），但绝不显示。\n每行为 ok、warn 或 fail，并附有处理办法。有失败项时退出码为 9，警告不计。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "is everything in place?", Zh: "配置是否就绪？"}, Line: "wxlogin config validate"},
			{Note: lang.T{En: "in a script: what failed", Zh: "在脚本中：列出失败项"}, Line: `wxlogin config validate -q '.findings[] | select(.level == "fail") | .message'`},
		},
	})
	c.RunE = func(c *cobra.Command, _ []string) error { return runValidate(c.Context(), a, keyring) }
	return c
}

func runValidate(ctx context.Context, a *app.App, keyring config.Keyring) error {
	found, err := findings(ctx, a, keyring)
	if err != nil {
		return err
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	failed, warned := 0, 0
	result := validation{Findings: []finding{}}
	for _, f := range found {
		switch f.Level {
		case config.LevelFail:
			failed++
		case config.LevelWarn:
			warned++
		}
		result.Findings = append(result.Findings, finding{f.Level, f.Key, f.Message.In(a.IO.Lang), f.Fix.In(a.IO.Lang)})
	}
	result.OK = failed == 0
	err = output.Print(a.IO, result, func(p *term.Page) { findingsPage(p, found, failed, warned) })
	if err == nil && failed > 0 {
		return &FindingsError{failed}
	}
	return err
}

// findings are those of the configuration, or the one that it cannot be read.
func findings(ctx context.Context, a *app.App, keyring config.Keyring) ([]config.Finding, error) {
	c, err := a.Config()
	if e, ok := errors.AsType[*config.Error](err); ok && !e.Usage() {
		keyless := *e // the key has its own field
		keyless.Key = ""
		f := config.Finding{Level: config.LevelFail, Key: e.Key, Message: keyless.Message()}
		for i, fix := range e.Hints() {
			if i == 0 {
				f.Fix = fix
			} else {
				f.Fix = textBoth.With(f.Fix, fix)
			}
		}
		return []config.Finding{f}, nil
	}
	if err != nil {
		return nil, err
	}
	return c.Validate(ctx, sources(a, keyring)), nil
}

func findingsPage(p *term.Page, found []config.Finding, failed, warned int) {
	for _, f := range found {
		message := f.Message
		if f.Key != "" {
			message = textKeyed.With(f.Key, f.Message)
		}
		app.PrintFinding(p, f.Level, message, f.Fix)
	}
	app.PrintTotals(p, failed, warned, textWarned, textAllWell)
}

var (
	textBoth    = lang.T{En: "%v; %v", Zh: "%v；%v"}
	textKeyed   = lang.T{En: "%s: %v", Zh: "%s：%v"}
	textWarned  = lang.T{En: "usable, warnings: %d", Zh: "可以使用，警告 %d 项"}
	textAllWell = lang.T{En: "everything is in place", Zh: "配置就绪"}
)
