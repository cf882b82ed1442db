package opendata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Pasted is what people have at hand when data does not decrypt: the object that wx.* handed to success, or the whole event of a
// button with it as "detail", with whatever they added of session_key, openid and appid.
type Pasted struct {
	Envelope
	SessionKey wechat.SessionKey // empty when the object has none
	KeyEmpty   bool              // it has one, which is empty: whoever wrote it had none to give
	OpenID     wechat.OpenID     // likewise
	AppID      wechat.AppID
	ErrMsg     redact.Untrusted // "getPhoneNumber:ok"; a refusal has no data
}

// A PastedError says why input is not such an object. It holds none of it.
type PastedError struct {
	Field  string // the member at fault, in WeChat's spelling; empty where the whole is
	Reason string // completes the sentence "the input …", or "FIELD …"
	Pos    int64  // index of the byte at fault, from 0; -1 where no single one is
	Form   Form   // of the whole input, where it is known
}

func (e *PastedError) Error() string {
	subject := "the input"
	if e.Field != "" {
		subject = fmt.Sprintf("%q", e.Field)
	}
	if e.Pos >= 0 {
		return fmt.Sprintf("%s %s (byte %d, counted from 0)", subject, e.Reason, e.Pos)
	}
	return subject + " " + e.Reason
}

// ParsePasted reads one JSON object. A byte order mark in front is skipped. The error is a [*PastedError].
//
// Names are matched in any case, and with underscores: other stacks serialise EncryptedData, encrypteddata or encrypted_data, and an
// openid is an openId where WeChat encrypts it. Two spellings of one member, or one spelling twice, must agree; which of two keys was meant is not guessed.
func ParsePasted(data []byte) (Pasted, error) {
	body := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	start := int64(len(data) - len(body))
	switch {
	case len(body) == 0:
		return Pasted{}, &PastedError{Reason: "is empty", Pos: -1}
	case body[0] != '{':
		return Pasted{}, &PastedError{Reason: `is not a JSON object: it does not start with "{"`, Pos: start, Form: formOf(body, 0)}
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return Pasted{}, malformed(err, start, body)
	}
	outside, detail, err := readMembers(whole, "")
	if err != nil {
		return Pasted{}, err
	}
	var inside members
	if detail != nil { // of an event; its own "detail", if it has one, is nothing of WeChat's
		if inside, _, err = readMembers(detail, "detail."); err != nil {
			return Pasted{}, err
		}
	}
	return join(outside, inside), nil
}

// malformed keeps the position and leaves the character, which encoding/json quotes.
func malformed(err error, start int64, body []byte) *PastedError {
	e := &PastedError{Reason: "is not well-formed JSON", Pos: -1}
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		e.Pos = start + max(0, at.Offset-1)
		e.Form = formOf(body, int(e.Pos-start))
	}
	return e
}

// members are the texts of an object that mean something here, by WeChat's names.
type members map[string]string

// nameOf returns WeChat's name of a member; "" for one that means nothing here.
func nameOf(spelling string) string {
	switch strings.ToLower(spelling) {
	case "encrypteddata", "encrypted_data":
		return "encryptedData"
	case "rawdata", "raw_data":
		return "rawData"
	case "session_key", "sessionkey":
		return "session_key"
	case "errmsg":
		return "errMsg"
	case "iv": // a constant, and not the result of ToLower: it would keep the argument from the stack
		return "iv"
	case "signature":
		return "signature"
	case "openid":
		return "openid"
	case "appid":
		return "appid"
	case "detail":
		return "detail"
	}
	return ""
}

// readMembers reads a well-formed object that stands at the place that prefix names. The detail is nil when there is none.
func readMembers(object json.RawMessage, prefix string) (found members, detail json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace; nothing here can fail, because the whole was found to be well-formed
	found = members{}
	for decoder.More() {
		spelling, _ := decoder.Token()
		var value json.RawMessage
		_ = decoder.Decode(&value)
		name := nameOf(fmt.Sprint(spelling))
		switch {
		case name == "", value[0] == 'n': // null is how some serialisers write absence
		case name == "detail":
			if prefix == "" && value[0] != '{' {
				return nil, nil, &PastedError{Field: name, Reason: "is " + kindOfJSON(value) + ", not an object", Pos: -1}
			}
			if detail != nil && !bytes.Equal(detail, value) {
				return nil, nil, repeated(name)
			}
			detail = value
		case value[0] != '"':
			return nil, nil, &PastedError{Field: prefix + name, Reason: "is " + kindOfJSON(value) + ", not a string", Pos: -1}
		default:
			var text string
			_ = json.Unmarshal(value, &text)
			if earlier, twice := found[name]; twice && earlier != text {
				return nil, nil, repeated(prefix + name)
			}
			found[name] = text
		}
	}
	return found, detail, nil
}

func repeated(field string) *PastedError {
	return &PastedError{Field: field, Reason: "is given more than once, with different values", Pos: -1}
}

// kindOfJSON names the kind of a value that is not null.
func kindOfJSON(value json.RawMessage) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

// join prefers what stands outside over what stands in "detail". What belongs together is taken from one place: an iv of one
// call and the data of another decrypt to nothing, and a rawData is verified by its own signature only.
func join(outside, inside members) Pasted {
	pick := func(names ...string) members {
		for _, name := range names {
			if outside[name] != "" {
				return outside
			}
		}
		return inside
	}
	data, signed := pick("encryptedData", "iv"), pick("rawData", "signature")
	key := pick("session_key")["session_key"]
	_, given := outside["session_key"]
	_, within := inside["session_key"]
	return Pasted{
		Envelope: Envelope{
			EncryptedData: data["encryptedData"], IV: data["iv"],
			RawData: signed["rawData"], Signature: signed["signature"],
		},
		SessionKey: wechat.NewSessionKey(key),
		KeyEmpty:   (given || within) && key == "",
		OpenID:     wechat.OpenID(pick("openid")["openid"]),
		AppID:      wechat.AppID(pick("appid")["appid"]),
		ErrMsg:     redact.Untrusted(pick("errMsg")["errMsg"]),
	}
}
