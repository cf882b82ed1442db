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
	"github.com/wxlogin/wxlogin/internal/loginhttp"
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
			En: "Opens a token that wxlogin serve issued with this machine's key ring, and tells its claims, its age, the key that sealed it, whether, when and why it was revoked, how the session stands that it belongs to, and what a login server answers to it. Tokens of a mock have keys that live only in that mock, so inspect asks the running one (--url, WXLOGIN_URL).\nSeveral lines on standard input or in a file are so many tokens: the answer is one JSON object a line, with the number of the line, and the exit code is 0 if all are valid.\nThe exit code is 0 only for a valid token. --unverified shows the header alone, which is all that can be read of an encrypted token without its key. A token of another app or issuer counts as not_a_login_token: it is one, but not for this service.\nA token on the command line stays in the shell's history; - (standard input) and @FILE do not.",
			Zh: "用本机的密钥环解密 wxlogin serve 签发的令牌，显示其内容、签发时间、所用密钥、是否被吊销及其时间和原因、所属会话的状态，以及登录服务器会如何答复。模拟服务的密钥只存在于该进程中，因此其令牌由正在运行的模拟服务判断（--url、WXLOGIN_URL）。\n标准输入或文件中有多行时，每行视为一个令牌：每个令牌输出一行 JSON 对象（含行号），全部有效时退出码才是 0。\n只有令牌有效时退出码才是 0。--unverified 只显示头部：加密的令牌没有密钥时只能读到这些。属于别的小程序或签发者的令牌也判为 not_a_login_token：它是登录令牌，但不属于本服务。\n写在命令行上的令牌会留在 shell 历史里，用 -（标准输入）或 @FILE 则不会。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "the token of a login", Zh: "登录得到的令牌"}, Line: "wxlogin inspect - < token.txt"},
			{Note: lang.T{En: "which tokens of a list are not good, and why", Zh: "列表中哪些令牌无效，以及原因"}, Line: `wxlogin inspect - -q 'select(.verdict != "valid") | "\(.line) \(.verdict)"' < tokens.txt`},
			{Note: lang.T{En: "in a script: is it still good?", Zh: "在脚本中判断是否仍然有效"}, Line: "wxlogin inspect @token.txt -q .verdict"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.Flags().BoolVar(&unverified, "unverified", false, lang.T{En: "show the header only, without opening the token", Zh: "只显示头部，不解密令牌"}.In(a.IO.Lang))
	a.KeyFlag(c, "url", "mock.url", "URL", lang.T{En: "address of the running mock", Zh: "正在运行的模拟服务的地址"})
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program that the token must be for", Zh: "令牌必须属于的小程序 appid"})
	a.StoreFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		text, rest, err := readTokens(a, args)
		switch {
		case err != nil:
			return err
		case rest != nil:
			return inspectList(c.Context(), a, rest, unverified)
		case unverified:
			return inspectUnverified(a, text)
		}
		return runInspect(c.Context(), a, text)
	}
	return c
}

// inspection is what inspect prints with --json. The field names are API.
type inspection struct {
	login.Inspection

	// By names who judged: the address of a mock; absent for this machine's key ring.
	By string `json:"by,omitempty"`

	// Answer is what any server with the same key ring and store says to the token; absent where nobody tried to open it.
	Answer *serverAnswer `json:"answer,omitempty"`
}

// A serverAnswer is what a login server says to a token.
type serverAnswer struct {
	Active bool   `json:"active"`           // of /introspect
	Status int    `json:"status"`           // of /session
	Reason string `json:"reason,omitempty"` // of a refusal: what the mini program does next
}

// runInspect judges the token, prints the verdict and fails unless it is "valid".
func runInspect(ctx context.Context, a *app.App, text string) error {
	judged, err := inspect(ctx, a, text)
	if err != nil {
		return err
	}
	return printVerdict(a, text, judged)
}

// inspect lets whoever holds the token's key judge it.
func inspect(ctx context.Context, a *app.App, text string) (inspection, error) {
	header, err := token.Peek(text)
	switch {
	case err != nil:
		return notAToken(text, err), nil
	case strings.HasPrefix(header.KeyID, stack.MockKeyPrefix):
		return inspectAtMock(ctx, a, text)
	}
	return inspectHere(ctx, a, text)
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
	if _, found, err := a.SavedKeys(); err != nil {
		return inspection{}, err
	} else if !found {
		path, err := a.Paths().KeysFile()
		return noKeys(text, path), err
	}
	c, err := a.Config()
	if err != nil {
		return inspection{}, err
	}
	service, err := localService(ctx, a, c.AppID)
	if err != nil {
		return inspection{}, err
	}
	judged, err := service.Inspect(ctx, text)
	return inspection{Inspection: judged}, err
}

// localService judges and revokes by this machine's keys and store; it logs nobody in. An empty appID is any.
func localService(ctx context.Context, a *app.App, appID wechat.AppID) (*login.Service, error) {
	c, err := a.Config()
	if err != nil {
		return nil, err
	}
	ring, err := a.Keys()
	if err != nil {
		return nil, err
	}
	store, err := a.Store(ctx)
	if err != nil {
		return nil, err
	}
	origin, err := a.Origin()
	if err != nil {
		return nil, err
	}
	return login.New(login.Options{
		Store: store, Tokens: ring, Now: a.Now, Origin: origin, AppID: appID, Issuer: stack.Issuer, SessionTTL: c.SessionTTL,
	}), nil
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
		judged.Verdict, judged.Session, judged.RevokedAt, judged.Revocation, judged.KeyChangedAt = login.NotALoginToken, "", nil, nil, nil
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
func inspectUnverified(a *app.App, text string) error { return printVerdict(a, text, unverified(text)) }

func unverified(text string) inspection {
	header, err := token.Peek(text)
	if err != nil {
		return notAToken(text, err)
	}
	return inspection{Inspection: login.Inspection{Verdict: login.Unverified, Header: &header}}
}

// A verdictError carries the verdict to the exit code. The answer has been printed.
type verdictError struct{ verdict login.Verdict }

func (e *verdictError) Error() string { return "verdict: " + string(e.verdict) }

func printVerdict(a *app.App, text string, in inspection) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	in.answer()
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
	p.Fields(verdictFields(a, p, in))
	if in.Verdict == login.Unverified {
		p.Blank()
		p.Note(textHeaderOnly)
	}
}

// answer fills in what a login server says. The map from verdict to status is loginhttp's.
func (in *inspection) answer() {
	if in.Verdict == login.Unverified {
		return
	}
	in.Answer = &serverAnswer{Active: in.Active()}
	in.Answer.Status, in.Answer.Reason = loginhttp.Outcome(in.Inspection)
}

// verdictFields are everything that a token tells, in the order in which one asks.
func verdictFields(a *app.App, p *term.Page, in inspection) (fields []term.Field) {
	now := a.Now()
	if in.By != "" {
		now = in.CheckedAt
	}
	if in.Claims != nil {
		fields = []term.Field{
			{Label: labelOpenID, Value: in.OpenID},
			{Label: labelUnionID, Value: string(in.Claims.UnionID)},
			{Label: labelAppID, Value: in.AppID},
			{Label: labelIssuer, Value: in.Claims.Issuer},
			{Label: labelTokenID, Value: in.Claims.ID},
			{Label: labelIssued, Value: p.Time(*in.IssuedAt, now)},
			{Label: labelExpires, Value: p.Time(*in.ExpiresAt, now)},
			{Label: labelRevocation, Value: revocationText(p, in.Revocation, now)},
			{Label: labelSession, Value: sessionText(p, in, now)},
		}
	}
	if in.Header != nil {
		fields = append(fields, term.Field{Label: labelKey, Value: keyText(p, in, now)})
	}
	if in.Verdict == login.Unverified {
		return append(fields, term.Field{Label: labelEncryption, Value: in.Header.Alg + ", " + in.Header.Enc})
	}
	if in.By != "" {
		fields = append(fields, term.Field{Label: labelJudge, Value: p.In(textByMock, in.By)})
	}
	return append(fields, term.Field{Label: labelServers, Value: serversText(p, in)})
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
