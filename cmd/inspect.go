package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newInspect is `wxlogin inspect [TOKEN | - | @FILE]`.
func newInspect(a *app.App) *cobra.Command {
	var unverified bool
	c := a.Command(app.Spec{
		Use:   "inspect [TOKEN | - | @FILE]",
		Short: lang.T{En: "Read a login token and say what it is worth", Zh: "解读登录令牌并判断其是否有效"},
		Long: lang.T{
			En: "Opens a token that wxlogin serve issued with this machine's key ring, and tells its claims, its age, whether it is revoked, and how the session stands that it belongs to. Tokens of a mock have keys that live only in that mock, so inspect asks the running one (--url, WXLOGIN_URL).\nThe exit code is 0 only for a valid token. --unverified shows the header alone, which is all that can be read of an encrypted token without its key. A token of another app or issuer counts as not_a_login_token: it is one, but not for this service.\nA token on the command line stays in the shell's history; - (standard input) and @FILE do not.",
			Zh: "用本机的密钥环打开 wxlogin serve 签发的令牌，显示其内容、签发时间、是否被吊销，以及所属会话的状态。模拟服务的密钥只存在于该进程中，因此其令牌由正在运行的模拟服务判断（--url、WXLOGIN_URL）。\n只有令牌有效时退出码才是 0。--unverified 只显示头部：加密的令牌没有密钥时只能读到这些。属于别的小程序或签发者的令牌也判为 not_a_login_token：它是登录令牌，但不属于本服务。\n写在命令行上的令牌会留在 shell 历史里，用 -（标准输入）或 @FILE 则不会。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the token of a login", Zh: "登录得到的令牌"}, Line: "wxlogin inspect - < token.txt"},
			{Note: lang.T{En: "in a script: is it still good?", Zh: "在脚本中判断是否仍然有效"}, Line: "wxlogin inspect @token.txt -q .verdict"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.Flags().BoolVar(&unverified, "unverified", false, lang.T{En: "show the header only, without opening the token", Zh: "只显示头部，不打开令牌"}.In(a.IO.Lang))
	a.KeyFlag(c, "url", "mock.url", "URL", lang.T{En: "address of the running mock", Zh: "正在运行的模拟服务的地址"})
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program that the token must be for", Zh: "令牌必须属于的小程序 appid"})
	c.RunE = func(c *cobra.Command, args []string) error {
		text, err := readToken(a, args)
		if err != nil {
			return err
		}
		if unverified {
			return inspectUnverified(a, text)
		}
		return runInspect(c.Context(), a, text)
	}
	return c
}

func readToken(a *app.App, args []string) (string, error) {
	given := "-"
	switch {
	case len(args) == 1:
		given = args[0]
	case a.IO.InTTY:
		return "", app.Usage(textNoToken)
	}
	if strings.HasPrefix(given, "env:") {
		return given, nil // not a form that this argument takes; the verdict will say so
	}
	text, err := readValue(a, "TOKEN", given)
	text = strings.TrimSpace(text)
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") { // copied from a header
		text = strings.TrimSpace(text[7:])
	}
	if err == nil && text == "" {
		return "", app.Usage(textNoToken)
	}
	token, wrapped := unwrapToken(text)
	if wrapped {
		a.IO.Note(textUnwrapped.With())
	}
	return token, err
}

// inspection is what inspect prints with --json. The field names are API.
type inspection struct {
	login.Inspection

	// By names who judged: the address of a mock; absent for this machine's key ring.
	By string `json:"by,omitempty"`
}

// runInspect judges the token, prints the verdict and fails unless it is "valid".
func runInspect(ctx context.Context, a *app.App, text string) error {
	header, err := token.Peek(text)
	if err != nil {
		return printVerdict(a, text, notAToken(text, err))
	}
	judge := inspectHere
	if strings.HasPrefix(header.KeyID, stack.MockKeyPrefix) {
		judge = inspectAtMock
	}
	judged, err := judge(ctx, a, text)
	if err != nil {
		return err
	}
	return printVerdict(a, text, judged)
}

// notAToken says what the text is in place of a token, where its shape tells, else what a token has that it lacks.
func notAToken(text string, cause error) inspection {
	reason := cause.Error()
	if m, known := mistakeOf(text); known {
		reason = m.message().In(lang.English)
		if m.command != "" {
			reason += ": " + m.command
		}
	}
	return inspection{Inspection: login.Inspection{Verdict: login.NotALoginToken, Reason: reason, Cause: cause}}
}

// inspectHere opens the token with this machine's keys. A ring that does not exist yet knows no key; it is not made for that.
func inspectHere(ctx context.Context, a *app.App, text string) (inspection, error) {
	ring, found, err := a.SavedKeys()
	switch {
	case err != nil:
		return inspection{}, err
	case !found:
		path, err := a.Paths().KeysFile()
		return noKeys(text, path), err
	}
	c, err := a.Config()
	if err != nil {
		return inspection{}, err
	}
	store, err := a.Store(ctx)
	if err != nil {
		return inspection{}, err
	}
	origin, err := a.Origin()
	if err != nil {
		return inspection{}, err
	}
	service := login.New(login.Options{
		Store: store, Tokens: ring, Now: a.Now, Origin: origin, AppID: c.AppID, Issuer: stack.Issuer, SessionTTL: c.SessionTTL,
	})
	judged, err := service.Inspect(ctx, text)
	return inspection{Inspection: judged}, err
}

// noKeys is the verdict of a machine that has no key ring.
func noKeys(text, path string) inspection {
	header, _ := token.Peek(text) // it was read before
	cause := &token.UnknownKeyError{KeyID: header.KeyID}
	return inspection{Inspection: login.Inspection{
		Verdict: login.UnknownKey, Header: &header, Reason: cause.Error() + ": there is none at " + path, Cause: cause,
	}}
}

// inspectAtMock asks the running mock, whose keys nobody else has.
func inspectAtMock(ctx context.Context, a *app.App, text string) (inspection, error) {
	client, err := a.Mock()
	if err != nil {
		return inspection{}, err
	}
	raw, err := client.Inspect(ctx, redact.NewSecret(text))
	if err != nil {
		return inspection{}, err
	}
	var judged inspection
	if err := json.Unmarshal(raw, &judged.Inspection); err != nil {
		return inspection{}, err
	}
	judged.By = client.URL()
	return judged, belongsToApp(a, &judged)
}

// belongsToApp refuses a token that the mock finds good but that is for another app than the one given or configured, as this
// machine's own keys do. A mock may have several apps.
func belongsToApp(a *app.App, judged *inspection) error {
	want, err := wantedAppID(a)
	if err != nil || want == "" || judged.Claims == nil || judged.Claims.AppID == want {
		return err
	}
	if judged.Verdict == login.Valid || judged.Verdict == login.Revoked {
		judged.Verdict, judged.Session, judged.RevokedAt = login.NotALoginToken, "", nil
		judged.Reason = textOtherApp.With(string(judged.Claims.AppID), string(want)).In(lang.English)
	}
	return nil
}

// wantedAppID is the app that a token has to be for; "" for any.
func wantedAppID(a *app.App) (wechat.AppID, error) {
	c, err := a.Config()
	if err != nil {
		return "", err
	}
	return c.AppID, nil
}

// inspectUnverified shows what anybody can read.
func inspectUnverified(a *app.App, text string) error {
	header, err := token.Peek(text)
	if err != nil {
		return printVerdict(a, text, notAToken(text, err))
	}
	return printVerdict(a, text, inspection{Inspection: login.Inspection{Verdict: login.Unverified, Header: &header}})
}

// A verdictError carries the verdict to the exit code. The answer has been printed.
type verdictError struct{ verdict login.Verdict }

func (e *verdictError) Error() string { return "verdict: " + string(e.verdict) }

func printVerdict(a *app.App, text string, in inspection) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	err = output.Print(a.IO, in, func(p *term.Page) { verdictPage(a, p, text, in) })
	if err == nil && in.Verdict != login.Valid && in.Verdict != login.Unverified {
		err = &verdictError{in.Verdict}
	}
	return err
}

func verdictPage(a *app.App, p *term.Page, text string, in inspection) {
	if in.Verdict == login.NotALoginToken && in.Claims == nil {
		mistakenPage(p, text, in)
		return
	}
	level := term.Fail
	switch in.Verdict {
	case login.Valid:
		level = term.OK
		if in.Session == login.SessionAbsent {
			level = term.Warn
		}
	case login.Unverified:
		level = term.Warn
	}
	p.Status(level, verdictText(a, in))
	p.Blank()
	var fields []term.Field
	if in.Claims != nil {
		now := a.Now()
		if in.By != "" {
			now = in.CheckedAt
		}
		fields = []term.Field{
			{Label: labelOpenID, Value: in.OpenID},
			{Label: labelUnionID, Value: string(in.Claims.UnionID)},
			{Label: labelAppID, Value: in.AppID},
			{Label: labelIssuer, Value: in.Claims.Issuer},
			{Label: labelIssued, Value: p.Time(*in.IssuedAt, now)},
			{Label: labelExpires, Value: p.Time(*in.ExpiresAt, now)},
			{Label: labelSession, Value: sessionText(in.Session).In(p.Lang())},
		}
	}
	if in.Header != nil {
		fields = append(fields, term.Field{Label: labelKey, Value: in.Header.KeyID})
	}
	if in.Verdict == login.Unverified {
		fields = append(fields, term.Field{Label: labelEncryption, Value: in.Header.Alg + ", " + in.Header.Enc})
	}
	if in.By != "" {
		fields = append(fields, term.Field{Label: labelJudge, Value: p.In(textByMock, in.By)})
	}
	p.Fields(fields)
	if in.Verdict == login.Unverified {
		p.Blank()
		p.Note(textHeaderOnly)
	}
}

// mistakenPage says what was given in place of a token, and which command wants it.
func mistakenPage(p *term.Page, text string, in inspection) {
	m, known := mistakeOf(text)
	switch {
	case known:
		p.Status(term.Fail, m.message())
		if m.command != "" {
			p.Command(m.command)
		}
	default:
		p.Verdict(term.Fail, textNotAToken, formReason(in))
	}
}

// formReason is what a token has that this text lacks. A mock sends it in English only.
func formReason(in inspection) lang.Message {
	if e, ok := errors.AsType[*token.FormatError](in.Cause); ok {
		return e.Message()
	}
	return textAsIs.With(strings.TrimPrefix(in.Reason, "not a login token: "))
}
