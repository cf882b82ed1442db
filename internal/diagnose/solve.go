package diagnose

import (
	"crypto/aes"
	"slices"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An order says which input is read as which.
type order struct {
	id            string // of the finding when this order is the right one
	key, iv, data field
}

// orders are the six ways to fill three places, the right one first.
func orders() []order {
	return []order{
		{"", fieldKey, fieldIV, fieldData},
		{"D20", fieldKey, fieldData, fieldIV},
		{"D21", fieldIV, fieldKey, fieldData},
		{"D20", fieldData, fieldIV, fieldKey},
		{"D20", fieldIV, fieldData, fieldKey},
		{"D20", fieldData, fieldKey, fieldIV},
	}
}

// A solution is a reading of each input that decrypts together.
type solution struct {
	key, iv, data reading
	order         order
	payload       opendata.Payload
	doubtful      bool // the iv can be read otherwise as well: nobody can tell what the first 16 bytes of the text say
}

func (s solution) envelope() opendata.Envelope {
	return opendata.Envelope{EncryptedData: s.data.text, IV: s.iv.text}
}

func (s solution) sessionKey() wechat.SessionKey { return wechat.NewSessionKey(s.key.text) }

// unchanged is the solution without its changes, where somebody else tells of them.
func (s solution) unchanged() solution {
	s.key.changes, s.iv.changes, s.data.changes = nil, nil, nil
	return s
}

// maxOpens bounds how often whole data is decrypted in the search for a solution.
const maxOpens = 4096

// maxData bounds how many readings of the data are looked at.
const maxData = 8

// A pairing is a key and data that seem to belong together.
type pairing struct{ key, data reading }

// solve looks for readings that decrypt, the fewest changes first.
func solve(keys, ivs, datas []reading, o order, openID wechat.OpenID) (solution, bool) {
	opens := 0
	for _, p := range pairings(keys, datas) {
		block, err := aes.NewCipher(p.key.raw)
		if err != nil || opens > maxOpens {
			continue
		}
		var found []solution
		for _, iv := range ivs {
			if !lookOf(rawBlock(block, iv.raw, p.data.raw, 0)).isText() {
				continue
			}
			if opens++; opens > maxOpens {
				break
			}
			s := solution{key: p.key, iv: iv, data: p.data, order: o}
			payload, err := opendata.Open(s.sessionKey(), s.envelope())
			if err != nil {
				continue
			}
			if s.payload = payload; !convincing(s) {
				continue
			}
			if found = append(found, s); s.settled(openID) && s.closed(openID) {
				break
			}
		}
		if len(found) > 0 {
			return likeliest(found, openID), true
		}
	}
	return solution{}, false
}

// pairings returns the keys and data that fit, the fewest changes first.
func pairings(keys, datas []reading) []pairing {
	var list []pairing
	for _, data := range datas[:min(len(datas), maxData)] {
		for _, key := range keys {
			if fits(key.raw, data.raw) {
				list = append(list, pairing{key, data})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b pairing) int {
		return len(a.key.changes) + len(a.data.changes) - len(b.key.changes) - len(b.data.changes)
	})
	return list
}

// fits reports whether the blocks that do not depend on the iv look like a whole payload: text in the second, padding in the last.
// One block alone says nothing without the iv, and is let through.
func fits(key, data []byte) bool {
	count := len(data) / blockSize
	if count == 1 {
		return true
	}
	block, err := aes.NewCipher(key)
	return err == nil && lookOf(rawBlock(block, nil, data, 1)).isText() && lookOf(rawBlock(block, nil, data, count-1)) == BlockPadding
}

// convincing reports whether a solution is no accident. JSON never is. A bare text has no form to recognise it by: random bytes pass
// for one with a probability of 1e-8, and a search looks at many. So a text that was searched for has to be an identifier, as
// the one that WeChat documents is.
func convincing(s solution) bool {
	if s.payload.Kind != opendata.KindText || s.order.id == "" && len(s.key.changes)+len(s.iv.changes)+len(s.data.changes) == 0 {
		return true
	}
	for _, c := range s.payload.Plain {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
