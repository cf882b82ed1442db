package world

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Userinfo is what wx.getUserInfo hands to success, in WeChat's order.
type Userinfo struct {
	ErrMsg        string  `json:"errMsg"`
	RawData       string  `json:"rawData"`
	UserInfo      Profile `json:"userInfo"`
	Signature     string  `json:"signature"`
	EncryptedData string  `json:"encryptedData"`
	IV            string  `json:"iv"`
	CloudID       string  `json:"cloudID"`
}

// Phone is what the getPhoneNumber button hands to its event.
type Phone struct {
	ErrMsg        string      `json:"errMsg"`
	Code          wechat.Code `json:"code"`
	EncryptedData string      `json:"encryptedData"`
	IV            string      `json:"iv"`
	CloudID       string      `json:"cloudID"`
}

// Sealed is what wx.getWeRunData and wx.getGroupEnterInfo hand to success.
type Sealed struct {
	ErrMsg        string `json:"errMsg"`
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
	CloudID       string `json:"cloudID"`
}

// Userinfo is wx.getUserInfo on the phone of the named user. Like its siblings it takes "" for the default app and user, encrypts
// under the key that the user's newest wx.login established, whether or not its code was exchanged, and has the errors
// [*UnknownAppError], [*wechat.ShapeError] for the name, and [*NotLoggedInError].
func (w *World) Userinfo(id wechat.AppID, name string) (Userinfo, error) {
	p, err := w.phone(id, name)
	if err != nil {
		return Userinfo{}, err
	}
	profile := profileOf(p.described)
	raw := compact(profile)
	e, err := p.seal(userinfoPlain{
		OpenID: p.app.openIDOf(p.user, p.described), Profile: profile, UnionID: p.app.unionIDOf(p.user, p.described), Watermark: p.watermark(),
	})
	return Userinfo{
		ErrMsg: "getUserInfo:ok", RawData: string(raw), UserInfo: profile, Signature: opendata.Sign(string(raw), p.key),
		EncryptedData: e.EncryptedData, IV: e.IV, CloudID: p.cloudID(),
	}, err
}

// Phone is a tap on the getPhoneNumber button.
func (w *World) Phone(id wechat.AppID, name string) (Phone, error) {
	p, err := w.phone(id, name)
	if err != nil {
		return Phone{}, err
	}
	number, pure, countryCode := p.app.phoneOf(p.user, p.described)
	e, err := p.seal(phonePlain{PhoneNumber: number, PurePhoneNumber: pure, CountryCode: countryCode, Watermark: p.watermark()})
	if err != nil {
		return Phone{}, err
	}
	return Phone{
		ErrMsg: "getPhoneNumber:ok", Code: p.app.tapped(w, p.user, e.EncryptedData),
		EncryptedData: e.EncryptedData, IV: e.IV, CloudID: p.cloudID(),
	}, nil
}

// WeRun is wx.getWeRunData: the steps of the last 31 days, today included.
func (w *World) WeRun(id wechat.AppID, name string) (Sealed, error) {
	p, err := w.phone(id, name)
	if err != nil {
		return Sealed{}, err
	}
	e, err := p.seal(werunPlain{StepInfoList: p.app.steps(p.user, p.now), Watermark: p.watermark()})
	return p.sealed("getWeRunData:ok", e), err
}

// Group is wx.getGroupEnterInfo: every app has one group chat, which all its users are in.
func (w *World) Group(id wechat.AppID, name string) (Sealed, error) {
	p, err := w.phone(id, name)
	if err != nil {
		return Sealed{}, err
	}
	e, err := p.seal(groupPlain{
		OpenGID:     "t" + p.app.root.derive(labelGroup, "", 0).text(openGIDLength-1),
		GroupOpenID: p.app.root.derive(labelGroup, p.user, 1).text(openIDLength),
		ChatType:    chatTypeGroup, Watermark: p.watermark(),
	})
	return p.sealed("getGroupEnterInfo:ok", e), err
}

// phone is a user's phone at the moment that the mini program asks it for data.
type phone struct {
	app    *app
	user   string
	key    wechat.SessionKey
	serial uint64 // counts what was sealed for the user, so that each iv is new
	now    time.Time

	described *User // what somebody said of the user; mostly nothing
}

func (w *World) phone(id wechat.AppID, name string) (phone, error) {
	a, err := w.app(id)
	if err != nil {
		return phone{}, err
	}
	if name, err = checkUser(name); err != nil {
		return phone{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	index, found := a.state.names[name]
	if !found || a.state.users[index].keyExpires == 0 {
		return phone{}, &NotLoggedInError{User: name, App: a.ID}
	}
	now := w.clock.Now()
	u := &a.state.users[index]
	if !u.keyAlive(now.UnixNano()) {
		return phone{}, &NotLoggedInError{User: name, App: a.ID, Expired: true}
	}
	u.sealed++
	return phone{app: a, user: name, key: sessionKey(u.key), serial: uint64(u.sealed), now: now, described: a.state.described(name)}, nil
}

func (p phone) seal(plain any) (opendata.Envelope, error) {
	iv := p.app.root.derive(labelIV, p.user, p.serial).block(p.app.plusShare())
	e, err := opendata.Seal(p.key, iv[:], compact(plain))
	if err != nil {
		return e, fmt.Errorf("encrypt the data of user %q: %w", p.user, err)
	}
	return e, nil
}

func (p phone) sealed(message string, e opendata.Envelope) Sealed {
	return Sealed{ErrMsg: message, EncryptedData: e.EncryptedData, IV: e.IV, CloudID: p.cloudID()}
}

func (p phone) cloudID() string { return p.app.cloudID(p.user, p.serial) }

func (p phone) watermark() watermark {
	return watermark{Timestamp: p.now.Unix(), AppID: p.app.ID}
}

// compact is JSON as WeChat writes it into plaintexts: one line, neither slashes nor <, >, & nor Chinese escaped.
func compact(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("world: internal error: a plaintext is not JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func encodeBlock(block [wechat.SessionKeySize]byte) string {
	return base64.StdEncoding.EncodeToString(block[:])
}
