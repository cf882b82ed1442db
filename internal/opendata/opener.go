package opendata

import (
	"crypto/cipher"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An Opener opens many envelopes. After its first call it allocates nothing for payloads of one mini program, unless dst has to grow
// or the key changes. It is not safe for concurrent use: give each goroutine its own. The zero Opener wants [Opener.SetKey] first.
type Opener struct {
	block cipher.Block
	key   [keyTextLen]byte // the text of the key that block is of
	doc   document
	appID wechat.AppID // of the last watermark, kept so that the next one need not be copied
}

// keyTextLen is the length of a session_key in base64.
const keyTextLen = 24

// SetKey changes the key, given as its base64 text. The error is a [*InputError]; the key is then as it was.
func (o *Opener) SetKey(key []byte) error {
	if o.block != nil && string(key) == string(o.key[:]) { // the next line of a log is often of the same user
		return nil
	}
	block, err := newBlock(key)
	if err != nil {
		return err
	}
	o.block = block
	copy(o.key[:], key)
	return nil
}

// Append does what [Open] does, for texts that are parts of a buffer, and appends the plain text to dst, whose extension it returns. The
// payload's Plain is the appended part, not a copy. On an error dst comes back as it was; the bytes beyond its length are undefined.
func (o *Opener) Append(dst, iv, encryptedData []byte) ([]byte, Payload, error) {
	out, err := decrypt(dst, o.block, iv, encryptedData)
	if err != nil {
		return dst, Payload{}, err
	}
	plain := out[len(dst):]
	if err := o.doc.read(plain); err != nil {
		return dst, Payload{}, err
	}
	mark := o.doc.watermark(o.appID)
	if mark.Present {
		o.appID = mark.AppID
	}
	return out, Payload{Kind: o.doc.kind, Plain: plain, Watermark: mark}, nil
}
