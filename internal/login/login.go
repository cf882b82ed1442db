// Package login is the job itself: a code becomes a session and a login token; a logged-in user's open data is
// decrypted; a token is inspected and revoked.
//
// A session key never leaves this package, and an openid leaves it only inside a token. What can fail fails as a typed
// error: [*wechat.Error], [*wxapi.TransportError] and [*wxapi.AnswerError] as the client gives them, and this package's
// own [*TokenError], [*DataError], [*PhoneError], [*StoreError], [ErrNoCode], [ErrCodeInFlight] and [ErrNoSession].
package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A Code2Sessioner exchanges a code, once.
type Code2Sessioner interface {
	Code2Session(ctx context.Context, code wechat.Code) (wxapi.Session, error)
}

// Tokens issues login tokens and opens them. Key describes a key that opens them.
type Tokens interface {
	Issue(claims token.Claims) (redact.Secret, error)
	Open(text string, now time.Time) (token.Header, token.Claims, error)
	Key(id string) (token.KeyInfo, bool)
}

// Store is what a login needs of a [session.Store].
type Store interface {
	Get(ctx context.Context, id session.ID) (session.Session, error)
	Begin(ctx context.Context, e session.Exchange, until time.Time) (bool, error)
	End(ctx context.Context, e session.Exchange, l *session.Login) (session.Session, error)
	Revoke(ctx context.Context, revocation session.Revocation) error
	Revoked(ctx context.Context, tokenID string) (*session.Revocation, error)
	CutOff(ctx context.Context, c session.Cutoff) error
	Cutoffs(ctx context.Context, user session.ID) ([]session.Cutoff, error)
	Expire(ctx context.Context, now, sessionsBefore time.Time) error
}

// Options of a [Service]. All are required but WeChat, which only [Service.Login] needs, Phones and AccessTokens, which only
// [Service.Phone] needs, and Diagnoser.
type Options struct {
	WeChat       Code2Sessioner
	Phones       PhoneNumberer
	AccessTokens AccessTokens
	Store        Store
	Tokens       Tokens
	Now          func() time.Time

	Diagnoser Diagnoser // of data that is refused; nil: nobody asks why

	Origin wechat.Origin // the API host that sessions come from
	AppID  wechat.AppID
	Issuer string // "iss" of the tokens

	TokenTTL   time.Duration
	SessionTTL time.Duration // how long a session may be used after its last login
	Policy     Policy        // "" is [Multi]
}

// A Policy says how many login tokens of a user are good at a time.
type Policy string

// The policies.
const (
	Multi  Policy = "multi"  // any number: a user has several devices
	Single Policy = "single" // one: a new login ends the older token
)

// Service logs users of one mini program in. It is safe for concurrent use.
type Service struct {
	Options
	refusals *refusals
}

// New returns a service.
func New(o Options) *Service { return &Service{Options: o, refusals: newRefusals()} }

// claimLife bounds how long a code stays claimed by an exchange that ended without giving it back, as when its server was killed:
// longer than any exchange takes, shorter than a code lives.
const claimLife = time.Minute

// Errors of a login.
var (
	ErrNoCode       = errors.New("no code given")
	ErrCodeInFlight = errors.New("this code is being exchanged by another request")
	ErrNoSession    = errors.New("no session: the user has to log in again")
)

// A StoreError is a failure of our own store, not of the caller or WeChat.
type StoreError struct{ Err error }

func (e *StoreError) Error() string { return fmt.Sprintf("session store: %v", e.Err) }

// Unwrap returns the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// Token is a fresh login token.
type Token struct {
	Value     redact.Secret
	ExpiresIn time.Duration
}

// Login exchanges code, saves the session and issues a token. Of several calls with one code at the same time one asks
// WeChat, the others fail with [ErrCodeInFlight]. Once the code was sent, a caller who goes away no longer stops the login:
// the code is spent, so the session is kept.
func (s *Service) Login(ctx context.Context, code wechat.Code) (Token, error) {
	if code == "" {
		return Token{}, ErrNoCode
	}
	exchange, err := s.begin(ctx, code)
	if err != nil {
		return Token{}, err
	}
	ctx = context.WithoutCancel(ctx)
	answer, err := s.WeChat.Code2Session(ctx, code)
	if err != nil {
		_, _ = s.end(ctx, exchange, err, nil)
		return Token{}, err
	}
	saved, err := s.end(ctx, exchange, nil, &session.Login{
		ID:      session.ID{Origin: s.Origin, AppID: s.AppID, OpenID: answer.OpenID},
		UnionID: answer.UnionID,
		Key:     answer.SessionKey,
		At:      s.Now(),
	})
	if err != nil {
		return Token{}, &StoreError{err}
	}
	return s.issue(ctx, saved)
}

// begin reserves the code for this call, and writes down that it is about to be sent.
func (s *Service) begin(ctx context.Context, code wechat.Code) (session.Exchange, error) {
	e := sending(s.Origin, s.AppID, code, s.Now())
	begun, err := s.Store.Begin(ctx, e, e.At.Add(claimLife))
	switch {
	case err != nil:
		return session.Exchange{}, &StoreError{err}
	case !begun:
		return session.Exchange{}, ErrCodeInFlight
	}
	return e, nil
}

// end writes down what became of the code by the error that sending it gave, saves the login if there is one, and gives the code back,
// whatever became of it: from here on WeChat's own 40163 is the truth. Where the store does not take it, what begin wrote stays true,
// that the code may be consumed, and its claim ends by itself after claimLife.
func (s *Service) end(ctx context.Context, e session.Exchange, sent error, l *session.Login) (session.Session, error) {
	return s.Store.End(ctx, ended(e, sent, s.Now()), l)
}

// issue makes the token of a session that has just been saved.
func (s *Service) issue(ctx context.Context, saved session.Session) (Token, error) {
	now := s.Now()
	claims := token.Claims{
		Issuer:    s.Issuer,
		OpenID:    saved.OpenID,
		AppID:     s.AppID,
		UnionID:   saved.UnionID,
		IssuedAt:  now,
		ExpiresAt: now.Add(s.TokenTTL),
		ID:        rand.Text(), // 128 bits
	}
	if err := s.admit(ctx, &claims); err != nil {
		return Token{}, err
	}
	value, err := s.Tokens.Issue(claims)
	if err != nil {
		return Token{}, fmt.Errorf("issue token: %w", err)
	}
	return Token{Value: value, ExpiresIn: s.TokenTTL}, nil
}
