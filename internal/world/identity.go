package world

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// root is 32 bytes that others are derived from by SHA-256.
type root [sha256.Size]byte

// label keeps what is derived from one root for different purposes apart.
type label byte

const (
	labelSeed label = iota
	labelApp
	labelPlatform
	labelPrefix
	labelOpenID
	labelUnionID
	labelPhone
	labelKey
	labelCode
	labelIV
	labelPhoneCode
	labelCloudID
	labelGroup
	labelSteps
	labelRID
	labelToken
	labelAppSecret
	labelAppID
	labelFault
)

const (
	openIDLength   = 28
	openIDPrefix   = 6 // characters that all openids of an app share
	openGIDLength  = 29
	cloudIDLength  = 59
	maxUserName    = 64      // bytes; long enough for a person, short enough for a million of them
	maxUsers       = 1 << 23 // an app; 8 million, some 2 GiB
	phonePrefix    = "154"
	phoneDigits    = 100_000_000 // eight of them follow the prefix
	cloudIDVersion = "92_"       // grows with time like an access token's; 92_ was seen in June 2025
)

// derive hashes (r, label, n, name), which is unambiguous because all but the last have a fixed length. A short name leaves the
// input within one block of SHA-256.
func (r root) derive(l label, name string, n uint64) root {
	var space [sha256.Size + 1 + 8 + maxUserName]byte
	input := append(space[:0], r[:]...)
	input = append(input, byte(l))
	input = binary.BigEndian.AppendUint64(input, n)
	input = append(input, name...)
	return sha256.Sum256(input)
}

// text returns the first n characters of r in base64url, the alphabet of WeChat's identifiers; n is at most 43.
func (r root) text(n int) string { return base64.RawURLEncoding.EncodeToString(r[:])[:n] }

// block returns 16 bytes of r whose base64 contains both + and / in percent of a hundred cases, and neither in the others.
func (r root) block(percent int) [wechat.SessionKeySize]byte {
	var text [base64Block]byte
	base64.StdEncoding.Encode(text[:], r[:wechat.SessionKeySize])
	// The last character of the 22 carries two bits only and is never one of the two.
	const free = 21
	for i := range free {
		if text[i] == '+' || text[i] == '/' {
			text[i] = 'A' + r[16]%26
		}
	}
	if int(binary.BigEndian.Uint16(r[17:])%100) < percent {
		plus := int(r[19]) % free
		text[plus] = '+'
		text[(plus+1+int(r[20])%(free-1))%free] = '/'
	}
	var block [base64Block]byte
	if n, err := base64.StdEncoding.Decode(block[:], text[:]); err != nil || n != wechat.SessionKeySize {
		panic("world: internal error: a block is not base64 of 16 bytes")
	}
	return [wechat.SessionKeySize]byte(block[:wechat.SessionKeySize])
}

const base64Block = 24 // length of the base64 of 16 bytes

func (a *app) openID(name string) wechat.OpenID {
	return wechat.OpenID(a.prefix + a.root.derive(labelOpenID, name, 0).text(openIDLength-openIDPrefix))
}

// unionID is empty for an app that is bound to no Open Platform account. Its first six characters are the account's.
func (a *app) unionID(name string) wechat.UnionID {
	if a.OpenPlatform == "" {
		return ""
	}
	return wechat.UnionID(a.unionPrefix + a.platformRoot.derive(labelUnionID, name, 0).text(openIDLength-openIDPrefix))
}

// phoneNumber is under 154, a mobile prefix of China that was never given to an operator: no person has the number, even when a
// developer's server sends it an SMS. Validators that list the prefixes in use (libphonenumber, many regular expressions on
// the web) refuse it for that reason.
func (a *app) phoneNumber(name string) string {
	sum := a.root.derive(labelPhone, name, 0)
	return fmt.Sprintf("%s%08d", phonePrefix, binary.BigEndian.Uint64(sum[:])%phoneDigits)
}

// cloudID has the shape of public samples (50_ok3XQmqOENVW8Y2Flgnc..., 2021). Only WeChat's cloud could open one.
func (a *app) cloudID(name string, n uint64) string {
	first, second := a.root.derive(labelCloudID, name, 2*n), a.root.derive(labelCloudID, name, 2*n+1)
	const half = 40
	return cloudIDVersion + first.text(half) + second.text(cloudIDLength-half)
}

// checkUser returns the name, [DefaultUser] for "", or a [*wechat.ShapeError].
func checkUser(name string) (string, error) {
	switch {
	case name == "":
		return DefaultUser, nil
	case len(name) > maxUserName:
		return "", &wechat.ShapeError{Field: "user", Value: redact.Untrusted(name), Reason: fmt.Sprintf("is longer than %d bytes", maxUserName)}
	case redact.Clean(name) != name || strings.TrimSpace(name) != name:
		return "", &wechat.ShapeError{Field: "user", Value: redact.Untrusted(name), Reason: "contains invisible characters or outer blanks"}
	}
	return name, nil
}
