package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

func TestWholeLogin(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	token := r.login(t, "alice")
	in := r.inspect(t, token)
	if in.Verdict != "valid" || in.Session != "current" || in.AppID != demoAppID || in.Claims.Iss != "wxlogin-mock" || !strings.HasPrefix(in.Header.Kid, "mock-") {
		t.Errorf("inspect: %+v", in)
	}
	if err := wechat.OpenID(in.OpenID).Check(); err != nil || in.Claims.UnionID == "" {
		t.Errorf("openid %v, unionid %q", err, in.Claims.UnionID)
	}
	for kind, call := range map[string]func(context.Context, mockclient.Who) (mockclient.OpenData, error){
		"userinfo": r.phone.Userinfo, "phone": r.phone.Phone, "werun": r.phone.WeRun, "group": r.phone.Group,
	} {
		given, err := call(t.Context(), mockclient.Who{})
		if err != nil {
			t.Fatal(err)
		}
		got := r.call(t, http.MethodPost, "/decrypt", token, string(given.Raw))
		var data struct {
			Kind string
			Data map[string]any
		}
		if err := json.Unmarshal([]byte(got.body), &data); err != nil || got.status != 200 || data.Kind != kind || len(data.Data) == 0 {
			t.Errorf("%s: %d %s", kind, got.status, got.body)
		}
		if strings.Contains(got.body, in.OpenID) || strings.Contains(got.body, in.Claims.UnionID) {
			t.Errorf("%s: an id of the user stands in %s", kind, got.body)
		}
	}
	if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != 200 || strings.Contains(got.body, in.OpenID) {
		t.Errorf("/session: %d %s", got.status, got.body)
	}
	if got := r.call(t, http.MethodPost, "/logout", token, ""); got.status != 204 {
		t.Errorf("/logout: %d %s", got.status, got.body)
	}
	if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != 401 || got.reason() != "login_again" {
		t.Errorf("after it: %d %s", got.status, got.body)
	}
	if in = r.inspect(t, token); in.Verdict != "revoked" {
		t.Errorf("after it: %s", in.Verdict)
	}
	for _, secret := range []string{token, demoSecret, "?"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("%q stands in the log:\n%s", secret, r.log)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	refused := func(name, code string, errcode string) {
		t.Helper()
		if got := r.onLogin(t, code); got.status != 401 || got.reason() != "login_again" || !strings.Contains(got.body, `"errcode":`+errcode) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	used := r.code(t, "alice")
	if got := r.onLogin(t, used); got.status != 200 {
		t.Fatal(got.body)
	}
	refused("used", used, "40163")
	refused("mangled", "x"+used[1:], "40029")
	refused("injected", "a&appid=wx0000000000000000", "40029")
	late := r.code(t, "alice")
	r.move(t, "+5m1s")
	refused("late", late, "40029")
	refused("used and late", used, "40029")
}

// Of many requests with one code one gets a token, the others a refusal, and WeChat refuses none: it is asked once.
func TestOneCodeManyRequests(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	code := r.code(t, "alice")
	const callers = 20
	statuses := make(chan int, callers)
	for range callers {
		go func() { statuses <- r.onLogin(t, code).status }()
	}
	won := 0
	for range callers {
		switch status := <-statuses; status {
		case 200:
			won++
		case 401:
		default:
			t.Errorf("status %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d winners", won)
	}
}

func TestClockMovesEverything(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	token := r.login(t, "alice")
	status := func(name string, want int) {
		t.Helper()
		if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	r.move(t, "+23h59m")
	status("before the token's end", 200)
	r.move(t, "+2m")
	status("after it", 401)
	if in := r.inspect(t, token); in.Verdict != "expired" {
		t.Errorf("after it: %s", in.Verdict)
	}
	if _, err := r.phone.ResetClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	status("back in time", 200)

	r.move(t, "+1h")
	token = r.login(t, "alice") // in an hour
	r.move(t, "-1h")
	status("before the login happened", 401)
	if in := r.inspect(t, token); in.Session != "absent" {
		t.Errorf("before the login happened: session %s", in.Session)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	token := r.login(t, "alice")
	first := r.inspect(t, token).OpenID
	r.move(t, "+1h")
	if _, err := r.phone.Reset(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if c, err := r.phone.Clock(t.Context()); err != nil || c.OffsetSeconds != 0 {
		t.Errorf("the clock: %+v, %v", c, err)
	}
	if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != 401 || got.reason() != "login_again" {
		t.Errorf("/session: %d %s", got.status, got.body)
	}
	_, err := r.phone.Userinfo(t.Context(), mockclient.Who{})
	if p, ok := errors.AsType[*problem.Problem](err); !ok || p.Reason != "not_logged_in" {
		t.Errorf("userinfo of a user who never logged in: %v", err)
	}
	if again := r.inspect(t, r.login(t, "alice")).OpenID; again != first {
		t.Errorf("with a seed the user is another one: %s, then %s", first, again)
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	const foreign = "0a3sXb000wJRRH1dzq0000aXWD2sXb0b" // the shape of WeChat's own
	r := start(t, func(o *stack.Options) { o.Mock.Adopt = true })
	got := r.onLogin(t, foreign)
	var in struct{ Token string }
	if err := json.Unmarshal([]byte(got.body), &in); err != nil || got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if alice := r.inspect(t, r.login(t, "alice")); r.inspect(t, in.Token).OpenID != alice.OpenID {
		t.Error("the adopted code logged another user in")
	}
	if got = r.onLogin(t, foreign); got.status != 401 {
		t.Errorf("again: %d %s", got.status, got.body)
	}
	for range 2 {
		if got = r.onLogin(t, "the code is a mock one"); got.status != 200 {
			t.Errorf("the literal of DevTools: %d %s", got.status, got.body)
		}
	}

	strict := start(t, nil)
	if got = strict.onLogin(t, foreign); got.status != 401 || !strings.Contains(got.body, `"errcode":40029`) {
		t.Errorf("without --adopt: %d %s", got.status, got.body)
	}
	if !strings.Contains(strict.log.String(), "--adopt would log alice in") {
		t.Errorf("the log does not name --adopt:\n%s", strict.log)
	}
}

func TestControlToken(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *stack.Options) { o.Mock.Token = redact.NewSecret("the control token") })
	for path, method := range map[string]string{
		"/_mock/login": "POST", "/_mock/userinfo": "POST", "/_mock/clock": "GET", "/_mock/reset": "POST", "/_mock/env": "GET", "/_mock/inspect": "POST", "/_mock/none": "GET",
	} {
		for _, token := range []string{"", "another token"} {
			if got := r.call(t, method, path, token, "{}"); got.status != 401 || got.reason() != "unauthorized" {
				t.Errorf("%s %q: %d %s", path, token, got.status, got.body)
			}
		}
	}
	token := r.login(t, "alice") // the phone has the control token; the login API does not ask for it
	if got := r.call(t, http.MethodGet, "/session", token, ""); got.status != 200 {
		t.Errorf("/session: %d %s", got.status, got.body)
	}
	if got := r.call(t, http.MethodGet, "/sns/jscode2session?appid="+demoAppID, "", ""); got.status != 200 {
		t.Errorf("WeChat's API: %d %s", got.status, got.body)
	}
}

func TestMockHeader(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *stack.Options) { o.Mock.Token = redact.NewSecret("the control token") })
	set := func(name, value string) func(*http.Request) {
		return func(request *http.Request) { request.Header.Set(name, value) }
	}
	authorized := set("Authorization", "Bearer the control token")
	tests := []struct {
		name, method, path string
		edit               func(*http.Request)
		status             int
		mock               string
	}{
		{"control", "GET", "/_mock/env", authorized, 200, "1"},
		{"inspect", "POST", "/_mock/inspect", authorized, 400, "1"},
		{"no token", "GET", "/_mock/env", func(*http.Request) {}, 401, "1"},
		{"another site", "POST", "/_mock/reset", func(request *http.Request) {
			authorized(request)
			request.Header.Set("Origin", "https://evil.example")
		}, 403, "1"},
		{"another host", "GET", "/_mock/env", func(request *http.Request) { request.Host = "evil.example" }, 421, "1"},
		{"no such route", "GET", "/_mock/none", authorized, 404, "1"},
		{"wrong method", "GET", "/_mock/login", authorized, 405, "1"},
		{"WeChat", "GET", "/sns/jscode2session", func(*http.Request) {}, 200, "1"},
		{"unknown API", "GET", "/cgi-bin/none", func(*http.Request) {}, 200, "1"},
		{"login API", "GET", "/onLogin", func(*http.Request) {}, 400, ""},
		{"nothing", "GET", "/none", func(*http.Request) {}, 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := r.do(t, tt.method, tt.path, "", tt.edit)
			if got.status != tt.status || got.header.Get("X-Wxlogin-Mock") != tt.mock {
				t.Errorf("%d, header %q: %s", got.status, got.header.Get("X-Wxlogin-Mock"), got.body)
			}
		})
	}
}

// A simulation of somebody's own app knows that pair and no other.
func TestConfiguredApp(t *testing.T) {
	t.Parallel()
	const id, secret = "wx4f4bc4dec97d474b", "fedcba9876543210fedcba9876543210"
	r := start(t, func(o *stack.Options) {
		o.Mock.App = world.App{ID: id, Secret: wechat.NewAppSecret(secret)}
	})
	if r.Ready().AppID != id {
		t.Errorf("ready for %s", r.Ready().AppID)
	}
	if in := r.inspect(t, r.login(t, "alice")); in.AppID != id || in.Claims.UnionID != "" {
		t.Errorf("%+v", in)
	}
	exchange := func(id, secret string) string {
		return r.call(t, "GET", "/sns/jscode2session?appid="+id+"&secret="+secret+"&js_code="+r.code(t, "alice")+"&grant_type=authorization_code", "", "").body
	}
	if got := exchange(id, secret); !strings.HasPrefix(got, `{"session_key":"`) {
		t.Error(got)
	}
	if got := exchange(id, demoSecret); !strings.Contains(got, `"errcode":40125`) {
		t.Error(got)
	}
	if got := exchange(demoAppID, demoSecret); !strings.Contains(got, `"errcode":40013`) || !strings.Contains(r.log.String(), "--adopt") {
		t.Errorf("%s; the log:\n%s", got, r.log)
	}
	env, err := r.phone.Env(t.Context(), "")
	if err != nil || !env.Secret.IsZero() {
		t.Errorf("a configured secret is given away, or %v", err)
	}
	if diff := cmp.Diff(env.URL, r.URL()); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(r.log.String(), secret) {
		t.Error("the secret stands in the log")
	}
}
