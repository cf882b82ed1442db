// Package config is `wxlogin config`: it shows what the tool was told and by whom, and edits the user's file. A project's
// file is only read. How values are found, checked and written is internal/config's affair.
package config

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// New returns `wxlogin config`.
func New(a *app.App) *cobra.Command { return newGroup(a, config.SystemKeyring()) }

func newGroup(a *app.App, keyring config.Keyring) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "config",
		Short: lang.T{En: "Show and change the configuration", Zh: "查看和修改配置"},
		Long: lang.T{
			En: "A value comes from a flag, else a variable (WXLOGIN_APPID), else the project's file ./wxlogin.yaml, else the user's file, else the default; wxlogin config list --show-origin tells which. The verbs change the user's file only.\nProfiles hold the appid, secret and api_base of several mini programs: --profile NAME, or wxlogin config use NAME.",
			Zh: "取值顺序：命令行参数、环境变量（如 WXLOGIN_APPID）、项目文件 ./wxlogin.yaml、用户配置文件、默认值；wxlogin config list --show-origin 会显示来源。这些子命令只修改用户配置文件。\nprofile 用于保存多个小程序各自的 appid、secret 和 api_base：用 --profile NAME 或 wxlogin config use NAME 选择。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a first configuration, by questions and answers", Zh: "以问答方式完成首次配置"}, Line: "wxlogin config init"},
			{Note: lang.T{En: "what is set, and where", Zh: "当前的设置及其来源"}, Line: "wxlogin config list --show-origin"},
		},
	},
		newInit(a, keyring), newGet(a, keyring), newSet(a, keyring), newList(a), newUse(a), newPath(a), newValidate(a, keyring),
	)
}

// sources are those that a command of this group may ask for a secret. It never prompts: these commands show what is configured.
func sources(a *app.App, keyring config.Keyring) config.SecretSources {
	s := a.SecretSources(false)
	s.Keyring = keyring
	return s
}

// userFile returns the absolute path of the file that is edited.
func userFile(a *app.App) (string, error) {
	path := a.Paths().ConfigFile
	if path == "" {
		return "", &config.Error{Reason: textNoHome.With(), Fixes: []lang.Message{fixHome.With()}}
	}
	return filepath.Abs(path)
}

// fullName puts a bare key into the profile that --profile names.
func fullName(a *app.App, key string) string {
	profile := a.Flags.Keys["profile"]
	if profile == "" || key == "profile" || strings.HasPrefix(key, profilePrefix) {
		return key
	}
	return profilePrefix + profile + "." + key
}

// profilePrefix begins the full name of a profile's key.
const profilePrefix = "profiles."

// splitName takes a full name apart: "profiles.staging.appid" is "staging", "appid".
func splitName(name string) (profile, key string) {
	rest, ok := strings.CutPrefix(name, profilePrefix)
	if !ok {
		return "", name
	}
	profile, key, _ = strings.Cut(rest, ".")
	return profile, key
}

// isSecret reports whether the key of a full name holds a secret.
func isSecret(name string) bool {
	_, bare := splitName(name)
	for _, k := range config.Keys() {
		if k.Name == bare {
			return k.Secret
		}
	}
	return false
}

// asArgument turns what is wrong with a key or value into a fault of the command line, where it stood. Faults of files stay.
func asArgument(err error) error {
	e, ok := errors.AsType[*config.Error](err)
	switch {
	case !ok || e.File != "":
	case e.Key != "":
		e.Origin = config.Origin{Source: config.SourceFlag, Name: e.Key}
	case errors.Is(err, config.ErrUnknownKey): // a key that is not repeated: it may be a secret
		e.Origin = config.Origin{Source: config.SourceFlag, Name: "KEY"}
	}
	return err
}

// usage is a fault of the command line with what to do instead.
func usage(arg string, reason lang.Message, fixes ...lang.Message) error {
	return &config.Error{Key: arg, Origin: config.Origin{Source: config.SourceFlag, Name: arg}, Reason: reason, Fixes: fixes}
}

var (
	textNoHome = lang.T{En: "there is no place for the configuration: no home directory is known", Zh: "找不到主目录，无处存放配置文件"}
	fixHome    = lang.T{En: "set WXLOGIN_CONFIG_DIR or HOME, or name a file: --config FILE", Zh: "设置 WXLOGIN_CONFIG_DIR 或 HOME，或指定文件：--config FILE"}
)
