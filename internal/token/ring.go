package token

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySize is that of A256GCM, in bytes.
const keySize = 32

// State is what a key is used for.
type State string

// The states. Every ring has one active token key; the others only open tokens, because they are retired or because they wait
// for their turn. The storage key, which seals what stores keep, is active.
const (
	Active   State = "active"
	Retired  State = "retired"
	Prepared State = "prepared"
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

	// Where the set came from; read is nil for a ring that is in no file.
	path string
	read func() ([]byte, error)

	mu   sync.Mutex        // guards what follows
	seen [sha256.Size]byte // of the file as it was last read, good or bad
	bad  error             // why what was last read cannot be used
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

// Active describes the key that seals new tokens.
func (r *Ring) Active() KeyInfo { return r.keys.Load().active.info }

// Key describes the token key of an id.
func (r *Ring) Key(id string) (info KeyInfo, found bool) {
	key, found := r.keys.Load().byID[id]
	if !found {
		return KeyInfo{}, false
	}
	return key.info, true
}

// Refresh reads the ring's file again, and reports whether other keys hold from now on. A file that cannot be used changes nothing:
// the keys at hand go on. A ring that is in no file never changes.
func (r *Ring) Refresh() (changed bool, err error) {
	if r.read == nil {
		return false, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	data, err := r.read()
	if err != nil {
		return false, err
	}
	hash := sha256.Sum256(data)
	if hash == r.seen {
		return false, r.bad
	}
	r.seen = hash
	set, err := parseNamed(r.path, data)
	if before := r.keys.Load().storage; err == nil && (set.storage.id != before.id || !bytes.Equal(set.storage.bytes, before.bytes)) {
		// No rotation does that: it is another ring, under which no saved session can be opened.
		err = &FileError{Path: r.path, Reason: "has another storage key than the one in use; it counts from the next start"}
	}
	if r.bad = err; err != nil {
		return false, err
	}
	r.keys.Store(set)
	return true, nil
}

// find returns a token key. An id that nobody knows may be that of a key which another process has just made, so the file is read
// before it is refused; a few microseconds, less than what a request costs anyway.
func (r *Ring) find(id string) (*tokenKey, bool) {
	key, found := r.keys.Load().byID[id]
	if found {
		return key, true
	}
	_, _ = r.Refresh() // what is wrong with the file is told to those who look after it
	key, found = r.keys.Load().byID[id]
	return key, found
}

// freshSet makes one active token key and a storage key.
func freshSet(kidPrefix string, now time.Time) (*keySet, error) {
	storage, err := newStorageKey(kidPrefix+rand.Text(), randomKey())
	if err != nil {
		return nil, err
	}
	key, err := freshKey(kidPrefix, Active, now)
	if err != nil {
		return nil, err
	}
	return newSet(storage, []*tokenKey{key})
}

func freshKey(kidPrefix string, state State, now time.Time) (*tokenKey, error) {
	info := KeyInfo{ID: kidPrefix + rand.Text(), Use: UseToken, State: state, Created: now.UTC().Truncate(time.Second)}
	return newTokenKey(info, randomKey())
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
