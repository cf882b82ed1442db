package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// Export returns token keys as a JWK set (RFC 7517, section 5), for a service that opens tokens itself, or for another ring. Without
// ids it is all of them. The storage key is never among them: who opens tokens has no business in the session store. An id that is
// not a token key's is an [*UnknownKeyError], the storage key's [ErrStorageKey].
func (r *Ring) Export(ids ...string) (redact.Secret, error) {
	set := r.keys.Load()
	for _, id := range ids {
		if id == set.storage.id {
			return redact.Secret{}, fmt.Errorf("export: %w", ErrStorageKey)
		}
		if set.byID[id] == nil {
			return redact.Secret{}, &UnknownKeyError{KeyID: id}
		}
	}
	var out jose.JSONWebKeySet
	for _, key := range set.tokens {
		if len(ids) == 0 || slices.Contains(ids, key.info.ID) {
			out.Keys = append(out.Keys, jwk(key.info.ID, key.bytes))
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return redact.Secret{}, fmt.Errorf("export keys: %w", err)
	}
	return redact.NewSecret(string(data)), nil
}

// Imported are keys that were read and not yet put into a ring.
type Imported struct{ byID map[string][]byte }

// Len returns how many keys there are.
func (i Imported) Len() int { return len(i.byID) }

// errNotKeys is all that is said of a text that holds no keys: it may hold secrets of another kind.
var errNotKeys = errors.New(`not keys: want a JWK {"kty":"oct","kid":…,"k":…}, a JWK set {"keys":[…]}, or a key ring file`)

// ParseKeys reads a JWK, a JWK set, or the token keys of a key ring file, whose storage key stays out. Errors quote nothing of the
// text but key ids.
func ParseKeys(text redact.Secret) (Imported, error) {
	data := []byte(text.Reveal())
	var kind struct {
		Kty     *string          `json:"kty"`
		Keys    *json.RawMessage `json:"keys"`
		Version *int             `json:"version"`
	}
	if json.Unmarshal(data, &kind) != nil {
		return Imported{}, errNotKeys
	}
	switch {
	case kind.Version != nil:
		set, err := parseFile(data)
		if err != nil {
			return Imported{}, fmt.Errorf("the key ring file %w", err)
		}
		keys := Imported{byID: map[string][]byte{}}
		for _, key := range set.tokens {
			keys.byID[key.info.ID] = key.bytes
		}
		return keys, nil
	case kind.Keys != nil:
		var set struct{ Keys []json.RawMessage }
		if json.Unmarshal(data, &set) != nil || len(set.Keys) == 0 {
			return Imported{}, errNotKeys
		}
		return importKeys(set.Keys)
	case kind.Kty != nil:
		return importKeys([]json.RawMessage{data})
	}
	return Imported{}, errNotKeys
}

func importKeys(list []json.RawMessage) (Imported, error) {
	keys := Imported{byID: map[string][]byte{}}
	for _, raw := range list {
		var one jose.JSONWebKey
		if one.UnmarshalJSON(raw) != nil {
			return Imported{}, errNotKeys
		}
		bytes, err := octets(one)
		if err != nil {
			return Imported{}, err
		}
		switch {
		case one.Algorithm != "" && one.Algorithm != string(encryption) && one.Algorithm != string(algorithm):
			return Imported{}, fmt.Errorf("a key is for another alg than %q", encryption)
		case one.Use != "" && one.Use != "enc":
			return Imported{}, errors.New("a key is not for encryption")
		}
		if err := checkKey(one.KeyID, bytes); err != nil {
			return Imported{}, err
		}
		if _, twice := keys.byID[one.KeyID]; twice {
			return Imported{}, fmt.Errorf("key %q stands twice", one.KeyID)
		}
		keys.byID[one.KeyID] = bytes
	}
	return keys, nil
}
