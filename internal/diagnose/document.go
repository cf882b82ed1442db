package diagnose

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
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
			a.add(ofDocument(v.changes, v.text)...)
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

// documentText is the document without the line end that a file has, which is no damage. In UTF-16, which has zero bytes, it is more than
// one byte, and stays.
func documentText(document []byte) string {
	if bytes.IndexByte(document, 0) >= 0 {
		return string(document)
	}
	return strings.TrimRight(string(document), "\r\n")
}

// ofDocument names what was undone to the document. A form is read like the object, and was found to be in its place.
func ofDocument(changes []change, text string) []Finding {
	var list []Finding
	for _, c := range changes {
		list = noted(list, c.id, textInField.With(textInput, c.what))
	}
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		f := newFinding("D26").saying(textForm).since(textFormLength, len(text))
		f.Fix = textReadForm.With()
		list = append(list, f)
	}
	return list
}

// stillDocument reports whether the document was not found to be the result of a call.
func (a *analysis) stillDocument() bool {
	return a.fromDocument && a.texts[fieldData] == documentText(a.in.Document)
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
	for _, v := range first(variants(fieldData, documentText(document)), maxPlain*2) {
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
	name := "encryptedData"
	if !strings.Contains(text, name+"=") {
		name = "encrypted_data"
	}
	values, err := url.ParseQuery(text[strings.IndexByte(text, '?')+1:])
	if err != nil || values.Get(name) == "" {
		return opendata.Pasted{}, false
	}
	return opendata.Pasted{
		Envelope:   opendata.Envelope{EncryptedData: values.Get(name), IV: values.Get("iv")},
		SessionKey: wechat.NewSessionKey(values.Get("session_key")),
	}, true
}

var (
	textInput      = lang.T{En: "the input", Zh: "输入"}
	textForm       = lang.T{En: "The input is the body of a form, not the JSON object of wx.*.", Zh: "输入是表单格式的请求体，而不是 wx.* 返回的 JSON 对象。"}
	textFormLength = lang.T{En: "it has %d characters, with a value of encryptedData among them", Zh: "共 %d 个字符，其中有 encryptedData 的值"}
	textReadForm   = lang.T{En: "Let a form parser take the values out of it, once, and give them as JSON, or as --data, --iv and --session-key.", Zh: "请用表单解析器取出各个值（只解码一次），再以 JSON 或 --data、--iv、--session-key 给出。"}
)
