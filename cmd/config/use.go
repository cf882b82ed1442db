package config

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// useResult is what `config use` prints with --json. The field names are API.
type useResult struct {
	Profile string `json:"profile"` // "" for none
	File    string `json:"file"`
}

func newUse(a *app.App) *cobra.Command {
	var none bool
	c := a.Command(app.Spec{
		Use:   "use {PROFILE | --none}",
		Short: lang.T{En: "Choose the profile that is used from now on", Zh: "选择今后使用的 profile"},
		Long: lang.T{
			En: "Writes the profile into the user's file. --profile, WXLOGIN_PROFILE and a project's file still override it, and the command says so when they do. --none goes back to the values outside the profiles.",
			Zh: "把所选 profile 写入用户配置文件。--profile、WXLOGIN_PROFILE 和项目文件仍然优先，若有覆盖会给出提示。--none 恢复使用 profile 之外的值。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "work on the staging app", Zh: "切换到测试环境的小程序"}, Line: "wxlogin config use staging"},
			{Note: lang.T{En: "no profile any more", Zh: "不再使用 profile"}, Line: "wxlogin config use --none"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = completeProfile(a)
	c.Flags().BoolVar(&none, "none", false, lang.T{En: "use no profile", Zh: "不使用 profile"}.In(a.IO.Lang))
	c.RunE = func(_ *cobra.Command, args []string) error {
		switch {
		case none && len(args) > 0:
			return app.Usage(textProfileAndNone)
		case none:
			return runUse(a, "")
		case len(args) == 0 || args[0] == "":
			return noProfileNamed(a)
		}
		return runUse(a, args[0])
	}
	return c
}

// noProfileNamed names those that there are.
func noProfileNamed(a *app.App) error {
	var fixes []lang.Message
	if c, err := a.Config(); err == nil {
		for _, name := range c.Profiles() {
			fixes = append(fixes, fixUse.With(name))
		}
	}
	return usage("PROFILE", textNoProfileNamed.With(), append(fixes, fixUseNone.With())...)
}

func runUse(a *app.App, profile string) error {
	file, err := userFile(a)
	if err != nil {
		return err
	}
	if err := use(file, profile); err != nil {
		return err
	}
	inUse, err := reloaded(a)
	if err == nil && inUse.Profile != profile {
		a.IO.Warn(textProfileOverridden.With(inUse.Profile, inUse.Origin("profile")))
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	return output.Print(a.IO, useResult{profile, file}, func(p *term.Page) {
		if profile == "" {
			p.Verdict(term.OK, textUsesNone, file)
			return
		}
		p.Verdict(term.OK, textUses, profile, file)
	})
}

// use is [config.Use] with the errors of a command line.
func use(file, profile string) error {
	err := config.Use(file, profile)
	if e, ok := errors.AsType[*config.Error](err); ok && errors.Is(err, fs.ErrNotExist) {
		e.Fixes = append(e.Fixes, fixInit.With())
	}
	return asArgument(err)
}

// reloaded reads the configuration again, after an edit, as a run with the same flags would.
func reloaded(a *app.App) (*config.Config, error) {
	again := &app.App{IO: a.IO, Env: a.Env, Now: a.Now, Build: a.Build, Flags: a.Flags}
	return again.Config()
}

var (
	textProfileAndNone    = lang.T{En: "PROFILE and --none exclude each other", Zh: "PROFILE 与 --none 不能同时使用"}
	textNoProfileNamed    = lang.T{En: "no profile is named", Zh: "没有指定 profile"}
	textUses              = lang.T{En: "the profile is now %s (%s)", Zh: "当前 profile 已设为 %s（%s）"}
	textUsesNone          = lang.T{En: "no profile is used any more (%s)", Zh: "已不再使用 profile（%s）"}
	textProfileOverridden = lang.T{En: "here the profile is %q all the same: %v is stronger than the user's file", Zh: "但此处的 profile 仍为 %q：%v 优先于用户配置文件"}

	fixUse     = lang.T{En: "use one: wxlogin config use %s", Zh: "使用其中一个：wxlogin config use %s"}
	fixUseNone = lang.T{En: "use none: wxlogin config use --none", Zh: "不使用 profile：wxlogin config use --none"}
	fixInit    = lang.T{En: "make one by questions and answers: wxlogin config init", Zh: "以问答方式创建：wxlogin config init"}
)
