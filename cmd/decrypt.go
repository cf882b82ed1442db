package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// decryptOptions of `wxlogin decrypt`. The four texts may be values, @FILE, env:NAME or "-".
type decryptOptions struct {
	file                                     string // of the JSON object; "-" is standard input
	data, iv, sessionKey, rawData, signature string
	openID                                   string
	noWatermark                              bool
	maxAge                                   time.Duration
}

// decryptResult is what decrypt prints with --json. The field names are API.
type decryptResult struct {
	Kind      opendata.Kind    `json:"kind"`
	Data      json.RawMessage  `json:"data"`
	Watermark *watermarkResult `json:"watermark"` // null when WeChat sent none
	Checks    opendata.Checks  `json:"checks"`
}

type watermarkResult struct {
	AppID     wechat.AppID `json:"appid"`
	Timestamp int64        `json:"timestamp"` // seconds since 1970, as WeChat sends it
}

// newDecrypt is `wxlogin decrypt [FILE | -]`.
func newDecrypt(a *app.App) *cobra.Command {
	opts := decryptOptions{}
	c := a.Command(app.Spec{
		Use:   "decrypt [FILE | -]",
		Short: lang.T{En: "Decrypt encryptedData, and check that it is genuine", Zh: "解密 encryptedData 并校验其真实性"},
		Long: lang.T{
			En: "Takes the JSON object that wx.getUserInfo, the phone button and their like hand to success, from a file or standard input, or its parts as flags. The session_key comes from --session-key, from the object (\"session_key\"), or from a session that exchange saved: of the user given by --openid, or the newest one.\nThe watermark must be of the configured appid (or of --appid), and rawData must match its signature where both are given. On a terminal the plain text is indented; in a pipe it is byte for byte what WeChat encrypted.\nA session_key on the command line can be seen by others on the machine: @FILE, env:NAME and - (standard input) are safer.",
			Zh: "输入是 wx.getUserInfo、手机号按钮等返回给 success 的 JSON 对象，可来自文件或标准输入，也可用参数分别给出。session_key 取自 --session-key、对象中的 \"session_key\"，或 exchange 保存的会话：由 --openid 指定用户，否则用最近的一个。\n水印中的 appid 必须与配置的 appid（或 --appid）一致；同时给出 rawData 和 signature 时必须匹配。在终端上明文会缩进显示，在管道中则与微信加密的内容逐字节相同。\n命令行上的 session_key 会被本机其他用户看到，使用 @FILE、env:NAME 或 -（标准输入）更安全。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "what wx.getUserInfo gave, under the saved session", Zh: "用已保存的会话解密 wx.getUserInfo 的结果"}, Line: "wxlogin decrypt payload.json"},
			{Note: lang.T{En: "a phone number, from a running mock", Zh: "模拟服务给出的手机号"}, Line: "wxlogin mock phone | wxlogin decrypt - -q .data.phoneNumber"},
			{Note: lang.T{En: "the parts one by one", Zh: "逐项给出"}, Line: "wxlogin decrypt --data @data.txt --iv r7BXXKkLb8qrSNn05n0qiA== --session-key env:SESSION_KEY --appid wx4f4bc4dec97d474b"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = nil // a file
	decryptFlags(a, c, &opts)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			opts.file = args[0]
		}
		if err := checkDecryptFlags(c.Flags(), opts); err != nil {
			return err
		}
		return runDecrypt(c.Context(), a, opts)
	}
	return c
}

func decryptFlags(a *app.App, c *cobra.Command, opts *decryptOptions) {
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.StringVar(&opts.data, "data", "", text(lang.T{En: "encryptedData: `VALUE|@FILE|env:NAME|-`", Zh: "encryptedData：`VALUE|@FILE|env:NAME|-`"}))
	f.StringVar(&opts.iv, "iv", "", text(lang.T{En: "iv: `VALUE|@FILE|env:NAME|-`", Zh: "iv：`VALUE|@FILE|env:NAME|-`"}))
	f.StringVar(&opts.sessionKey, "session-key", "", text(lang.T{En: "session_key: `@FILE|env:NAME|-|VALUE`", Zh: "session_key：`@FILE|env:NAME|-|VALUE`"}))
	f.StringVar(&opts.rawData, "raw-data", "", text(lang.T{En: "rawData, verified with --signature: `VALUE|@FILE|env:NAME|-`", Zh: "rawData，与 --signature 一起校验：`VALUE|@FILE|env:NAME|-`"}))
	f.StringVar(&opts.signature, "signature", "", text(lang.T{En: "signature of rawData: `HEX`", Zh: "rawData 的签名：`HEX`"}))
	f.StringVar(&opts.openID, "openid", "", text(lang.T{En: "use the saved session of this user: `OPENID`", Zh: "使用该用户已保存的会话：`OPENID`"}))
	f.BoolVar(&opts.noWatermark, "no-watermark", false, text(lang.T{En: "do not check for which app the data was made", Zh: "不校验数据属于哪个小程序"}))
	f.DurationVar(&opts.maxAge, "max-age", 0, text(lang.T{En: "refuse data older than this, such as 5m: `DURATION`", Zh: "拒绝早于此时长的数据，例如 5m：`DURATION`"}))
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program that the data must be for", Zh: "数据必须属于的小程序 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host whose saved sessions are used", Zh: "使用哪个接口地址下保存的会话"})
}

// checkDecryptFlags refuses values that would silently count as not given: an unset variable in a script, most often.
func checkDecryptFlags(f *pflag.FlagSet, opts decryptOptions) error {
	for _, name := range []string{"data", "iv", "session-key", "raw-data", "signature", "openid"} {
		if flag := f.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return app.Usage(textFlagEmpty, name)
		}
	}
	switch {
	case opts.data != "" && opts.iv == "" && opts.file == "":
		return app.Usage(textPartMissing, "--iv", "--data")
	case opts.iv != "" && opts.data == "" && opts.file == "":
		return app.Usage(textPartMissing, "--data", "--iv")
	}
	if f.Changed("max-age") && opts.maxAge <= 0 {
		return app.Usage(textBadMaxAge, opts.maxAge)
	}
	return nil
}

func runDecrypt(ctx context.Context, a *app.App, opts decryptOptions) error {
	input, err := readDecryptInput(a, opts)
	if err != nil {
		return err
	}
	if err := present(input); err != nil {
		return err
	}
	policy := opendata.Policy{Now: a.Now(), MaxAge: opts.maxAge, SkipWatermark: opts.noWatermark}
	mocked, err := completeFromState(ctx, a, opts, &input, &policy)
	if err != nil {
		return err
	}
	payload, err := opendata.Open(input.SessionKey, input.Envelope)
	if err != nil {
		return err
	}
	checks, err := policy.Check(payload, input.Envelope, input.SessionKey)
	ahead := mocked && payload.Watermark.Present && payload.Watermark.Timestamp.Sub(policy.Now) > time.Minute // no clock of this machine is that wrong
	switch {
	case err != nil && ahead:
		return &mockClockError{err}
	case err != nil:
		return err
	case ahead:
		a.IO.Hint(hintMockClock.With())
	}
	if checks.WatermarkAppID == opendata.OutcomeSkipped && !opts.noWatermark {
		a.IO.Warn(textNoAppIDToCheck.With())
	}
	return printDecrypted(a, payload, checks)
}

// A mockClockError is the failure of a check on data that a mock made in what is the future here.
type mockClockError struct{ error }

func (e *mockClockError) Unwrap() error { return e.error }

// A missingMemberError names what the JSON object lacks.
type missingMemberError struct{ name string }

func (e *missingMemberError) Error() string { return "the object has no " + e.name }

// A refusedError is a call of wx.* that failed in the mini program, so that there is nothing to decrypt.
type refusedError struct{ errMsg redact.Untrusted }

func (e *refusedError) Error() string { return "wx.* failed: " + e.errMsg.String() }

// present refuses input without data or iv before anybody looks for a key.
func present(input opendata.Pasted) error {
	var field string
	switch {
	case input.EncryptedData == "":
		field = "encryptedData"
	case input.IV == "":
		field = "iv"
	default:
		return nil
	}
	if strings.Contains(string(input.ErrMsg), ":fail") {
		return &refusedError{input.ErrMsg}
	}
	return &missingMemberError{field}
}

// completeFromState fills in what the input leaves open: the key from a saved session, the appid from the configuration. With a key and
// --appid or --no-watermark given it touches nothing. mocked tells that the session is one of this machine's mock.
func completeFromState(ctx context.Context, a *app.App, opts decryptOptions, input *opendata.Pasted, policy *opendata.Policy) (mocked bool, err error) {
	if flag, ok := a.Flags.Keys["appid"]; ok {
		policy.AppID = wechat.AppID(flag)
		if err := policy.AppID.Check(); err != nil {
			return false, err
		}
	}
	if !input.SessionKey.IsZero() && (policy.AppID != "" || opts.noWatermark) {
		return false, nil
	}
	c, err := a.Config()
	if err != nil {
		return false, err
	}
	if policy.AppID == "" {
		policy.AppID = c.AppID
	}
	if !input.SessionKey.IsZero() {
		return false, nil
	}
	if input.OpenID != "" && policy.AppID == "" {
		return false, app.Usage(textOpenIDNeedsApp)
	}
	found, _, err := a.SavedSession(ctx, policy.AppID, input.OpenID)
	if e, ok := errors.AsType[*app.NoSessionError](err); ok {
		e.KeyWillDo = true
	}
	if err != nil {
		return false, err
	}
	input.SessionKey, policy.AppID = found.Key, found.AppID
	return isLoopbackURL(string(found.Origin)), nil
}

// isLoopbackURL reports whether an origin is on this machine, where only a mock answers in WeChat's place.
func isLoopbackURL(origin string) bool {
	_, host, _ := strings.Cut(origin, "://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "80")
	}
	return isLoopback(host)
}

func printDecrypted(a *app.App, payload opendata.Payload, checks opendata.Checks) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	if checks.WatermarkAppID == opendata.OutcomeAbsent {
		a.IO.Warn(textNoWatermark.With(payload.Kind))
	}
	if !output.Machine() {
		return a.IO.PrintDocument(payload.Plain)
	}
	result := decryptResult{Kind: payload.Kind, Data: payload.JSON(), Checks: checks}
	if mark := payload.Watermark; mark.Present {
		result.Watermark = &watermarkResult{mark.AppID, mark.Timestamp.Unix()}
	}
	return output.Print(a.IO, result, func(*term.Page) {})
}

var (
	textNoAppIDToCheck = lang.T{En: "no appid is configured, so the watermark's appid is not compared; give --appid, or --no-watermark to silence this", Zh: "没有配置 appid，因此未比对水印中的 appid；请给出 --appid，或用 --no-watermark 关闭此提示"}
	textFlagEmpty      = lang.T{En: "--%s is empty; leave it out, or give it a value", Zh: "--%s 为空：请给出值，或去掉该参数"}
	textPartMissing    = lang.T{En: "%s is missing: it belongs to %s", Zh: "缺少 %s：它要与 %s 一起给出"}
	textBadMaxAge      = lang.T{En: "--max-age: the duration %v is not above zero", Zh: "--max-age：时长 %v 必须大于零"}
	textOpenIDNeedsApp = lang.T{En: "--openid needs an appid: give --appid or configure one", Zh: "--openid 需要 appid：请给出 --appid 或先配置"}
	textNoWatermark    = lang.T{En: "the %s data has no watermark: nothing proves for which app and when it was made", Zh: "%s 数据没有水印：无法证明它属于哪个小程序、何时生成"}
)
