package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// fileVersion is the version of keys.json that is written, and the newest that is read.
const fileVersion = 1

// fileJSON is keys.json. The keys are JWKs (RFC 7517) of kty "oct". A retired key without a time has never been active: it is
// prepared for the next rotation.
type fileJSON struct {
	Version int             `json:"version"`
	Storage jose.JSONWebKey `json:"storage"`
	Tokens  []fileToken     `json:"tokens"`
}

type fileToken struct {
	Key       jose.JSONWebKey `json:"key"`
	State     State           `json:"state"`
	Created   time.Time       `json:"created"`
	RetiredAt time.Time       `json:"retired_at,omitzero"`
}

// parseFile reads keys.json. Its errors complete the sentence "key ring PATH …" and quote nothing of the file but key ids.
func parseFile(data []byte) (*keySet, error) {
	var version struct {
		Version int `json:"version"`
	}
	switch err := json.Unmarshal(data, &version); {
	case err != nil:
		return nil, errors.New("is not a JSON object with a version")
	case version.Version < 1:
		return nil, errors.New("has no version")
	case version.Version > fileVersion:
		return nil, newerError(version.Version)
	}
	var file fileJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, errors.New("is malformed: it is not the JSON that version 1 has")
	}
	set, err := file.keySet()
	if err != nil {
		return nil, fmt.Errorf("is malformed: %w", err)
	}
	return set, nil
}

// A newerError is the version of a file that is newer than this program.
type newerError int

func (e newerError) Error() string {
	return fmt.Sprintf("is of version %d, this program reads up to %d: use a newer wxlogin", int(e), fileVersion)
}

func (e newerError) Is(target error) bool { return target == ErrNewer }

func (f fileJSON) keySet() (*keySet, error) {
	storageBytes, err := octets(f.Storage)
	if err != nil {
		return nil, err
	}
	storage, err := newStorageKey(f.Storage.KeyID, storageBytes)
	if err != nil {
		return nil, err
	}
	var tokens []*tokenKey
	for _, t := range f.Tokens {
		if t.State != Active && t.State != Retired {
			return nil, errors.New(`the state of a key is neither "active" nor "retired"`)
		}
		key, err := octets(t.Key)
		if err != nil {
			return nil, err
		}
		info := KeyInfo{ID: t.Key.KeyID, Use: UseToken, State: t.State, Created: t.Created.UTC(), RetiredAt: t.RetiredAt.UTC()}
		if t.State == Retired && t.RetiredAt.IsZero() {
			info.State = Prepared
		}
		token, err := newTokenKey(info, key)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return newSet(storage, tokens)
}

func octets(key jose.JSONWebKey) ([]byte, error) {
	bytes, isBytes := key.Key.([]byte)
	if !isBytes {
		return nil, errors.New(`a key is not of kty "oct"`)
	}
	return bytes, nil
}

func encodeFile(set *keySet) ([]byte, error) {
	file := fileJSON{Version: fileVersion, Storage: jwk(set.storage.id, set.storage.bytes)}
	for _, key := range set.tokens {
		state := key.info.State
		if state == Prepared {
			state = Retired
		}
		file.Tokens = append(file.Tokens, fileToken{
			Key: jwk(key.info.ID, key.bytes), State: state, Created: key.info.Created, RetiredAt: key.info.RetiredAt,
		})
	}
	data, err := json.MarshalIndent(file, "", "  ")
	return append(data, '\n'), err
}

func jwk(id string, key []byte) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(encryption), Use: "enc"}
}
