package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxInput bounds what is read of a file or of standard input, in bytes. The largest open data is some KiB.
const maxInput = 1 << 20

// readDecryptInput merges the JSON object, if one is given, with the flags; flags win.
func readDecryptInput(a *app.App, opts decryptOptions) (opendata.Pasted, error) {
	if opts.file == "" && opts.data == "" {
		if a.IO.InTTY {
			return opendata.Pasted{}, app.Usage(textNoData)
		}
		opts.file = "-"
	}
	if opts.file != "" && opts.data != "" {
		return opendata.Pasted{}, app.Usage(textFileAndData)
	}
	var input opendata.Pasted
	if opts.file != "" {
		document, err := readFile(a, opts.file, "FILE")
		if err != nil {
			return input, err
		}
		if input, err = opendata.ParsePasted(document); err != nil {
			return input, err
		}
	}
	key := input.SessionKey.Reveal()
	for _, part := range []struct {
		flag, given string
		to          *string
	}{
		{"--data", opts.data, &input.EncryptedData},
		{"--iv", opts.iv, &input.IV},
		{"--session-key", opts.sessionKey, &key},
		{"--raw-data", opts.rawData, &input.RawData},
		{"--signature", opts.signature, &input.Signature},
	} {
		if part.given == "" {
			continue
		}
		value, err := readValue(a, part.flag, part.given)
		if err != nil {
			return input, err
		}
		*part.to = value
	}
	input.SessionKey = wechat.NewSessionKey(key)
	if opts.openID != "" {
		input.OpenID = wechat.OpenID(opts.openID)
	}
	return input, nil
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
			return nil, app.Usage(textCannotRead, by, path, reason(err))
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, app.Usage(textCannotRead, by, path, reason(err))
	case len(data) > maxInput:
		return nil, app.Usage(textInputTooLarge, by, maxInput>>10)
	}
	return data, nil
}

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
	textEnvUnset      = lang.T{En: "%s: the environment variable %s is not set", Zh: "%s：环境变量 %s 未设置"}
	textCannotRead    = lang.T{En: "%s: cannot read %s: %s", Zh: "%s：无法读取 %s：%s"}
	textInputTooLarge = lang.T{En: "%s is larger than %d KiB", Zh: "%s 超过 %d KiB"}
)
