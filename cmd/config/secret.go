package config

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// keyringReference says that the secret is in the keyring.
const keyringReference = "keyring"

// place is where a secret is kept.
type place int

const (
	inKeyring  place = iota
	inFile           // in the user's file, as it is
	inVariable       // of the environment, which somebody else sets
	nowhere          // not now
)

// setSecret finds out what to write for a key that holds a secret. A secret for the keyring is in it when this returns.
func setSecret(ctx context.Context, a *app.App, keyring config.Keyring, name string, opts setOptions) (config.Setting, error) {
	if opts.keyring && opts.insecureFile {
		return config.Setting{}, app.Usage(textTwoPlaces)
	}
	if opts.given && opts.value != "-" {
		return referenceSetting(ctx, a, keyring, name, opts)
	}
	where := inKeyring
	switch {
	case opts.insecureFile:
		where = inFile
	case opts.keyring:
	case opts.given || !a.IO.CanPrompt(a.Flags.NoInput):
		return config.Setting{}, usage(name, textNoPlace.With(), fixesForSecret(name)...)
	default:
		var err error
		if where, err = askPlace(ctx, a, textAskPlace); err != nil {
			return config.Setting{}, err
		}
	}
	secret, err := readSecret(ctx, a, name, opts.given)
	if err != nil {
		return config.Setting{}, err
	}
	return keep(ctx, keyring, name, where, secret)
}

// referenceSetting takes VALUE for a reference, and refuses a secret: it stands in the shell's history already, and others
// can see the command line.
func referenceSetting(ctx context.Context, a *app.App, keyring config.Keyring, name string, opts setOptions) (config.Setting, error) {
	if opts.keyring || opts.insecureFile {
		return config.Setting{}, usage(name, textReferenceAndPlace.With())
	}
	value, ok := reference(opts.value)
	if !ok {
		return config.Setting{}, usage(name, textSecretOnArgv.With(), fixesForSecret(name)...)
	}
	return config.Setting{Name: name, Value: value}, tryKeyring(ctx, a, keyring, name, value)
}

// tryKeyring looks whether a reference to the keyring can mean anything here. Without a keyring it is refused, as a secret for it would be;
// one that has no entry yet, or that is locked now, is worth a warning.
func tryKeyring(ctx context.Context, a *app.App, keyring config.Keyring, name, value string) error {
	if value != keyringReference {
		return nil
	}
	_, err := keyring.Get(ctx, account(name))
	broken, _ := errors.AsType[*config.KeyringError](err)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, config.ErrNoEntry):
		a.IO.Warn(textNoEntry.With(account(name), name))
		return nil
	case broken != nil && broken.Missing:
		return &config.Error{
			Key: name, Reason: textNothingWritten.With(broken.Message()), Err: err, Fixes: []lang.Message{fixInFile.With(name), fixReference.With(name)},
		}
	case broken != nil:
		a.IO.Warn(textKeyringSilent.With(broken.Message()))
		return nil
	}
	a.IO.Warn(textKeyringSilent.With(textKeyringLate))
	return nil
}

// reference checks that value says where a secret is. A relative path begins where the user stands, not where the file is.
func reference(value string) (string, bool) {
	scheme, arg, found := strings.Cut(value, ":")
	switch {
	case value == keyringReference:
		return value, true
	case !found, strings.TrimSpace(arg) == "", looksSecret(arg):
		return "", false
	case scheme == "env" && isVariable(arg), scheme == "cmd":
		return value, true
	case scheme == "file" && strings.HasPrefix(arg, "~/"):
		return value, true
	case scheme == "file":
		path, err := filepath.Abs(arg)
		return "file:" + path, err == nil
	}
	return "", false
}

// isVariable reports whether name can be a variable of the environment (POSIX, section 8.1).
func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// looksSecret reports whether text has the shape of an AppSecret, whatever its case.
func looksSecret(text string) bool {
	return wechat.ShapeOf(strings.ToLower(strings.TrimSpace(text))) == wechat.ShapeAppSecret
}

// readSecret reads a secret from standard input if "-" was given and nobody would have to type it visibly; else it asks.
func readSecret(ctx context.Context, a *app.App, name string, stdin bool) (redact.Secret, error) {
	var secret redact.Secret
	var err error
	switch {
	case stdin && !a.IO.InTTY:
		secret, err = secretFromStdin(a, name)
	case a.IO.CanPrompt(a.Flags.NoInput):
		secret, err = a.IO.PromptSecret(ctx, textAskSecret.With(name).In(a.IO.Lang))
		err = answered(err)
	default:
		err = usage(name, textNoSecretGiven.With(), fixStdin.With(name))
	}
	switch {
	case err != nil:
		return redact.Secret{}, err
	case secret.IsZero():
		return redact.Secret{}, usage(name, textEmptySecret.With())
	}
	if _, bare := splitName(name); bare == "secret" && (wechat.AppSecret{Secret: secret}).Check() != nil {
		a.IO.Warn(textOddSecret.With())
	}
	return secret, nil
}

func secretFromStdin(a *app.App, name string) (redact.Secret, error) {
	in, err := a.IO.Stdin("VALUE")
	if err != nil {
		return redact.Secret{}, err
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return redact.Secret{}, err
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")) // PowerShell begins a pipe with a byte order mark
	switch {
	case len(data) > maxInput:
		return redact.Secret{}, usage(name, textSecretTooLong.With(maxInput))
	case strings.ContainsAny(text, "\r\n"):
		return redact.Secret{}, usage(name, textSecretLines.With())
	}
	return redact.NewSecret(text), nil
}

// keep stores the secret, and returns what the file says about it.
func keep(ctx context.Context, keyring config.Keyring, name string, where place, secret redact.Secret) (config.Setting, error) {
	if where == inFile {
		return config.Setting{Name: name, Value: secret.Reveal(), Literal: true}, nil
	}
	if err := keyring.Set(ctx, account(name), secret); err != nil {
		return config.Setting{}, &config.Error{
			Key: name, Reason: keyringReason(err), Err: err,
			Fixes: []lang.Message{fixInFile.With(name), fixReference.With(name)},
		}
	}
	return config.Setting{Name: name, Value: keyringReference}, nil
}

// keyringReason says why the keyring has not taken a secret.
func keyringReason(err error) lang.Message {
	if e, ok := errors.AsType[*config.KeyringError](err); ok {
		return textNoKeyring.With(e.Message())
	}
	return textNoKeyring.With(redact.Clean(err.Error()))
}

// account is the entry of a key in the keyring, where [config.Config.Secret] looks for it.
func account(name string) string {
	profile, bare := splitName(name)
	if bare == "secret" {
		return config.KeyringAccount(profile)
	}
	return config.KeyringAccount(profile) + "/" + bare
}

// askPlace asks for a letter. Enter takes the keyring; what is no answer is asked again.
func askPlace(ctx context.Context, a *app.App, question lang.T) (place, error) {
	letters := map[string]place{"": inKeyring, "k": inKeyring, "f": inFile}
	if question == textAskPlaceInit {
		letters["e"], letters["n"] = inVariable, nowhere
	}
	for range attempts {
		answer, err := a.IO.Prompt(ctx, question.In(a.IO.Lang))
		if err := answered(err); err != nil {
			return 0, err
		}
		if where, ok := letters[strings.ToLower(answer)]; ok {
			return where, nil
		}
		a.IO.Warn(textNotALetter.With()) // not repeated: it may be the secret
	}
	return 0, app.Usage(textGivenUp)
}

// attempts is how often a question is asked.
const attempts = 3

// answered turns the end of input into words.
func answered(err error) error {
	if errors.Is(err, io.EOF) {
		return app.Usage(textNoAnswer)
	}
	return err
}

func fixesForSecret(name string) []lang.Message {
	return []lang.Message{fixType.With(name), fixStdin.With(name), fixReference.With(name)}
}

var (
	textTwoPlaces         = lang.T{En: "--keyring and --insecure-file exclude each other", Zh: "--keyring 与 --insecure-file 不能同时使用"}
	textReferenceAndPlace = lang.T{En: "VALUE says where the secret is; leave out --keyring and --insecure-file, which say where to put one", Zh: "VALUE 已说明密钥所在；请去掉 --keyring 和 --insecure-file，它们用于指定存放位置"}
	textSecretOnArgv      = lang.T{En: "the value is no reference (env:NAME, file:PATH, cmd:COMMAND, keyring), and a secret itself does not belong on the command line, where others can read it; nothing was written", Zh: "该值不是引用（env:NAME、file:PATH、cmd:COMMAND、keyring），而密钥本身不应出现在会被他人看到的命令行上；未写入任何内容"}
	textNoPlace           = lang.T{En: "where the secret is to be kept must be said", Zh: "必须指明密钥存放在哪里"}
	textNoSecretGiven     = lang.T{En: "there is no terminal to type the secret on", Zh: "没有可供输入密钥的终端"}
	textEmptySecret       = lang.T{En: "the secret is empty; nothing was written", Zh: "密钥为空，未写入任何内容"}
	textSecretTooLong     = lang.T{En: "the input is longer than %d bytes, which no secret is", Zh: "输入超过 %d 字节，不可能是密钥"}
	textSecretLines       = lang.T{En: "the input has more than one line; want the secret alone", Zh: "输入含有多行，应只有密钥本身"}
	textOddSecret         = lang.T{En: "this is not an AppSecret (32 lower-case hexadecimal digits); wxlogin config validate says more", Zh: "这不是 AppSecret（32 位小写十六进制数字）；详见 wxlogin config validate"}
	textNoKeyring         = lang.T{En: "the keyring did not take it: %s", Zh: "系统钥匙串未能保存：%s"}
	textNoEntry           = lang.T{En: "the keyring has no entry %q yet; to store one: wxlogin config set %s --keyring", Zh: "系统钥匙串中还没有条目 %q，要存入请用：wxlogin config set %s --keyring"}
	textNothingWritten    = lang.T{En: "%s; nothing was written", Zh: "%s；未写入任何内容"}
	textKeyringSilent     = lang.T{En: "whether the keyring has the secret is not known: %s", Zh: "无法确认系统钥匙串中是否有该密钥：%s"}
	textKeyringLate       = lang.T{En: "it did not answer in time", Zh: "未在时限内响应"}
	textNoAnswer          = lang.T{En: "no answer; nothing was written", Zh: "没有得到回答，未写入任何内容"}
	textNotALetter        = lang.T{En: "answer with one of the letters in parentheses, or with Enter for the one in brackets", Zh: "请输入括号中的一个字母，或直接按 Enter 采用方括号中的默认值"}
	textGivenUp           = lang.T{En: "none of the answers fits; nothing was written", Zh: "回答均无效，未写入任何内容"}

	textAskSecret = lang.T{En: "%s (not shown): ", Zh: "%s（输入时不显示）："}
	textAskPlace  = lang.T{En: "keep the secret in the keyring (k) or as it is in the file (f)? [k] ", Zh: "密钥存放在系统钥匙串 (k) 还是明文写入文件 (f)？[k] "}

	fixType      = lang.T{En: "type it: wxlogin config set %s --keyring", Zh: "手动输入：wxlogin config set %s --keyring"}
	fixStdin     = lang.T{En: "pipe it: wxlogin config set %s - --keyring < FILE (or --insecure-file)", Zh: "管道传入：wxlogin config set %s - --keyring < FILE（或 --insecure-file）"}
	fixReference = lang.T{En: "refer to it: wxlogin config set %s env:NAME | file:PATH | cmd:COMMAND", Zh: "使用引用：wxlogin config set %s env:NAME | file:PATH | cmd:COMMAND"}
	fixInFile    = lang.T{En: "keep it in the file: wxlogin config set %s --insecure-file", Zh: "写入文件：wxlogin config set %s --insecure-file"}
)
