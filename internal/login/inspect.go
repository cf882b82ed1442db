package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
)

// Verdict is what a login token is worth, in the words of `wxlogin inspect --json`.
type Verdict string

// The verdicts.
const (
	Valid          Verdict = "valid"
	Expired        Verdict = "expired"
	Revoked        Verdict = "revoked"
	UnknownKey     Verdict = "unknown_key" // sealed by a key that this ring does not hold
	Tampered       Verdict = "tampered"    // changed since it was sealed
	NotALoginToken Verdict = "not_a_login_token"
	Unverified     Verdict = "unverified" // nobody tried: only the header was read
)

// The states of a session, seen from a token.
const (
	SessionCurrent = "current"
	SessionRotated = "rotated" // the session key has changed since the token was issued
	SessionAbsent  = "absent"
)

// An Inspection is everything that a token and the store tell. It never holds a session key.
type Inspection struct {
	Verdict   Verdict       `json:"verdict"`
	Header    *token.Header `json:"header,omitempty"`
	Claims    *token.Claims `json:"claims,omitempty"`
	OpenID    string        `json:"openid,omitempty"`
	AppID     string        `json:"appid,omitempty"`
	IssuedAt  *time.Time    `json:"issued_at,omitempty"`
	ExpiresAt *time.Time    `json:"expires_at,omitempty"`
	RevokedAt *time.Time    `json:"revoked_at,omitempty"`
	Session   string        `json:"session,omitempty"`
	Reason    string        `json:"reason,omitempty"`    // English: why the verdict is not valid
	CheckedAt time.Time     `json:"checked_at,omitzero"` // by the service's clock, which a mock's users move

	Key              *token.KeyInfo `json:"key,omitempty"`                // the one that sealed it, where the ring holds it
	AgeSeconds       *int64         `json:"age_seconds,omitempty"`        // since it was issued
	ExpiresInSeconds *int64         `json:"expires_in_seconds,omitempty"` // not above zero once it has expired
	Revocation       *Revocation    `json:"revocation,omitempty"`
	KeyChangedAt     *time.Time     `json:"session_key_changed_at,omitempty"` // of a rotated session

	// Cause is the error behind Reason; nil for a valid token.
	Cause  error `json:"-"`
	claims token.Claims
}

// Inspect judges a token. It fails only when the store does; whatever is wrong with the token is in the [Inspection].
func (s *Service) Inspect(ctx context.Context, text string) (Inspection, error) {
	now := s.Now()
	header, claims, err := s.Tokens.Open(text, now)
	in := judge(header, claims, err)
	in.CheckedAt = now.UTC().Truncate(time.Second)
	if key, found := s.Tokens.Key(header.KeyID); found {
		in.Key = &key
	}
	if in.Claims == nil {
		return in, nil
	}
	in.AgeSeconds, in.ExpiresInSeconds = seconds(in.CheckedAt.Sub(claims.IssuedAt)), seconds(claims.ExpiresAt.Sub(in.CheckedAt))
	if in.Verdict == Valid {
		if err := s.belongsHere(claims); err != nil {
			in.refuse(NotALoginToken, err)
			return in, nil
		}
	}
	if in.Revocation, err = s.revocation(ctx, claims); err != nil {
		return Inspection{}, err
	}
	if r := in.Revocation; r != nil {
		in.RevokedAt = &r.At
		in.refuse(Revoked, fmt.Errorf("revoked at %s (%s)", r.At.UTC().Format(time.RFC3339), r.Reason))
	}
	err = s.inspectSession(ctx, &in)
	return in, err
}

// seconds counts them: a token's times are whole seconds, and so is the time of the check.
func seconds(d time.Duration) *int64 {
	n := int64(d / time.Second)
	return &n
}

// revocation returns what ended the token before its time, or nil: its own revocation, else one of its user or of everybody.
func (s *Service) revocation(ctx context.Context, claims token.Claims) (*Revocation, error) {
	own, err := s.Store.Revoked(ctx, claims.ID)
	switch {
	case err != nil:
		return nil, &StoreError{err}
	case own != nil:
		return &Revocation{Scope: ScopeToken, AppID: claims.AppID, OpenID: claims.OpenID, JTI: claims.ID, At: own.At, Reason: own.Reason}, nil
	}
	cutoffs, err := s.Store.Cutoffs(ctx, session.ID{Origin: s.Origin, AppID: claims.AppID, OpenID: claims.OpenID})
	if err != nil {
		return nil, &StoreError{err}
	}
	for _, c := range cutoffs {
		if !c.Ends(claims.ID, claims.IssuedAt) || !c.At.Before(claims.ExpiresAt) { // what had expired was not revoked
			continue
		}
		r := Revocation{Scope: ScopeUser, AppID: c.AppID, OpenID: c.OpenID, Before: &c.Before, At: c.At, Reason: c.Reason}
		if c.OpenID == "" {
			r.Scope = ScopeEverybody
		}
		return &r, nil
	}
	return nil, nil
}

// judge turns the outcome of opening a token into a verdict.
func judge(header token.Header, claims token.Claims, err error) Inspection {
	in := Inspection{Verdict: Valid, claims: claims}
	if header != (token.Header{}) {
		in.Header = &header
	}
	_, expired := errors.AsType[*token.ExpiredError](err)
	_, unknown := errors.AsType[*token.UnknownKeyError](err)
	switch {
	case err == nil:
	case expired:
		in.refuse(Expired, err)
	case unknown:
		in.refuse(UnknownKey, err)
		return in
	case errors.Is(err, token.ErrTampered):
		in.refuse(Tampered, err)
		return in
	default:
		in.refuse(NotALoginToken, err)
		return in
	}
	in.Claims = &claims
	in.OpenID, in.AppID = string(claims.OpenID), string(claims.AppID)
	in.IssuedAt, in.ExpiresAt = &claims.IssuedAt, &claims.ExpiresAt
	return in
}

func (in *Inspection) refuse(verdict Verdict, cause error) {
	in.Verdict, in.Cause, in.Reason = verdict, cause, cause.Error()
}

// belongsHere refuses tokens that our keys open but that were issued for something else: another app whose server shares
// the key ring, or another issuer.
func (s *Service) belongsHere(claims token.Claims) error {
	switch {
	case claims.Issuer != s.Issuer:
		return fmt.Errorf("issued by %q, not by %q", claims.Issuer, s.Issuer)
	case s.AppID != "" && claims.AppID != s.AppID:
		return fmt.Errorf("issued for appid %q, not for %q", claims.AppID, s.AppID)
	}
	return nil
}

// inspectSession tells how the session stands that the token belongs to.
func (s *Service) inspectSession(ctx context.Context, in *Inspection) error {
	found, err := s.Store.Get(ctx, session.ID{Origin: s.Origin, AppID: in.claims.AppID, OpenID: in.claims.OpenID})
	switch {
	case gone(err):
		in.Session = SessionAbsent
	case err != nil:
		return &StoreError{err}
	case s.SessionTTL > 0 && s.Now().Sub(found.Refreshed) >= s.SessionTTL:
		in.Session = SessionAbsent // as decrypt and session see it
	case found.KeyObtained.Truncate(time.Second).After(in.claims.IssuedAt): // a token's times are whole seconds
		in.Session = SessionRotated
		in.KeyChangedAt = &found.KeyObtained
	default:
		in.Session = SessionCurrent
	}
	return nil
}

// Active reports whether a server with this key ring and this store lets the token's user in.
func (in *Inspection) Active() bool {
	return in.Verdict == Valid && (in.Session == SessionCurrent || in.Session == SessionRotated)
}
