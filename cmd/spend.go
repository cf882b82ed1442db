package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// codeOptions are those of the commands that spend a code.
type codeOptions struct {
	code     string // "-": standard input; "": ask
	force    bool
	issuedAt string
}

func (o *codeOptions) flags(a *app.App, c *cobra.Command) {
	c.Flags().BoolVar(&o.force, "force", false, lang.T{En: "send the code whatever is wrong with it", Zh: "无论检查结果如何都发送 code"}.In(a.IO.Lang))
	c.Flags().StringVar(&o.issuedAt, "issued-at", "", lang.T{En: "when the code was issued, RFC 3339 or Unix, or how long ago: `TIME|AGE`", Zh: "code 的签发时间（RFC 3339 或 Unix 时间戳），或已过多久：`TIME|AGE`"}.In(a.IO.Lang))
}

// spending is a code on its way: what is known of it before it is sent, and what became of it.
type spending struct {
	use    diagnose.CodeUse
	origin wechat.Origin
	appID  wechat.AppID
	noSave bool

	text     string // as it was given; "" until it is asked for
	code     wechat.Code
	issuedAt time.Time
	store    session.Store      // nil with noSave
	history  []session.Exchange // of the code, before

	notes []lang.Message // what a program is told in the answer, in place of a warning
	saved bool           // a session was
	again wechat.ErrCode // of --probe
}

// glance looks at a code that was given before anybody asks for the appid and the secret that sending it takes: a value that is no code
// is the mistake to hear of first, and it may be why there is no appid. What is wrong with the configuration, others say.
func (s *spending) glance(ctx context.Context, a *app.App, o codeOptions) error {
	origin, err := a.Origin()
	if err != nil || o.code == "" || o.code == "-" && a.Flags.SecretFile == "-" {
		return nil //nolint:nilerr // the next step tells; a code that has to be asked for, or two readers of standard input, are its business too
	}
	if s.text, err = readCode(ctx, a, o.code, s.use); err != nil || o.force {
		return err
	}
	early := spending{use: s.use, origin: origin}
	var unwrapped diagnose.Finding
	early.code, unwrapped = diagnose.ExtractCode(s.text)
	stopped := &preflightError{}
	for _, f := range early.look(a) {
		if f.Stop {
			stopped.findings = append(stopped.findings, f.Finding)
		}
	}
	if stopped.findings == nil {
		return nil
	}
	if unwrapped.ID != "" {
		s.say(a, a.IO.Note, textExtracted.With(unwrapped.Verdict))
	}
	return stopped
}

// read reads the code, looks at it, and opens the store, all of that before anything is sent: what would fail afterwards should fail
// now. An error is a [*preflightError] when the code is not worth sending.
func (s *spending) read(ctx context.Context, a *app.App, o codeOptions) error {
	var err error
	if s.text == "" {
		if s.text, err = readCode(ctx, a, o.code, s.use); err != nil {
			return err
		}
	}
	if s.issuedAt, err = parseIssuedAt(o.issuedAt, a.Now()); err != nil {
		return err
	}
	code, unwrapped := diagnose.ExtractCode(s.text)
	s.code = code
	if unwrapped.ID != "" {
		s.say(a, a.IO.Note, textExtracted.With(unwrapped.Verdict))
	}
	if err := s.openStore(ctx, a); err != nil {
		return err
	}
	return s.preflight(a, o.force)
}

// openStore opens the store and finds the code in its ledger. With noSave that is only looked at if it is there, and readable.
func (s *spending) openStore(ctx context.Context, a *app.App) error {
	store, found, err := a.SavedStore(ctx)
	if !s.noSave {
		if store, err = a.Store(ctx); err != nil {
			return err
		}
		s.store, found = store, true
	}
	if err != nil || !found {
		return nil
	}
	history, err := store.Exchanges(ctx, s.origin, session.HashCode(s.code))
	if err != nil && !s.noSave {
		return err
	}
	s.history = history
	return nil
}

// look finds out what is wrong with the code. Magic codes go to a simulation as they are.
func (s *spending) look(a *app.App) []diagnose.CodeFinding {
	side := diagnose.SideOf(s.origin, isLoopbackURL(string(s.origin)))
	if side != diagnose.SideWeChat && world.IsMagicCode(s.code) {
		return nil
	}
	minted := world.IsMockCode(s.code)
	if s.use == diagnose.UsePhone {
		minted = world.IsMockPhoneCode(s.code)
	}
	return diagnose.Code(diagnose.CodeInput{
		Code: s.code, Use: s.use, To: side, Minted: minted, History: s.history, IssuedAt: s.issuedAt, Now: a.Now(),
	})
}

// preflight warns of what is wrong with the code, or stops.
func (s *spending) preflight(a *app.App, force bool) error {
	stopped := &preflightError{}
	for _, f := range s.look(a) {
		if f.Stop && !force {
			stopped.findings = append(stopped.findings, f.Finding)
			continue
		}
		s.say(a, a.IO.Warn, verdictOf(f.Finding))
	}
	if stopped.findings != nil {
		return stopped
	}
	return nil
}

// say tells people at once, and programs in the answer: their standard error is for one object.
func (s *spending) say(a *app.App, tell func(lang.Message), m lang.Message) {
	if output, err := a.Output(); err == nil && output.Machine() {
		s.notes = append(s.notes, m)
		return
	}
	tell(m)
}

// A preflightError says why a code was not sent.
type preflightError struct{ findings []diagnose.Finding }

func (e *preflightError) Error() string { return "not sent: " + e.findings[0].Name }

// spend sends the code by send and writes the ledger.
func (s *spending) spend(ctx context.Context, a *app.App, send func(context.Context) error) error {
	spender := login.Spender{Origin: s.origin, AppID: s.appID, Now: a.Now}
	if s.store != nil {
		spender.Ledger = s.store
	}
	return spender.Spend(ctx, s.code, send)
}

// explain adds what is known about a refusal to the error that it came in.
func (s *spending) explain(a *app.App, err error, bound bool) error {
	gone, unknown := a.InMemory()
	in := diagnose.RefusalInput{
		Use: s.use, Code: s.code, AppID: s.appID, Ledger: s.store != nil && unknown == nil && !gone, History: s.history, IssuedAt: s.issuedAt, Again: s.again, Bound: bound,
		Simulated: world.IsMagicCode(s.code) || world.IsMockCode(s.code) || world.IsMockPhoneCode(s.code),
	}
	return a.Explain(err, in)
}

// maxCode bounds what is read as a code: the object of a button's event has some kilobytes.
const maxCode = 64 << 10

// readCode returns what was given as the code.
func readCode(ctx context.Context, a *app.App, arg string, use diagnose.CodeUse) (string, error) {
	text := arg
	switch arg {
	case "-":
		in, err := a.IO.Stdin("CODE")
		if err != nil {
			return "", err
		}
		if text, err = readPasted(in); err != nil {
			return "", err
		}
	case "":
		if !a.IO.CanPrompt(a.Flags.NoInput) {
			return "", app.Usage(textNoCode)
		}
		ask := textAskCode
		if use == diagnose.UsePhone {
			ask = textAskPhoneCode
		}
		var err error
		if text, err = a.IO.Prompt(ctx, ask.In(a.IO.Lang)); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	if strings.TrimSpace(text) == "" {
		return "", app.Usage(textNoCode)
	}
	return text, nil
}

// readPasted reads the first line, or all of a JSON object: somebody who types a code ends it with Enter.
func readPasted(in io.Reader) (string, error) {
	reader := bufio.NewReader(io.LimitReader(in, maxCode))
	first, err := reader.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if !strings.HasPrefix(strings.TrimSpace(first), "{") {
		return first, nil
	}
	rest, err := io.ReadAll(reader)
	return first + string(rest), err
}

// parseIssuedAt reads RFC 3339, Unix time in seconds or milliseconds, or an age such as 90s. "" is the zero time.
func parseIssuedAt(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	const milliseconds = 1e11 // a number above it: in seconds it would be the year 5138
	var issued time.Time
	if age, err := time.ParseDuration(text); err == nil {
		issued = now.Add(-age.Abs())
	} else if number, err := strconv.ParseInt(text, 10, 64); err == nil && number > milliseconds {
		issued = time.UnixMilli(number)
	} else if err == nil && number > 0 {
		issued = time.Unix(number, 0)
	} else if issued, err = time.Parse(time.RFC3339, text); err != nil {
		return time.Time{}, app.Usage(textBadIssuedAt, text)
	}
	if issued.After(now.Add(time.Minute)) { // clocks differ a little
		return time.Time{}, app.Usage(textIssuedLater, text)
	}
	return issued, nil
}

// verdictOf is a finding on one line, with its evidence.
func verdictOf(f diagnose.Finding) lang.Message {
	m := f.Verdict
	for i, e := range f.Evidence {
		if i == 0 {
			m = textSince.With(m, e)
			continue
		}
		m = textBoth.With(m, e)
	}
	return m
}

var (
	textNoCode       = lang.T{En: "no code: give it as an argument, or - to read it from standard input", Zh: "没有 code：请作为参数给出，或用 - 从标准输入读取"}
	textAskCode      = lang.T{En: "code from wx.login: ", Zh: "wx.login 的 code："}
	textAskPhoneCode = lang.T{En: "code of the phone number button: ", Zh: "手机号按钮的 code："}
	textExtracted    = lang.T{En: "%v", Zh: "提示：%v"}
	textSince        = lang.T{En: "%v: %v", Zh: "%v：%v"}
	textBadIssuedAt  = lang.T{En: "--issued-at: %q is no time (RFC 3339 or Unix seconds) and no age such as 90s", Zh: "--issued-at：%q 不是时间（RFC 3339 或 Unix 秒），也不是 90s 这样的时长"}
	textIssuedLater  = lang.T{En: "--issued-at: %q is in the future", Zh: "--issued-at：%q 在未来"}
)
