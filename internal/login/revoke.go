package login

import (
	"context"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// clockSkew is how far the clocks of servers that share a store may be apart. What ends a user's tokens now ends those as well that
// a server with a fast clock has just issued; a login that comes after it is dated behind it (admit).
const clockSkew = 30 * time.Second

// reasonNewLogin is why the policy [Single] ends a token.
const reasonNewLogin = "new login"

// admit makes sure that a token which is about to be issued will be let in, and under [Single] that no other one of its user will.
func (s *Service) admit(ctx context.Context, claims *token.Claims) error {
	id := session.ID{Origin: s.Origin, AppID: claims.AppID, OpenID: claims.OpenID}
	now := s.Now()
	if s.Policy == Single {
		before, err := s.beyond(ctx, id, now)
		if err != nil {
			return err
		}
		err = s.Store.CutOff(ctx, session.Cutoff{
			ID: id, Before: before, Except: claims.ID, At: now, Until: before.Add(token.MaxLife), Reason: reasonNewLogin,
		})
		if err != nil {
			return &StoreError{err}
		}
	}
	cutoffs, err := s.Store.Cutoffs(ctx, id)
	if err != nil {
		return &StoreError{err}
	}
	for _, c := range cutoffs {
		// A token's times are whole seconds, and a revocation is for what was issued before it: this one comes after.
		if issued := claims.IssuedAt.Truncate(time.Second); c.Ends(claims.ID, issued) {
			claims.IssuedAt = ceilSecond(c.Before)
		}
	}
	return nil
}

func ceilSecond(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); !whole.Equal(t) {
		return whole.Add(time.Second)
	}
	return t
}

// A Revocation is what was revoked.
type Revocation struct {
	Scope  Scope         `json:"scope"`
	OpenID wechat.OpenID `json:"openid,omitempty"`
	AppID  wechat.AppID  `json:"appid"`
	JTI    string        `json:"jti,omitempty"`
	Before *time.Time    `json:"before,omitempty"` // tokens issued before are ended
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"`
}

// A Scope is whose tokens a revocation ends.
type Scope string

// The scopes.
const (
	ScopeToken     Scope = "token"
	ScopeUser      Scope = "user"
	ScopeEverybody Scope = "everybody"
)

// Revoke ends one token. The error is a [*TokenError] unless the token is [Valid] or [Revoked], whose first revocation stands.
func (s *Service) Revoke(ctx context.Context, text, reason string) (Revocation, error) {
	in, err := s.Inspect(ctx, text)
	if err != nil {
		return Revocation{}, err
	}
	done := Revocation{Scope: ScopeToken, OpenID: in.claims.OpenID, AppID: in.claims.AppID, JTI: in.claims.ID, At: s.Now().UTC().Truncate(time.Second), Reason: reason}
	switch in.Verdict {
	case Valid:
	case Revoked:
		done.At, done.Reason = in.Revocation.At, in.Revocation.Reason
		return done, nil
	default:
		return Revocation{}, &TokenError{Verdict: in.Verdict, Err: in.Cause}
	}
	revocation := session.Revocation{TokenID: in.claims.ID, At: s.Now(), Until: in.claims.ExpiresAt, Reason: reason}
	if err := s.Store.Revoke(ctx, revocation); err != nil {
		return Revocation{}, &StoreError{err}
	}
	return done, nil
}

// RevokeBefore ends the tokens of a user that were issued before a moment; without an openid, those of everybody at the mini program.
// The zero moment is now. Users whose tokens end log in again, which their mini program does by itself.
func (s *Service) RevokeBefore(ctx context.Context, user wechat.OpenID, before time.Time, reason string) (Revocation, error) {
	now := s.Now()
	done := Revocation{Scope: ScopeUser, OpenID: user, AppID: s.AppID, At: now.UTC().Truncate(time.Second), Reason: reason}
	if user == "" {
		done.Scope = ScopeEverybody
	}
	id := session.ID{Origin: s.Origin, AppID: s.AppID, OpenID: user}
	if before.IsZero() {
		moment, err := s.beyond(ctx, id, now)
		if err != nil {
			return Revocation{}, err
		}
		before = moment
	} else {
		moment := before.UTC()
		done.Before = &moment
	}
	err := s.Store.CutOff(ctx, session.Cutoff{
		ID: id, Before: before, At: now, Until: before.Add(token.MaxLife), Reason: reason,
	})
	if err != nil {
		return Revocation{}, &StoreError{err}
	}
	return done, nil
}

// beyond returns a moment that is after the time of issue of every token there is: after now by any server's clock, and after what
// logins were dated that came right after an earlier revocation. What is for everybody goes beyond what was for single users.
func (s *Service) beyond(ctx context.Context, id session.ID, now time.Time) (time.Time, error) {
	cutoffs, err := s.Store.Cutoffs(ctx, id)
	if err != nil {
		return time.Time{}, &StoreError{err}
	}
	ahead, step := clockSkew, time.Second
	if id.OpenID == "" {
		ahead, step = 2*clockSkew, clockSkew
	}
	moment := now.Add(ahead)
	for _, c := range cutoffs {
		// One that spares a token was made by a login, which dated nothing.
		if next := ceilSecond(c.Before).Add(step); c.Except == "" && next.After(moment) {
			moment = next
		}
	}
	return moment, nil
}
