package diagnose

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// unwrap takes the three inputs out of a whole result that was given as encryptedData, or as the document, where it belongs.
func (a *analysis) unwrap() {
	for _, v := range first(a.variants(fieldData, fieldData), maxPlain*2) {
		inside, ok := wholeResult(v.text)
		if !ok {
			continue
		}
		whole := solution{data: reading{changes: v.changes}, order: orders()[0]}
		if a.fromDocument {
			a.add(changed(whole)...)
		} else {
			f := newFinding("D26").since(textWhole, len(a.texts[fieldData]))
			if hasPhoneCode([]byte(v.text)) {
				f = f.since(textPhoneCode)
			}
			a.add(append(changed(whole), f)...)
		}
		a.take(inside)
		return
	}
}

// stillDocument reports whether the document was not found to be the result of a call.
func (a *analysis) stillDocument() bool {
	return a.fromDocument && a.texts[fieldData] == string(a.in.Document)
}

// take goes on with what stood in a whole result. What was given beside it stays.
func (a *analysis) take(inside opendata.Pasted) {
	a.texts[fieldData] = inside.EncryptedData
	if inside.IV != "" {
		a.texts[fieldIV] = inside.IV
	}
	if a.texts[fieldKey] == "" {
		a.texts[fieldKey] = inside.SessionKey.Reveal()
	}
	if a.in.RawData == "" && a.in.Signature == "" {
		a.in.RawData, a.in.Signature = inside.RawData, inside.Signature
	}
	if a.in.ErrMsg == "" {
		a.in.ErrMsg = inside.ErrMsg
	}
	clear(a.variantsOf)
	clear(a.readingsOf)
}

// Unwrap reads a document that is no plain JSON object, because it was quoted, escaped, saved as UTF-16 or sent as a form. [Data] does
// the same with [Input.Document], and says what it undid.
func Unwrap(document []byte) (opendata.Pasted, bool) {
	for _, v := range first(variants(fieldData, string(document)), maxPlain*2) {
		if inside, ok := wholeResult(v.text); ok {
			return inside, true
		}
	}
	return opendata.Pasted{}, false
}

// wholeResult reads an object of wx.* or a form that has the data in it.
func wholeResult(text string) (opendata.Pasted, bool) {
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		inside, err := opendata.ParsePasted([]byte(text))
		return inside, err == nil && (inside.EncryptedData != "" || inside.ErrMsg != "")
	}
	return formResult(text)
}

// hasPhoneCode reports whether an object has the code of a phone button in it.
func hasPhoneCode(document []byte) bool {
	const name = `"code"`
	for {
		i := bytes.Index(document, []byte(name))
		if i < 0 {
			return false
		}
		document = document[i+len(name):]
		rest := bytes.TrimLeft(document, ": \t\r\n")
		if text, _, ok := bytes.Cut(bytes.TrimPrefix(rest, []byte(`"`)), []byte(`"`)); ok && wechat.ShapeOf(string(text)) == wechat.ShapePhoneCode {
			return true
		}
	}
}

// formResult reads the body of a form.
func formResult(text string) (opendata.Pasted, bool) {
	if !strings.Contains(text, "encryptedData=") {
		return opendata.Pasted{}, false
	}
	values, err := url.ParseQuery(text[strings.IndexByte(text, '?')+1:])
	if err != nil || values.Get("encryptedData") == "" {
		return opendata.Pasted{}, false
	}
	return opendata.Pasted{
		Envelope:   opendata.Envelope{EncryptedData: values.Get("encryptedData"), IV: values.Get("iv")},
		SessionKey: wechat.NewSessionKey(values.Get("session_key")),
	}, true
}
