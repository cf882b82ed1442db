package config

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
)

// setOptions of `wxlogin config set KEY [VALUE | -]`.
type setOptions struct {
	key          string
	value        string // "-": standard input; "": none was given, or an empty one
	given        bool
	keyring      bool // keep a secret in the keyring
	insecureFile bool // keep a secret itself in the user's file
}

// setResult is what `config set` prints with --json. The field names are API.
type setResult struct {
	Key   string `json:"key"`   // full name: "profiles.staging.appid"
	Value string `json:"value"` // as it stands in the file; "[redacted]" for a secret itself
	File  string `json:"file"`
}

func newSet(a *app.App, keyring config.Keyring) *cobra.Command {
	opts := setOptions{}
	c := a.Command(app.Spec{
		Use:   "set KEY [VALUE | -]",
		Short: lang.T{En: "Set a key in the user's file", Zh: "在用户配置文件中设置某一项"},
		Long: lang.T{
			En: "Changes one value of the user's file and leaves the rest as it is, comments included. With --profile NAME the key is set in that profile, which is made if need be; profiles.NAME.KEY means the same. - reads the value from standard input.\nFor a secret, VALUE is never the secret itself: others can read the command line. It is a reference, env:NAME, file:PATH, cmd:COMMAND or keyring; or there is none, and the secret is typed without echo (- reads it from standard input) and kept in the system's keyring (--keyring) or as it is in the file (--insecure-file, mode 0600). What was written, and where, is said.",
			Zh: "只修改用户配置文件中的一项，其余内容（包括注释）保持不变。加 --profile NAME 时写入该 profile（不存在则新建），与 profiles.NAME.KEY 相同。- 表示从标准输入读取值。\n设置密钥时，VALUE 不能是密钥本身，因为别人看得到命令行。可以写引用：env:NAME、file:PATH、cmd:COMMAND 或 keyring；也可以省略，这时会提示输入且不回显（- 表示从标准输入读取），再存入系统钥匙串（--keyring）或明文写入文件（--insecure-file，权限 0600）。命令会说明写了什么、写在哪里。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the mini program", Zh: "设置小程序"}, Line: "wxlogin config set appid wx4f4bc4dec97d474b"},
			{Note: lang.T{En: "its secret, typed and kept in the keyring", Zh: "输入密钥并存入系统钥匙串"}, Line: "wxlogin config set secret --keyring"},
			{Note: lang.T{En: "a secret that CI provides", Zh: "由 CI 提供的密钥"}, Line: "wxlogin config set secret env:WX_SECRET"},
			{Note: lang.T{En: "another app in a profile", Zh: "在 profile 中设置另一个小程序"}, Line: "wxlogin config set --profile staging appid wx0000000000000001"},
		},
	})
	c.Args = keyAndValue
	c.ValidArgsFunction = completeSetting(a)
	c.Flags().BoolVar(&opts.keyring, "keyring", false, lang.T{En: "keep the secret in the system's keyring", Zh: "把密钥保存在系统钥匙串"}.In(a.IO.Lang))
	c.Flags().BoolVar(&opts.insecureFile, "insecure-file", false, lang.T{En: "keep the secret itself in the user's file", Zh: "把密钥明文写入用户配置文件"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error {
		opts.key = args[0]
		if len(args) == 2 {
			opts.value, opts.given = args[1], true
		}
		return runSet(c.Context(), a, keyring, opts)
	}
	return c
}

func keyAndValue(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("KEY", textNoKey.With(), fixKeys.With())
	}
	return app.MaxArgs(2)(c, args)
}

func runSet(ctx context.Context, a *app.App, keyring config.Keyring, opts setOptions) error {
	_, _ = a.Config() // only for the language: if it cannot be read, the edit below says so
	output, err := a.Output()
	if err != nil {
		return err
	}
	file, err := userFile(a)
	if err != nil {
		return err
	}
	name := fullName(a, opts.key)
	set := setValue
	if isSecret(name) {
		set = setSecret
	}
	setting, err := set(ctx, a, keyring, name, opts)
	if err != nil {
		return err
	}
	if name == "profile" { // a name that no profile has would make every later run fail
		err = use(file, setting.Value)
	} else {
		err = asArgument(config.Set(file, setting))
	}
	if err != nil {
		return err
	}
	warnOverridden(a, setting)
	return output.Print(a.IO, setResult{name, shown(setting), file}, func(p *term.Page) { setPage(p, setting, file) })
}

// shown is the value of a setting as it may be printed.
func shown(s config.Setting) string {
	if s.Literal {
		return redact.Mask
	}
	return s.Value
}

func setPage(p *term.Page, s config.Setting, file string) {
	switch {
	case s.Literal:
		p.Verdict(term.OK, textKeptInFile, s.Name, file)
	case isSecret(s.Name) && s.Value == keyringReference:
		p.Verdict(term.OK, textKeptInKeyring, s.Name, account(s.Name), file)
	default:
		p.Verdict(term.OK, textSet, s.Name, s.Value, file)
	}
}

// setValue is for keys that are no secrets.
func setValue(_ context.Context, a *app.App, _ config.Keyring, name string, opts setOptions) (config.Setting, error) {
	switch {
	case opts.keyring || opts.insecureFile:
		return config.Setting{}, usage(name, textNotASecret.With())
	case !opts.given && !known(name): // a misspelt key is the more useful thing to hear of
		return config.Setting{}, asArgument(config.Set("", config.Setting{Name: name}))
	case !opts.given:
		return config.Setting{}, usage(name, textNoValue.With())
	}
	value := opts.value
	if value == "-" {
		in, err := a.IO.Stdin("VALUE")
		if err != nil {
			return config.Setting{}, err
		}
		value, err = bufio.NewReader(io.LimitReader(in, maxInput)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return config.Setting{}, err
		}
		value = strings.TrimSpace(value)
	}
	if looksSecret(value) {
		return config.Setting{}, usage(name, textSecretAsValue.With(), fixSetSecret.With("secret"))
	}
	return config.Setting{Name: name, Value: value}, nil
}

// maxInput bounds what is read from standard input, in bytes; no value is that long.
const maxInput = 4 << 10

func known(name string) bool {
	_, bare := splitName(name)
	for _, k := range config.Keys() {
		if k.Name == bare {
			return true
		}
	}
	return false
}

// warnOverridden says when a stronger source hides what was just written.
func warnOverridden(a *app.App, s config.Setting) {
	c, err := reloaded(a)
	if err != nil {
		return // the next command tells
	}
	profile, bare := splitName(s.Name)
	if profile != "" && profile != c.Profile {
		return
	}
	expected := config.SourceUserFile
	if profile != "" {
		expected = config.SourceProfile
	}
	inUse, err := c.Get(bare)
	switch {
	case err != nil, inUse.Origin.Source == expected, inUse.Origin.Source == config.SourceNone:
	case !inUse.Secret && inUse.Value == s.Value:
	default:
		a.IO.Warn(textOverridden.With(bare, inUse.Origin))
	}
}

var (
	textNoKey         = lang.T{En: "no key is named", Zh: "没有指定配置项"}
	textNoValue       = lang.T{En: "no value: give it as an argument, or - to read it from standard input", Zh: "没有值：请作为参数给出，或用 - 从标准输入读取"}
	textNotASecret    = lang.T{En: "--keyring and --insecure-file are for secrets only", Zh: "--keyring 和 --insecure-file 只用于密钥"}
	textSecretAsValue = lang.T{En: "the value looks like an AppSecret, which this key does not hold; nothing was written", Zh: "该值看起来是 AppSecret，而此项不应存放它；未写入任何内容"}
	textOverridden    = lang.T{En: "here %s has another value all the same: %v is stronger", Zh: "但此处 %s 的值并未改变：%v 优先"}

	textSet           = lang.T{En: "%s is now %s (%s)", Zh: "%s 已设为 %s（%s）"}
	textKeptInFile    = lang.T{En: "%s itself stands in %s, which only its owner can read", Zh: "%s 已明文写入 %s，仅所有者可读"}
	textKeptInKeyring = lang.T{En: "%s is taken from the keyring, entry %q (%s)", Zh: "%s 取自系统钥匙串的条目 %q（%s）"}

	fixKeys = lang.T{En: "see them all: wxlogin config list", Zh: "查看所有配置项：wxlogin config list"}
)
