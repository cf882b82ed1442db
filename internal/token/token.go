// Package token issues and opens login tokens: what a mini program holds in place of the openid.
//
// A login token is a compact JWE (RFC 7516) under a key that the server keeps: alg "dir", enc "A256GCM", a header of exactly
// alg, enc, kid and typ, and the registered claims of RFC 7519. Text that is not precisely such a token is refused before any
// key is touched. Expiry has no leeway. The package knows neither issuers nor audiences: whether a token that opens was meant
// for this server, and whether it was revoked, is for package login to judge.
package token

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// MaxSize is the longest token that is read, in bytes. Ours are under 500; the limit is what servers commonly take as a header.
const MaxSize = 8 << 10

// MaxLife is the longest life of a token. A login costs its user nothing, so a longer one would only be a password that nobody can
// change; and whoever has to revoke what is out can rely on all of it being gone by then.
const MaxLife = 90 * 24 * time.Hour

// The only header values there are.
const (
	algorithm  = jose.DIRECT
	encryption = jose.A256GCM
	tokenType  = "JWT"
)

// Claims are what a token says. Its times are whole seconds in UTC.
type Claims struct {
	Issuer    string         // iss
	OpenID    wechat.OpenID  // sub
	AppID     wechat.AppID   // aud
	UnionID   wechat.UnionID // unionid; empty where WeChat gave none
	IssuedAt  time.Time      // iat
	ExpiresAt time.Time      // exp: the first moment at which the token is no longer good
	ID        string         // jti: names the token in a revocation
}

// lastMoment is the end of the year 9999, in seconds since 1970: later times have no RFC 3339 form.
const lastMoment = 253402300799

// MarshalJSON writes the registered claim names of RFC 7519, times as seconds since 1970.
func (c Claims) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Issuer    string         `json:"iss"`
		OpenID    wechat.OpenID  `json:"sub"`
		AppID     wechat.AppID   `json:"aud"`
		IssuedAt  int64          `json:"iat"`
		ExpiresAt int64          `json:"exp"`
		ID        string         `json:"jti"`
		UnionID   wechat.UnionID `json:"unionid,omitempty"`
	}{c.Issuer, c.OpenID, c.AppID, c.IssuedAt.Unix(), c.ExpiresAt.Unix(), c.ID, c.UnionID})
}

// UnmarshalJSON reads what MarshalJSON wrote. Names count exactly, and twice the same is an error; encoding/json would take
// any case and the last. Claims that it does not know are ignored.
func (c *Claims) UnmarshalJSON(data []byte) error {
	found, err := members(data)
	if err != nil {
		return malformed(textClaimsAre, formOf(err))
	}
	var issued, expires int64
	*c = Claims{}
	for name, field := range map[string]any{
		"iss": &c.Issuer, "sub": &c.OpenID, "aud": &c.AppID, "iat": &issued, "exp": &expires, "jti": &c.ID, "unionid": &c.UnionID,
	} {
		value, present := found[name]
		if !present {
			continue
		}
		if err := json.Unmarshal(value, field); err != nil {
			return malformed(textClaimType, name)
		}
	}
	c.IssuedAt, c.ExpiresAt = time.Unix(issued, 0).UTC(), time.Unix(expires, 0).UTC()
	return nil
}

// check returns an error that names the first claim that is missing or cannot be.
func (c Claims) check() error {
	for _, claim := range [...]struct{ name, value string }{
		{"iss", c.Issuer}, {"sub", string(c.OpenID)}, {"aud", string(c.AppID)}, {"jti", c.ID},
	} {
		switch {
		case claim.value == "":
			return malformed(textClaimMissing, claim.name)
		case !utf8.ValidString(claim.value): // JSON would silently change it
			return malformed(textClaimUTF8, claim.name)
		}
	}
	switch {
	case !utf8.ValidString(string(c.UnionID)):
		return malformed(textClaimUTF8, "unionid")
	case c.IssuedAt.Unix() < 0 || c.ExpiresAt.Unix() > lastMoment:
		return malformed(textClaimTimes)
	case !c.ExpiresAt.After(c.IssuedAt):
		return malformed(textClaimOrder)
	case c.ExpiresAt.Sub(c.IssuedAt) > MaxLife:
		return malformed(textClaimLife, int(MaxLife/(24*time.Hour)))
	}
	return nil
}

// Header is the part of a token that anybody can read, and nobody can change.
type Header struct {
	Alg   string `json:"alg"`
	Enc   string `json:"enc"`
	KeyID string `json:"kid"`
	Type  string `json:"typ"`
}

// ErrTampered says that a token, or a sealed value, was changed since the key it names made it, or was made with another
// key of that name.
var ErrTampered = errors.New("does not authenticate: it was changed, or made with another key of that name")

// A FormatError says that something is not a login token, and why. Reason holds no part of the token beyond header values.
type FormatError struct {
	Reason string // in English

	text lang.Message
}

func (e *FormatError) Error() string { return "not a login token: " + e.Reason }

// Message returns the reason in both languages.
func (e *FormatError) Message() lang.Message { return e.text }

func formatError(text lang.T, args ...any) error {
	message := text.With(args...)
	return &FormatError{Reason: message.In(lang.English), text: message}
}

// A formError is what is wrong with a part of a token: it completes the sentence "its header …".
type formError struct{ text lang.Message }

func (e *formError) Error() string { return e.text.In(lang.English) }

func malformed(text lang.T, args ...any) error { return &formError{text.With(args...)} }

// formOf returns the error in both languages; one that is not a [*formError] has only English.
func formOf(err error) any {
	if e, ok := errors.AsType[*formError](err); ok {
		return e.text
	}
	return err.Error()
}

// An UnknownKeyError names a key that the ring does not hold.
type UnknownKeyError struct{ KeyID string }

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("no key %q in the key ring", redact.Shorten(e.KeyID, maxKeyID))
}

// An ExpiredError says since when a token has been worthless.
type ExpiredError struct{ At, Now time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("expired at %s, %s ago", e.At.UTC().Format(time.RFC3339), e.Now.Sub(e.At).Truncate(time.Second))
}

// Issue makes a token under the active key. The caller sets the times, which are cut to seconds; an empty ID is filled with
// 128 random bits. It fails when a claim is missing or the token would exceed [MaxSize].
func (r *Ring) Issue(c Claims) (redact.Secret, error) {
	if c.ID == "" {
		c.ID = rand.Text()
	}
	c.IssuedAt, c.ExpiresAt = c.IssuedAt.Truncate(time.Second), c.ExpiresAt.Truncate(time.Second)
	if err := c.check(); err != nil {
		return redact.Secret{}, fmt.Errorf("issue token: %w", err)
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return redact.Secret{}, fmt.Errorf("issue token: %w", err)
	}
	object, err := r.keys.Load().active.encrypter.Encrypt(plain)
	if err != nil {
		return redact.Secret{}, fmt.Errorf("issue token: %w", err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		return redact.Secret{}, fmt.Errorf("issue token: %w", err)
	}
	if len(text) > MaxSize {
		return redact.Secret{}, fmt.Errorf("issue token: %d bytes, more than %d", len(text), MaxSize)
	}
	return redact.NewSecret(text), nil
}

// Open reads a token. The error is a [*FormatError], an [*UnknownKeyError], [ErrTampered] or an [*ExpiredError]. The header is
// returned with all but the first of them, the claims also with the last.
func (r *Ring) Open(token string, now time.Time) (Header, Claims, error) {
	header, err := Peek(token)
	if err != nil {
		return Header{}, Claims{}, err
	}
	key, found := r.find(header.KeyID)
	if !found {
		return header, Claims{}, &UnknownKeyError{KeyID: header.KeyID}
	}
	object, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{algorithm}, []jose.ContentEncryption{encryption})
	if err != nil {
		return Header{}, Claims{}, formatError(textNoJWE)
	}
	plain, err := object.Decrypt(key.bytes)
	if err != nil {
		return header, Claims{}, fmt.Errorf("token %w", ErrTampered)
	}
	claims, err := parseClaims(plain)
	switch {
	case err != nil:
		return Header{}, Claims{}, err
	case !now.Before(claims.ExpiresAt):
		return header, claims, &ExpiredError{At: claims.ExpiresAt, Now: now}
	}
	return header, claims, nil
}

// parseClaims reads a plaintext that was authenticated, so it is ours or that of a service which shares the key.
func parseClaims(plain []byte) (Claims, error) {
	var claims Claims
	if err := claims.UnmarshalJSON(plain); err != nil {
		return Claims{}, formatError(textIts, formOf(err))
	}
	if err := claims.check(); err != nil {
		return Claims{}, formatError(textIts, formOf(err))
	}
	return claims, nil
}
