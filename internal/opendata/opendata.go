// Package opendata reads and writes what WeChat hands a mini program as encryptedData (open data, 开放数据): AES-128-CBC under
// the user's session_key, PKCS#7 to 16 bytes, all three texts in standard base64, the plain text one line of UTF-8 JSON.
//
// CBC carries no authentication. Who holds an envelope can change its plain text without the key: an altered iv changes the first
// 16 bytes at will, an altered block garbles itself and changes the next one at will. [Open] refuses whatever is no longer strict
// JSON, and [Policy.Check] compares the watermark and the signature, but none of that proves that the bytes are WeChat's. What
// matters (the openid, a phone number that opens doors) is to be taken from WeChat's server API.
//
// The package neither repairs damaged input nor guesses at keys, and it calls nobody.
//
// Source: developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html, read in November 2026, with the samples
// in testdata/vectors.
package opendata

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An Envelope is what a wx.* call hands to success, as far as it concerns encryption; field names are WeChat's.
type Envelope struct {
	EncryptedData string `json:"encryptedData"`       // standard base64 of whole blocks of 16 bytes
	IV            string `json:"iv"`                  // standard base64 of 16 bytes
	RawData       string `json:"rawData,omitempty"`   // JSON in the clear; comes with Signature
	Signature     string `json:"signature,omitempty"` // see [Sign]
}

// A Payload is an opened envelope.
type Payload struct {
	Kind      Kind
	Plain     []byte    // WeChat's own bytes, without the padding
	Watermark Watermark // Present is false when WeChat sent none
}

// JSON returns the payload as one JSON value: Plain itself, or for [KindText] a JSON string.
func (p Payload) JSON() []byte {
	if p.Kind != KindText {
		return p.Plain
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(string(p.Plain)); err != nil {
		panic("opendata: internal error: a string does not encode: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// A Watermark says for which mini program and when WeChat made the data.
type Watermark struct {
	Present   bool
	AppID     wechat.AppID // as sent: its shape is not checked
	Timestamp time.Time    // UTC, whole seconds
}

// Open decrypts and validates e. It never returns part of a payload: the error is a [*InputError] (which of the three inputs is
// malformed, and where), [ErrPadding] (the key does not fit, or the data was altered) or a [*PlaintextError] (decrypted, but not to
// what WeChat sends). None of them holds a secret.
//
// These errors tell a stranger apart what he must not learn, so a server answers all of them alike; whether the watermark and the
// signature are right is for [Policy.Check] to say.
func Open(key wechat.SessionKey, e Envelope) (Payload, error) {
	block, err := newBlock(key.Reveal())
	if err != nil {
		return Payload{}, err
	}
	plain, err := decrypt(make([]byte, 0, base64.StdEncoding.DecodedLen(len(e.EncryptedData))), block, e.IV, e.EncryptedData)
	if err != nil {
		return Payload{}, err
	}
	var doc document
	if err := doc.read(plain); err != nil {
		return Payload{}, err
	}
	return Payload{Kind: doc.kind, Plain: plain, Watermark: doc.watermark("")}, nil
}
