// Package world is the simulation of WeChat as a state machine: apps, their users, login codes, session keys and the open
// data that a phone hands to a mini program. It speaks no HTTP; package wxhttp puts it on the wire.
//
// Everything is kept per app, the unit of isolation for tests that run side by side. Everything that is minted follows from
// the seed, the app and the name of the user, so that the same calls on worlds of one seed give the same answers.
//
// What WeChat does was read from its documentation of wx.login, code2Session and open data (developers.weixin.qq.com, in
// November 2026) and from public reports. Where neither says, the choice is ours and the comment at the place says so.
package world

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// DemoAppID and DemoSecret are what a simulation knows when no app is configured. They have WeChat's shapes and count upwards, so
// that a reader sees at once that they belong to nobody; api.weixin.qq.com refuses them.
const (
	DemoAppID  = wechat.AppID("wx0123456789abcdef")
	DemoSecret = "0123456789abcdef0123456789abcdef"
)

const (
	// DefaultUser is the user that a call means when it names none.
	DefaultUser = "alice"

	// DemoPlatform is the Open Platform account of the demo app.
	DemoPlatform = "demo"

	// KeyMinLife is how long wx.login leaves a session key in place at least. WeChat documents that there is such a period and
	// not how long it is. Ours is a code's life: a clock moved past the codes of a login has freed its key as well.
	KeyMinLife = wechat.CodeLife

	defaultPlusSlashPercent = 50

	// maxAdopted bounds what strangers can make a world remember: apps admitted by Adopt.
	maxAdopted = 10_000
)

// An App is a mini program that the world knows.
type App struct {
	ID     wechat.AppID
	Secret wechat.AppSecret
	// OpenPlatform names the Open Platform account that the app is bound to; any name will do. Apps of one account see a user
	// under one unionid. Empty: bound to none, and answers carry no unionid.
	OpenPlatform string
}

// DemoApp is the app of [DemoAppID], bound to an Open Platform account so that unionids can be seen.
func DemoApp() App {
	return App{ID: DemoAppID, Secret: wechat.NewAppSecret(DemoSecret), OpenPlatform: DemoPlatform}
}

// Options say what a world starts with. The zero value is a world with the demo app, unseeded, on the system's time.
type Options struct {
	Clock *clock.Movable // nil: a clock of the world's own
	Seed  uint64         // 0: from crypto/rand
	Apps  []App          // none: DemoApp alone. The first is the one that a call means when it names none
	// Adopt admits a well-shaped appid that nobody configured, with the first secret it shows, and lets a well-shaped code that
	// the world did not mint log [DefaultUser] in; so does [wechat.MockCode]. It is for people who develop in WeChat DevTools.
	Adopt bool
	// PlusSlashPercent is the share of session keys and ivs whose base64 contains both + and /; the others contain neither.
	// 0 means 50, much above the natural share, so that a client that loses them is noticed. Negative: none.
	PlusSlashPercent int
}

// A World is a running simulation. It is safe for concurrent use.
type World struct {
	clock            *clock.Movable
	root             root
	adopt            bool
	plusSlashPercent int
	rids             atomic.Uint64 // how many request ids were minted
	first            *app

	mu      sync.RWMutex // guards the maps, not the apps in them
	apps    map[wechat.AppID]*app
	tags    map[uint32][]*app // by the tag that the codes of an app carry; two apps share one rarely
	adopted int
}

// New returns a world in its initial state. The error names the app that is malformed or given twice.
func New(options Options) (*World, error) {
	w := &World{
		clock: options.Clock, adopt: options.Adopt, plusSlashPercent: options.PlusSlashPercent,
		apps: make(map[wechat.AppID]*app), tags: make(map[uint32][]*app),
	}
	if w.clock == nil {
		w.clock = new(clock.Movable)
	}
	if w.plusSlashPercent == 0 {
		w.plusSlashPercent = defaultPlusSlashPercent
	}
	if options.Seed == 0 {
		_, _ = rand.Read(w.root[:]) // never fails: crypto/rand ends the program instead
	} else {
		w.root = w.root.derive(labelSeed, "", options.Seed)
	}
	apps := options.Apps
	if len(apps) == 0 {
		apps = []App{DemoApp()}
	}
	for _, a := range apps {
		if err := w.addConfigured(a); err != nil {
			return nil, err
		}
	}
	w.first = w.apps[apps[0].ID]
	return w, nil
}

func (w *World) addConfigured(a App) error {
	if err := a.ID.Check(); err != nil {
		return fmt.Errorf("add app to the simulation: %w", err)
	}
	if err := a.Secret.Check(); err != nil {
		return fmt.Errorf("add app %s to the simulation: %w", a.ID, err)
	}
	if w.apps[a.ID] != nil {
		return fmt.Errorf("add app %s to the simulation: it is there already", a.ID)
	}
	w.add(a, false)
	return nil
}

// add needs w.mu, except in New.
func (w *World) add(a App, adopted bool) *app {
	added := w.newApp(a, adopted)
	w.apps[a.ID] = added
	w.tags[added.tag] = append(w.tags[added.tag], added)
	return added
}

// Clock returns the clock that the world lives by.
func (w *World) Clock() *clock.Movable { return w.clock }

// Default returns the app that a call means when it names none.
func (w *World) Default() App { return w.first.App }

// app finds an app; "" is the default one. The error is an [*UnknownAppError].
func (w *World) app(id wechat.AppID) (*app, error) {
	if id == "" {
		return w.first, nil
	}
	if a := w.lookup(id); a != nil {
		return a, nil
	}
	return nil, &UnknownAppError{App: id}
}

func (w *World) lookup(id wechat.AppID) *app {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.apps[id]
}

// Reset puts one app back to its initial state: no users, no codes, no keys. With a seed, what it mints next is what it minted
// first. The clock stays, because other apps live by it. The error is an [*UnknownAppError].
func (w *World) Reset(id wechat.AppID) error {
	a, err := w.app(id)
	if err != nil {
		return err
	}
	a.reset()
	return nil
}

// ResetAll puts the whole world back to its initial state: every app as by [World.Reset], adopted apps forgotten, the clock on
// the system's time.
func (w *World) ResetAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock.Reset()
	clear(w.tags)
	for id, a := range w.apps {
		a.reset()
		if a.adopted {
			delete(w.apps, id)
			continue
		}
		w.tags[a.tag] = append(w.tags[a.tag], a)
	}
	w.adopted = 0
	w.rids.Store(0)
}

// now is the world's time in nanoseconds since 1970, the form that records keep.
func (w *World) now() int64 { return w.clock.Now().UnixNano() }

func fromNano(nano int64) time.Time { return time.Unix(0, nano).UTC() }
