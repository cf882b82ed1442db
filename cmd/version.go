package cmd

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// Set by the linker in releases (.goreleaser.yaml). Elsewhere build reads what the Go toolchain recorded.
var version, commit, date string

// build says what binary this is.
func build() app.Build {
	b := app.Build{Version: version, Commit: commit, Date: date}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = orElse(b.Commit, setting.Value)
		case "vcs.time":
			b.Date = orElse(b.Date, setting.Value)
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// newVersion is `wxlogin version`.
func newVersion(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "version",
		Short: lang.T{En: "Print what binary this is", Zh: "显示程序版本"},
		Long: lang.T{
			En: "Prints the version, and with --json also commit, date, Go version and platform.",
			Zh: "显示版本；加 --json 时还包括提交、日期、Go 版本和平台。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the version alone", Zh: "只要版本号"}, Line: "wxlogin version -q .version"}},
	})
	c.RunE = func(*cobra.Command, []string) error { return printVersion(a) }
	return c
}

func printVersion(a *app.App) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	b := a.Build
	v := struct {
		Version  string `json:"version"`
		Commit   string `json:"commit"`
		Date     string `json:"date"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
		Modified bool   `json:"modified"`
	}{b.Version, b.Commit, b.Date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, b.Modified}
	return output.Print(a.IO, v, func(p *term.Page) {
		line := "wxlogin " + v.Version
		if len(v.Commit) >= 12 && version != "" { // a version that Go made up names the commit already
			line += " (" + v.Commit[:12] + ")"
		}
		p.Text(line + " " + v.Platform)
	})
}
