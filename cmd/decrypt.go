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
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
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
	diagnosis                                diagnosisOptions
	bulk                                     bulkOptions
}

// decryptResult is what decrypt prints with --json. The field names are API.
type decryptResult struct {
	Kind      opendata.Kind    `json:"kind"`
	Data      json.RawMessage  `json:"data"`
	Watermark *watermarkResult `json:"watermark"` // null when WeChat sent none
	Checks    opendata.Checks  `json:"checks"`

	Repaired    []diagnosisObject  `json:"repaired,omitempty"` // what --repair undid
	Explanation *explanationObject `json:"explanation,omitempty"`
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
			En: "Takes the JSON object that wx.getUserInfo, the phone button and their like hand to success, from a file or standard input, or its parts as flags. The session_key comes from --session-key, from the object (\"session_key\"), or from a session that exchange saved: of the user given by --openid, or the newest one.\nThe watermark must be of the configured appid (or of --appid), and rawData must match its signature where both are given. On a terminal the data is shown by kind: a phone number large, steps as a chart; --json has the JSON. In a pipe it is byte for byte what WeChat encrypted.\nWith --bulk the input is NDJSON, such an object a line, also compressed with gzip, and the output a line for each: {\"line\":1,\"ok\":true,\"kind\":\"phone\",\"data\":{…}} or {\"line\":2,\"ok\":false,\"diagnosis\":{…}}, in the same order. The session_key is the line's own, or that of --session-key, or that of the saved session of the line's openid. Lines of more than 1 MiB and lines that are no JSON fail alone, blank ones have no result. Of the lines that fail with one and the same error 1000 are examined, and then one in 128; --repair examines all of them. A summary goes to standard error; the exit code is 6 if any failed.\nA session_key on the command line can be seen by others on the machine: @FILE, env:NAME and - (standard input) are safer.",
			Zh: "输入是 wx.getUserInfo、手机号按钮等返回给 success 的 JSON 对象，可来自文件或标准输入，也可用参数分别给出。session_key 取自 --session-key、对象中的 \"session_key\"，或 exchange 保存的会话：由 --openid 指定用户，否则用最近的一个。\n水印中的 appid 必须与配置的 appid（或 --appid）一致；同时给出 rawData 和 signature 时必须匹配。在终端上按数据种类显示（手机号用大字，步数用图表），--json 则输出 JSON；在管道中与微信加密的内容逐字节相同。\n使用 --bulk 时，输入是 NDJSON：每行一个这样的对象，也可以是 gzip 压缩的；每行对应输出一行，顺序不变：{\"line\":1,\"ok\":true,\"kind\":\"phone\",\"data\":{…}} 或 {\"line\":2,\"ok\":false,\"diagnosis\":{…}}。session_key 取自该行本身，其次是 --session-key，再次是该行 openid 的已保存会话。超过 1 MiB 的行和不是 JSON 的行只影响自身，空行没有结果。同一种错误最多逐行检验 1000 行，之后每 128 行检验一行；--repair 会检验全部。汇总写到标准错误，有行失败时退出码为 6。\n命令行上的 session_key 会被本机其他用户看到，使用 @FILE、env:NAME 或 -（标准输入）更安全。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "what wx.getUserInfo gave, under the saved session", Zh: "用已保存的会话解密 wx.getUserInfo 的结果"}, Line: "wxlogin decrypt payload.json"},
			{Note: lang.T{En: "a phone number, from a running mock", Zh: "模拟服务给出的手机号"}, Line: "wxlogin mock phone | wxlogin decrypt - -q .data.phoneNumber"},
			{Note: lang.T{En: "the parts one by one", Zh: "逐项给出"}, Line: "wxlogin decrypt --data @data.txt --iv r7BXXKkLb8qrSNn05n0qiA== --session-key env:SESSION_KEY --appid wx4f4bc4dec97d474b"},
			{Note: lang.T{En: "a log of a million payloads, one a line", Zh: "每行一条数据的日志，一百万条"}, Line: "wxlogin decrypt --bulk payloads.ndjson.gz --keep > plain.ndjson"},
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
		if opts.bulk.on {
			return runBulk(c.Context(), a, opts)
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
	diagnosisFlags(a, f, &opts.diagnosis)
	bulkFlags(a, f, &opts.bulk)
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program that the data must be for", Zh: "数据必须属于的小程序 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host whose saved sessions are used", Zh: "使用哪个接口地址下保存的会话"})
	a.StoreFlag(c)
}

// checkDecryptFlags refuses values that would silently count as not given: an unset variable in a script, most often.
func checkDecryptFlags(f *pflag.FlagSet, opts decryptOptions) error {
	for _, name := range []string{"data", "iv", "session-key", "raw-data", "signature", "openid", "keys"} {
		if flag := f.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return app.Usage(textFlagEmpty, name)
		}
	}
	if err := checkBulkFlags(f, opts); err != nil {
		return err
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
	ring := keyRing{}
	var err error
	if ring.given, err = readKeys(a, opts.diagnosis.keys); err != nil {
		return err
	}
	input, err := readDecryptInput(a, opts)
	if err != nil {
		return err
	}
	policy := opendata.Policy{Now: a.Now(), MaxAge: opts.maxAge, SkipWatermark: opts.noWatermark}
	if err := present(input); err != nil {
		_, failed := diagnosed(ctx, opts.diagnosis, input, policy, ring, err)
		return failed
	}
	mocked, err := completeFromState(ctx, a, opts, &input.Pasted, &policy, &ring)
	if err != nil {
		return err
	}
	opened, err := open(ctx, opts, input, policy, ring)
	ahead := policy.Ahead(opened.mark)
	switch {
	case err != nil && mocked && ahead > 0:
		return &mockClockError{err}
	case err != nil:
		return err
	case mocked && ahead > 0:
		a.IO.Hint(hintMockClock.With())
	case ahead > 0 && opened.explanation == nil: // which has it among its notes
		a.IO.Warn(textFuture.With(span(ahead)))
		a.IO.Hint(hintFuture.With())
	}
	if opened.checks.WatermarkAppID == opendata.OutcomeSkipped && !opts.noWatermark {
		a.IO.Warn(textNoAppIDToCheck.With())
	}
	return printDecrypted(a, opened)
}

// A decrypted is data that was opened, perhaps by a repair.
type decrypted struct {
	payload     opendata.Payload
	mark        opendata.Watermark // also of data that the policy refuses
	checks      opendata.Checks
	repaired    []diagnose.Finding
	explanation *explanation
}

// open decrypts and checks, and where that fails finds out why.
func open(ctx context.Context, opts decryptOptions, input decryptInput, policy opendata.Policy, ring keyRing) (decrypted, error) {
	var d decrypted
	err := input.malformed
	if err == nil {
		if d.payload, err = opendata.Open(input.SessionKey, input.Envelope); err == nil {
			d.mark = d.payload.Watermark
			d.checks, err = policy.Check(d.payload, input.Envelope, input.SessionKey)
		}
	}
	if err == nil {
		if opts.diagnosis.explain {
			d.explanation = explanationOf(diagnose.Data(input.toDiagnose(policy, ring, ring.given)))
		}
		return d, nil
	}
	repaired, failed := diagnosed(ctx, opts.diagnosis, input, policy, ring, err)
	if repaired == nil {
		return d, failed
	}
	d.payload, d.mark, d.checks, d.repaired = repaired.Payload, repaired.Payload.Watermark, repaired.Checks, failed.report.Findings
	if opts.diagnosis.explain {
		d.explanation = explanationOf(failed.report)
	}
	return d, nil
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

// present refuses input without data before anybody looks for a key.
func present(input decryptInput) error {
	switch {
	case input.EncryptedData != "":
		return nil
	case input.malformed != nil:
		return input.malformed
	case strings.Contains(string(input.ErrMsg), ":fail"):
		return &refusedError{input.ErrMsg}
	}
	return &missingMemberError{"encryptedData"}
}

// completeFromState fills in what the input leaves open: the key from a saved session, the appid from the configuration. With a key and
// --appid or --no-watermark given it touches nothing. mocked tells that the session is one of this machine's mock.
func completeFromState(ctx context.Context, a *app.App, opts decryptOptions, input *opendata.Pasted, policy *opendata.Policy, ring *keyRing) (mocked bool, err error) {
	if flag, ok := a.Flags.Keys["appid"]; ok {
		policy.AppID = wechat.AppID(flag)
		if err := policy.AppID.Check(); err != nil {
			return false, err
		}
	}
	// An empty key is the mistake to tell of. A saved one, perhaps of another user, would hide it.
	given := !input.SessionKey.IsZero() || input.KeyEmpty && opts.openID == ""
	if given && (policy.AppID != "" || opts.noWatermark) {
		return false, nil
	}
	c, err := a.Config()
	if err != nil {
		return false, err
	}
	if policy.AppID == "" {
		policy.AppID = c.AppID
	}
	if given {
		return false, nil
	}
	if input.OpenID != "" && policy.AppID == "" {
		return false, app.Usage(textOpenIDNeedsApp)
	}
	found, store, err := a.SavedSession(ctx, policy.AppID, input.OpenID)
	if e, ok := errors.AsType[*app.NoSessionError](err); ok {
		e.KeyWillDo = true
	}
	if err != nil {
		return false, err
	}
	input.SessionKey, policy.AppID = found.Key, found.AppID
	ring.current, ring.store = &found, store
	ring.others = session.Filter{Origin: found.Origin, AppID: found.AppID, Limit: maxSessions}
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

func printDecrypted(a *app.App, d decrypted) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	repaired := warnRepaired(a, d.repaired)
	if d.checks.WatermarkAppID == opendata.OutcomeAbsent {
		a.IO.Warn(textNoWatermark.With(d.payload.Kind))
	}
	if !output.Machine() {
		show := func() error { return a.IO.PrintDocument(d.payload.Plain) }
		if a.IO.OutTTY {
			show = func() error { return showPayload(a, d.payload, d.checks) }
		}
		if err := show(); err != nil || d.explanation == nil {
			return err
		}
		return a.IO.PrintErr(d.explanation.show)
	}
	result := decryptResult{
		Kind: d.payload.Kind, Data: d.payload.JSON(), Checks: d.checks, Repaired: repaired, Explanation: d.explanation.in(a.IO.Lang),
	}
	if mark := d.payload.Watermark; mark.Present {
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
