package stack

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/server"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// observedWeChat counts the calls of a login server to WeChat.
type observedWeChat struct {
	*wxapi.Client
	metrics *server.Metrics
}

func (w observedWeChat) Code2Session(ctx context.Context, code wechat.Code) (answer wxapi.Session, err error) {
	defer w.took("jscode2session", time.Now(), &err)
	return w.Client.Code2Session(ctx, code)
}

func (w observedWeChat) PhoneNumber(ctx context.Context, token redact.Secret, code wechat.Code, openID wechat.OpenID) (number wxapi.PhoneNumber, err error) {
	defer w.took("getuserphonenumber", time.Now(), &err)
	return w.Client.PhoneNumber(ctx, token, code, openID)
}

func (w observedWeChat) StableToken(ctx context.Context) (token wxapi.AccessToken, err error) {
	defer w.took("stable_token", time.Now(), &err)
	return w.Client.StableToken(ctx)
}

func (w observedWeChat) took(endpoint string, start time.Time, err *error) {
	w.metrics.WeChat(endpoint, resultOf(*err), time.Since(start))
}

// resultOf names the outcome of a call to WeChat. Errcodes that no documentation knows share a name: whatever answers in WeChat's
// place shall not fill our memory.
func resultOf(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal, ok := errors.AsType[*wechat.Error](err); ok {
		if _, known := wechat.Lookup(refusal.Code); !known {
			return "other"
		}
		return strconv.Itoa(int(refusal.Code))
	}
	if failed, ok := errors.AsType[*wxapi.TransportError](err); ok {
		if failed.Sent {
			return "lost"
		}
		return "unreachable"
	}
	return "nonsense"
}

type observedTokens struct {
	login.Tokens
	metrics *server.Metrics
}

func (t observedTokens) Issue(claims token.Claims) (redact.Secret, error) {
	value, err := t.Tokens.Issue(claims)
	if err == nil {
		t.metrics.TokenIssued()
	}
	return value, err
}

// observedStore counts the operations that requests wait for.
type observedStore struct {
	session.Store
	metrics *server.Metrics
}

// took is deferred with the moment of its evaluation.
func (s observedStore) took(operation string, start time.Time, err *error) {
	failed := *err != nil && !errors.Is(*err, session.ErrNotFound) && !errors.Is(*err, context.Canceled)
	if _, unseal := errors.AsType[*session.UnsealError](*err); unseal {
		failed = false
	}
	s.metrics.Store(operation, time.Since(start), failed)
}

func (s observedStore) Get(ctx context.Context, id session.ID) (found session.Session, err error) {
	defer s.took("get", time.Now(), &err)
	return s.Store.Get(ctx, id)
}

func (s observedStore) Begin(ctx context.Context, e session.Exchange, until time.Time) (begun bool, err error) {
	defer s.took("begin", time.Now(), &err)
	return s.Store.Begin(ctx, e, until)
}

func (s observedStore) End(ctx context.Context, e session.Exchange, l *session.Login) (saved session.Session, err error) {
	defer s.took("end", time.Now(), &err)
	return s.Store.End(ctx, e, l)
}

func (s observedStore) Revoke(ctx context.Context, r session.Revocation) (err error) {
	defer s.took("revoke", time.Now(), &err)
	return s.Store.Revoke(ctx, r)
}

func (s observedStore) Revoked(ctx context.Context, tokenID string) (found *session.Revocation, err error) {
	defer s.took("revoked", time.Now(), &err)
	return s.Store.Revoked(ctx, tokenID)
}

func (s observedStore) Expire(ctx context.Context, now, sessionsBefore time.Time) (err error) {
	defer s.took("expire", time.Now(), &err)
	return s.Store.Expire(ctx, now, sessionsBefore)
}

// checks are what a login server needs in order to be of use. WeChat is none of them: a server that is taken out of service because
// WeChat hangs cannot answer those who are logged in.
func checks(o login.Options, ping func(context.Context) error) []server.Check {
	return []server.Check{
		{Name: "store", Run: ping},
		{Name: "keys", Run: func(context.Context) error {
			now := o.Now()
			value, err := o.Tokens.Issue(token.Claims{Issuer: o.Issuer, OpenID: "readyz", AppID: o.AppID, IssuedAt: now, ExpiresAt: now.Add(time.Minute)})
			if err == nil {
				_, _, err = o.Tokens.Open(value.Reveal(), now)
			}
			return err
		}},
	}
}
