// Package wechat is the vocabulary of WeChat's login: the shapes of its identifiers, its error type and the catalogue
// of its errcodes. It talks to nobody.
//
// The shapes were computed from public samples and the documentation of wx.login and code2Session
// (developers.weixin.qq.com, read in November 2026); docs/simulation.md names the evidence.
package wechat

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

const (
	// APIBase is the address of WeChat's server API.
	APIBase = "https://api.weixin.qq.com"

	// CodeLife is how long a wx.login code can be exchanged (documentation of wx.login).
	CodeLife = 5 * time.Minute

	// SessionKeySize and IVSize are in bytes: open data is AES-128-CBC.
	SessionKeySize = 16
	IVSize         = 16

	// MockCode is the literal that WeChat DevTools hands out in place of a code when a project has no AppID.
	MockCode = "the code is a mock one"
)

// AppID names a mini program: "wx" and 16 lower-case hexadecimal digits.
type AppID string

// OpenID names a user within one mini program: 28 characters of [0-9A-Za-z_-] that start with "o". All openids of one app
// share their first six characters.
type OpenID string

// UnionID names a user across the apps of one Open Platform account. It has an openid's shape and cannot be told from one.
type UnionID string

// Code is the js_code of wx.login: 32 characters of [0-9A-Za-z], good for one exchange within [CodeLife].
type Code string

// Origin is the API host a session came from, as scheme://host[:port]. Sessions of a simulation and of WeChat have different
// origins and never mix.
type Origin string

// AppSecret is a mini program's secret: 32 lower-case hexadecimal digits.
type AppSecret struct{ redact.Secret }

// NewAppSecret wraps the text of an AppSecret.
func NewAppSecret(text string) AppSecret { return AppSecret{redact.NewSecret(text)} }

// SessionKey is the key that WeChat encrypts a user's open data under: 24 characters of standard base64 that carry 16 bytes.
// The text, not the bytes, is what signatures are computed with.
type SessionKey struct{ redact.Secret }

// NewSessionKey wraps the base64 text of a session key.
func NewSessionKey(text string) SessionKey { return SessionKey{redact.NewSecret(text)} }

// Bytes decodes the key. The error is a [*ShapeError] that does not contain it.
func (k SessionKey) Bytes() ([]byte, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(k.Reveal())
	switch {
	case k.IsZero():
		return nil, &ShapeError{Field: "session_key", Reason: "is empty"}
	case err != nil:
		return nil, &ShapeError{Field: "session_key", Reason: lang.Count("is not standard base64 (%d characters)", k.Len())}
	case len(key) != SessionKeySize:
		return nil, &ShapeError{Field: "session_key", Reason: lang.Count("holds %d bytes, not %d", len(key), SessionKeySize)}
	case k.Len() != sessionKeyText: // the decoder skips line ends, but signatures are made with the text
		return nil, &ShapeError{Field: "session_key", Reason: "contains line breaks"}
	}
	return key, nil
}

// A ShapeError says that a value does not look like what it is given as. Value is empty where the value is a secret.
type ShapeError struct {
	Field  string           // WeChat's name of the value: "appid", "session_key"
	Value  redact.Untrusted // as given; empty for secrets
	Reason string           // completes the sentence "appid …"
}

func (e *ShapeError) Error() string {
	if e.Value == "" {
		return e.Field + " " + e.Reason
	}
	return fmt.Sprintf("%s %q %s", e.Field, Shown(string(e.Value), 80), e.Reason)
}

// An Error is a refusal by WeChat: an answer with an errcode other than 0.
type Error struct {
	Code ErrCode
	Msg  redact.Untrusted // errmsg as sent, rid suffix included
	RID  string           // request id, three groups of eight hex digits; empty when the answer had none
}

func (e *Error) Error() string {
	return fmt.Sprintf("WeChat answered errcode %d: %s", e.Code, redact.Shorten(string(e.Msg), 200))
}

// CodeMayBeConsumed reports whether the code that was refused will be refused again whoever sends it: because of what it is, or
// because the refusal itself spent it, as happens to codes of another app.
func (e *Error) CodeMayBeConsumed() bool {
	return e.Code == CodeInvalidCode || e.Code == CodeUsed || e.Code == CodeBlocked
}

// Retryable reports whether the same call may succeed later.
func (e *Error) Retryable() bool {
	entry, known := e.Entry()
	return known && entry.Retryable && !e.CodeMayBeConsumed()
}

// Entry returns what the catalogue knows of the errcode.
func (e *Error) Entry() (Entry, bool) { return Lookup(e.Code) }

// ErrCode is WeChat's number for a refusal. 0, or no errcode at all, is success.
type ErrCode int

// The errcodes that the code branches on; [Lookup] knows all of the catalogue.
const (
	CodeBusy             ErrCode = -1
	CodeNoData           ErrCode = 1 // of checkencryptedmsg
	CodeTokenNotLatest   ErrCode = 40001
	CodeInvalidGrantType ErrCode = 40002
	CodeInvalidOpenID    ErrCode = 40003
	CodeInvalidAppID     ErrCode = 40013
	CodeInvalidToken     ErrCode = 40014
	CodeInvalidCode      ErrCode = 40029
	CodeInvalidArgs      ErrCode = 40097
	CodeInvalidSecret    ErrCode = 40125
	CodeUsed             ErrCode = 40163
	CodeIPNotListed      ErrCode = 40164
	CodeBlocked          ErrCode = 40226
	CodeSecretFrozen     ErrCode = 40243
	CodeTokenMissing     ErrCode = 41001
	CodeAppIDMissing     ErrCode = 41002
	CodeSecretMissing    ErrCode = 41004
	CodeMissing          ErrCode = 41008
	CodeTokenExpired     ErrCode = 42001
	CodeNotPost          ErrCode = 43002
	CodeEmptyBody        ErrCode = 44002
	CodeDailyQuota       ErrCode = 45009
	CodeMinuteQuota      ErrCode = 45011
	CodeBodyFormat       ErrCode = 47001
	CodeNotGranted       ErrCode = 48001
	CodeThirdParty       ErrCode = 61003
	CodeRIDNotFound      ErrCode = 76001
	CodeRIDMalformed     ErrCode = 76002
	CodeRIDForeign       ErrCode = 76003
	CodeRIDTooOld        ErrCode = 76004
	CodeRIDOfSNS         ErrCode = 76022
	CodeNoSessionKey     ErrCode = 87007
	CodeSigMethod        ErrCode = 87008
	CodeInvalidSignature ErrCode = 87009
	CodeIPToConfirm      ErrCode = 89503
	CodeIPRefused        ErrCode = 89506
	CodeIPWaits          ErrCode = 89507
)
