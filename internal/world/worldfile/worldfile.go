// Package worldfile reads and writes the file that describes a simulated WeChat: its apps, their users, its time and its faults.
//
// The file is YAML of which every word is known: an unknown field is an error that names the line and what was probably meant.
// Anchors and aliases are refused. It may hold secrets of simulated apps, so it is written for its owner alone.
package worldfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// Version is of the format. A file of another version is refused.
const Version = 1

// A File is a world as it is written down.
type File struct {
	Version   int      `yaml:"version" json:"version"`
	Seed      uint64   `yaml:"seed,omitempty" json:"seed,omitempty"`             // 0: unpredictable
	Clock     string   `yaml:"clock,omitempty" json:"clock,omitempty"`           // "+6m", or a time in RFC 3339; "": the system's time
	Frozen    bool     `yaml:"frozen,omitempty" json:"frozen,omitempty"`         // the clock stands still
	PlusShare *int     `yaml:"plus_share,omitempty" json:"plus_share,omitempty"` // percent of keys and ivs with + and /
	Apps      []App    `yaml:"apps,omitempty" json:"apps,omitempty"`             // the first is the default app; none: the demo app
	Faults    []string `yaml:"faults,omitempty" json:"faults,omitempty"`         // as the arguments of wxlogin mock fault add
}

// An App is a mini program.
type App struct {
	ID           wechat.AppID `yaml:"appid" json:"appid"`
	Secret       Secret       `yaml:"secret,omitempty" json:"secret,omitzero"` // none: made from the seed, or the configured one
	OpenPlatform string       `yaml:"open_platform,omitempty" json:"open_platform,omitempty"`
	Population   int          `yaml:"population,omitempty" json:"population,omitempty"`
	Users        []User       `yaml:"users,omitempty" json:"users,omitempty"`
}

// A User is a simulated person. What is left out follows from the seed, the app and the name.
type User struct {
	Name        string         `yaml:"name" json:"name"`
	OpenID      wechat.OpenID  `yaml:"openid,omitempty" json:"openid,omitempty"`
	UnionID     wechat.UnionID `yaml:"unionid,omitempty" json:"unionid,omitempty"`
	NoUnionID   bool           `yaml:"no_unionid,omitempty" json:"no_unionid,omitempty"`
	Phone       Secret         `yaml:"phone,omitempty" json:"phone,omitzero"` // without the country code
	CountryCode string         `yaml:"country_code,omitempty" json:"country_code,omitempty"`
	Profile     *Profile       `yaml:"profile,omitempty" json:"profile,omitempty"` // none: the anonymous one
}

// A Profile is what wx.getUserInfo gives.
type Profile struct {
	NickName  string `yaml:"nickname,omitempty" json:"nickname,omitempty"`
	Gender    int    `yaml:"gender,omitempty" json:"gender,omitempty"`
	Language  string `yaml:"language,omitempty" json:"language,omitempty"`
	City      string `yaml:"city,omitempty" json:"city,omitempty"`
	Province  string `yaml:"province,omitempty" json:"province,omitempty"`
	Country   string `yaml:"country,omitempty" json:"country,omitempty"`
	AvatarURL string `yaml:"avatar_url,omitempty" json:"avatar_url,omitempty"`
}

// A Secret is written as its mask unless it was made to be shown.
type Secret struct {
	redact.Secret
	shown bool
}

// MarshalYAML implements yaml.Marshaler.
func (s Secret) MarshalYAML() (any, error) { return s.text(), nil }

// MarshalJSON implements [json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.text()) }

func (s Secret) text() string {
	if s.shown {
		return s.Reveal()
	}
	return s.String()
}

// Options returns what a world is made with. The error is an [*Error].
func (f *File) Options() (world.Options, error) {
	options := world.Options{Seed: f.Seed, Start: world.Start{Frozen: f.Frozen}}
	if f.Clock != "" {
		if at, err := time.Parse(time.RFC3339, f.Clock); err == nil {
			options.Start.At = at
		} else if options.Start.Offset, err = time.ParseDuration(f.Clock); err != nil {
			return options, &Error{Field: "clock", Reason: fmt.Sprintf("%q is neither a duration such as +6m nor a time such as 2026-11-23T10:00:00Z", wechat.Shown(f.Clock, maxQuoted))}
		}
	}
	if !world.WithinReach(options.Start) {
		return options, &Error{Field: "clock", Reason: "is more than 100 years away"}
	}
	if p := f.PlusShare; p != nil {
		if *p < 0 || *p > maxPercent {
			return options, &Error{Field: "plus_share", Reason: fmt.Sprintf("%d is not a percentage", *p)}
		}
		options.PlusSlashPercent = *p
		if *p == 0 {
			options.PlusSlashPercent = -1
		}
	}
	for _, a := range f.Apps {
		options.Apps = append(options.Apps, a.app())
	}
	for i, text := range f.Faults {
		fault, err := world.ParseFault(text)
		if err != nil {
			return options, &Error{Field: fmt.Sprintf("faults[%d]", i), Reason: err.Error()}
		}
		options.Faults = append(options.Faults, fault)
	}
	return options, nil
}

const maxPercent = 100

// HasSecret reports whether the file, which may be nil, holds the secret of an app.
func (f *File) HasSecret(id wechat.AppID) bool {
	return f != nil && slices.ContainsFunc(f.Apps, func(a App) bool { return a.ID == id && !a.Secret.IsZero() })
}

func (a App) app() world.App {
	made := world.App{
		ID: a.ID, OpenPlatform: a.OpenPlatform, Population: a.Population,
		Secret: wechat.AppSecret{Secret: a.Secret.Secret}, Invented: a.Secret.IsZero(), Simulated: !a.Secret.IsZero(),
	}
	for _, u := range a.Users {
		made.Users = append(made.Users, world.User{
			Name: u.Name, OpenID: u.OpenID, UnionID: u.UnionID, NoUnionID: u.NoUnionID,
			Phone: u.Phone.Secret, CountryCode: u.CountryCode, Profile: (*world.Profile)(u.Profile),
		})
	}
	return made
}

// Of writes a world down as it is now: its apps, what was said of their users, the clock, and the faults without their counts.
// What users did is not in it, nor are apps that were adopted. With secrets, those stand in it that were given for the
// simulation alone; a configured one may be real and never does, and an invented one follows from the seed.
func Of(w *world.World, secrets bool) *File {
	f := &File{Version: Version, Seed: w.Seed()}
	c := w.Clock()
	if f.Frozen = c.Frozen(); f.Frozen {
		f.Clock = c.Now().Format(time.RFC3339Nano)
	} else if offset := c.Offset(); offset != 0 {
		f.Clock = offset.String()
	}
	if share := w.PlusSlashPercent(); share != world.DefaultPlusSlashPercent {
		f.PlusShare = &share
	}
	adopted := map[wechat.AppID]bool{}
	for _, a := range w.Apps() {
		if a.Adopted {
			adopted[a.ID] = true
			continue
		}
		written := App{ID: a.ID, OpenPlatform: a.OpenPlatform, Population: a.Population}
		if a.Simulated {
			written.Secret = Secret{Secret: a.Secret.Secret, shown: secrets}
		}
		for _, u := range a.Described() {
			written.Users = append(written.Users, User{
				Name: u.Name, OpenID: u.OpenID, UnionID: u.UnionID, NoUnionID: u.NoUnionID,
				Phone: Secret{Secret: u.Phone, shown: true}, CountryCode: u.CountryCode, Profile: (*Profile)(u.Profile),
			})
		}
		f.Apps = append(f.Apps, written)
	}
	for _, fault := range w.Faults() {
		if !adopted[fault.AppID] {
			f.Faults = append(f.Faults, fault.String())
		}
	}
	return f
}
