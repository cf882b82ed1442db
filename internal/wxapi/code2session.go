package wxapi

import (
	"context"
	"encoding/json"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Session is what a code was exchanged for.
type Session struct {
	OpenID     wechat.OpenID
	UnionID    wechat.UnionID // empty when the app is not bound to an Open Platform account
	SessionKey wechat.SessionKey
	Notes      []Note
}

// A Note is an oddity of an answer that was good enough to be used. Its text is stable.
type Note string

// The notes.
const (
	NoteOpenID     Note = "openid_malformed"      // not the shape of an openid
	NoteUnionID    Note = "unionid_malformed"     // not a string, or not the shape of one; a value that is no string is dropped
	NoteSessionKey Note = "session_key_malformed" // not base64 of 16 bytes: nothing can be decrypted with it
)

// Text returns the note as a sentence.
func (n Note) Text() lang.T {
	switch n {
	case NoteOpenID:
		return lang.T{
			En: "the openid does not look like one of WeChat's (28 characters, the first an o)",
			Zh: "openid 不像微信签发的（应为 28 个字符，以 o 开头）",
		}
	case NoteUnionID:
		return lang.T{
			En: "the unionid does not look like one of WeChat's (28 characters, the first an o)",
			Zh: "unionid 不像微信签发的（应为 28 个字符，以 o 开头）",
		}
	case NoteSessionKey:
		return lang.T{
			En: "the session_key is not base64 of 16 bytes: the login works, but no data can be decrypted with this key",
			Zh: "session_key 不是 16 字节的 base64：可以登录，但无法用它解密数据",
		}
	}
	return lang.T{En: string(n), Zh: string(n)}
}

// Code2Session exchanges the code of wx.login. WeChat accepts a code once: after an error the code is unused for certain only
// when that is a [*TransportError] with Sent false.
func (c *Client) Code2Session(ctx context.Context, code wechat.Code) (Session, error) {
	answer, object, err := c.do(ctx, c.code2Session(code))
	if err != nil {
		return Session{}, err
	}
	session, reason := parseSession(object)
	if !reason.IsZero() {
		return Session{}, answer.fault(reason)
	}
	return session, nil
}

// Code2SessionRequest returns what [Client.Code2Session] would send.
func (c *Client) Code2SessionRequest(code wechat.Code) Request {
	return c.describe(c.code2Session(code))
}

// code2Session takes everything in the query, the secret too: that is WeChat's way.
func (c *Client) code2Session(js wechat.Code) call {
	call := get("/sns/jscode2session",
		param{"appid", string(c.appID), plain}, param{"secret", c.secret.Reveal(), secret},
		param{"js_code", string(js), code}, param{"grant_type", "authorization_code", plain},
	)
	call.code = true
	return call
}

// parseSession reads the answer of a success. It is judged by its openid: errcode is absent (documented examples show 0).
// Unknown fields, such as the expires_in of 2016, are ignored.
func parseSession(object []byte) (session Session, reason lang.Message) {
	var fields struct {
		OpenID     json.RawMessage `json:"openid"`
		UnionID    json.RawMessage `json:"unionid"`
		SessionKey json.RawMessage `json:"session_key"`
		ErrCode    json.RawMessage `json:"errcode"` // 0, if there is one
	}
	if err := json.Unmarshal(object, &fields); err != nil {
		return Session{}, lang.T{En: "is not a JSON object", Zh: "不是 JSON 对象"}.With()
	}
	session = Session{
		OpenID:     wechat.OpenID(text(fields.OpenID)),
		UnionID:    wechat.UnionID(text(fields.UnionID)),
		SessionKey: wechat.NewSessionKey(text(fields.SessionKey)),
	}
	switch {
	case session.OpenID == "" && len(fields.OpenID) > 0:
		return Session{}, lang.T{En: "has an openid that is empty or no text", Zh: "中的 openid 为空或不是字符串"}.With()
	case session.OpenID == "" && len(fields.ErrCode) > 0:
		return Session{}, lang.T{En: "has errcode 0, which is success, but no openid", Zh: "的 errcode 为 0，表示成功，却没有 openid"}.With()
	case session.OpenID == "":
		return Session{}, lang.T{En: "holds neither an errcode nor an openid", Zh: "既没有 errcode 也没有 openid"}.With()
	case session.SessionKey.IsZero() && len(fields.SessionKey) > 0:
		return Session{}, lang.T{En: "has an openid, but a session_key that is empty or no text", Zh: "有 openid，但 session_key 为空或不是字符串"}.With()
	case session.SessionKey.IsZero():
		return Session{}, lang.T{En: "holds an openid but no session_key", Zh: "有 openid 却没有 session_key"}.With()
	}
	session.Notes = notesOn(session, fields.UnionID)
	return session, lang.Message{}
}

func notesOn(s Session, rawUnionID json.RawMessage) []Note {
	var notes []Note
	if s.OpenID.Check() != nil {
		notes = append(notes, NoteOpenID)
	}
	absent := len(rawUnionID) == 0 || string(rawUnionID) == "null" || string(rawUnionID) == `""`
	if !absent && wechat.OpenID(s.UnionID).Check() != nil { // they have one shape
		notes = append(notes, NoteUnionID)
	}
	if _, err := s.SessionKey.Bytes(); err != nil {
		notes = append(notes, NoteSessionKey)
	}
	return notes
}
