package login_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// outcomes writes the ledger of the code: "sending refused(40029)".
func outcomes(t *testing.T, store *memory.Store, code wechat.Code) (list []string) {
	t.Helper()
	history, err := store.Exchanges(t.Context(), origin, session.HashCode(code))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range history {
		text := string(e.Outcome)
		if e.ErrCode != 0 {
			text += " " + (&wechat.Error{Code: e.ErrCode}).Error()
		}
		list = append(list, text)
	}
	return list
}

func TestSpend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"exchanged", nil, "exchanged"},
		{"the session could not be saved", &login.StoreError{Err: errBroken}, "exchanged"},
		{"refused", &wechat.Error{Code: 40029}, "refused WeChat answered errcode 40029: "},
		{"not sent", &wxapi.TransportError{Err: errBroken}, "unsent"},
		{"lost", &wxapi.TransportError{Sent: true, Err: errBroken}, "lost"},
		{"nonsense", &wxapi.AnswerError{}, "lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			s := login.Spender{Ledger: store, Origin: origin, AppID: appID, Now: newWatch().Now}
			err := s.Spend(t.Context(), code, func(context.Context) error {
				if got := outcomes(t, store, code); len(got) != 1 || got[0] != "sending" {
					t.Errorf("when it is sent the ledger has %v", got)
				}
				return tt.err
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("Spend: %v", err)
			}
			if diff := cmp.Diff([]string{"sending", tt.want}, outcomes(t, store, code)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSpendNeedsItsLedger sends nothing that it could not write down, and stays silent where nobody keeps books.
func TestSpendNeedsItsLedger(t *testing.T) {
	t.Parallel()
	closed := memory.New()
	_ = closed.Close()
	sent := false
	send := func(context.Context) error { sent = true; return nil }
	s := login.Spender{Ledger: closed, Origin: origin, AppID: appID, Now: newWatch().Now}
	err := s.Spend(t.Context(), code, send)
	if _, ok := errors.AsType[*login.StoreError](err); !ok || sent {
		t.Errorf("Spend: %v, sent %v", err, sent)
	}
	s.Ledger = nil
	if err := s.Spend(t.Context(), code, send); err != nil || !sent {
		t.Errorf("Spend without a ledger: %v, sent %v", err, sent)
	}
}

// TestOutcomeOutlivesTheCaller writes down what became of a code whose caller has gone meanwhile.
func TestOutcomeOutlivesTheCaller(t *testing.T) {
	t.Parallel()
	store := memory.New()
	ctx, cancel := context.WithCancel(t.Context())
	s := login.Spender{Ledger: store, Origin: origin, AppID: appID, Now: newWatch().Now}
	err := s.Spend(ctx, code, func(ctx context.Context) error {
		cancel()
		return &wxapi.TransportError{Sent: true, Err: ctx.Err()}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Spend: %v", err)
	}
	if diff := cmp.Diff([]string{"sending", "lost"}, outcomes(t, store, code)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLoginKeepsBooks: a server's logins are in the ledger as well.
func TestLoginKeepsBooks(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.login(t)
	if diff := cmp.Diff([]string{"sending", "exchanged"}, outcomes(t, b.store.Store, code)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// phones gives numbers, and tokens.
type phones struct {
	err    error
	asked  int
	openID wechat.OpenID
}

func (p *phones) PhoneNumber(_ context.Context, token redact.Secret, code wechat.Code, openID wechat.OpenID) (wxapi.PhoneNumber, error) {
	p.asked++
	p.openID = openID
	if p.err != nil {
		return wxapi.PhoneNumber{}, p.err
	}
	return wxapi.PhoneNumber{Number: redact.NewSecret(token.Reveal() + string(code)), CountryCode: "86"}, nil
}

func (p *phones) Call(ctx context.Context, call func(context.Context, redact.Secret) error) error {
	return call(ctx, redact.NewSecret("t"))
}

func TestPhone(t *testing.T) {
	t.Parallel()
	p := &phones{}
	b := newBench(t, always(band()))
	b.Phones, b.AccessTokens = p, p
	token := b.login(t)
	number, err := b.Phone(t.Context(), token, "c1")
	if err != nil || number.Number.Reveal() != "tc1" || p.openID != openID {
		t.Fatalf("Phone: %v, %v, openid %q", number, err, p.openID)
	}
	if diff := cmp.Diff([]string{"sending", "exchanged"}, outcomes(t, b.store.Store, "c1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.err = &wechat.Error{Code: 40029}
	_, err = b.Phone(t.Context(), token, "c2")
	if e, ok := errors.AsType[*login.PhoneError](err); !ok || e.Err != p.err { //nolint:errorlint // the same, not wrapped once more
		t.Errorf("refused: %v", err)
	}
	b.AccessTokens = noTokens{}
	if _, err := b.Phone(t.Context(), token, "c4"); !errors.Is(err, errBroken) {
		t.Errorf("without an access token: %v", err)
	}
	if diff := cmp.Diff([]string{"sending", "unsent"}, outcomes(t, b.store.Store, "c4")); diff != "" {
		t.Errorf("without an access token nothing is sent (-want +got):\n%s", diff)
	}
	b.AccessTokens = p
	if _, err := b.Phone(t.Context(), token, ""); !errors.Is(err, login.ErrNoCode) {
		t.Errorf("no code: %v", err)
	}
	asked := p.asked
	if _, err := b.Phone(t.Context(), "garbage", "c3"); err == nil || p.asked != asked {
		t.Errorf("a stranger's token: %v", err)
	}
	b.watch.Move(sessionTTL)
	fresh := b.issue(t, nil)
	if _, err := b.Phone(t.Context(), fresh, "c3"); !errors.Is(err, login.ErrNoSession) || p.asked != asked {
		t.Errorf("without a session: %v", err)
	}
}

// TestPhoneClaims lets two requests want one code: one of them is told that the other has it.
func TestPhoneClaims(t *testing.T) {
	t.Parallel()
	p := &phones{}
	b := newBench(t, always(band()))
	b.Phones = p
	inside, goOn := make(chan struct{}), make(chan struct{})
	b.AccessTokens = slowTokens{inside, goOn}
	token := b.login(t)
	first := make(chan error, 1)
	go func() {
		_, err := b.Phone(t.Context(), token, "c")
		first <- err
	}()
	<-inside
	_, err := b.Phone(t.Context(), token, "c")
	if _, ok := errors.AsType[*login.PhoneError](err); !ok || !errors.Is(err, login.ErrCodeInFlight) {
		t.Errorf("the second: %v", err)
	}
	close(goOn)
	if err := <-first; err != nil || p.asked != 1 {
		t.Errorf("the first: %v, asked %d times", err, p.asked)
	}
}

type noTokens struct{}

func (noTokens) Call(context.Context, func(context.Context, redact.Secret) error) error {
	return errBroken
}

type slowTokens struct{ inside, goOn chan struct{} }

func (s slowTokens) Call(ctx context.Context, call func(context.Context, redact.Secret) error) error {
	close(s.inside)
	select {
	case <-s.goOn:
	case <-time.After(time.Minute):
		return errBroken
	}
	return call(ctx, redact.NewSecret("t"))
}
