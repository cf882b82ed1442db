package world

import (
	"fmt"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An UnknownUserError says that an app has no such user: none who logged in, who was added, or who is one of its population.
type UnknownUserError struct {
	User string
	App  wechat.AppID
}

// maxShownName is in characters; no user has a longer name.
const maxShownName = 64

func (e *UnknownUserError) Error() string {
	return fmt.Sprintf("%s has no user %q", e.App, wechat.Shown(e.User, maxShownName))
}

// AddUser adds a user to an app ("" is the default one). Adding is for users of whom something is to be said, or who are to be
// there before their first login. Errors are [*UnknownAppError], [*wechat.ShapeError], [ErrFull], and a [*ConflictError] when the
// user is there or an identifier is somebody else's.
func (w *World) AddUser(id wechat.AppID, u User) (Person, error) {
	a, err := w.app(id)
	if err != nil {
		return Person{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	described, err := a.describe(&a.state, u)
	if err != nil {
		return Person{}, err
	}
	if a.state.exists(described.Name) {
		return Person{}, &ConflictError{Reason: fmt.Sprintf("user %q of %s is there already", described.Name, a.ID)}
	}
	if _, err := a.state.user(described.Name); err != nil {
		return Person{}, err
	}
	a.state.describe(described)
	return a.person(described.Name), nil
}

// SetUser changes what is said of a user: change is given that, and what it makes of it replaces it. A name that it sets is
// ignored. Sessions that others keep under an openid that the user had stay theirs. Errors are those of [World.AddUser], and
// [*UnknownUserError].
func (w *World) SetUser(id wechat.AppID, name string, change func(*User)) (Person, error) {
	a, name, err := w.appAndUser(id, name)
	if err != nil {
		return Person{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.state.exists(name) {
		return Person{}, &UnknownUserError{User: name, App: a.ID}
	}
	next := &User{Name: name}
	if present := a.state.described(name); present != nil {
		next = present.own()
	}
	change(next)
	next.Name = name
	described, err := a.describe(&a.state, *next)
	if err != nil {
		return Person{}, err
	}
	a.state.describe(described)
	return a.person(name), nil
}

// RemoveUser removes a user: codes and keys are good for nothing then. Whoever logs in under the name later is a new user with the
// same openid and a new key. Errors are [*UnknownAppError], [*wechat.ShapeError] and [*UnknownUserError].
func (w *World) RemoveUser(id wechat.AppID, name string) error {
	a, name, err := w.appAndUser(id, name)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.state.exists(name) {
		return &UnknownUserError{User: name, App: a.ID}
	}
	a.state.remove(name)
	return nil
}

// User returns a user. Errors are those of [World.RemoveUser].
func (w *World) User(id wechat.AppID, name string) (Person, error) {
	a, name, err := w.appAndUser(id, name)
	if err != nil {
		return Person{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.state.exists(name) {
		return Person{}, &UnknownUserError{User: name, App: a.ID}
	}
	return a.person(name), nil
}

// A UserPage is a part of an app's users.
type UserPage struct {
	Users []Person
	Next  int // where the next page begins; 0: there is none
	Total int // how many users the app has
}

// maxVisited bounds how long a page holds the app up: so many places are looked at, some of which may be empty.
const maxVisited = 10_000

// Users returns up to limit users of an app, from the place that the page before named; 0 is the first. The order is that of the
// descriptions that the app began with, then its population, then the others as they came. A page may be short, even
// empty, and still have a next one. The error is an [*UnknownAppError].
func (w *World) Users(id wechat.AppID, from, limit int) (UserPage, error) {
	a, err := w.app(id)
	if err != nil {
		return UserPage{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	page := UserPage{Total: a.state.size()}
	end := a.initial.places() + len(a.state.users)
	i := max(from, 0)
	for stop := i + maxVisited; i < min(end, stop) && len(page.Users) < limit; i++ {
		if name, ok := a.state.at(i); ok {
			page.Users = append(page.Users, a.person(name))
		}
	}
	if i < end {
		page.Next = i
	}
	return page, nil
}

// at returns the user in a place of the list, which may be empty.
func (s *state) at(i int) (name string, ok bool) {
	if places := s.initial.places(); i >= places {
		name = s.users[i-places].name
		return name, name != "" && !s.initial.has(name)
	}
	name, ok = s.initial.at(i)
	return name, ok && s.exists(name)
}

// person needs a.mu.
func (a *app) person(name string) Person {
	described := a.state.described(name)
	p := Person{User: User{Name: name}, App: a.ID, Described: described != nil}
	if described != nil {
		p.User = *described.own()
	}
	p.OpenID, p.UnionID = a.openIDOf(name, described), a.unionIDOf(name, described)
	_, pure, countryCode := a.phoneOf(name, described)
	p.Phone, p.CountryCode = redact.NewSecret(pure), countryCode
	if index, found := a.state.names[name]; found {
		if u := a.state.users[index]; u.keyExpires != 0 {
			p.LoggedIn = fromNano(u.keyTime)
		}
	}
	return p
}

func (w *World) appAndUser(id wechat.AppID, name string) (*app, string, error) {
	a, err := w.app(id)
	if err != nil {
		return nil, "", err
	}
	name, err = checkUser(name)
	return a, name, err
}
