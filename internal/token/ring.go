package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySize is that of A256GCM, in bytes.
const keySize = 32

// State is what a key is used for.
type State string

// The states. Every ring has one active token key; a retired one only opens tokens; the storage key seals what stores keep.
const (
	Active  State = "active"
	Retired State = "retired"
)

// Use is which of a ring's two jobs a key does.
type Use string

// The uses.
const (
	UseToken   Use = "token"
	UseStorage Use = "storage"
)

// KeyInfo describes a key without its bytes.
type KeyInfo struct {
	ID        string    `json:"id"`
	Use       Use       `json:"use"`
	State     State     `json:"state"`
	Created   time.Time `json:"created,omitzero"` // zero for the storage key: the file does not tell
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// A Ring holds the keys that login tokens are made and opened with, and the storage key. It is safe for concurrent use.
type Ring struct {
	// An immutable set, swapped as a whole, so that a changed file can be taken up while tokens are opened.
	keys atomic.Pointer[keySet]
}

type keySet struct {
	storage storageKey
	tokens  []*tokenKey // newest first
	active  *tokenKey
	byID    map[string]*tokenKey
}

type tokenKey struct {
	info      KeyInfo
	bytes     []byte
	encrypter jose.Encrypter
}

type storageKey struct {
	id    string
	bytes []byte
	aead  cipher.AEAD
}

// NewRing returns a ring of fresh keys that exists in memory only. The ids of its keys start with kidPrefix: "mock-" for a
// simulation, so that everybody sees where its tokens come from, and "" otherwise.
func NewRing(kidPrefix string) (*Ring, error) {
	set, err := freshSet(kidPrefix, time.Now())
	if err != nil {
		return nil, fmt.Errorf("new key ring: %w", err)
	}
	return newRing(set), nil
}

func newRing(set *keySet) *Ring {
	r := &Ring{}
	r.keys.Store(set)
	return r
}

// Keys describes the token keys, newest first, and then the storage key.
func (r *Ring) Keys() []KeyInfo {
	set := r.keys.Load()
	infos := make([]KeyInfo, 0, len(set.tokens)+1)
	for _, key := range set.tokens {
		infos = append(infos, key.info)
	}
	return append(infos, KeyInfo{ID: set.storage.id, Use: UseStorage, State: Active})
}

// freshSet makes one active token key and a storage key.
func freshSet(kidPrefix string, now time.Time) (*keySet, error) {
	storage, err := newStorageKey(kidPrefix+rand.Text(), randomKey())
	if err != nil {
		return nil, err
	}
	info := KeyInfo{ID: kidPrefix + rand.Text(), Use: UseToken, State: Active, Created: now.UTC().Truncate(time.Second)}
	key, err := newTokenKey(info, randomKey())
	if err != nil {
		return nil, err
	}
	return newSet(storage, []*tokenKey{key})
}

// newSet checks what must hold of every ring: one active key, and no id twice.
func newSet(storage storageKey, tokens []*tokenKey) (*keySet, error) {
	set := &keySet{storage: storage, byID: map[string]*tokenKey{}, tokens: slices.Clone(tokens)}
	for _, key := range tokens {
		if set.byID[key.info.ID] != nil {
			return nil, fmt.Errorf("key %q stands twice", key.info.ID)
		}
		set.byID[key.info.ID] = key
		if key.info.State != Active {
			continue
		}
		if set.active != nil {
			return nil, errors.New("more than one token key is active")
		}
		set.active = key
	}
	if set.active == nil {
		return nil, errors.New("no token key is active")
	}
	slices.SortStableFunc(set.tokens, func(a, b *tokenKey) int { return b.info.Created.Compare(a.info.Created) })
	return set, nil
}

func newTokenKey(info KeyInfo, key []byte) (*tokenKey, error) {
	if err := checkKey(info.ID, key); err != nil {
		return nil, err
	}
	encrypter, err := jose.NewEncrypter(encryption, jose.Recipient{Algorithm: algorithm, Key: key, KeyID: info.ID},
		(&jose.EncrypterOptions{}).WithType(tokenType))
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", info.ID, err)
	}
	return &tokenKey{info: info, bytes: key, encrypter: encrypter}, nil
}

func newStorageKey(id string, key []byte) (storageKey, error) {
	if err := checkKey(id, key); err != nil {
		return storageKey{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return storageKey{}, fmt.Errorf("storage key: %w", err)
	}
	// 96-bit nonces at random are good for 2^32 seals under one key (NIST SP 800-38D, section 8.3).
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return storageKey{}, fmt.Errorf("storage key: %w", err)
	}
	return storageKey{id: id, bytes: key, aead: aead}, nil
}

func checkKey(id string, key []byte) error {
	switch {
	case !isKeyID(id):
		return fmt.Errorf("a kid is not 1 to %d characters of A-Z a-z 0-9 _ -", maxKeyID)
	case len(key) != keySize:
		return fmt.Errorf("key %q has %d bytes, not %d", id, len(key), keySize)
	}
	return nil
}

func randomKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}
