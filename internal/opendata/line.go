package opendata

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Line is one JSON object of a stream of them, in the form that programs write: what [ParsePasted] takes, found in one pass and
// without a copy. Its members are parts of the text, or of room that the Line keeps for those that were escaped, and last until the
// next Scan. It holds a session_key, so it is never printed.
type Line struct {
	SessionKey, IV, EncryptedData []byte // not looked at: they may be anything but base64
	RawData, Signature            []byte
	OpenID, AppID, ErrMsg         []byte
	Others                        []byte // with KeepOthers: the members but for the first five, as they stand in the text, with commas between

	KeepOthers bool

	seen uint8
	room []byte
}

// The members of a Line, a bit each.
const (
	lineSessionKey uint8 = 1 << iota
	lineIV
	lineEncryptedData
	lineRawData
	lineSignature
	lineOpenID
	lineAppID
	lineErrMsg

	lineBase64 = lineSessionKey | lineIV | lineEncryptedData
	linePublic = lineOpenID | lineAppID | lineErrMsg
)

// Scan reads text. It reports false for what it does not take, which is malformed, or only unusual: another spelling of a name, a
// member given twice, a whole event with a "detail". That is for [ParsePasted] to say. What both take, they read alike, but for the
// three parts that have to be base64: of those Scan finds the end and no more, because decoding sees every character anyway.
func (l *Line) Scan(text []byte) bool {
	*l = Line{KeepOthers: l.KeepOthers, Others: l.Others[:0], room: l.room[:0]}
	i := space(text, 0)
	if i == len(text) || text[i] != '{' {
		return false
	}
	var r Reason
	for i, more := open(text, i, '}'); ; i, more, r = next(text, i, '}') {
		if r != "" {
			return false
		}
		if !more {
			return space(text, i) == len(text)
		}
		start := i
		end, at, r := name(text, i)
		if r != "" {
			return false
		}
		if i = l.member(text, start, end, at); i < 0 {
			return false
		}
	}
}

// member reads the member whose name is text[start:nameEnd] and whose value is at at. It returns the index after it, -1 for what is not
// taken.
func (l *Line) member(text []byte, start, nameEnd, at int) int {
	to, bit := l.place(text[start+1 : nameEnd-1])
	if to == nil {
		return l.other(text, start, nameEnd, at)
	}
	if l.seen&bit != 0 || at >= len(text) || text[at] != '"' {
		return -1
	}
	l.seen |= bit
	size := bytes.IndexByte(text[at+1:], '"')
	if size < 0 {
		return -1
	}
	if bit&lineBase64 != 0 && bytes.IndexByte(text[at+1:at+1+size], '\\') < 0 {
		*to = text[at+1 : at+1+size]
		return at + size + 2
	}
	end, r := str(text, at)
	if r != "" {
		return -1
	}
	*to = l.unescaped(text[at:end])
	if bit&linePublic != 0 {
		l.keep(text[start:end])
	}
	return end
}

// place returns where the value of a member belongs; nil for a name that is not one of those that programs write for them.
func (l *Line) place(name []byte) (*[]byte, uint8) {
	switch string(name) {
	case "session_key", "sessionKey":
		return &l.SessionKey, lineSessionKey
	case "iv":
		return &l.IV, lineIV
	case "encryptedData":
		return &l.EncryptedData, lineEncryptedData
	case "rawData":
		return &l.RawData, lineRawData
	case "signature":
		return &l.Signature, lineSignature
	case "openid", "openId":
		return &l.OpenID, lineOpenID
	case "appid", "appId":
		return &l.AppID, lineAppID
	case "errMsg":
		return &l.ErrMsg, lineErrMsg
	}
	return nil, 0
}

// other reads a member that place does not know. It is not taken if it is known to [ParsePasted] nevertheless.
func (l *Line) other(text []byte, start, nameEnd, at int) int {
	const longest = len("encrypted_data") // no spelling of a shorter name has more bytes, not even with the Kelvin sign for its k
	name := text[start+1 : nameEnd-1]
	if bytes.IndexByte(name, '\\') >= 0 || len(name) <= longest && nameOf(string(name)) != "" {
		return -1
	}
	end, r := value(text, at, 1)
	if r != "" {
		return -1
	}
	l.keep(text[start:end])
	return end
}

func (l *Line) keep(member []byte) {
	if !l.KeepOthers {
		return
	}
	if len(l.Others) > 0 {
		l.Others = append(l.Others, ',')
	}
	l.Others = append(l.Others, member...)
}

// unescaped returns what a string that str has checked says: a part of it, or of l.room.
func (l *Line) unescaped(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	start := len(l.room)
	l.room = appendUnquoted(l.room, quoted)
	return l.room[start:]
}

// Pasted returns the line that was scanned as [ParsePasted] returns it. It reports false if ParsePasted does not take it, because a
// part that has to be base64 is not even a text.
func (l *Line) Pasted() (Pasted, bool) {
	for _, part := range [][]byte{l.SessionKey, l.IV, l.EncryptedData} {
		for i := 0; i < len(part); i++ {
			if i = plainRun(part, i); i < len(part) && (part[i] < ' ' || part[i] >= utf8.RuneSelf) {
				return Pasted{}, false // a control, or what may be no UTF-8
			}
		}
	}
	return Pasted{
		Envelope: Envelope{
			EncryptedData: string(l.EncryptedData), IV: string(l.IV), RawData: string(l.RawData), Signature: string(l.Signature),
		},
		SessionKey: wechat.NewSessionKey(string(l.SessionKey)),
		OpenID:     wechat.OpenID(l.OpenID),
		AppID:      wechat.AppID(l.AppID),
		ErrMsg:     redact.Untrusted(l.ErrMsg),
	}, true
}

// OtherMembers returns what a Line that keeps them has in Others, of an object that [ParsePasted] takes. It rewrites them: what is
// not UTF-8 has been replaced.
func OtherMembers(object []byte) []byte {
	object = bytes.TrimPrefix(object, []byte("\ufeff"))
	decoder := json.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(object, []byte("\ufffd"))))
	_, _ = decoder.Token() // the brace
	l := Line{KeepOthers: true}
	for decoder.More() {
		spelling, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			break // never: the whole was found to be well-formed
		}
		text, _ := spelling.(string)
		switch nameOf(text) {
		case "session_key", nameIV, nameEncryptedData, "rawData", "signature", "detail":
			continue
		}
		var member bytes.Buffer
		encoder := json.NewEncoder(&member)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(text)
		member.Truncate(member.Len() - 1)
		member.WriteByte(':')
		_ = json.Compact(&member, value)
		l.keep(member.Bytes())
	}
	return l.Others
}
