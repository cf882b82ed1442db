package mock

import (
	"path/filepath"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// A shell is how variables are set in one. Values are quoted whatever they are: what a mock answers is not ours to trust.
type shell struct {
	set   func(name, value string) string
	save  func(name, from string) string // sets a variable to what another one holds; nil: there are no variables to read
	unset func(name string) string
	take  func(command string) string // has the shell run what a command prints
}

// shellFor returns the shell of a name, or the one that $SHELL names.
func shellFor(a *app.App, name string) (shell, error) {
	if name == "" {
		path, _ := a.Env("SHELL")
		name = strings.TrimSuffix(filepath.Base(path), ".exe")
		if name != "fish" {
			name = "bash"
		}
	}
	switch name {
	case "bash", "zsh", "sh":
		return shell{
			set:   func(name, value string) string { return "export " + name + "=" + posixQuote(value) },
			save:  func(name, from string) string { return "export " + name + `="$` + from + `"` },
			unset: func(name string) string { return "unset " + name },
			take:  func(command string) string { return `eval "$(` + command + `)"` },
		}, nil
	case "fish":
		return shell{
			set: func(name, value string) string {
				return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
			},
			save:  func(name, from string) string { return "set -gx " + name + ` "$` + from + `"` },
			unset: func(name string) string { return "set -e " + name },
			take:  func(command string) string { return command + " --shell fish | source" },
		}, nil
	case "powershell", "pwsh":
		return shell{
			set: func(name, value string) string {
				return "$env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
			},
			save:  func(name, from string) string { return "$env:" + name + " = $env:" + from },
			unset: func(name string) string { return "Remove-Item -ErrorAction SilentlyContinue Env:" + name },
			take:  func(command string) string { return command + " --shell powershell | Out-String | Invoke-Expression" },
		}, nil
	case "dotenv":
		return shell{set: func(name, value string) string { return name + "=" + posixQuote(value) }}, nil
	}
	return shell{}, app.Usage(textUnknownShell, name)
}

var textUnknownShell = lang.T{En: "unknown shell %q: --shell takes bash, fish, powershell or dotenv", Zh: "未知的 shell %q：--shell 可用 bash、fish、powershell、dotenv"}

func posixQuote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
