package opendata

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // WeChat signs rawData with SHA-1
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Errors of [VerifySignature].
var (
	ErrSignature           = errors.New("the signature does not belong to rawData under this session_key")
	ErrSignatureIncomplete = errors.New("rawData and signature come together: one of them is missing")
)

// An IncompleteError names the one of rawData and signature that is missing. It is [ErrSignatureIncomplete].
type IncompleteError struct{ Missing string }

func (e *IncompleteError) Error() string {
	return "rawData and signature come together: " + e.Missing + " is missing"
}

// Is makes it an [ErrSignatureIncomplete].
func (e *IncompleteError) Is(target error) bool { return target == ErrSignatureIncomplete }

// Sign returns the signature that WeChat gives for rawData: SHA-1, in lower-case hexadecimal, of rawData followed by the key's
// base64 text.
func Sign(rawData string, key wechat.SessionKey) string {
	sum := sha1.Sum([]byte(rawData + key.Reveal())) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// VerifySignature compares signature with that of rawData, byte for byte as WeChat delivered both, in constant time. The error is
// [ErrSignature], or an [*IncompleteError] if either is empty.
func VerifySignature(rawData, signature string, key wechat.SessionKey) error {
	switch {
	case rawData == "":
		return &IncompleteError{"rawData"}
	case signature == "":
		return &IncompleteError{"signature"}
	}
	if subtle.ConstantTimeCompare([]byte(signature), []byte(Sign(rawData, key))) != 1 {
		return ErrSignature
	}
	return nil
}

// SignSession returns the user signature (用户登录态签名) that /wxa/checksession and its siblings want: HMAC-SHA256 of body, in
// lower-case hexadecimal, keyed with the base64 text of the key. A call without a body signs the empty string.
//
// Source: developers.weixin.qq.com/minigame/dev/tutorial/open-ability/http-signature.html, read in November 2026.
func SignSession(key wechat.SessionKey, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
