package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
)

// A TokenError says that a login token lets nobody in. Err is of package token for what the token itself shows.
type TokenError struct {
	Verdict Verdict
	Err     error
}

func (e *TokenError) Error() string { return fmt.Sprintf("login token %s: %v", e.Verdict, e.Err) }

// Unwrap returns the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// A DataError says that open data did not decrypt or verify under the user's current key. Its text is for logs: telling the
// client which step failed would make the server a padding oracle.
type DataError struct{ Err error }

func (e *DataError) Error() string { return fmt.Sprintf("open data: %v", e.Err) }

// Unwrap returns the cause, of package opendata.
func (e *DataError) Unwrap() error { return e.Err }

// authenticate opens a token and refuses what this service did not issue, what has expired and what is revoked.
func (s *Service) authenticate(ctx context.Context, text string) (token.Claims, error) {
	inspection, err := s.Inspect(ctx, text)
	if err != nil {
		return token.Claims{}, err
	}
	if inspection.Verdict != Valid {
		return token.Claims{}, &TokenError{Verdict: inspection.Verdict, Err: inspection.Cause}
	}
	return inspection.claims, nil
}

// current returns the user's session, unless its last login is longer ago than SessionTTL.
func (s *Service) current(ctx context.Context, claims token.Claims) (session.Session, error) {
	found, err := s.Store.Get(ctx, session.ID{Origin: s.Origin, AppID: claims.AppID, OpenID: claims.OpenID})
	switch {
	case gone(err):
		return session.Session{}, ErrNoSession
	case err != nil:
		return session.Session{}, &StoreError{err}
	case s.Now().Sub(found.Refreshed) >= s.SessionTTL:
		return session.Session{}, ErrNoSession
	}
	return found, nil
}

// gone reports whether err says that a session is not there, or as good as not there: what the key ring cannot unseal is
// replaced by the user's next login, and by nothing else.
func gone(err error) bool {
	_, sealed := errors.AsType[*session.UnsealError](err)
	return sealed || errors.Is(err, session.ErrNotFound)
}

// Data is a user's open data as the mini program may see it: without openid and unionid.
type Data struct {
	Kind opendata.Kind
	JSON []byte // a JSON value; a bare text becomes a JSON string
}

// Decrypt opens what wx.* handed to the mini program of the user whom the token names. The watermark must be of the service's
// app, and rawData must carry its signature where it is given.
func (s *Service) Decrypt(ctx context.Context, text string, envelope opendata.Envelope) (Data, error) {
	claims, err := s.authenticate(ctx, text)
	if err != nil {
		return Data{}, err
	}
	current, err := s.current(ctx, claims)
	if err != nil {
		return Data{}, err
	}
	policy := opendata.Policy{AppID: s.AppID, Now: s.Now()}
	payload, err := opendata.Open(current.Key, envelope)
	if err == nil {
		_, err = policy.Check(payload, envelope, current.Key)
	}
	if err != nil {
		return Data{}, s.refuse(Refused{envelope, current, policy}, err)
	}
	return public(payload, claims)
}

// Status is what a logged-in user may know of the session.
type Status struct {
	ExpiresAt time.Time     // of the token
	KeyAge    time.Duration // since the session key was obtained
}

// Status reports on the session of the user whom the token names.
func (s *Service) Status(ctx context.Context, text string) (Status, error) {
	claims, err := s.authenticate(ctx, text)
	if err != nil {
		return Status{}, err
	}
	current, err := s.current(ctx, claims)
	if err != nil {
		return Status{}, err
	}
	return Status{ExpiresAt: claims.ExpiresAt, KeyAge: max(0, s.Now().Sub(current.KeyObtained))}, nil
}

// Logout revokes the token. The user's other tokens and the session stay.
func (s *Service) Logout(ctx context.Context, text string) error {
	claims, err := s.authenticate(ctx, text)
	if err != nil {
		return err
	}
	revocation := session.Revocation{TokenID: claims.ID, At: s.Now(), Until: claims.ExpiresAt, Reason: "logout"}
	if err := s.Store.Revoke(ctx, revocation); err != nil {
		return &StoreError{err}
	}
	return nil
}

// Expire drops from the store what is past.
func (s *Service) Expire(ctx context.Context) error {
	now := s.Now()
	if err := s.Store.Expire(ctx, now, now.Add(-s.SessionTTL)); err != nil {
		return &StoreError{err}
	}
	return nil
}
