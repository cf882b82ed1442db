// Package accesstoken has the access token of one mini program at hand: from the store while it lasts, else from stable_token.
//
// It never calls /cgi-bin/token, which would end the token of whoever called it before. Of all processes that share a store one
// fetches at a time, the others wait for what it brings. A call that WeChat refuses for its token is made once more with what WeChat
// then gives, and never again.
package accesstoken

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	// margin is what must be left of a token for a call to begin with it: more than any call takes. WeChat itself renews a stable
	// token five minutes before its end, and lets both work in those minutes.
	margin = time.Minute

	// claimLife bounds how long the others wait for a fetch whose process was killed.
	claimLife = 15 * time.Second

	// lookAgain is how often they look whether it is there.
	lookAgain = 50 * time.Millisecond
)

// A Fetcher gets a token from WeChat.
type Fetcher interface {
	StableToken(ctx context.Context) (wxapi.AccessToken, error)
}

// Store is what a [Source] needs of a [session.Store].
type Store interface {
	SaveAccessToken(ctx context.Context, t session.AccessToken) error
	AccessToken(ctx context.Context, origin wechat.Origin, app wechat.AppID) (*session.AccessToken, error)
	Claim(ctx context.Context, hash [sha256.Size]byte, now, until time.Time) (bool, error)
	Release(ctx context.Context, hash [sha256.Size]byte) error
}

// A StoreError is a failure of the store, not of WeChat.
type StoreError struct{ Err error }

func (e *StoreError) Error() string { return "access token store: " + e.Err.Error() }

// Unwrap returns the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// A Source has the token of one app. It is safe for concurrent use.
type Source struct {
	WeChat Fetcher
	Store  Store
	Origin wechat.Origin
	AppID  wechat.AppID
	Now    func() time.Time
}

// Token returns a token that is good for a minute at least, and whether it was in the store already.
func (s *Source) Token(ctx context.Context) (token session.AccessToken, cached bool, err error) {
	found, err := s.saved(ctx, redact.Secret{})
	if err != nil {
		return session.AccessToken{}, false, err
	}
	if found != nil {
		return *found, true, nil
	}
	return s.fetch(ctx, redact.Secret{})
}

// Call makes a call with the token. When WeChat refuses the token, it is fetched anew and the call is made once more, also when it is
// the same: WeChat then says that it is good.
func (s *Source) Call(ctx context.Context, call func(ctx context.Context, token redact.Secret) error) error {
	token, _, err := s.Token(ctx)
	if err != nil {
		return err
	}
	refusal := call(ctx, token.Value)
	if !refusesToken(refusal) {
		return refusal
	}
	next, _, err := s.fetch(ctx, token.Value)
	if err != nil {
		return err
	}
	return call(ctx, next.Value)
}

// refusesToken reports whether WeChat says that the token is not the latest, is none, or has expired.
func refusesToken(err error) bool {
	refusal, ok := errors.AsType[*wechat.Error](err)
	return ok && (refusal.Code == wechat.CodeTokenNotLatest || refusal.Code == wechat.CodeInvalidToken || refusal.Code == wechat.CodeTokenExpired)
}

// saved returns the token of the store if it is good and not the refused one, else nil.
func (s *Source) saved(ctx context.Context, refused redact.Secret) (*session.AccessToken, error) {
	found, err := s.Store.AccessToken(ctx, s.Origin, s.AppID)
	switch {
	case err != nil:
		return nil, &StoreError{err}
	case found == nil, !found.Expires.After(s.Now().Add(margin)), found.Value.Equal(refused):
		return nil, nil
	}
	return found, nil
}

// fetch gets a token from WeChat and saves it, unless somebody else does so first. refused is one that WeChat did not take.
func (s *Source) fetch(ctx context.Context, refused redact.Secret) (token session.AccessToken, cached bool, err error) {
	lock := sha256.Sum256([]byte("wxlogin access token\x00" + string(s.Origin) + "\x00" + string(s.AppID)))
	for {
		now := s.Now()
		claimed, err := s.Store.Claim(ctx, lock, now, now.Add(claimLife))
		if err != nil {
			return session.AccessToken{}, false, &StoreError{err}
		}
		if claimed {
			break
		}
		if err := wait(ctx, lookAgain); err != nil {
			return session.AccessToken{}, false, err
		}
	}
	// A claim that cannot be given back ends by itself.
	defer func() { _ = s.Store.Release(context.WithoutCancel(ctx), lock) }()
	found, err := s.saved(ctx, refused) // by whoever had the claim before
	if err != nil {
		return session.AccessToken{}, false, err
	}
	if found != nil {
		return *found, true, nil
	}
	answer, err := s.WeChat.StableToken(ctx)
	if err != nil {
		return session.AccessToken{}, false, err
	}
	now := s.Now()
	token = session.AccessToken{Origin: s.Origin, AppID: s.AppID, Value: answer.Value, Obtained: now, Expires: now.Add(answer.ExpiresIn)}
	if err := s.Store.SaveAccessToken(ctx, token); err != nil {
		return session.AccessToken{}, false, &StoreError{err}
	}
	return token, false, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
