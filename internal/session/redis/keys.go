package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The layout. A kind of thing has a key for each thing, and one sorted set that knows all of them by the time at which they go.
// Times are in microseconds since 1970.
//
//	wxlogin:schema                           the version of this layout
//	wxlogin:session:ORIGIN APPID OPENID      hash: rev, unionid, keys (sealed), obtained, created, refreshed
//	wxlogin:sessions                         the sessions' names, by minus refreshed: the latest login comes first
//	wxlogin:claim:HASH                       "UNTIL OWNER" of a code that is being exchanged
//	wxlogin:claims                           their hashes, by until
//	wxlogin:revocation:JTI                   "AT UNTIL REASON" of a token that was ended
//	wxlogin:revocations                      their names, by until
//	wxlogin:cutoff:ORIGIN APPID OPENID       hash: before, spares (a JTI), made, until, reason; of everybody where OPENID is empty
//	wxlogin:cutoffs                          their names, by until
//	wxlogin:exchange:ORIGIN HASH             sorted set: "NUMBER OWNER OUTCOME ERRCODE APPID", by the time of the entry
//	wxlogin:exchanges                        their names, by the time of the oldest entry
//	wxlogin:exchange-number                  counts the entries, so that those of one instant stay in order
//	wxlogin:access-token:ORIGIN APPID        hash: value (sealed), obtained, expires
//	wxlogin:access-tokens                    their names, by expires
//	wxlogin:ready                            written by whoever asks whether the store can write
//
// A key that Redis lets expire by itself does so long after its time by our own clock, which alone decides: Redis only sweeps
// what no server came to sweep.
const (
	prefix = "wxlogin:"

	schemaKey = prefix + "schema"
	readyKey  = prefix + "ready"

	sessionKey    = prefix + "session:"
	sessionIndex  = prefix + "sessions"
	claimKey      = prefix + "claim:"
	claimIndex    = prefix + "claims"
	revokedKey    = prefix + "revocation:"
	revokedIndex  = prefix + "revocations"
	cutoffKey     = prefix + "cutoff:"
	cutoffIndex   = prefix + "cutoffs"
	exchangeKey   = prefix + "exchange:"
	exchangeIndex = prefix + "exchanges"
	exchangeCount = prefix + "exchange-number"
	tokenKey      = prefix + "access-token:"
	tokenIndex    = prefix + "access-tokens"
)

// name joins parts so that names sort as their parts do, part by part, and no two lists of parts read alike: the separator is a
// blank, and blanks, what sorts before them, and the escape sign itself are escaped.
func name(parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte(separator)
		}
		for j := range len(part) {
			if c := part[j]; c <= escape {
				b.WriteByte(escape)
				b.WriteByte(c + escaped)
			} else {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

const (
	separator = ' '
	escape    = '!' // the byte after the separator, so that an escaped byte sorts after the end of a part and before all others
	escaped   = '0'
)

// parts is the inverse of name.
func parts(name string, count int) ([]string, error) {
	list := strings.Split(name, string(separator))
	if len(list) != count {
		return nil, fmt.Errorf("the name %q has not %d parts", name, count)
	}
	for i, part := range list {
		var ok bool
		if list[i], ok = unescape(part); !ok {
			return nil, fmt.Errorf("the name %q is not well-formed", name)
		}
	}
	return list, nil
}

func unescape(part string) (text string, ok bool) {
	if strings.IndexFunc(part, func(r rune) bool { return r <= escape }) < 0 {
		return part, true
	}
	var b strings.Builder
	for j := 0; j < len(part); j++ {
		c := part[j]
		if c <= escape {
			if j++; c != escape || j == len(part) || part[j] < escaped || part[j] > escaped+escape {
				return "", false
			}
			c = part[j] - escaped
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

func sessionName(id session.ID) string {
	return name(string(id.Origin), string(id.AppID), string(id.OpenID))
}

func parseSessionName(text string) (session.ID, error) {
	p, err := parts(text, 3)
	if err != nil {
		return session.ID{}, err
	}
	return session.ID{Origin: wechat.Origin(p[0]), AppID: wechat.AppID(p[1]), OpenID: wechat.OpenID(p[2])}, nil
}

func hashName(hash [sha256.Size]byte) string { return hex.EncodeToString(hash[:]) }
