package token

import (
	"fmt"
	"slices"
)

// A sealed value is a version byte, the length of the storage key's id, the id, a nonce, the ciphertext and its tag. The
// bytes before the nonce are authenticated together with the caller's context.
const sealVersion = 1

// Seal encrypts plain with AES-256-GCM under the storage key. The context, which is not stored, must be given again to
// [Ring.Unseal]: it binds the value to the place where it is kept.
func (r *Ring) Seal(plain, context []byte) ([]byte, error) {
	key := r.keys.Load().storage
	sealed := append([]byte{sealVersion, byte(len(key.id))}, key.id...)
	return key.aead.Seal(sealed, nil, plain, slices.Concat(sealed, context)), nil
}

// Unseal opens what [Ring.Seal] sealed with the same context. The error is an [*UnknownKeyError] when another storage key
// sealed it, and otherwise wraps [ErrTampered].
func (r *Ring) Unseal(sealed, context []byte) ([]byte, error) {
	key := r.keys.Load().storage
	if len(sealed) < 2 || sealed[0] != sealVersion || len(sealed) < 2+int(sealed[1]) {
		return nil, fmt.Errorf("sealed value %w", ErrTampered)
	}
	head := sealed[:2+int(sealed[1])]
	if id := string(head[2:]); id != key.id {
		return nil, &UnknownKeyError{KeyID: id}
	}
	plain, err := key.aead.Open(nil, nil, sealed[len(head):], slices.Concat(head, context))
	if err != nil {
		return nil, fmt.Errorf("sealed value %w", ErrTampered)
	}
	return plain, nil
}
