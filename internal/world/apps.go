package world

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxAdded bounds the apps that are added to a running world; each costs some 2 KiB.
const maxAdded = 10_000

// ErrTooManyApps says that no further app can be added to a running world.
var ErrTooManyApps = errors.New("the simulation has no room for another app")

// A ConflictError says that a change would contradict what is there.
type ConflictError struct{ Reason string }

func (e *ConflictError) Error() string { return e.Reason }

// addConfigured checks an app and adds it. It needs w.mu, except in New.
func (w *World) addConfigured(a App) (*app, error) {
	if err := a.ID.Check(); err != nil {
		return nil, fmt.Errorf("add app to the simulation: %w", err)
	}
	if a.Secret.IsZero() && a.Invented {
		a.Secret = w.inventSecret(a.ID)
	}
	if err := a.Secret.Check(); err != nil {
		return nil, fmt.Errorf("add app %s to the simulation: %w", a.ID, err)
	}
	if w.apps[a.ID] != nil {
		return nil, &ConflictError{Reason: fmt.Sprintf("app %s is there already", a.ID)}
	}
	made := w.newApp(a, false)
	initial, err := made.newPeople(a.Users, a.Population)
	if err != nil {
		return nil, err
	}
	made.initial, made.state.initial = initial, initial
	w.insert(made)
	return made, nil
}

// AddApp adds an app to a running world, and returns it with what was left open: an empty ID and an empty Secret are invented. It
// lasts until [World.RemoveApp] or [World.ResetAll]. Errors are [*wechat.ShapeError], [*ConflictError] and [ErrTooManyApps].
func (w *World) AddApp(a App) (App, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.added >= maxAdded {
		return App{}, ErrTooManyApps
	}
	if a.ID == "" {
		a.ID = w.inventID()
	}
	a.Invented = a.Secret.IsZero()
	added, err := w.addConfigured(a)
	if err != nil {
		return App{}, err
	}
	w.added++
	return added.App, nil
}

// RemoveApp removes an app with its users; its codes and keys are good for nothing then. The default app stays, because a login
// server works for it: that is a [*ConflictError]. The other error is an [*UnknownAppError].
func (w *World) RemoveApp(id wechat.AppID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.apps[id]
	switch a {
	case nil:
		return &UnknownAppError{App: id}
	case w.first:
		return &ConflictError{Reason: fmt.Sprintf("app %s is the default app, which stays", id)}
	}
	w.ClearFaults(id)
	delete(w.apps, id)
	w.tags[a.tag] = slices.DeleteFunc(w.tags[a.tag], func(b *app) bool { return a == b })
	if len(w.tags[a.tag]) == 0 {
		delete(w.tags, a.tag)
	}
	switch {
	case a.adopted:
		w.adopted--
	case !slices.Contains(w.initial, a):
		w.added--
	}
	w.faults.reset(id)
	return nil
}

// An AppState is an app as it is now.
type AppState struct {
	App          // without Users
	Default bool // calls that name no app mean it
	Adopted bool // nobody configured it
	People  int  // how many users it has

	app *app
}

// Apps returns the apps: the configured ones in their order, then the others by their appids.
func (w *World) Apps() []AppState {
	w.mu.RLock()
	list := make([]AppState, 0, len(w.apps))
	for _, a := range w.initial {
		if w.apps[a.ID] == a {
			list = append(list, AppState{App: a.App, Default: a == w.first, app: a})
		}
	}
	configured := len(list)
	for _, a := range w.apps {
		if !slices.Contains(w.initial, a) {
			list = append(list, AppState{App: a.App, Adopted: a.adopted, app: a})
		}
	}
	w.mu.RUnlock()
	slices.SortFunc(list[configured:], func(a, b AppState) int { return cmp.Compare(a.ID, b.ID) })
	for i := range list {
		a := list[i].app
		a.mu.Lock()
		list[i].People = a.state.size()
		a.mu.Unlock()
	}
	return list
}

// App returns an app ("" is the default one). The error is an [*UnknownAppError].
func (w *World) App(id wechat.AppID) (App, error) {
	a, err := w.app(id)
	if err != nil {
		return App{}, err
	}
	return a.App, nil
}

// Described returns the users of the app of whom somebody said something, by their names, as they were described.
func (s AppState) Described() []User {
	a := s.app
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []User
	for name, u := range a.state.changes.described {
		if u != nil {
			list = append(list, *u.own())
		} else if a.state.exists(name) {
			list = append(list, User{Name: name})
		}
	}
	for name, u := range a.initial.described {
		if _, changed := a.state.changes.described[name]; !changed {
			list = append(list, *u.own())
		}
	}
	slices.SortFunc(list, func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Seed returns what everything is derived from. A world of the same seed and apps gives the same users, codes and keys.
func (w *World) Seed() uint64 { return w.seed }

// PlusSlashPercent returns the share of keys and ivs that contain both + and /.
func (w *World) PlusSlashPercent() int { return max(0, w.plusSlashPercent) }

// Start says where a world's clock is at the beginning. The zero value is the system's time.
type Start struct {
	Offset time.Duration // from the system's time
	At     time.Time     // in place of Offset, unless it is zero
	Frozen bool
}

// MaxOffset bounds how far a world's clock can be from the system's: 100 years, within what a duration and the certificates of a
// test can hold.
const MaxOffset = 100 * 365 * 24 * time.Hour

// WithinReach reports whether a start is at most [MaxOffset] from the system's time.
func WithinReach(s Start) bool {
	if s.At.IsZero() {
		return s.Offset.Abs() <= MaxOffset
	}
	return time.Until(s.At).Abs() <= MaxOffset
}

// resetClock puts the clock where it was at the beginning.
func (w *World) resetClock() {
	w.clock.Reset()
	if w.start.At.IsZero() {
		w.clock.Move(w.start.Offset)
	} else {
		w.clock.Set(w.start.At)
	}
	if w.start.Frozen {
		w.clock.Freeze()
	}
}

// inventSecret is a function of the seed and the appid: a world that is loaded again gives its apps the same secrets.
func (w *World) inventSecret(id wechat.AppID) wechat.AppSecret {
	if id == DemoAppID {
		return wechat.NewAppSecret(DemoSecret)
	}
	sum := w.root.derive(labelAppSecret, string(id), 0)
	return wechat.NewAppSecret(hex.EncodeToString(sum[:16]))
}

// inventID gives an appid that nobody has here. That it is a real one as well is as likely as any other guess.
func (w *World) inventID() wechat.AppID {
	for {
		sum := w.root.derive(labelAppID, "", w.named)
		w.named++
		if id := wechat.AppID("wx" + hex.EncodeToString(sum[:8])); w.apps[id] == nil {
			return id
		}
	}
}

// PublicSecret returns the app's secret if it may be told: the demo secret is public, and an invented one is good for nothing elsewhere.
// One that somebody configured may be that of a real mini program.
func (a App) PublicSecret() (secret wechat.AppSecret, public bool) {
	if a.Invented || a.Secret.Equal(wechat.NewAppSecret(DemoSecret).Secret) {
		return a.Secret, true
	}
	return wechat.AppSecret{}, false
}
