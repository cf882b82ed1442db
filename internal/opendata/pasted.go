package opendata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Pasted is what people have at hand when data does not decrypt: the object that wx.* handed to success, or the whole event of a
// button with it as "detail", with whatever they added of session_key, openid and appid.
type Pasted struct {
	Envelope
	SessionKey wechat.SessionKey // empty when the object has none
	OpenID     wechat.OpenID     // likewise
	AppID      wechat.AppID
	ErrMsg     redact.Untrusted // "getPhoneNumber:ok"; a refusal has no data
}

// A PastedError says why input is not such an object. It holds none of it.
type PastedError struct {
	Field  string // the member at fault; empty where the whole is
	Reason string // completes the sentence "the input …", or "FIELD …"
	Pos    int64  // index of the byte at fault, from 0; -1 where no single one is
}

func (e *PastedError) Error() string {
	subject := "the input"
	if e.Field != "" {
		subject = fmt.Sprintf("%q", e.Field)
	}
	if e.Pos >= 0 {
		return fmt.Sprintf("%s %s (byte %d, counted from 0)", subject, e.Reason, e.Pos)
	}
	return subject + " " + e.Reason
}

// pastedJSON has the names of WeChat's API beside the spellings that code of its users has.
type pastedJSON struct {
	Envelope
	SessionKey      redact.Secret    `json:"session_key"`
	SessionKeyCamel redact.Secret    `json:"sessionKey"`
	OpenID          wechat.OpenID    `json:"openid"`
	AppID           wechat.AppID     `json:"appid"`
	ErrMsg          redact.Untrusted `json:"errMsg"`
	Detail          *pastedJSON      `json:"detail"`
}

// ParsePasted reads one JSON object. A byte order mark in front is skipped. The error is a [*PastedError].
func ParsePasted(data []byte) (Pasted, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	switch {
	case len(data) == 0:
		return Pasted{}, &PastedError{Reason: "is empty", Pos: -1}
	case data[0] != '{':
		return Pasted{}, &PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: 0}
	}
	var in pastedJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return Pasted{}, pastedError(err)
	}
	return in.pasted(), nil
}

// pasted prefers what stands outside over what stands in "detail".
func (in *pastedJSON) pasted() Pasted {
	out := Pasted{Envelope: in.Envelope, OpenID: in.OpenID, AppID: in.AppID, ErrMsg: in.ErrMsg}
	out.SessionKey.Secret = in.SessionKey
	if out.SessionKey.IsZero() {
		out.SessionKey.Secret = in.SessionKeyCamel
	}
	if in.Detail == nil {
		return out
	}
	inner := in.Detail.pasted()
	if out.EncryptedData == "" && out.IV == "" {
		out.Envelope = inner.Envelope
	}
	if out.SessionKey.IsZero() {
		out.SessionKey = inner.SessionKey
	}
	if out.OpenID == "" {
		out.OpenID = inner.OpenID
	}
	if out.AppID == "" {
		out.AppID = inner.AppID
	}
	if out.ErrMsg == "" {
		out.ErrMsg = inner.ErrMsg
	}
	return out
}

func pastedError(err error) *PastedError {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &PastedError{Field: redact.Shorten(e.Field, 40), Reason: "is a " + e.Value + ", not a string", Pos: -1}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &PastedError{Reason: "is not well-formed JSON", Pos: max(0, e.Offset-1)}
	}
	return &PastedError{Reason: "is not a JSON object of strings", Pos: -1}
}
