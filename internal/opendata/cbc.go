package opendata

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newBlock returns the key schedule of key. The decoded key lives on the stack only.
func newBlock[T text](key T) (cipher.Block, error) {
	var raw short
	if err := decodeShort(&raw, nameSessionKey, key); err != nil {
		return nil, err
	}
	return aes.NewCipher(raw[:wechat.SessionKeySize])
}

// decrypt appends the plain text of an envelope to dst, without its padding, and returns the extended slice.
func decrypt[T text](dst []byte, block cipher.Block, iv, encryptedData T) ([]byte, error) {
	var start short
	if err := decodeShort(&start, nameIV, iv); err != nil {
		return nil, err
	}
	room := base64.StdEncoding.DecodedLen(len(encryptedData))
	dst = slices.Grow(dst, room)
	data := dst[len(dst) : len(dst)+room]
	n, err := decode(data, nameEncryptedData, encryptedData)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, describe(nameEncryptedData, "")
	case n%aes.BlockSize != 0:
		return nil, &InputError{Field: nameEncryptedData, Reason: ReasonBlocks, Pos: -1, Len: len(encryptedData), Size: n}
	}
	data = data[:n]
	decryptCBC(block, (*[aes.BlockSize]byte)(start[:]), data)
	plain, err := unpad(data)
	if err != nil {
		return nil, err
	}
	return dst[:len(dst)+len(plain)], nil
}

// decryptCBC decrypts whole blocks in place. It goes backwards, so that each block finds the cipher text before it untouched.
//
// cipher.NewCBCDecrypter would do, but it copies the key schedule to the heap for every message, and to start it over with another
// iv is not part of its interface.
func decryptCBC(block cipher.Block, iv *[aes.BlockSize]byte, data []byte) {
	for end := len(data); end > 0; end -= aes.BlockSize {
		this := data[end-aes.BlockSize : end]
		before := iv
		if end > aes.BlockSize {
			before = (*[aes.BlockSize]byte)(data[end-2*aes.BlockSize:])
		}
		block.Decrypt(this, this)
		xor((*[aes.BlockSize]byte)(this), before)
	}
}

// xor adds the block b to the block a.
func xor(a, b *[aes.BlockSize]byte) {
	le := binary.LittleEndian
	le.PutUint64(a[:8], le.Uint64(a[:8])^le.Uint64(b[:8]))
	le.PutUint64(a[8:], le.Uint64(a[8:])^le.Uint64(b[8:]))
}
