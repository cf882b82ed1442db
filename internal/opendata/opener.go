package opendata

import (
	"crypto/cipher"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An Opener opens many envelopes under one key. After its first call it allocates nothing for payloads of one mini program, unless
// dst has to grow. It is not safe for concurrent use: give each goroutine its own.
type Opener struct {
	block cipher.Block
	doc   document
	appID wechat.AppID // of the last watermark, kept so that the next one need not be copied
}

// NewOpener expands the key. The error is a [*InputError].
func NewOpener(key wechat.SessionKey) (*Opener, error) {
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	return &Opener{block: block}, nil
}

// Append does what [Open] does and appends the plain text to dst, whose extension it returns. The payload's Plain is the appended
// part, not a copy. On an error dst comes back as it was; the bytes beyond its length are undefined.
func (o *Opener) Append(dst []byte, e Envelope) ([]byte, Payload, error) {
	out, err := decrypt(dst, o.block, e)
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
