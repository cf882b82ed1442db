package world

import (
	"hash/maphash"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// KeyLife is how long a session key lives from the wx.login that established it. WeChat does not disclose it; staff named three days,
// not extended by use (community post 000ce87adbcdf0e9d507be5d156c00), and the guide of mini game payment says "days".
const KeyLife = 3 * 24 * time.Hour

// keyAlive reports whether the user has a session key that has not expired.
func (u *user) keyAlive(now int64) bool { return now < u.keyExpires }

// newKey gives a user the next session key, with a life of its own.
func (a *app) newKey(index uint32, now int64) {
	u := &a.state.users[index]
	a.replaceKey(u, now)
	u.keyExpires = now + int64(KeyLife)
}

// replaceKey gives a user the next session key, which expires when the one before would have.
func (a *app) replaceKey(u *user, now int64) {
	u.keys++
	u.keyTime = now
	u.key = a.keyOf(u, u.keys)
}

// keyOf computes the user's nth session key, counted from 1.
func (a *app) keyOf(u *user, n uint32) [wechat.SessionKeySize]byte {
	return a.root.derive(labelKey, u.name, uint64(n)).block(a.plusShare())
}

// RotateKey replaces a user's session key at once ("" is the default app and user), as wx.login on another device or a prefetch of
// data does. Errors are those of [World.Userinfo].
func (w *World) RotateKey(id wechat.AppID, name string) error {
	a, err := w.app(id)
	if err != nil {
		return err
	}
	if name, err = checkUser(name); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	index, found := a.state.names[name]
	if !found || a.state.users[index].keyExpires == 0 {
		return &NotLoggedInError{User: name, App: a.ID}
	}
	a.newKey(index, w.now())
	return nil
}

// openIDs finds users by openid. It is filled by the first search, so that worlds where nobody searches pay nothing, and holds hashes: some
// 20 bytes a user.
type openIDs struct {
	seed    maphash.Seed
	byHash  map[uint64]uint32 // index into users
	indexed int               // so many of the users are in it
}

// userOf finds the user with an openid; nil when nobody who ever logged in has it. It needs a.mu.
func (a *app) userOf(id wechat.OpenID) *user {
	s := &a.state
	if name, given := s.openIDOwner(id); given {
		if index, found := s.names[name]; found {
			return &s.users[index]
		}
		return nil
	}
	x := &s.openIDs
	for range 2 {
		if x.byHash == nil || x.indexed > len(s.users) {
			*x = openIDs{seed: maphash.MakeSeed(), byHash: make(map[uint64]uint32)}
		}
		for ; x.indexed < len(s.users); x.indexed++ {
			x.byHash[maphash.String(x.seed, string(a.openID(s.users[x.indexed].name)))] = uint32(x.indexed)
		}
		index, found := x.byHash[maphash.String(x.seed, string(id))]
		if !found {
			return nil
		}
		if u := &s.users[index]; u.name != "" && a.openIDOf(u.name, s.described(u.name)) == id {
			return u
		}
		x.byHash = nil // the user was removed, perhaps to come back in another place, or two hashes met
	}
	return nil
}
