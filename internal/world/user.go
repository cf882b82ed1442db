package world

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A User is a simulated person as somebody described them. Everything but the name may be left out: the simulation then derives
// it from the seed, the app and the name.
type User struct {
	Name        string
	OpenID      wechat.OpenID
	UnionID     wechat.UnionID
	NoUnionID   bool          // the user has none even in an app that is bound to an Open Platform account
	Phone       redact.Secret // without the country code
	CountryCode string        // "86" when empty
	// Profile is what wx.getUserInfo gives. nil is the anonymous one that everybody has since 2022-10-25; WeChat gives another one
	// to mini programs that were published before, and to mini games.
	Profile *Profile
}

// A Person is a user of an app as WeChat would know them: what [User] leaves out is filled in.
type Person struct {
	User
	App       wechat.AppID
	Described bool      // somebody added the user, or changed something about them
	LoggedIn  time.Time // when the current session key was established; zero: there is none
}

const (
	// DefaultCountryCode is China's.
	DefaultCountryCode = "86"

	minPhone, maxPhone = 5, 15 // digits; 15 is the most that E.164 allows, country code included
	maxCountryCode     = 4     // digits; such as 1868, the longest in use
	maxProfileText     = 1024  // bytes; an avatar's address has some 150
	maxGender          = 2     // 0 unknown, 1 male, 2 female
)

// check returns a [*wechat.ShapeError] for the first field that WeChat would never give. It does not repeat the phone number.
func (u *User) check() error {
	wrong := func(field, value, reason string) error {
		return &wechat.ShapeError{Field: field, Value: redact.Untrusted(value), Reason: reason}
	}
	if u.OpenID != "" {
		if err := u.OpenID.Check(); err != nil {
			return err
		}
	}
	if u.UnionID != "" && wechat.OpenID(u.UnionID).Check() != nil {
		return wrong("unionid", string(u.UnionID), "is not 28 characters of [0-9A-Za-z_-] that begin with o")
	}
	if u.UnionID != "" && u.NoUnionID {
		return wrong("unionid", string(u.UnionID), "is given for a user who is to have none")
	}
	if n := u.Phone.Len(); n != 0 && (n < minPhone || n > maxPhone || !digits(u.Phone.Reveal())) {
		return wrong("phone", "", fmt.Sprintf("is not %d to %d digits", minPhone, maxPhone))
	}
	if c := u.CountryCode; c != "" && (len(c) > maxCountryCode || !digits(c) || c[0] == '0') {
		return wrong("country_code", c, fmt.Sprintf("is not 1 to %d digits", maxCountryCode))
	}
	return u.Profile.check()
}

func digits(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func (p *Profile) check() error {
	if p == nil {
		return nil
	}
	for field, text := range map[string]string{
		"nickname": p.NickName, "language": p.Language, "city": p.City, "province": p.Province, "country": p.Country, "avatar_url": p.AvatarURL,
	} {
		if len(text) > maxProfileText || !utf8.ValidString(text) {
			return &wechat.ShapeError{Field: field, Value: redact.Untrusted(text), Reason: fmt.Sprintf("is longer than %d bytes, or not UTF-8", maxProfileText)}
		}
	}
	if p.Gender < 0 || p.Gender > maxGender {
		return &wechat.ShapeError{Field: "gender", Value: redact.Untrusted(strconv.Itoa(p.Gender)), Reason: "is not 0, 1 or 2"}
	}
	return nil
}

// own returns a copy that shares nothing with the caller's.
func (u *User) own() *User {
	mine := *u
	if u.Profile != nil {
		profile := *u.Profile
		mine.Profile = &profile
	}
	return &mine
}

// openIDOf is the openid of a user; described may be nil, as for its siblings.
func (a *app) openIDOf(name string, described *User) wechat.OpenID {
	if described != nil && described.OpenID != "" {
		return described.OpenID
	}
	return a.openID(name)
}

func (a *app) unionIDOf(name string, described *User) wechat.UnionID {
	if described != nil && a.OpenPlatform != "" {
		if described.NoUnionID {
			return ""
		}
		if described.UnionID != "" {
			return described.UnionID
		}
	}
	return a.unionID(name)
}

// phoneOf returns a user's number in the forms that WeChat gives. The documentation says that a foreign number carries its
// country code in phoneNumber; that it is digits alone, without a plus, is our choice.
func (a *app) phoneOf(name string, described *User) (number, pure, countryCode string) {
	countryCode = DefaultCountryCode
	if described != nil && described.CountryCode != "" {
		countryCode = described.CountryCode
	}
	if described != nil && !described.Phone.IsZero() {
		pure = described.Phone.Reveal()
	} else {
		pure = a.phoneNumber(name)
	}
	if countryCode == DefaultCountryCode {
		return pure, pure, countryCode
	}
	return countryCode + pure, pure, countryCode
}

func profileOf(described *User) Profile {
	if described != nil && described.Profile != nil {
		return *described.Profile
	}
	return anonymous()
}
