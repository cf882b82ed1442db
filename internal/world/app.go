package world

import (
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// app is one app with all that belongs to it.
type app struct {
	App
	adopted      bool
	root         root   // what the app's secrets are derived from
	platformRoot root   // the same for its Open Platform account
	tag          uint32 // what its codes carry to be found by
	prefix       string // the first six characters of its openids
	unionPrefix  string // the same of its unionids
	plusSlash    int    // percent
	initial      *people
	faults       *faultSet // the world's

	mu    sync.Mutex
	state state
}

// state is what [World.Reset] throws away.
type state struct {
	initial *people // as in the app; never changed
	changes changes
	names   map[string]uint32 // index into users
	users   []user
	codes   codeQueue
	foreign foreignCodes
	magic   magicCounts

	phoneCodes codeQueue
	tokens     tokenState
	messages   messages
	resets     meter // calls of resetusersessionkey in this minute
	openIDs    openIDs
}

// user is what a simulated person has that cannot be derived. Users by the million are expected: it stays small, and openid,
// unionid, phone number and profile are computed when asked for.
type user struct {
	name    string
	key     [wechat.SessionKeySize]byte // the current session key
	keyTime int64                       // when wx.login established it, in ns
	keys    uint32                      // how many there were; 0: never logged in
	sealed  uint32                      // how many payloads were encrypted for the user

	keyExpires int64 // in ns; 0: never logged in
}

func (w *World) newApp(a App, adopted bool) *app {
	made := &app{App: a, adopted: adopted, plusSlash: w.plusSlashPercent, faults: &w.faults}
	made.root = w.root.derive(labelApp, string(a.ID), 0)
	made.platformRoot = w.root.derive(labelPlatform, a.OpenPlatform, 0)
	made.prefix = "o" + made.root.derive(labelPrefix, "", 0).text(openIDPrefix-1)
	made.unionPrefix = "o" + made.platformRoot.derive(labelPrefix, "", 0).text(openIDPrefix-1)
	made.tag = appTag(a.ID)
	made.Users = nil // they are in initial
	made.initial = &people{}
	made.state.initial = made.initial
	return made
}

func (a *app) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = state{initial: a.initial}
}

// A Login is what wx.login gives: a code, and what the simulation knows about it.
type Login struct {
	Code      wechat.Code
	App       wechat.AppID
	User      string
	ExpiresAt time.Time
}

// Login is wx.login on the phone of the named user ("" is [DefaultUser]), who is created by the first one. It mints a code for
// the app ("" is the default one), and establishes a new session key unless the present one is younger than [KeyMinLife].
// Errors are [*UnknownAppError], [*wechat.ShapeError] for the name, and [ErrFull].
func (w *World) Login(id wechat.AppID, name string) (Login, error) {
	a, err := w.app(id)
	if err != nil {
		return Login{}, err
	}
	if name, err = checkUser(name); err != nil {
		return Login{}, err
	}
	serial, expires, err := a.login(w, name)
	if err != nil {
		return Login{}, err
	}
	return Login{Code: mintCode(a.root, a.tag, serial), App: a.ID, User: name, ExpiresAt: fromNano(expires)}, nil
}

func (a *app) login(w *World, name string) (serial uint64, expires int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now() // under the lock, so that an app's time runs backwards only when the clock does
	a.state.codes.expire(now)
	index, err := a.state.user(name)
	if err != nil {
		return 0, 0, err
	}
	a.refreshKey(index, now)
	expires = now + int64(wechat.CodeLife)
	return a.state.codes.push(codeRecord{expires: expires, user: index}), expires, nil
}

// user returns the index of the named user, who is created when new.
func (s *state) user(name string) (uint32, error) {
	if index, found := s.names[name]; found {
		return index, nil
	}
	if len(s.users) >= maxUsers {
		return 0, ErrFull
	}
	if s.names == nil {
		s.names = make(map[string]uint32)
	}
	index := uint32(len(s.users))
	s.users = append(s.users, s.created(name))
	s.names[name] = index
	return index, nil
}

// refreshKey is what wx.login does to the session key. A key from the future, which a clock moved back leaves behind, is old.
func (a *app) refreshKey(index uint32, now int64) {
	u := &a.state.users[index]
	if age := time.Duration(now - u.keyTime); u.keyAlive(now) && 0 <= age && age < KeyMinLife {
		return
	}
	a.newKey(index, now)
}
