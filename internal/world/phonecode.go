package world

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A code of the getPhoneNumber button has 64 lower-case hexadecimal digits. One of the simulation carries where it comes from, like
// a login code (see [mintCode]):
//
//	bytes 0-11   salt: derived from the app's root and the serial number; nobody can guess it
//	bytes 12-15  tag of the app, masked by the salt
//	bytes 16-23  serial number among the app's phone codes, masked by the salt
//	bytes 24-31  mark: a checksum of the other bytes
//
// It lives as long as a login code, so a [codeQueue] remembers it.
const (
	phoneCodeSize    = 32
	phoneCodeSalt    = 12
	phoneCodeMark    = 24
	phoneCodeMaskKey = "wxlogin phone code mask"
	phoneCodeMarkKey = "wxlogin phone code"
)

// IsMockPhoneCode is [IsMockCode] of the phone button's codes.
func IsMockPhoneCode(code wechat.Code) bool {
	_, _, ok := readPhoneCode(code)
	return ok
}

func mintPhoneCode(r root, tag uint32, serial uint64) wechat.Code {
	var c [phoneCodeSize]byte
	salt := r.derive(labelPhoneCode, "", serial)
	copy(c[:phoneCodeSalt], salt[:])
	binary.BigEndian.PutUint32(c[phoneCodeSalt:], tag)
	binary.BigEndian.PutUint64(c[phoneCodeSalt+4:], serial)
	maskPhoneCode(&c)
	mark := markPhoneCode(&c)
	copy(c[phoneCodeMark:], mark[:])
	return wechat.Code(hex.EncodeToString(c[:]))
}

// readPhoneCode returns what a marked code says; ok is false for a code without the mark.
func readPhoneCode(code wechat.Code) (tag uint32, serial uint64, ok bool) {
	if len(code) != 2*phoneCodeSize {
		return 0, 0, false
	}
	var c [phoneCodeSize]byte
	if _, err := hex.Decode(c[:], []byte(code)); err != nil {
		return 0, 0, false
	}
	mark := markPhoneCode(&c)
	if [phoneCodeSize - phoneCodeMark]byte(c[phoneCodeMark:]) != mark {
		return 0, 0, false
	}
	maskPhoneCode(&c)
	return binary.BigEndian.Uint32(c[phoneCodeSalt:]), binary.BigEndian.Uint64(c[phoneCodeSalt+4:]), true
}

// maskPhoneCode masks tag and serial number, or takes the mask off.
func maskPhoneCode(c *[phoneCodeSize]byte) {
	var space [len(phoneCodeMaskKey) + phoneCodeSalt]byte
	sum := sha256.Sum256(append(append(space[:0], phoneCodeMaskKey...), c[:phoneCodeSalt]...))
	subtle.XORBytes(c[phoneCodeSalt:phoneCodeMark], c[phoneCodeSalt:phoneCodeMark], sum[:])
}

func markPhoneCode(c *[phoneCodeSize]byte) [phoneCodeSize - phoneCodeMark]byte {
	var space [len(phoneCodeMarkKey) + phoneCodeMark]byte
	sum := sha256.Sum256(append(append(space[:0], phoneCodeMarkKey...), c[:phoneCodeMark]...))
	return [phoneCodeSize - phoneCodeMark]byte(sum[:])
}

// tapped remembers what a tap on the getPhoneNumber button gave, and returns its code.
func (a *app) tapped(w *World, name, encryptedData string) wechat.Code {
	a.mu.Lock()
	defer a.mu.Unlock()
	index, found := a.state.names[name]
	if !found { // a reset came between the key and the code
		return mintPhoneCode(a.root, a.tag, math.MaxUint64)
	}
	now := w.now()
	a.state.messages.add(encryptedData, now)
	codes := &a.state.phoneCodes
	codes.expire(now)
	return mintPhoneCode(a.root, a.tag, codes.push(codeRecord{expires: now + int64(wechat.CodeLife), user: index}))
}

// PhoneNumberRequest is a call of getuserphonenumber.
type PhoneNumberRequest struct {
	Code   wechat.Code
	OpenID wechat.OpenID // whose code it should be; empty: anybody's
	Peer   netip.AddrPort
}

// PhoneNumber is what getuserphonenumber gives, and the name of the simulated user.
type PhoneNumber struct {
	User        string
	Number      string // with the country code only when that is not China's
	PureNumber  string
	CountryCode string
	TappedAt    time.Time // of the watermark: when the user tapped the button
	Effects     []Hit     // of a magic code, on the way to the caller
}

// PhoneNumber is getuserphonenumber. A code that is used, expired, unknown or not of this endpoint is 40029, as staff of WeChat's list
// them; one of another app is 40013, as documented. Our choices: neither another app nor the wrong openid consumes the code, and the
// wrong openid is 40029. Magic codes and adopted ones, which come from no tap, are not checked against the openid.
func (c Caller) PhoneNumber(x PhoneNumberRequest) (PhoneNumber, *Refusal) {
	w := c.world
	if o, is := c.app.magicCall(w, x.Code, x.Peer); is {
		return c.magicNumber(o)
	}
	tag, serial, marked := readPhoneCode(x.Code)
	switch {
	case !marked && w.adopt && wechat.ShapeOf(string(x.Code)) == wechat.ShapePhoneCode:
		return c.adoptedNumber(x.Code)
	case !marked:
		return PhoneNumber{}, w.invalidPhoneCode(w.notPhoneCode(x.Code), "")
	}
	owner := w.phoneCodeOwner(x.Code, tag, serial)
	if owner == nil {
		return PhoneNumber{}, w.invalidPhoneCode("phone code of another simulation, or of an app that this one does not know", "")
	}
	owner.mu.Lock()
	defer owner.mu.Unlock()
	now := w.now()
	codes := &owner.state.phoneCodes
	codes.expire(now)
	record := codes.at(serial)
	if record == nil {
		return PhoneNumber{}, w.invalidPhoneCode("phone "+codes.absence(serial, now), "")
	}
	name := owner.state.users[record.user].name
	described := owner.state.described(name)
	switch {
	case name == "":
		return PhoneNumber{}, w.invalidPhoneCode("phone code of a user who was removed", "")
	case owner != c.app:
		refusal := w.Refuse(wechat.CodeInvalidAppID, "invalid appid", fmt.Sprintf("phone code belongs to %s", owner.ID))
		refusal.User = name
		return PhoneNumber{}, refusal
	case record.used != 0:
		return PhoneNumber{}, w.invalidPhoneCode("phone "+record.usage(now), name)
	case x.OpenID != "" && x.OpenID != owner.openIDOf(name, described):
		return PhoneNumber{}, w.invalidPhoneCode("phone code belongs to "+name+", who has another openid", name)
	}
	record.use(now, x.Peer, false)
	return owner.numberOf(name, record.expires-int64(wechat.CodeLife)), nil
}

// numberOf needs the app's lock.
func (a *app) numberOf(name string, tappedAt int64) PhoneNumber {
	number, pure, countryCode := a.phoneOf(name, a.state.described(name))
	return PhoneNumber{User: name, Number: number, PureNumber: pure, CountryCode: countryCode, TappedAt: fromNano(tappedAt)}
}

// magicNumber is [Caller.PhoneNumber] of a magic code: the number of its user, who need not have logged in.
func (c Caller) magicNumber(o magicOutcome) (PhoneNumber, *Refusal) {
	if o.refusal != nil {
		o.refusal.Effects = o.effects
		return PhoneNumber{}, o.refusal
	}
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	number := c.app.numberOf(o.user, c.world.now())
	number.Effects = o.effects
	return number, nil
}

// adoptedNumber is the default user's number for a code that no simulation minted, once within a code's life.
func (c Caller) adoptedNumber(code wechat.Code) (PhoneNumber, *Refusal) {
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	now := c.world.now()
	if until, used := c.app.state.foreign.until[code]; used && until > now {
		return PhoneNumber{}, c.world.invalidPhoneCode("adopted phone code used "+since(until-int64(wechat.CodeLife), now), DefaultUser)
	}
	c.app.state.foreign.use(code, now, now+int64(wechat.CodeLife))
	return c.app.numberOf(DefaultUser, now), nil
}

func (w *World) phoneCodeOwner(code wechat.Code, tag uint32, serial uint64) *app {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.tags[tag] {
		if subtle.ConstantTimeCompare([]byte(mintPhoneCode(a.root, tag, serial)), []byte(code)) == 1 {
			return a
		}
	}
	return nil
}

func (w *World) invalidPhoneCode(reason, user string) *Refusal {
	refusal := w.Refuse(wechat.CodeInvalidCode, "invalid code", reason)
	refusal.User = user
	return refusal
}

// notPhoneCode says what a code is that no simulation minted for the button.
func (w *World) notPhoneCode(code wechat.Code) string {
	switch wechat.ShapeOf(string(code)) {
	case wechat.ShapeLoginCode, wechat.ShapeMockLiteral:
		return "a code of wx.login, not of the getPhoneNumber button"
	case wechat.ShapePhoneCode:
		return "unknown phone code, perhaps of the real WeChat; --adopt would give the number of " + DefaultUser
	}
	if text := string(code); len(text) > 2 && (text[0] == '"' || text[0] == '\'') && text[0] == text[len(text)-1] {
		return "phone code wrapped in quotes"
	}
	return "malformed phone code"
}
