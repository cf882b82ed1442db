package opendata_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
)

// BenchmarkFloor is what cannot be avoided: base64 three times, the key schedule, CBC; with buffers that are reused and no check
// at all. BenchmarkOpen is to stay within 1.5 times of it in the same run.
func BenchmarkFloor(b *testing.B) {
	v := loadVector(b, "official-demo-userinfo")
	key, iv := make([]byte, 18), make([]byte, 18)
	data := make([]byte, base64.StdEncoding.DecodedLen(len(v.EncryptedData)))
	b.ReportAllocs()
	for b.Loop() {
		_, err1 := base64.StdEncoding.Decode(key, []byte(v.SessionKey))
		_, err2 := base64.StdEncoding.Decode(iv, []byte(v.IV))
		n, err3 := base64.StdEncoding.Decode(data, []byte(v.EncryptedData))
		block, err4 := aes.NewCipher(key[:16])
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			b.Fatal(err1, err2, err3, err4)
		}
		cipher.NewCBCDecrypter(block, iv[:16]).CryptBlocks(data[:n], data[:n])
	}
}

func BenchmarkOpen(b *testing.B) {
	v := loadVector(b, "official-demo-userinfo")
	key, e := v.key(), v.envelope()
	policy := opendata.Policy{AppID: v.AppID, Now: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		p, err := opendata.Open(key, e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := policy.Check(p, e, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpener(b *testing.B) {
	v := loadVector(b, "official-demo-userinfo")
	key, e := v.key(), v.envelope()
	policy := opendata.Policy{AppID: v.AppID, Now: time.Now()}
	o, iv, data := opener(b, key), []byte(e.IV), []byte(e.EncryptedData)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		out, p, err := o.Append(buf[:0], iv, data)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := policy.Check(p, e, key); err != nil {
			b.Fatal(err)
		}
		buf = out
	}
}
