package wxhttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

const sourceWorld = "ours: docs of the control API"

// TestPeople holds the routes of users, apps and the world byte for byte.
func TestPeople(t *testing.T) {
	t.Parallel()
	bob := `{"user":"bob","phone":"13800000000","nickname":"Bob","gender":1,"avatar_url":"https://example.com/b.png"}`
	before := func(calls ...string) func(bed) {
		return func(b bed) {
			for _, call := range calls {
				method, rest, _ := strings.Cut(call, " ")
				path, body, _ := strings.Cut(rest, " ")
				if answer, _ := b.do(method, path, body); answer.StatusCode != http.StatusOK {
					b.t.Fatalf("%s: %d", call, answer.StatusCode)
				}
			}
		}
	}
	tests := []struct {
		name         string
		method, path string
		body         string
		before       func(bed)
		status       int
		reason       string
	}{
		{name: "add user", method: "POST", path: "/_mock/users", body: bob, status: 200},
		{name: "add plain user", method: "POST", path: "/_mock/users", body: `{"user":"bob","appid":"wxbbbbbbbbbbbbbbbb"}`, status: 200},
		{
			name: "set user", method: "PUT", path: "/_mock/users", before: before("POST /_mock/users " + bob), status: 200,
			body: `{"user":"bob","phone":"51234567","country_code":"852","gender":0,"no_unionid":true}`,
		},
		{
			name: "set user back", method: "PUT", path: "/_mock/users", before: before("POST /_mock/users " + bob), status: 200,
			body: `{"user":"bob","phone":"","no_profile":true}`,
		},
		{name: "show user", method: "GET", path: "/_mock/users?user=alice", before: aliceLogsIn, status: 200},
		{name: "list users", method: "GET", path: "/_mock/users", before: before("POST /_mock/users "+bob, "POST /_mock/login {}"), status: 200},
		{name: "list a page", method: "GET", path: "/_mock/users?limit=1", before: before("POST /_mock/users "+bob, "POST /_mock/login {}"), status: 200},
		{name: "list nobody", method: "GET", path: "/_mock/users?appid=wxbbbbbbbbbbbbbbbb", status: 200},
		{name: "remove user", method: "DELETE", path: "/_mock/users", body: `{"user":"alice"}`, before: aliceLogsIn, status: 200},

		{name: "add app", method: "POST", path: "/_mock/apps", status: 200},
		{
			name: "add app with everything", method: "POST", path: "/_mock/apps", status: 200,
			body: `{"appid":"wxffffffffffffffff","secret":"ffffffffffffffffffffffffffffffff","open_platform":"demo","users":1000}`,
		},
		{name: "list apps", method: "GET", path: "/_mock/apps", before: before(`POST /_mock/apps {"users":7}`, "POST /_mock/login {}"), status: 200},
		{name: "remove app", method: "DELETE", path: "/_mock/apps", body: `{"appid":"wxbbbbbbbbbbbbbbbb"}`, status: 200},
		{
			name: "env of an invented app", method: "GET", path: "/_mock/env?appid=wxffffffffffffffff",
			before: before(`POST /_mock/apps {"appid":"wxffffffffffffffff"}`), status: 200,
		},
		{name: "env of a configured app", method: "GET", path: "/_mock/env?appid=wxbbbbbbbbbbbbbbbb", status: 200},
		{name: "world", method: "GET", path: "/_mock/world", before: before("POST /_mock/users " + bob), status: 200},
		{
			name: "world as a file", method: "GET", path: "/_mock/world?format=yaml&secrets=true", status: 200,
			before: before("POST /_mock/users "+bob, `POST /_mock/apps {"appid":"wxffffffffffffffff","secret":"ffffffffffffffffffffffffffffffff"}`, `POST /_mock/clock {"move":"90m"}`),
		},

		{name: "user twice", method: "POST", path: "/_mock/users", body: `{"user":"alice"}`, before: aliceLogsIn, status: 409, reason: `user "alice" of wx0123456789abcdef is there already`},
		{name: "unknown user", method: "PUT", path: "/_mock/users", body: `{"user":"bob","gender":1}`, status: 404, reason: `wx0123456789abcdef has no user "bob"`},
		{name: "remove unknown user", method: "DELETE", path: "/_mock/users", body: `{"user":"bob"}`, status: 404, reason: `wx0123456789abcdef has no user "bob"`},
		{name: "bad phone", method: "POST", path: "/_mock/users", body: `{"user":"bob","phone":"+86 138"}`, status: 400, reason: "phone is not 5 to 15 digits"},
		{name: "bad gender", method: "POST", path: "/_mock/users", body: `{"user":"bob","gender":3}`, status: 400, reason: `gender "3" is not 0, 1 or 2`},
		{name: "page too large", method: "GET", path: "/_mock/users?limit=1001", status: 400, reason: "from is not negative, and limit is a number from 1 to 1000"},
		{name: "app twice", method: "POST", path: "/_mock/apps", body: `{"appid":"wxbbbbbbbbbbbbbbbb"}`, status: 409, reason: "app wxbbbbbbbbbbbbbbbb is there already"},
		{name: "default app", method: "DELETE", path: "/_mock/apps", body: `{"appid":"wx0123456789abcdef"}`, status: 409, reason: "app wx0123456789abcdef is the default app, which stays"},
		{name: "no app", method: "DELETE", path: "/_mock/apps", status: 400, reason: `"appid" says which app`},
		{name: "too many users", method: "POST", path: "/_mock/apps", body: `{"users":9000000}`, status: 400, reason: `users "9000000" is not a number from 0 to 8388608`},
		{name: "world in another format", method: "GET", path: "/_mock/world?format=toml", status: 400, reason: "format is json or yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, wxhttp.Options{})
				if tt.before != nil {
					tt.before(b)
				}
				answer, record := b.do(tt.method, tt.path, tt.body)
				if answer.StatusCode != tt.status || record.Reason != tt.reason {
					t.Errorf("status %d, reason %q; want %d, %q", answer.StatusCode, record.Reason, tt.status, tt.reason)
				}
				golden(t, sourceWorld, answer)
			})
		})
	}
}

// TestRemovalsAreTold: a login server has to follow what is removed.
func TestRemovalsAreTold(t *testing.T) {
	t.Parallel()
	var told []wxhttp.Change
	b := newBed(t, wxhttp.Options{OnChange: func(_ context.Context, c wxhttp.Change) error {
		told = append(told, c)
		return nil
	}})
	aliceLogsIn(b)
	alice, err := b.world.User("", "alice")
	if err != nil {
		t.Fatal(err)
	}
	b.do(http.MethodDelete, "/_mock/users", `{"user":"alice"}`)
	b.do(http.MethodDelete, "/_mock/apps", `{"appid":"wxbbbbbbbbbbbbbbbb"}`)
	want := []wxhttp.Change{{AppID: world.DemoAppID, OpenID: alice.OpenID}, {Reset: true, AppID: unboundApp}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

// TestUserPages: a list of 2500 is walked in pages without a gap, the last one short.
func TestUserPages(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	added, err := b.world.AddApp(world.App{Population: 2500})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	from, sizes := "0", []int{}
	for range 10 {
		answer, _ := b.do(http.MethodGet, "/_mock/users?limit=1000&from="+from+"&appid="+string(added.ID), "")
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Users []struct {
				User   string
				OpenID wechat.OpenID
			}
			Total int
			Next  json.Number
		}
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Users))
		for _, u := range page.Users {
			seen[u.User] = true
		}
		if page.Total != 2500 {
			t.Errorf("total %d", page.Total)
		}
		if from = page.Next.String(); from == "" {
			break
		}
	}
	if diff := cmp.Diff([]int{1000, 1000, 500}, sizes); diff != "" || len(seen) != 2500 || !seen["u000001"] || !seen["u002500"] {
		t.Errorf("pages %v, %d users", sizes, len(seen))
	}
}
