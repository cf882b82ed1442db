package world

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// An access token of WeChat's is a number that grows over the years, "_", and base64url; 136 characters in all samples since
// November 2022. One of the simulation carries where it comes from, like a login code (see [mintCode]):
//
//	bytes 0-15   salt: derived from the app's root, the kind and the serial number; nobody can guess it
//	bytes 16-19  tag of the app, masked by the salt
//	bytes 20-27  serial number and kind, masked by the salt
//	bytes 28-99  derived like the salt
//
// So the world keeps no token, and none can be read out of it.
const (
	tokenVersion = "92_" // seen in June 2025
	tokenLength  = 136
	tokenBody    = 100 // bytes; base64url of them is cut to the length
	tokenSalt    = 16
	tokenHead    = tokenSalt + 4 + 8
	tokenMaskKey = "wxlogin access token"
)

// tokenKind is one of the two kinds of access token. They do not retire each other.
type tokenKind uint64

const (
	tokenPlain  tokenKind = iota // of /cgi-bin/token
	tokenStable                  // of /cgi-bin/stable_token
	tokenKinds
)

func (k tokenKind) String() string {
	if k == tokenStable {
		return "stable_token"
	}
	return "token"
}

// mintToken is a function of its arguments, so that a token need not be remembered to be recognised.
func mintToken(r root, tag uint32, kind tokenKind, serial uint64) string {
	n := serial*uint64(tokenKinds) + uint64(kind)
	var body [tokenBody + sha256.Size]byte // room for the last of the hashes
	salt := r.derive(labelToken, "", n)
	copy(body[:tokenSalt], salt[:])
	binary.BigEndian.PutUint32(body[tokenSalt:], tag)
	binary.BigEndian.PutUint64(body[tokenSalt+4:], n)
	maskToken(&body)
	for at, part := tokenHead, uint64(1); at < tokenBody; at, part = at+sha256.Size, part+1 {
		sum := salt.derive(labelToken, "", part)
		copy(body[at:], sum[:])
	}
	return tokenVersion + base64.RawURLEncoding.EncodeToString(body[:tokenBody])[:tokenLength-len(tokenVersion)]
}

// maskToken masks tag and number by the salt before them, or takes the mask off.
func maskToken(body *[tokenBody + sha256.Size]byte) {
	var space [len(tokenMaskKey) + tokenSalt]byte
	sum := sha256.Sum256(append(append(space[:0], tokenMaskKey...), body[:tokenSalt]...))
	subtle.XORBytes(body[tokenSalt:tokenHead], body[tokenSalt:tokenHead], sum[:])
}

// tokenOwner finds the app that a token was minted by; nil when it is none of this world's.
func (w *World) tokenOwner(token string) (owner *app, kind tokenKind, serial uint64) {
	const head = (tokenHead + 2) / 3 * 4 // characters
	rest, found := strings.CutPrefix(token, tokenVersion)
	if !found || len(token) != tokenLength {
		return nil, 0, 0
	}
	var body [tokenBody + sha256.Size]byte
	if _, err := base64.RawURLEncoding.Decode(body[:], []byte(rest[:head])); err != nil {
		return nil, 0, 0
	}
	maskToken(&body)
	tag, n := binary.BigEndian.Uint32(body[tokenSalt:]), binary.BigEndian.Uint64(body[tokenSalt+4:])
	kind, serial = tokenKind(n%uint64(tokenKinds)), n/uint64(tokenKinds)
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.tags[tag] {
		if subtle.ConstantTimeCompare([]byte(mintToken(a.root, tag, kind, serial)), []byte(token)) == 1 {
			return a, kind, serial
		}
	}
	return nil, 0, 0
}
