package world_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// town is what there is of people and apps, as a page of prose would have it.
type town struct {
	apps map[wechat.AppID]*townApp
}

type townApp struct {
	secret wechat.AppSecret
	people map[string]*townsman
	codes  map[wechat.Code]*townsman // unused and alive
}

type townsman struct {
	phone  string // "": derived
	openID wechat.OpenID
	keys   bool // has logged in
}

const townPopulation = 3

// newTownApp has the users that every app of the test begins with.
func newTownApp(secret wechat.AppSecret) *townApp {
	a := &townApp{secret: secret, people: map[string]*townsman{}, codes: map[wechat.Code]*townsman{}}
	for n := range townPopulation {
		a.people[world.PopulationName(n+1)] = &townsman{}
	}
	a.people["bob"] = &townsman{phone: "13800000000"}
	return a
}

func townApps() []world.App {
	list := apps()
	for i := range list {
		list[i].Population = townPopulation
		list[i].Users = []world.User{{Name: "bob", Phone: redact.NewSecret("13800000000")}}
	}
	return list
}

// stroll is one sequence of steps in the world and in the town.
type stroll struct {
	w      *world.World
	town   town
	issued []townCode
	keys   map[string]*townsman // every key ever seen, and whose it was
}

type townCode struct {
	app  wechat.AppID
	code wechat.Code
}

// TestPeopleAreLikeTheModel: any sequence of logins, exchanges, additions, changes and removals of users and apps, and resets.
func TestPeopleAreLikeTheModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(t *rapid.T) {
			w, err := world.New(world.Options{Seed: 3, Apps: townApps()})
			if err != nil {
				t.Fatal(err)
			}
			s := &stroll{w: w, town: town{apps: map[wechat.AppID]*townApp{}}, keys: map[string]*townsman{}}
			s.rebuild()
			t.Repeat(map[string]func(*rapid.T){
				"login": s.login, "exchange": s.exchange, "add user": s.addUser, "set user": s.setUser, "remove user": s.removeUser,
				"add app": s.addApp, "remove app": s.removeApp, "reset": s.reset, "reset all": s.resetAll, "expire": s.expire, "": s.check,
			})
		})
	})
}

func (s *stroll) rebuild() {
	clear(s.town.apps)
	clear(s.keys)
	for _, a := range townApps() {
		s.town.apps[a.ID] = newTownApp(a.Secret)
	}
}

func (s *stroll) app(t *rapid.T) (wechat.AppID, *townApp) {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(s.town.apps))).Draw(t, "app")
	return id, s.town.apps[id]
}

func drawName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"alice", "bob", "carol", "u000001", "u000003", "u000004"}).Draw(t, "user")
}

func (s *stroll) login(t *rapid.T) {
	id, a := s.app(t)
	name := drawName(t)
	l, err := s.w.Login(id, name)
	if err != nil {
		t.Fatal(err)
	}
	if a.people[name] == nil {
		a.people[name] = &townsman{}
	}
	a.people[name].keys = true
	a.codes[l.Code] = a.people[name]
	s.issued = append(s.issued, townCode{id, l.Code})
}

func (s *stroll) exchange(t *rapid.T) {
	if len(s.issued) == 0 {
		t.Skip("no code yet")
	}
	drawn := rapid.SampledFrom(s.issued).Draw(t, "code")
	a := s.town.apps[drawn.app]
	if a == nil {
		t.Skip("the app is gone")
	}
	man := a.codes[drawn.code]
	delete(a.codes, drawn.code)
	id, refusal := s.w.Exchange(world.Exchange{AppID: drawn.app, Secret: a.secret, Code: drawn.code})
	if (refusal == nil) != (man != nil) {
		t.Fatalf("refusal %v, the model has %v", refusal, man)
	}
	if man == nil {
		return
	}
	if a.people[id.User] != man || man.openID != "" && id.OpenID != man.openID {
		t.Fatalf("the code logged %q in as %s", id.User, id.OpenID)
	}
	if owner, seen := s.keys[id.SessionKey.Reveal()]; seen && owner != man {
		t.Fatalf("%q has the key of somebody else, or of a removed user", id.User)
	}
	s.keys[id.SessionKey.Reveal()] = man
}

func (s *stroll) addUser(t *rapid.T) {
	id, a := s.app(t)
	u := world.User{Name: drawName(t), OpenID: rapid.SampledFrom([]wechat.OpenID{"", givenOpenID}).Draw(t, "openid")}
	_, err := s.w.AddUser(id, u)
	if taken := a.people[u.Name] != nil || a.taken(u.Name, u.OpenID); isConflict(err) != taken || !taken && err != nil {
		t.Fatalf("add %+v to %s: %v, the model says %v", u, id, err, taken)
	}
	if err == nil {
		a.people[u.Name] = &townsman{openID: u.OpenID}
	}
}

// taken reports whether somebody else has the openid.
func (a *townApp) taken(name string, id wechat.OpenID) bool {
	for other, man := range a.people {
		if id != "" && man.openID == id && other != name {
			return true
		}
	}
	return false
}

func (s *stroll) setUser(t *rapid.T) {
	id, a := s.app(t)
	name, phone := drawName(t), rapid.SampledFrom([]string{"", "13900000000"}).Draw(t, "phone")
	openID := rapid.SampledFrom([]wechat.OpenID{"", givenOpenID}).Draw(t, "openid")
	_, err := s.w.SetUser(id, name, func(u *world.User) { u.Phone, u.OpenID = redact.NewSecret(phone), openID })
	man := a.people[name]
	switch {
	case man == nil:
		if !isUnknownUser(err) {
			t.Fatalf("set %s: %v", name, err)
		}
	case a.taken(name, openID):
		if !isConflict(err) {
			t.Fatalf("set %s: %v", name, err)
		}
	case err != nil:
		t.Fatal(err)
	default:
		man.phone, man.openID = phone, openID
	}
}

func (s *stroll) removeUser(t *rapid.T) {
	id, a := s.app(t)
	name := drawName(t)
	err := s.w.RemoveUser(id, name)
	man := a.people[name]
	if isUnknownUser(err) != (man == nil) {
		t.Fatalf("remove %s from %s: %v", name, id, err)
	}
	delete(a.people, name)
	maps.DeleteFunc(a.codes, func(_ wechat.Code, of *townsman) bool { return of == man })
}

func (s *stroll) addApp(t *rapid.T) {
	if len(s.town.apps) > 5 {
		t.Skip("enough")
	}
	a, err := s.w.AddApp(world.App{Population: townPopulation, Users: []world.User{{Name: "bob", Phone: redact.NewSecret("13800000000")}}})
	if err != nil || s.town.apps[a.ID] != nil {
		t.Fatal(a.ID, err)
	}
	s.town.apps[a.ID] = newTownApp(a.Secret)
}

func (s *stroll) removeApp(t *rapid.T) {
	id, _ := s.app(t)
	err := s.w.RemoveApp(id)
	if isConflict(err) != (id == world.DemoAppID) {
		t.Fatal(err)
	}
	if err == nil {
		delete(s.town.apps, id)
	}
}

func (s *stroll) reset(t *rapid.T) {
	id, a := s.app(t)
	if err := s.w.Reset(id); err != nil {
		t.Fatal(err)
	}
	s.town.apps[id] = newTownApp(a.secret)
	clear(s.keys) // a seeded world mints the same ones again
	s.issued = slices.DeleteFunc(s.issued, func(c townCode) bool { return c.app == id })
}

func (s *stroll) resetAll(*rapid.T) {
	s.w.ResetAll()
	s.issued = nil
	s.rebuild()
}

func (s *stroll) expire(*rapid.T) {
	s.w.Clock().Move(time.Hour)
	for _, a := range s.town.apps {
		clear(a.codes)
	}
}

// check holds the lists of the world against the model after each step.
func (s *stroll) check(t *rapid.T) {
	var ids []wechat.AppID
	for _, a := range s.w.Apps() {
		ids = append(ids, a.ID)
		if want := len(s.town.apps[a.ID].people); a.People != want {
			t.Fatalf("%s has %d users, the model %d", a.ID, a.People, want)
		}
	}
	slices.Sort(ids)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(s.town.apps)), ids); diff != "" {
		t.Fatal(diff)
	}
	for id, a := range s.town.apps {
		page, err := s.w.Users(id, 0, 100)
		if err != nil || page.Next != 0 {
			t.Fatal(err, page.Next)
		}
		var want, got []string
		for name, man := range a.people {
			want = append(want, fmt.Sprint(name, man.phone, man.openID, man.keys))
		}
		for _, p := range page.Users {
			line := p.Name
			if !slices.Contains([]string{"154"}, p.Phone.Reveal()[:3]) {
				line += p.Phone.Reveal()
			}
			if p.OpenID == givenOpenID {
				line += string(givenOpenID)
			}
			got = append(got, fmt.Sprint(line, !p.LoggedIn.IsZero()))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s:\n%s", id, diff)
		}
	}
}
