package opendata

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"slices"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Seal encrypts plain as WeChat does; the simulation and tests use it. iv is 16 bytes, or nil for random ones. Any plain text is
// taken, also one that [Open] refuses. The error is a [*InputError].
func Seal(key wechat.SessionKey, iv, plain []byte) (Envelope, error) {
	block, err := newBlock(key.Reveal())
	if err != nil {
		return Envelope{}, err
	}
	if iv == nil {
		iv = make([]byte, wechat.IVSize)
		_, _ = rand.Read(iv) // never fails: it ends the program instead
	}
	if len(iv) != wechat.IVSize {
		return Envelope{}, &InputError{Field: nameIV, Reason: ReasonSize, Pos: -1, Len: base64.StdEncoding.EncodedLen(len(iv)), Size: len(iv)}
	}
	data := bytes.Clone(plain)
	data = pad(slices.Clip(data))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return Envelope{
		EncryptedData: base64.StdEncoding.EncodeToString(data),
		IV:            base64.StdEncoding.EncodeToString(iv),
	}, nil
}
