package world_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// Identifiers of WeChat's shape from public documentation.
const (
	givenOpenID  wechat.OpenID  = "oQZIv5WlvnbeGrBlkm3SH0NXTeuo"
	givenUnionID wechat.UnionID = "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
)

func addUser(t testing.TB, w *world.World, app wechat.AppID, u world.User) world.Person {
	t.Helper()
	p, err := w.AddUser(app, u)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func setUser(t testing.TB, w *world.World, name string, change func(*world.User)) world.Person {
	t.Helper()
	p, err := w.SetUser("", name, change)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isConflict(err error) bool    { _, ok := errors.AsType[*world.ConflictError](err); return ok }
func isUnknownUser(err error) bool { _, ok := errors.AsType[*world.UnknownUserError](err); return ok }

// open decrypts what the phone gave under the key of the user's newest login.
func open(t testing.TB, key wechat.SessionKey, encryptedData, iv string) string {
	t.Helper()
	payload, err := opendata.Open(key, opendata.Envelope{EncryptedData: encryptedData, IV: iv})
	if err != nil {
		t.Fatal(err)
	}
	return string(payload.Plain)
}

// TestDescribedUser: what was said of a user is what the wire and the phone give.
func TestDescribedUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		added := addUser(t, w, "", world.User{
			Name: "bob", OpenID: givenOpenID, UnionID: givenUnionID, Phone: redact.NewSecret("51234567"), CountryCode: "852",
			Profile: &world.Profile{NickName: "Bob", Gender: 1, Language: "zh_CN", City: "Guangzhou", Province: "Guangdong", Country: "CN", AvatarURL: "https://example.com/b.png"},
		})
		if added.OpenID != givenOpenID || !added.Described || !added.LoggedIn.IsZero() {
			t.Errorf("added as %+v", added)
		}
		id := exchange(t, w, demo(login(t, w, "", "bob")))
		if id.OpenID != givenOpenID || id.UnionID != givenUnionID {
			t.Errorf("exchanged for %s, %s", id.OpenID, id.UnionID)
		}
		phone, err := w.Phone("", "bob")
		if err != nil {
			t.Fatal(err)
		}
		const wantPhone = `{"phoneNumber":"85251234567","purePhoneNumber":"51234567","countryCode":"852","watermark":{"timestamp":946684800,"appid":"wx0123456789abcdef"}}`
		if diff := cmp.Diff(wantPhone, open(t, id.SessionKey, phone.EncryptedData, phone.IV)); diff != "" {
			t.Error(diff)
		}
		info, err := w.Userinfo("", "bob")
		if err != nil {
			t.Fatal(err)
		}
		const profile = `"nickName":"Bob","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"https://example.com/b.png"`
		if info.RawData != "{"+profile+"}" {
			t.Errorf("rawData %s", info.RawData)
		}
		want := `{"openId":"` + string(givenOpenID) + `",` + profile + `,"unionId":"` + string(givenUnionID) + `","watermark":{"timestamp":946684800,"appid":"wx0123456789abcdef"}}`
		if diff := cmp.Diff(want, open(t, id.SessionKey, info.EncryptedData, info.IV)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSetUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	plain := exchange(t, w, demo(login(t, w, "", "bob")))
	changed := setUser(t, w, "bob", func(u *world.User) { u.Name, u.NoUnionID, u.Phone = "eve", true, redact.NewSecret("13800000000") })
	if changed.Name != "bob" || changed.UnionID != "" || changed.Phone.Reveal() != "13800000000" || changed.OpenID != plain.OpenID {
		t.Errorf("changed to %+v", changed)
	}
	if id := exchange(t, w, demo(login(t, w, "", "bob"))); id.UnionID != "" || !id.SessionKey.Equal(plain.SessionKey.Secret) {
		t.Errorf("exchanged for %+v", id)
	}
	back := setUser(t, w, "bob", func(u *world.User) { *u = world.User{} })
	if back.UnionID != plain.UnionID || back.CountryCode != "86" || !strings.HasPrefix(back.Phone.Reveal(), "154") {
		t.Errorf("back to %+v", back)
	}
	if _, err := w.SetUser("", "carol", func(*world.User) {}); !isUnknownUser(err) {
		t.Errorf("SetUser of nobody: %v", err)
	}
	if _, err := w.SetUser(unboundApp, "bob", func(*world.User) {}); !isUnknownUser(err) {
		t.Errorf("SetUser of a user of another app: %v", err)
	}
}

// TestIdentifiersStayUnique: no two users of an app ever share an openid or a unionid, those to come included.
func TestIdentifiersStayUnique(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Seed: 1})
	addUser(t, w, "", world.User{Name: "bob", OpenID: givenOpenID, UnionID: givenUnionID})
	alice := exchange(t, w, demo(login(t, w, "", "alice")))
	for name, u := range map[string]world.User{
		"given openid":           {Name: "carol", OpenID: givenOpenID},
		"given unionid":          {Name: "carol", UnionID: givenUnionID},
		"derived openid":         {Name: "carol", OpenID: alice.OpenID},
		"derived unionid":        {Name: "carol", UnionID: alice.UnionID},
		"openid with the prefix": {Name: "carol", OpenID: alice.OpenID[:20] + "xxxxxxxx"},
		"name":                   {Name: "bob"},
		"name of one logged in":  {Name: "alice"},
	} {
		if _, err := w.AddUser("", u); !isConflict(err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	addUser(t, w, otherApp, world.User{Name: "carol", OpenID: givenOpenID}) // another app is another world
	if err := w.RemoveUser("", "bob"); err != nil {
		t.Fatal(err)
	}
	addUser(t, w, "", world.User{Name: "carol", OpenID: givenOpenID, UnionID: givenUnionID}) // free again
	same := setUser(t, w, "alice", func(u *world.User) { u.OpenID, u.UnionID = alice.OpenID, alice.UnionID })
	if same.OpenID != alice.OpenID {
		t.Errorf("alice is %s now", same.OpenID)
	}
}

func TestUserShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{})
	for name, u := range map[string]world.User{
		"name":         {Name: " bob"},
		"openid":       {Name: "bob", OpenID: "o123"},
		"unionid":      {Name: "bob", UnionID: "u"},
		"both":         {Name: "bob", UnionID: givenUnionID, NoUnionID: true},
		"phone":        {Name: "bob", Phone: redact.NewSecret("13800000000canary")},
		"short phone":  {Name: "bob", Phone: redact.NewSecret("1380")},
		"country code": {Name: "bob", CountryCode: "+86"},
		"zero code":    {Name: "bob", CountryCode: "086"},
		"gender":       {Name: "bob", Profile: &world.Profile{Gender: -1}},
		"nickname":     {Name: "bob", Profile: &world.Profile{NickName: strings.Repeat("x", 1025)}},
		"city":         {Name: "bob", Profile: &world.Profile{City: "\xff"}},
	} {
		if _, err := w.AddUser("", u); !isShapeError(err) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestRemovedUser: codes and keys of a removed user are dead, and a new user of the name gets a key that nobody had.
func TestRemovedUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		old := exchange(t, w, demo(login(t, w, "", "bob")))
		code := login(t, w, "", "bob")
		if err := w.RemoveUser("", "bob"); err != nil {
			t.Fatal(err)
		}
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code of a user who was removed")
		if _, err := w.User("", "bob"); !isUnknownUser(err) {
			t.Errorf("User: %v", err)
		}
		if _, err := w.Userinfo("", "bob"); err == nil {
			t.Error("a removed user has data")
		}
		if err := w.RemoveUser("", "bob"); !isUnknownUser(err) {
			t.Errorf("RemoveUser again: %v", err)
		}
		addUser(t, w, "", world.User{Name: "bob"})
		if _, err := w.Userinfo("", "bob"); err == nil {
			t.Error("a user who was only added has data")
		}
		again := exchange(t, w, demo(login(t, w, "", "bob")))
		if again.OpenID != old.OpenID || again.SessionKey.Equal(old.SessionKey.Secret) {
			t.Errorf("back as %s, with the same key: %v", again.OpenID, again.SessionKey.Equal(old.SessionKey.Secret))
		}
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code of a user who was removed")
	})
}

func names(t testing.TB, w *world.World, app wechat.AppID) []string {
	t.Helper()
	list := []string{}
	for from := 0; ; {
		page, err := w.Users(app, from, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Users {
			list = append(list, p.Name)
		}
		if from = page.Next; from == 0 {
			if page.Total != len(list) {
				t.Errorf("total %d, %d listed", page.Total, len(list))
			}
			return list
		}
	}
}

// TestUsersInOrder: the described, the population, the others; each once, whatever was done to them.
func TestUsersInOrder(t *testing.T) {
	t.Parallel()
	app := world.App{
		ID: otherApp, Secret: wechat.NewAppSecret(otherSecret), Population: 4,
		Users: []world.User{{Name: "zoe"}, {Name: "u000002", Phone: redact.NewSecret("13800000000")}, {Name: "bob"}},
	}
	w := newWorld(t, world.Options{Apps: []world.App{app}})
	initial := []string{"zoe", "u000002", "bob", "u000001", "u000003", "u000004"}
	check := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, names(t, w, "")); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	check("at the beginning", initial...)
	for _, name := range []string{"u000003", "carol", "bob", "u000005", "alice"} {
		login(t, w, "", name)
	}
	check("after logins", append(slices.Clone(initial), "carol", "u000005", "alice")...)
	for _, name := range []string{"zoe", "u000001", "carol", "u000003"} {
		if err := w.RemoveUser("", name); err != nil {
			t.Fatal(err)
		}
	}
	check("after removals", "u000002", "bob", "u000004", "u000005", "alice")
	addUser(t, w, "", world.User{Name: "zoe"})
	login(t, w, "", "u000001")
	login(t, w, "", "carol")
	setUser(t, w, "u000004", func(u *world.User) { u.CountryCode = "1" })
	check("after they came back", "zoe", "u000002", "bob", "u000001", "u000004", "u000005", "alice", "carol")
	if err := w.Reset(""); err != nil {
		t.Fatal(err)
	}
	check("after a reset", initial...)
	if u, err := w.User("", "u000002"); err != nil || u.Phone.Reveal() != "13800000000" {
		t.Errorf("after a reset: %+v, %v", u, err)
	}
}

func TestPopulationNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Apps: []world.App{{ID: otherApp, Secret: wechat.NewAppSecret(otherSecret), Population: 1_000_000}}})
	for _, n := range []int{1, 42, 999_999, 1_000_000} {
		if _, err := w.User("", world.PopulationName(n)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"u000000", "u1000001", "u42", "u0000042", "U000042", "u+00042", "u-00042", "u00004x", "u 00042", "u", "u99999999999999999999"} {
		if _, err := w.User("", name); err == nil {
			t.Errorf("%q is one of the population", name)
		}
	}
	page, err := w.Users("", 999_998, 10)
	if err != nil || len(page.Users) != 2 || page.Users[1].Name != "u1000000" || page.Total != 1_000_000 || page.Next != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestAddApp: what is left out is made up, of WeChat's shapes and from the seed.
func TestAddApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, same := newWorld(t, world.Options{Seed: 5}), newWorld(t, world.Options{Seed: 5})
		seen := map[wechat.AppID]bool{}
		for range 3 {
			a, err := w.AddApp(world.App{})
			if err != nil || errors.Join(a.ID.Check(), a.Secret.Check()) != nil || seen[a.ID] || !a.Invented {
				t.Fatalf("%+v, %v", a, err)
			}
			seen[a.ID] = true
			if b, err := same.AddApp(world.App{}); err != nil || b.ID != a.ID || !b.Secret.Equal(a.Secret.Secret) {
				t.Errorf("another world of the seed has %s, %v", b.ID, err)
			}
			code := login(t, w, a.ID, "")
			refused(t, w, demo(code), wechat.CodeInvalidCode, fmt.Sprintf("code belongs to %s, and is consumed now", a.ID))
			code = login(t, w, a.ID, "")
			if id := exchange(t, w, world.Exchange{AppID: a.ID, Secret: a.Secret, Code: code}); id.UnionID != "" {
				t.Error("an unbound app has unionids")
			}
		}
		if _, err := w.AddApp(world.App{ID: otherApp}); !isConflict(err) {
			t.Errorf("an app twice: %v", err)
		}
		if _, err := w.AddApp(world.App{ID: "wx1"}); !isShapeError(err) {
			t.Errorf("a malformed appid: %v", err)
		}
		w.ResetAll()
		if got := len(w.Apps()); got != len(apps()) {
			t.Errorf("%d apps after a reset", got)
		}
	})
}

func TestRemoveApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{})
		code := login(t, w, otherApp, "bob")
		if err := w.RemoveApp(otherApp); err != nil {
			t.Fatal(err)
		}
		refused(t, w, other(code), wechat.CodeInvalidAppID, "unknown appid; --adopt would admit it")
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code of another simulation, or of an app that this one does not know")
		if err := w.RemoveApp(otherApp); !isUnknownApp(err) {
			t.Errorf("again: %v", err)
		}
		if err := w.RemoveApp(world.DemoAppID); !isConflict(err) {
			t.Errorf("the default app: %v", err)
		}
		w.ResetAll()
		exchange(t, w, other(login(t, w, otherApp, "bob")))
	})
}

// TestStart: a reset of the whole world puts the clock where it was at the beginning.
func TestStart(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		start world.Start
		want  time.Time // an hour after 2000-01-01
	}{
		"system": {world.Start{}, time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC)},
		"offset": {world.Start{Offset: time.Minute}, time.Date(2000, 1, 1, 1, 1, 0, 0, time.UTC)},
		"at":     {world.Start{At: at}, at},
		"frozen": {world.Start{At: at, Frozen: true}, at},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, world.Options{Start: tt.start})
				w.Clock().Move(7 * time.Hour)
				time.Sleep(time.Hour)
				w.ResetAll()
				if got := w.Clock().Now(); !got.Equal(tt.want) || w.Clock().Frozen() != tt.start.Frozen {
					t.Errorf("%v, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestPeopleInParallel: users and apps come and go while others log in; run with -race.
func TestPeopleInParallel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Adopt: true})
	stays, err := w.AddApp(world.App{Population: 100})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				name := world.PopulationName(i%100 + 1)
				l, err := w.Login(stays.ID, name)
				if err != nil {
					t.Error(err)
				}
				if id, refusal := w.Exchange(world.Exchange{AppID: stays.ID, Secret: stays.Secret, Code: l.Code}); refusal != nil || id.User != name {
					t.Errorf("%q, %v", id.User, refusal) // nobody removes users of this app
				}
			}
		})
		wg.Go(func() {
			for i := range 50 {
				name := fmt.Sprint("user", i%3)
				_, _ = w.AddUser("", world.User{Name: name})
				_, _ = w.Login("", name)
				_, _ = w.SetUser("", name, func(u *world.User) { u.NoUnionID = i%2 == 0 })
				_ = w.RemoveUser("", name)
				_, _ = w.Users("", 0, 10)
				a, err := w.AddApp(world.App{Population: 3})
				if err != nil {
					t.Error(err)
				}
				_ = w.Apps()
				if err := errors.Join(w.Reset(""), w.RemoveApp(a.ID)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(w.Apps()); got != len(apps())+1 {
		t.Errorf("%d apps are left", got)
	}
}
