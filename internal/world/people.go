package world

import (
	"fmt"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// people are the users that an app has before anybody logs in: those that were described, and a population that is only a number.
// They are never changed, so that a reset gives them back for nothing; what changes is in [state].
type people struct {
	described  map[string]*User
	order      []string // the names of described, as they were given
	population int
	openIDs    map[wechat.OpenID]string // whose those are that were given
	unionIDs   map[wechat.UnionID]string
	size       int // described and population together
}

// MaxPopulation is how many users an app can be given at once: as many as it can have.
const MaxPopulation = maxUsers

// populationDigits is how many digits the names of a population have at least.
const populationDigits = 6

// PopulationName returns the name of the nth user of a population, from 1: u000001.
func PopulationName(n int) string { return fmt.Sprintf("u%0*d", populationDigits, n) }

// inPopulation reports whether a name is that of one of the n users of a population.
func inPopulation(name string, n int) bool {
	const width = 1 + populationDigits
	if n == 0 || len(name) < width || name[0] != 'u' || len(name) > width && name[1] == '0' {
		return false
	}
	number, err := strconv.ParseUint(name[1:], 10, 32)
	return err == nil && 0 < number && number <= uint64(n)
}

// newPeople checks the users of an app, and that no two share a name, an openid or a unionid.
func (a *app) newPeople(users []User, population int) (*people, error) {
	if population < 0 || population+len(users) > MaxPopulation {
		return nil, &wechat.ShapeError{Field: "users", Value: redact.Untrusted(strconv.Itoa(population)), Reason: fmt.Sprintf("is not a number from 0 to %d", MaxPopulation)}
	}
	p := &people{population: population, size: population}
	if len(users) == 0 {
		return p, nil
	}
	p.described = make(map[string]*User, len(users))
	p.openIDs, p.unionIDs = map[wechat.OpenID]string{}, map[wechat.UnionID]string{}
	s := state{initial: p}
	for _, u := range users {
		described, err := a.describe(&s, u)
		if err != nil {
			return nil, fmt.Errorf("add user %q to %s: %w", u.Name, a.ID, err)
		}
		if p.described[described.Name] != nil {
			return nil, &ConflictError{Reason: fmt.Sprintf("user %q of %s is there twice", described.Name, a.ID)}
		}
		p.described[described.Name] = described
		p.order = append(p.order, described.Name)
		if !inPopulation(described.Name, population) {
			p.size++
		}
		if described.OpenID != "" {
			p.openIDs[described.OpenID] = described.Name
		}
		if described.UnionID != "" {
			p.unionIDs[described.UnionID] = described.Name
		}
	}
	return p, nil
}

func (p *people) has(name string) bool {
	return p.described[name] != nil || inPopulation(name, p.population)
}

// at returns the name in a place of the list of these people: the described, then the population.
func (p *people) at(i int) (name string, ok bool) {
	if i < len(p.order) {
		return p.order[i], true
	}
	name = PopulationName(i - len(p.order) + 1)
	return name, p.described[name] == nil
}

// places is how many places that list has. A few may be empty.
func (p *people) places() int { return len(p.order) + p.population }

// describe checks what somebody says of a user against the shapes of WeChat and against the other users, and returns a copy.
//
// What the simulation derives for a name needs no saying and is left out. It can be said of nobody else: identifiers with the
// prefix that the app derives with are the simulation's, which keeps the derived ones of users to come free of collisions.
func (a *app) describe(s *state, u User) (*User, error) {
	name, err := checkUser(u.Name)
	if err != nil {
		return nil, err
	}
	u.Name = name
	if err := u.check(); err != nil {
		return nil, err
	}
	described := u.own()
	if u.OpenID == a.openID(name) {
		described.OpenID = ""
	}
	if u.UnionID != "" && u.UnionID == a.unionID(name) {
		described.UnionID = ""
	}
	if u.CountryCode == DefaultCountryCode {
		described.CountryCode = ""
	}
	const derived = "has the prefix of those that the simulation derives, and is not that of this user"
	if id := described.OpenID; id != "" {
		if string(id[:openIDPrefix]) == a.prefix {
			return nil, &ConflictError{Reason: fmt.Sprintf("openid %q %s", id, derived)}
		}
		if owner, taken := s.openIDOwner(id); taken && owner != name {
			return nil, &ConflictError{Reason: fmt.Sprintf("openid %q is that of user %q", id, owner)}
		}
	}
	if id := described.UnionID; id != "" {
		if string(id[:openIDPrefix]) == a.unionPrefix {
			return nil, &ConflictError{Reason: fmt.Sprintf("unionid %q %s", id, derived)}
		}
		if owner, taken := s.unionIDOwner(id); taken && owner != name {
			return nil, &ConflictError{Reason: fmt.Sprintf("unionid %q is that of user %q", id, owner)}
		}
	}
	return described, nil
}

// changes are what was done to an app's people since its beginning. The zero value is nothing.
type changes struct {
	described map[string]*User // nil for a user who was removed
	openIDs   map[wechat.OpenID]string
	unionIDs  map[wechat.UnionID]string
	before    map[string]past // of users who were removed after they had logged in
	others    int             // users that are not among the initial people
	gone      int             // initial people that are not there
}

// past is what must not begin anew with a user who is removed and comes back: keys and ivs would repeat.
type past struct{ keys, sealed uint32 }

// described returns what somebody said of a user; nil for nothing, which is the case of most.
func (s *state) described(name string) *User {
	if len(s.changes.described) > 0 {
		if u, changed := s.changes.described[name]; changed {
			return u
		}
	}
	if len(s.initial.described) > 0 {
		return s.initial.described[name]
	}
	return nil
}

// exists reports whether there is a user of this name, be it as one of a population.
func (s *state) exists(name string) bool {
	if _, found := s.names[name]; found {
		return true
	}
	return s.initial.has(name) && !s.removed(name)
}

// removed reports whether an initial user was removed and has not come back by logging in.
func (s *state) removed(name string) bool {
	u, changed := s.changes.described[name]
	return changed && u == nil
}

// created counts a user who is about to get a record, and returns the record.
func (s *state) created(name string) user {
	if !s.initial.has(name) {
		s.changes.others++
	} else if s.removed(name) {
		s.changes.gone--
	}
	made := user{name: name}
	if before, came := s.changes.before[name]; came {
		made.keys, made.sealed = before.keys, before.sealed
		delete(s.changes.before, name)
	}
	return made
}

// size is how many users there are.
func (s *state) size() int { return s.initial.size - s.changes.gone + s.changes.others }

// describe replaces what is said of a user.
func (s *state) describe(u *User) {
	c := &s.changes
	s.forget(u.Name)
	if c.described == nil {
		c.described = map[string]*User{}
	}
	c.described[u.Name] = u
	if u.OpenID != "" {
		if c.openIDs == nil {
			c.openIDs = map[wechat.OpenID]string{}
		}
		c.openIDs[u.OpenID] = u.Name
	}
	if u.UnionID != "" {
		if c.unionIDs == nil {
			c.unionIDs = map[wechat.UnionID]string{}
		}
		c.unionIDs[u.UnionID] = u.Name
	}
}

// forget drops what was said of a user since the beginning.
func (s *state) forget(name string) {
	if u := s.changes.described[name]; u != nil {
		delete(s.changes.openIDs, u.OpenID)
		delete(s.changes.unionIDs, u.UnionID)
	}
	delete(s.changes.described, name)
}

// openIDOwner returns whose an openid is that somebody gave.
func (s *state) openIDOwner(id wechat.OpenID) (name string, taken bool) {
	if name, taken = s.changes.openIDs[id]; taken {
		return name, true
	}
	name, taken = s.initial.openIDs[id]
	_, changed := s.changes.described[name]
	return name, taken && !changed
}

func (s *state) unionIDOwner(id wechat.UnionID) (name string, taken bool) {
	if name, taken = s.changes.unionIDs[id]; taken {
		return name, true
	}
	name, taken = s.initial.unionIDs[id]
	_, changed := s.changes.described[name]
	return name, taken && !changed
}

// remove takes a user away. The record stays, without a name, because codes point to it.
func (s *state) remove(name string) {
	c := &s.changes
	s.forget(name)
	if index, found := s.names[name]; found {
		if u := s.users[index]; u.keys > 0 || u.sealed > 0 {
			if c.before == nil {
				c.before = map[string]past{}
			}
			c.before[name] = past{keys: u.keys, sealed: u.sealed}
		}
		s.users[index] = user{}
		delete(s.names, name)
	}
	if !s.initial.has(name) {
		c.others--
		return
	}
	c.gone++
	if c.described == nil {
		c.described = map[string]*User{}
	}
	c.described[name] = nil
}
