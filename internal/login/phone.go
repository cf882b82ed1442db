package login

import (
	"context"
	"errors"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A PhoneNumberer exchanges the code of a phone button, once.
type PhoneNumberer interface {
	PhoneNumber(ctx context.Context, token redact.Secret, code wechat.Code, openID wechat.OpenID) (wxapi.PhoneNumber, error)
}

// AccessTokens make a call with the app's access token, and once more with another one if WeChat does not take the first.
type AccessTokens interface {
	Call(ctx context.Context, call func(ctx context.Context, token redact.Secret) error) error
}

// A PhoneError is a failure on the way to a phone number: of this server's access token, or of the code. Err is as the client of
// WeChat's API gives it, or [ErrCodeInFlight].
type PhoneError struct{ Err error }

func (e *PhoneError) Error() string { return "phone number: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *PhoneError) Unwrap() error { return e.Err }

// Phone exchanges the code that a phone button gave the user whom the token names. WeChat refuses the code of anybody else. Once the
// code was sent, a caller who goes away no longer stops the call. Failures that are not of the token or the store are a [*PhoneError].
func (s *Service) Phone(ctx context.Context, text string, code wechat.Code) (wxapi.PhoneNumber, error) {
	claims, err := s.authenticate(ctx, text)
	if err != nil {
		return wxapi.PhoneNumber{}, err
	}
	if _, err := s.current(ctx, claims); err != nil {
		return wxapi.PhoneNumber{}, err
	}
	if code == "" {
		return wxapi.PhoneNumber{}, ErrNoCode
	}
	exchange, err := s.begin(ctx, code)
	if errors.Is(err, ErrCodeInFlight) {
		return wxapi.PhoneNumber{}, &PhoneError{err}
	}
	if err != nil {
		return wxapi.PhoneNumber{}, err
	}
	ctx = context.WithoutCancel(ctx)
	var number wxapi.PhoneNumber
	var sent error = &wxapi.TransportError{} // nothing was, if there is no access token to send it with
	err = s.AccessTokens.Call(ctx, func(ctx context.Context, token redact.Secret) error {
		number, sent = s.Phones.PhoneNumber(ctx, token, code, claims.OpenID)
		return sent
	})
	_, _ = s.end(ctx, exchange, sent, nil)
	if err != nil {
		return wxapi.PhoneNumber{}, &PhoneError{err}
	}
	return number, nil
}
