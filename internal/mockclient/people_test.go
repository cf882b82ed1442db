package mockclient_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The answers are those of the simulation's golden files.
const (
	demoApp   wechat.AppID  = "wx0123456789abcdef"
	bobOpenID wechat.OpenID = "oFviJ5B0Fad8_SDzUtfT7TEDQDSc"
)

// TestPeople: each call has the method, path and body that the simulation takes, and reads what it answers.
func TestPeople(t *testing.T) {
	t.Parallel()
	phone, gender, empty := "13800000000", 1, ""
	for name, tt := range map[string]struct {
		golden string
		do     func(*mockclient.Client) (any, error)
		call   call
		want   func(any) bool
	}{
		"add user": {
			"add_user",
			func(c *mockclient.Client) (any, error) {
				return c.AddUser(t.Context(), mockclient.UserChange{User: "bob", Phone: &phone, Gender: &gender})
			},
			call{http.MethodPost, "/_mock/users", `{"user":"bob","phone":"13800000000","gender":1}`},
			is(func(u mockclient.User) bool {
				return u.User == "bob" && u.OpenID == bobOpenID && u.Phone == phone && *u.Gender == 1 && u.Nickname == "Bob" && u.LoggedInAt.IsZero()
			}),
		},
		"set user": {
			"set_user_back",
			func(c *mockclient.Client) (any, error) {
				return c.SetUser(t.Context(), mockclient.UserChange{User: "bob", Phone: &empty, NoProfile: true})
			},
			call{http.MethodPut, "/_mock/users", `{"user":"bob","phone":"","no_profile":true}`},
			is(func(u mockclient.User) bool { return u.Gender == nil && u.UnionID != "" }),
		},
		"show user": {
			"show_user", func(c *mockclient.Client) (any, error) { return c.User(t.Context(), mockclient.Who{User: "alice"}) },
			call{http.MethodGet, "/_mock/users", ""},
			is(func(u mockclient.User) bool { return u.LoggedInAt.Equal(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) }),
		},
		"list users": {
			"list_a_page", func(c *mockclient.Client) (any, error) { return c.Users(t.Context(), demoApp, 0, 1) },
			call{http.MethodGet, "/_mock/users", ""},
			is(func(u mockclient.Users) bool { return len(u.Users) == 1 && u.Total == 2 && u.Next == 1 }),
		},
		"remove user": {
			"remove_user", func(c *mockclient.Client) (any, error) {
				return c.RemoveUser(t.Context(), mockclient.Who{User: "alice"})
			},
			call{http.MethodDelete, "/_mock/users", `{"user":"alice"}`},
			is(func(r mockclient.Removed) bool { return r.Removed && r.User == "alice" && r.AppID == demoApp }),
		},
		"add app": {
			"add_app_with_everything",
			func(c *mockclient.Client) (any, error) {
				return c.AddApp(t.Context(), mockclient.AppChange{Users: 1000})
			},
			call{http.MethodPost, "/_mock/apps", `{"users":1000}`},
			is(func(a mockclient.App) bool {
				return a.AppID == "wxffffffffffffffff" && a.Secret.Reveal() == strings.Repeat("f", 32) && a.Users == 1000
			}),
		},
		"list apps": {
			"list_apps", func(c *mockclient.Client) (any, error) { return c.Apps(t.Context()) },
			call{http.MethodGet, "/_mock/apps", ""},
			is(func(list mockclient.Apps) bool { a := list.Apps; return len(a) == 3 && a[0].Default && a[2].Users == 7 }),
		},
		"remove app": {
			"remove_app", func(c *mockclient.Client) (any, error) { return c.RemoveApp(t.Context(), "wxbbbbbbbbbbbbbbbb") },
			call{http.MethodDelete, "/_mock/apps", `{"appid":"wxbbbbbbbbbbbbbbbb"}`},
			is(func(r mockclient.Removed) bool { return r.AppID == "wxbbbbbbbbbbbbbbbb" }),
		},
		"env": {
			"env_of_an_invented_app", func(c *mockclient.Client) (any, error) { return c.Env(t.Context(), "wxffffffffffffffff") },
			call{http.MethodGet, "/_mock/env", ""},
			is(func(e mockclient.Env) bool { return e.Secret.Len() == 32 }),
		},
		"world file": {
			"world_as_a_file", func(c *mockclient.Client) (any, error) { return c.WorldFile(t.Context(), true) },
			call{http.MethodGet, "/_mock/world", ""},
			is(func(text []byte) bool { return strings.HasPrefix(string(text), "# A simulated WeChat") }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := replay(t, "TestPeople/"+tt.golden)
			got, err := tt.do(client)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.call, *seen); diff != "" {
				t.Error(diff)
			}
			if !tt.want(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// is makes a check of an answer of any type.
func is[T any](check func(T) bool) func(any) bool {
	return func(got any) bool {
		answer, ok := got.(T)
		return ok && check(answer)
	}
}

func TestClockLevers(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestControl/clock_freeze")
	if got, err := client.FreezeClock(t.Context()); err != nil || !got.Frozen || seen.Body != `{"freeze":true}` {
		t.Errorf("%+v, %v, sent %s", got, err, seen.Body)
	}
	client, seen = replay(t, "TestControl/clock_set")
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	if got, err := client.SetClock(t.Context(), at); err != nil || !got.Now.Equal(at) || seen.Body != `{"set":"2026-11-23T10:00:00Z"}` {
		t.Errorf("%+v, %v, sent %s", got, err, seen.Body)
	}
}

func TestWorldRefused(t *testing.T) {
	t.Parallel()
	client, _ := replay(t, "TestPeople/world_in_another_format")
	if _, err := client.WorldFile(t.Context(), false); !isProblem(err, "bad_request") {
		t.Errorf("error %v", err)
	}
	client, _ = serve(t, func(w http.ResponseWriter) { _, _ = w.Write([]byte("version: 1")) })
	if _, err := client.WorldFile(t.Context(), false); err == nil {
		t.Error("the world of something else was taken")
	}
	client, _ = replay(t, "TestPeople/unknown_user")
	if _, err := client.User(t.Context(), mockclient.Who{User: "bob"}); !isProblem(err, "unknown_user") {
		t.Errorf("error %v", err)
	}
}

func isProblem(err error, reason string) bool {
	p, ok := err.(*problem.Problem) //nolint:errorlint // returned as it is
	return ok && p.Reason == reason
}
