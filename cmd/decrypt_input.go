package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxInput bounds what is read of a file or of standard input, in bytes. The largest open data is some KiB.
const maxInput = 1 << 20

// A decryptInput is what a run has to work with.
type decryptInput struct {
	opendata.Pasted                 // the object and the flags; flags win
	given           opendata.Pasted // the flags alone
	document        []byte          // the object as it came; nil where there are only flags
	malformed       error           // why the document is none; the members are those that stand in it once it is unwrapped, if any
}

// readDecryptInput merges the JSON object, if one is given, with the flags; flags win. A document that is none is kept for the
// diagnosis, which may know what it is.
func readDecryptInput(a *app.App, opts decryptOptions) (decryptInput, error) {
	if opts.file == "" && opts.data == "" {
		if a.IO.InTTY {
			return decryptInput{}, app.Usage(textNoData)
		}
		opts.file = "-"
	}
	if opts.file != "" && opts.data != "" {
		return decryptInput{}, app.Usage(textFileAndData)
	}
	var input decryptInput
	var err error
	if opts.file != "" {
		if input.document, err = readFile(a, opts.file, "FILE"); err != nil {
			return input, err
		}
	}
	// Before the document is looked at: two readers of standard input are the earlier mistake.
	if input.given, err = readDecryptFlags(a, opts); err != nil {
		return input, err
	}
	if opts.file != "" {
		if input.Pasted, err = opendata.ParsePasted(input.document); err != nil {
			input.malformed = err
			input.Pasted, _ = diagnose.Unwrap(input.document)
		}
	}
	input.merge()
	if opts.openID != "" {
		input.OpenID = wechat.OpenID(opts.openID)
	}
	return input, nil
}

// merge lets the flags win.
func (in *decryptInput) merge() {
	for _, part := range []struct {
		to    *string
		value string
	}{
		{&in.EncryptedData, in.given.EncryptedData},
		{&in.IV, in.given.IV},
		{&in.RawData, in.given.RawData},
		{&in.Signature, in.given.Signature},
	} {
		if part.value != "" {
			*part.to = part.value
		}
	}
	if !in.given.SessionKey.IsZero() {
		in.SessionKey = in.given.SessionKey
	}
}

// readDecryptFlags reads the parts that flags give.
func readDecryptFlags(a *app.App, opts decryptOptions) (opendata.Pasted, error) {
	var parts opendata.Pasted
	var key string
	for _, part := range []struct {
		flag, given string
		to          *string
	}{
		{"--data", opts.data, &parts.EncryptedData},
		{"--iv", opts.iv, &parts.IV},
		{"--session-key", opts.sessionKey, &key},
		{"--raw-data", opts.rawData, &parts.RawData},
		{"--signature", opts.signature, &parts.Signature},
	} {
		if part.given == "" {
			continue
		}
		value, err := readValue(a, part.flag, part.given)
		if err != nil {
			return parts, err
		}
		if *part.to = value; value == "" { // an empty file or variable
			return parts, app.Usage(textValueEmpty, part.flag, part.given)
		}
	}
	parts.SessionKey = wechat.NewSessionKey(key)
	return parts, nil
}

// readValue resolves @FILE, env:NAME and "-". What a file or a stream gives loses the line end that editors add.
func readValue(a *app.App, flag, given string) (string, error) {
	switch {
	case given == "-":
		data, err := readFile(a, "-", flag)
		return strings.TrimRight(string(data), "\r\n"), err
	case strings.HasPrefix(given, "@"):
		data, err := readFile(a, given[1:], flag)
		return strings.TrimRight(string(data), "\r\n"), err
	case strings.HasPrefix(given, "env:"):
		name := strings.TrimPrefix(given, "env:")
		value, set := a.Env(name)
		if !set {
			return "", app.Usage(textEnvUnset, flag, name)
		}
		return value, nil
	}
	return given, nil
}

// readFile reads a file, or standard input for "-", on behalf of an argument.
func readFile(a *app.App, path, by string) ([]byte, error) {
	var in io.Reader
	if path == "-" {
		stdin, err := a.IO.Stdin(by)
		if err != nil {
			return nil, err
		}
		in = stdin
	} else {
		file, err := os.Open(path)
		if err != nil {
			return nil, cannotRead(path, by, err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, cannotRead(path, by, err)
	case len(data) > maxInput:
		return nil, &tooLargeError{by}
	}
	return data, nil
}

// cannotRead names the flag that wanted the file. An argument is the file, and needs no name of its own.
func cannotRead(path, by string, err error) error {
	if strings.HasPrefix(by, "-") || path == "-" {
		return app.Usage(textCannotReadFor, by, path, reason(err))
	}
	return app.Usage(textCannotRead, path, reason(err))
}

// A tooLargeError says which input has more than [maxInput] bytes.
type tooLargeError struct{ by string }

func (e *tooLargeError) Error() string { return e.by + " is too large" }

// reason is the system's part of a file error, without the path, which stands in the sentence already.
func reason(err error) string {
	if e, ok := err.(interface{ Unwrap() error }); ok && e.Unwrap() != nil {
		err = e.Unwrap()
	}
	return redact.Clean(fmt.Sprint(err))
}

var (
	textNoData        = lang.T{En: "nothing to decrypt: give a FILE, pipe the JSON in, or use --data, --iv and --session-key", Zh: "没有要解密的内容：请给出 FILE、通过管道传入 JSON，或使用 --data、--iv、--session-key"}
	textFileAndData   = lang.T{En: "FILE and --data exclude each other", Zh: "FILE 与 --data 不能同时使用"}
	textValueEmpty    = lang.T{En: "%s: %s is empty", Zh: "%s：%s 为空"}
	textEnvUnset      = lang.T{En: "%s: the environment variable %s is not set", Zh: "%s：环境变量 %s 未设置"}
	textCannotRead    = lang.T{En: "cannot read %s: %s", Zh: "无法读取 %s：%s"}
	textCannotReadFor = lang.T{En: "%s: cannot read %s: %s", Zh: "%s：无法读取 %s：%s"}
	textInputTooLarge = lang.T{En: "%s is larger than %d KiB, which nothing from WeChat is", Zh: "%s 超过 %d KiB，微信不会给出这么大的内容"}
)
