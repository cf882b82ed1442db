package wechat

import (
	"encoding/base64"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// Shape is what a string looks like among the strings that people mix up around a login.
type Shape int

// The shapes that [ShapeOf] tells apart.
const (
	ShapeUnknown Shape = iota
	ShapeAppID
	ShapeOriginalID  // gh_…: the original id of an account, not an appid
	ShapeOpenID      // or a unionid: they look the same
	ShapeLoginCode   // js_code of wx.login
	ShapeMockLiteral // [MockCode]
	ShapePhoneCode   // code of the getPhoneNumber button
	ShapeAppSecret
	ShapeSessionKey // or an iv: they look the same
	ShapeAccessToken
	ShapeJWE // five parts: an encrypted token, such as our login token
	ShapeJWS // three parts: a signed JWT
)

const (
	appIDLength     = 18 // "wx" + 16
	openIDLength    = 28
	loginCodeLength = 32
	phoneCodeLength = 64
	secretLength    = 32
	sessionKeyText  = 24  // base64 of 16 bytes
	accessTokenMin  = 100 // 107 is the shortest seen, 512 is to be reserved
)

// ShapeOf names what text looks like, by its shape alone.
func ShapeOf(text string) Shape {
	switch {
	case text == MockCode:
		return ShapeMockLiteral
	case AppID(text).Check() == nil:
		return ShapeAppID
	case strings.HasPrefix(text, "gh_"):
		return ShapeOriginalID
	case isJOSE(text, 5):
		return ShapeJWE
	case isJOSE(text, 3):
		return ShapeJWS
	case len(text) == phoneCodeLength && all(text, isLowerHex):
		return ShapePhoneCode
	case len(text) == loginCodeLength && all(text, isLowerHex):
		return ShapeAppSecret
	case len(text) == loginCodeLength && all(text, isAlnum):
		return ShapeLoginCode
	case OpenID(text).Check() == nil:
		return ShapeOpenID
	case isSessionKey(text):
		return ShapeSessionKey
	case isAccessToken(text):
		return ShapeAccessToken
	}
	return ShapeUnknown
}

// Check returns a [*ShapeError] unless a is "wx" and 16 lower-case hexadecimal digits.
func (a AppID) Check() error {
	text := string(a)
	if len(text) == appIDLength && strings.HasPrefix(text, "wx") && all(text[2:], isLowerHex) {
		return nil
	}
	return &ShapeError{Field: "appid", Value: redact.Untrusted(text), Reason: `is not "wx" and 16 lower-case hexadecimal digits`}
}

// Check returns a [*ShapeError] unless o has the shape of an openid.
func (o OpenID) Check() error {
	text := string(o)
	if len(text) == openIDLength && text[0] == 'o' && all(text, isBase64URL) {
		return nil
	}
	return &ShapeError{Field: "openid", Value: redact.Untrusted(text), Reason: `is not 28 characters of A-Z a-z 0-9 _ - that start with "o"`}
}

// Check returns a [*ShapeError], which does not hold the secret, unless s is 32 lower-case hexadecimal digits.
func (s AppSecret) Check() error {
	text := s.Reveal()
	switch {
	case text == "":
		return &ShapeError{Field: "secret", Reason: "is empty"}
	case strings.Contains(text, "*"):
		return &ShapeError{Field: "secret", Reason: "contains *: it is a masked copy"}
	case len(text) == secretLength && all(text, isLowerHex):
		return nil
	}
	return &ShapeError{Field: "secret", Reason: "is not 32 lower-case hexadecimal digits"}
}

// IsSecret reports whether a text of this shape gives access to something, so that it is not to be shown wherever it turns up.
func (s Shape) IsSecret() bool {
	switch s {
	case ShapeAppSecret, ShapeSessionKey, ShapeAccessToken, ShapeJWE, ShapeJWS:
		return true
	}
	return false
}

// Shown returns text as a message may quote it, cut to limit characters. People mix values up: what stands in the place of an
// appid and looks like a secret is only hinted at.
func Shown(text string, limit int) string {
	if ShapeOf(text).IsSecret() {
		return redact.NewSecret(text).Hint()
	}
	return redact.Shorten(text, limit)
}

func isSessionKey(text string) bool {
	if len(text) != sessionKeyText {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(key) == SessionKeySize
}

// isAccessToken wants the form of today: a number, "_", then base64url.
func isAccessToken(text string) bool {
	number, rest, found := strings.Cut(text, "_")
	return found && len(text) >= accessTokenMin && number != "" && all(number, isDigit) && all(rest, isBase64URL)
}

// isJOSE reports whether text is a compact JWS or JWE: so many base64url parts, the first a JSON object.
func isJOSE(text string, parts int) bool {
	if strings.Count(text, ".") != parts-1 || !strings.HasPrefix(text, "eyJ") { // "eyJ" is {" in base64
		return false
	}
	return all(strings.ReplaceAll(text, ".", ""), isBase64URL)
}

func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isLowerHex(c byte) bool  { return isDigit(c) || 'a' <= c && c <= 'f' }
func isAlnum(c byte) bool     { return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isBase64URL(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }
