// Package world is the simulation of WeChat as a state machine: apps, their users, login codes, session keys, access tokens,
// phone codes and the open data that a phone hands to a mini program. It speaks no HTTP; package wxhttp puts it on the wire.
//
// Everything is kept per app, the unit of isolation for tests that run side by side. Everything that is minted follows from
// the seed, the app and the name of the user, so that the same calls on worlds of one seed give the same answers.
//
// What is minted is not kept. Codes and tokens carry, masked, the app and the number that they were minted under, and are recognised by
// being minted again; the world remembers of each only when it ends and what became of it, in the order of their making, so that
// finding the expired costs nothing when there are none.
//
// What WeChat does was read from its documentation of wx.login, code2Session and open data (developers.weixin.qq.com, in
// November 2026) and from public reports. Where neither says, the choice is ours and the comment at the place says so.
package world

import (
	"crypto/rand"
	"encoding/binary"
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

	// DefaultPlusSlashPercent is much above the natural share, so that a client that loses + or / is noticed.
	DefaultPlusSlashPercent = 50

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

	Users      []User // whom the app has from the beginning; others come into being when they log in
	Population int    // how many more it has, who are called as [PopulationName] says; up to [MaxPopulation]

	// Invented says that the secret is the simulation's own, made from the seed and the appid, so that it may be told.
	// [New] makes it when Secret is empty.
	Invented bool
	// Simulated says that the secret was given for the simulation alone and may be written to a file of the world.
	Simulated bool
}

// DemoApp is the app of [DemoAppID], bound to an Open Platform account so that unionids can be seen.
func DemoApp() App {
	return App{ID: DemoAppID, Secret: wechat.NewAppSecret(DemoSecret), OpenPlatform: DemoPlatform}
}

// Options say what a world starts with. The zero value is a world with the demo app, unseeded, on the system's time.
type Options struct {
	Clock *clock.Movable // nil: a clock of the world's own
	Start Start          // where the clock is at the beginning
	Seed  uint64         // 0: from crypto/rand
	Apps  []App          // none: DemoApp alone. The first is the one that a call means when it names none
	// Adopt admits a well-shaped appid that nobody configured, with the first secret it shows, and lets a well-shaped code that
	// the world did not mint log [DefaultUser] in; so does [wechat.MockCode]. It is for people who develop in WeChat DevTools.
	Adopt bool
	// PlusSlashPercent is the share of session keys and ivs whose base64 contains both + and /; the others contain neither.
	// 0 means 50, much above the natural share, so that a client that loses them is noticed. Negative: none.
	PlusSlashPercent int
	Strict           bool    // no magic codes: see [MagicForms]
	Faults           []Fault // those that are there from the beginning
}

// A World is a running simulation. It is safe for concurrent use.
type World struct {
	clock            *clock.Movable
	root             root
	adopt            bool
	plusSlashPercent int
	rids             atomic.Uint64 // how many request ids were minted
	strict           bool
	faults           faultSet
	initialFaults    []Fault
	first            *app
	initial          []*app // those that were configured; first is the first of them
	seed             uint64
	start            Start

	mu      sync.RWMutex // guards the maps, not the apps in them
	apps    map[wechat.AppID]*app
	tags    map[uint32][]*app // by the tag that the codes of an app carry; two apps share one rarely
	adopted int
	added   int    // since the beginning, by [World.AddApp]
	named   uint64 // how many appids were invented
}

// New returns a world in its initial state. The error names the app that is malformed or given twice.
func New(options Options) (*World, error) {
	w := &World{
		clock: options.Clock, adopt: options.Adopt, plusSlashPercent: options.PlusSlashPercent, strict: options.Strict,
		seed: options.Seed, start: options.Start,
		apps: make(map[wechat.AppID]*app), tags: make(map[uint32][]*app),
	}
	if w.clock == nil {
		w.clock = new(clock.Movable)
	}
	if w.plusSlashPercent == 0 {
		w.plusSlashPercent = DefaultPlusSlashPercent
	}
	for w.seed == 0 {
		var noise [8]byte
		_, _ = rand.Read(noise[:]) // never fails: crypto/rand ends the program instead
		w.seed = binary.BigEndian.Uint64(noise[:])
	}
	w.root = w.root.derive(labelSeed, "", w.seed)
	apps := options.Apps
	if len(apps) == 0 {
		apps = []App{DemoApp()}
	}
	for _, a := range apps {
		added, err := w.addConfigured(a)
		if err != nil {
			return nil, err
		}
		w.initial = append(w.initial, added)
	}
	w.first = w.initial[0]
	w.resetClock()
	for _, f := range options.Faults {
		if _, err := w.AddFault(f); err != nil {
			return nil, fmt.Errorf("add fault %q to the simulation: %w", f, err)
		}
		w.initialFaults = append(w.initialFaults, f)
	}
	return w, nil
}

// add needs w.mu, except in New.
func (w *World) add(a App, adopted bool) *app {
	added := w.newApp(a, adopted)
	w.insert(added)
	return added
}

func (w *World) insert(a *app) {
	w.apps[a.ID] = a
	w.tags[a.tag] = append(w.tags[a.tag], a)
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

// Reset puts one app back to its initial state: the users that it began with, no codes, no keys. With a seed, what it mints next is what it minted
// first. The clock stays, because other apps live by it. The error is an [*UnknownAppError].
func (w *World) Reset(id wechat.AppID) error {
	a, err := w.app(id)
	if err != nil {
		return err
	}
	a.reset()
	w.faults.reset(a.ID)
	w.startFaults(a.ID)
	return nil
}

// ResetAll puts the whole world back to its initial state: every app as by [World.Reset], apps that were adopted or added
// forgotten, those that were removed there again, the clock where it was at the beginning.
func (w *World) ResetAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resetClock()
	clear(w.tags)
	clear(w.apps)
	for _, a := range w.initial {
		a.reset()
		w.apps[a.ID] = a
		w.tags[a.tag] = append(w.tags[a.tag], a)
	}
	w.adopted, w.added, w.named = 0, 0, 0
	w.rids.Store(0)
	w.faults.resetAll()
	w.startFaults("")
}

// now is the world's time in nanoseconds since 1970, the form that records keep.
func (w *World) now() int64 { return w.clock.Now().UnixNano() }

func fromNano(nano int64) time.Time { return time.Unix(0, nano).UTC() }
