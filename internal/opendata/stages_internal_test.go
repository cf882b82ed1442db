package opendata

import (
	"bytes"
	"crypto/aes"
	"fmt"
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// BenchmarkStages is where the time of a line goes that is decrypted in bulk: one of 630 bytes, whose key is its own.
func BenchmarkStages(b *testing.B) {
	plain := fmt.Appendf(nil, `{"openId":"oGZUI0egBJY1zhBYw2K%09d","nickName":"微信小程序用户%08d","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",`+
		`"avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/132",`+
		`"watermark":{"timestamp":%d,"appid":"wx4f4bc4dec97d474b"}}`, 1, 1, 1477314187)
	const key = "tiihtNczf5v6AKRyjwEUhQ=="
	e, err := Seal(wechat.NewSessionKey(key), nil, plain)
	if err != nil {
		b.Fatal(err)
	}
	text := fmt.Appendf(nil, `{"session_key":"%s","iv":"%s","encryptedData":"%s"}`, key, e.IV, e.EncryptedData)
	if len(text)+1 != 630 {
		b.Fatalf("the line has %d bytes", len(text)+1)
	}
	var l Line
	if !l.Scan(text) {
		b.Fatal("not taken")
	}
	block, _ := newBlock(l.SessionKey)
	data := make([]byte, len(e.EncryptedData))
	n, _ := decode(data, nameEncryptedData, l.EncryptedData)
	var raw, iv short
	var doc document
	for _, stage := range []struct {
		name string
		run  func()
	}{
		{"line", func() { l.Scan(text) }},
		{"base64", func() {
			_ = decodeShort(&raw, nameSessionKey, l.SessionKey)
			_ = decodeShort(&iv, nameIV, l.IV)
			_, _ = decode(data, nameEncryptedData, l.EncryptedData)
		}},
		{"key", func() { _, _ = aes.NewCipher(raw[:16]) }},
		{"CBC", func() { decryptCBC(block, (*[16]byte)(iv[:]), data[:n]) }},
		{"JSON", func() { _ = doc.read(plain) }},
		{"all", func() {
			var o Opener
			l.Scan(text)
			_ = o.SetKey(l.SessionKey)
			out, _, err := o.Append(data[:0], l.IV, l.EncryptedData)
			if err != nil || !bytes.Equal(out, plain) {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(stage.name, func(b *testing.B) {
			for b.Loop() {
				stage.run()
			}
		})
	}
}
