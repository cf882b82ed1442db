package diagnose

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An Example is input that has one thing wrong with it, for readers to paste. Nothing in it belongs to anybody.
type Example struct {
	Flags    string // of wxlogin decrypt
	Document string // on standard input: one line of JSON
	Keys     string // the file keys.txt; empty for most
}

// The parts of all examples. Key and iv have a "+" and a "/" each; the number is one that WeChat's documentation uses.
const (
	exampleKey   = "mF+u3/QkY1pWb0aXn+7RzA=="
	exampleIV    = "Qz8+hW/1sRk7vB2dLx+c4g=="
	otherKeyText = "Hb2Vq0rT/9m+Xc5sKfLw3A=="
	exampleApp   = "wx4f4bc4dec97d474b"

	examplePhone = `{"phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86","watermark":{"timestamp":1764158340,"appid":"` + exampleApp + `"}}`
	exampleRaw   = `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/0"}`
)

// parts are the members of an example's document.
type parts struct {
	ErrMsg     string `json:"errMsg,omitempty"`
	Data       string `json:"encryptedData,omitempty"`
	IV         string `json:"iv,omitempty"`
	SessionKey string `json:"session_key,omitempty"`
}

// each changes the three texts.
func (p parts) each(change func(string) string) parts {
	return parts{Data: change(p.Data), IV: change(p.IV), SessionKey: change(p.SessionKey)}
}

func sealed(plain string) parts {
	iv, _ := base64.StdEncoding.DecodeString(exampleIV)
	envelope, err := opendata.Seal(wechat.NewSessionKey(exampleKey), iv, []byte(plain))
	if err != nil {
		panic("diagnose: internal error: the example is not sealed: " + err.Error())
	}
	return parts{Data: envelope.EncryptedData, IV: envelope.IV, SessionKey: exampleKey}
}

// Example returns an input of which this entry is the first finding; for a note, one that decrypts and is remarkable.
func (e Entry) Example() Example {
	good := sealed(examplePhone)
	flags := "--appid " + exampleApp
	switch e.ID {
	case "D31":
		return Example{flags + " --keys keys.txt", document(parts{Data: good.Data, IV: good.IV, SessionKey: otherKeyText}),
			exampleKey + " 2025-11-26T11:59:00Z\n" + otherKeyText + " 2025-11-26T12:30:00Z\n"}
	case "D36":
		return Example{Flags: "--appid wx00000000000000aa", Document: document(good)}
	case "D37":
		return Example{Flags: flags + " --max-age 5m", Document: document(good)}
	case "D38", "D39":
		return Example{Flags: flags + " --explain", Document: document(remarkable(e.ID))}
	}
	spoiled := spoiledOnTheWay(e.ID, good)
	if e.Group == GroupField {
		spoiled = misfilled(e.ID, good)
	} else if e.Group == GroupProof {
		spoiled = unfit(e.ID, good)
	}
	return Example{Flags: flags, Document: document(spoiled)}
}

func document(p parts) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p) // strings always encode
	return strings.TrimSuffix(b.String(), "\n")
}

func spoiledOnTheWay(id string, p parts) parts {
	switch id {
	case "D01":
		return p.each(func(s string) string { return strings.ReplaceAll(s, "+", " ") })
	case "D02":
		p.IV = strings.Replace(p.IV, "+", "", 1)
	case "D03":
		return p.each(url.QueryEscape)
	case "D04":
		return p.each(func(s string) string { return strings.ReplaceAll(s, "/", `\/`) })
	case "D05":
		p.IV = `"` + p.IV + `"`
	case "D06":
		return p.each(func(s string) string {
			return strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&#61;").Replace(s)
		})
	case "D07":
		p.Data = p.Data[:76] + "\r\n" + p.Data[76:152] + "\r\n" + p.Data[152:]
	case "D08":
		return p.each(func(s string) string { return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s) })
	case "D09":
		p.SessionKey = hex.EncodeToString(decoded(p.SessionKey))
	case "D10":
		p.IV = latin1(decoded(p.IV))
	case "D11":
		p.SessionKey = base64.StdEncoding.EncodeToString([]byte(p.SessionKey))
	case "D12":
		p.IV = wide(p.IV)
	case "D13":
		p.IV = strings.ToLower(p.IV)
	case "D14":
		p.SessionKey += "="
	case "D15":
		p.SessionKey = p.SessionKey[:21] + string(p.SessionKey[21]+1) + "=="
	}
	return p
}

func decoded(text string) []byte {
	raw, _ := base64.StdEncoding.DecodeString(text)
	return raw
}

// latin1 writes each byte as the character of that number.
func latin1(raw []byte) string {
	runes := make([]rune, len(raw))
	for i, c := range raw {
		runes[i] = rune(c)
	}
	return string(runes)
}

// wide is the text in UTF-16, little-endian, read as if each byte were a character.
func wide(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func misfilled(id string, p parts) parts {
	switch id {
	case "D20":
		p.IV, p.Data = p.Data, p.IV
	case "D21":
		p.IV, p.SessionKey = p.SessionKey, p.IV
	case "D22":
		p.SessionKey = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	case "D23":
		p.SessionKey = "undefined"
	case "D24":
		p.SessionKey = "mock_session_key_1"
	case "D25":
		p.Data = exampleRaw
	case "D26":
		whole, _ := json.Marshal(parts{ErrMsg: "getPhoneNumber:ok", Data: p.Data, IV: p.IV})
		p.Data = string(whole)
	case "D27":
		p = parts{ErrMsg: "getPhoneNumber:fail user deny"}
	case "D28":
		p = sealed(`{"phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86","watermark":{"appid":"tt07e3715e98c9aac0","timestamp":1764158340}}`)
	case "D29":
		p.Data = "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[" + p.Data + "]]></Encrypt></xml>"
	}
	return p
}

func unfit(id string, p parts) parts {
	switch id {
	case "D30":
		p.SessionKey = otherKeyText
	case "D32":
		p.IV = otherKeyText
	case "D33":
		p.Data = p.Data[:128]
	case "D34":
		p.Data = p.Data[:50] + "AAAA" + p.Data[54:]
	case "D35":
		p.Data += p.Data
	case "D40":
		p.SessionKey = exampleKey[:22] + otherKeyText[:10]
	case "D41":
		block, err := aes.NewCipher(decoded(p.SessionKey))
		if err != nil {
			panic("diagnose: internal error: the key of the example is none: " + err.Error())
		}
		plain := []byte(examplePhone)
		plain = append(plain, make([]byte, blockSize-len(plain)%blockSize)...)
		cipher.NewCBCEncrypter(block, decoded(p.IV)).CryptBlocks(plain, plain)
		p.Data = base64.StdEncoding.EncodeToString(plain)
	}
	return p
}

// remarkable is data that decrypts, and that people ask about.
func remarkable(id string) parts {
	if id == "D38" {
		return sealed(`{"nickName":"微信用户","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/0/132","watermark":{"timestamp":1764158340,"appid":"` + exampleApp + `"}}`)
	}
	return sealed(`{"phoneNumber":"+85298765432","purePhoneNumber":"98765432","countryCode":"852","watermark":{"timestamp":1764158340,"appid":"` + exampleApp + `"}}`)
}
