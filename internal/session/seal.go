package session

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Sealer encrypts what a store writes. The context is authenticated with it: what was sealed with one context does not
// unseal with another.
type Sealer interface {
	Seal(plain, context []byte) ([]byte, error)
	Unseal(sealed, context []byte) ([]byte, error)
}

// An UnsealError says that a stored session cannot be read with the key ring at hand. Other sessions are not affected, and the
// user's next login replaces the keys.
type UnsealError struct {
	ID  ID
	Err error // of the Sealer
}

func (e *UnsealError) Error() string {
	return fmt.Sprintf("session of %s cannot be unsealed, the key ring has changed since it was saved: %v", e.ID, e.Err)
}

// Unwrap returns the Sealer's error.
func (e *UnsealError) Unwrap() error { return e.Err }

// sealedKeys is the plaintext under the seal. Its times are in microseconds since 1970.
type sealedKeys struct {
	Key      string        `json:"k"`
	Previous []sealedEntry `json:"p,omitempty"`
}

type sealedEntry struct {
	Key      string `json:"k"`
	Obtained int64  `json:"o"`
	Replaced int64  `json:"r"`
}

// SealKeys seals the session's keys, current and previous, bound to its ID.
func SealKeys(sealer Sealer, s Session) ([]byte, error) {
	keys := sealedKeys{Key: s.Key.Reveal()}
	for _, p := range s.Previous {
		keys.Previous = append(keys.Previous, sealedEntry{p.Key.Reveal(), p.Obtained.UnixMicro(), p.Replaced.UnixMicro()})
	}
	plain, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("seal session of %s: %w", s.ID, err)
	}
	sealed, err := sealer.Seal(plain, sealContext(s.ID))
	if err != nil {
		return nil, fmt.Errorf("seal session of %s: %w", s.ID, err)
	}
	return sealed, nil
}

// UnsealKeys puts the keys that [SealKeys] sealed into s, whose ID must be set. The error is an [*UnsealError].
func UnsealKeys(sealer Sealer, s *Session, sealed []byte) error {
	plain, err := sealer.Unseal(sealed, sealContext(s.ID))
	if err != nil {
		return &UnsealError{ID: s.ID, Err: err}
	}
	var keys sealedKeys
	if err := json.Unmarshal(plain, &keys); err != nil {
		// The JSON error may quote what it could not read, which is a key.
		return &UnsealError{ID: s.ID, Err: fmt.Errorf("%d sealed bytes are not of the known form", len(plain))}
	}
	s.Key, s.Previous = wechat.NewSessionKey(keys.Key), nil
	for _, p := range keys.Previous {
		s.Previous = append(s.Previous, PreviousKey{
			Key:      wechat.NewSessionKey(p.Key),
			Obtained: time.UnixMicro(p.Obtained).UTC(),
			Replaced: time.UnixMicro(p.Replaced).UTC(),
		})
	}
	return nil
}

// sealContext binds sealed keys to their session and to this use of the storage key. Lengths keep two IDs from reading alike.
func sealContext(id ID) []byte {
	return fmt.Appendf(nil, "wxlogin session 1 %d %d %d %s%s%s",
		len(id.Origin), len(id.AppID), len(id.OpenID), id.Origin, id.AppID, id.OpenID)
}
