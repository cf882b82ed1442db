// wxlogin serve --mock -- go test ./...
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// wxlogin is the simulated phone and the levers of the simulation.
func wxlogin(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("wxlogin", append([]string{"mock"}, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("wxlogin mock %s: %s", args[0], exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// A backend is the server under test, and a mini program that talks to it.
type backend struct {
	t    *testing.T
	url  string
	time time.Time
	logs bytes.Buffer
}

func start(t *testing.T) *backend {
	t.Helper()
	appid, secret := os.Getenv("WXLOGIN_APPID"), os.Getenv("WXLOGIN_SECRET")
	if os.Getenv("WXLOGIN_URL") == "" {
		t.Fatal("there is no simulated WeChat: run wxlogin serve --mock -- go test ./...")
	}
	b := &backend{t: t, time: time.Now()}
	a := newApp(newWeChat(appid, secret), &b.logs)
	a.now = func() time.Time { return b.time }
	server := httptest.NewServer(a.handler())
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

type answer struct{ Reason, Token, NickName, Phone string }

// wants asks the back end as wx.request would, and checks the status and the reason.
func (b *backend) wants(status int, reason, method, path, token string, body map[string]string) answer {
	b.t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequest(method, b.url+path, bytes.NewReader(sent))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		b.t.Fatal(err)
	}
	if response.StatusCode != status || got.Reason != reason {
		b.t.Fatalf("%s %s: %d %q, want %d %q\n%s", method, path, response.StatusCode, got.Reason, status, reason, &b.logs)
	}
	return got
}

func (b *backend) login(status int, reason, code string) (token string) {
	b.t.Helper()
	return b.wants(status, reason, "POST", "/login", "", map[string]string{"code": code}).Token
}

func (b *backend) loggedIn(user string) (token string) {
	b.t.Helper()
	return b.login(200, "", wxlogin(b.t, "login", "--user", user))
}

func (b *backend) logged(want string) {
	b.t.Helper()
	if got := strings.TrimSpace(b.logs.String()); got != want {
		b.t.Errorf("logged %q, want %q", got, want)
	}
}

func TestLogin(t *testing.T) {
	b := start(t)
	b.wants(200, "", "GET", "/me", b.loggedIn("alice"), nil)
	b.logged("")
}

func TestCodeWorksOnce(t *testing.T) {
	b := start(t)
	code := wxlogin(t, "login")
	b.login(200, "", code)
	b.login(401, "login_again", code)
	b.logged("POST /login: jscode2session: errcode 40163")
}

func TestCodeExpires(t *testing.T) {
	b := start(t)
	code := wxlogin(t, "login")
	wxlogin(t, "clock", "+6m")
	defer wxlogin(t, "clock", "reset")
	b.login(401, "login_again", code)
	b.logged("POST /login: jscode2session: errcode 40029")
}

// TestRefusals uses codes that say by themselves what is to happen: docs/faults.md.
func TestRefusals(t *testing.T) {
	for code, want := range map[string]refused{
		"err-45011": {429, "try_later"},
		"err--1":    {429, "try_later"},
		"err-40226": {403, "blocked"},
		"err-40125": {500, "misconfigured"},
		"drop":      {504, "login_again"},
		"":          {400, "bad_request"},
	} {
		t.Run(code, func(t *testing.T) {
			b := start(t)
			b.login(want.status, want.reason, code)
			if strings.Contains(b.logs.String(), os.Getenv("WXLOGIN_SECRET")) {
				t.Error("the AppSecret was logged")
			}
		})
	}
}

// TestStrangeCode: what a code has in it stays in it.
func TestStrangeCode(t *testing.T) {
	b := start(t)
	b.login(401, "login_again", wxlogin(t, "login")+"&grant_type=authorization_code")
	b.logged("POST /login: jscode2session: errcode 40029")
}

func (b *backend) userInfo(user string) map[string]string {
	b.t.Helper()
	var got struct{ EncryptedData, IV string }
	if err := json.Unmarshal([]byte(wxlogin(b.t, "userinfo", "--user", user)), &got); err != nil {
		b.t.Fatal(err)
	}
	return map[string]string{"encryptedData": got.EncryptedData, "iv": got.IV}
}

func TestProfile(t *testing.T) {
	b := start(t)
	token := b.loggedIn("bob")
	if got := b.wants(200, "", "POST", "/profile", token, b.userInfo("bob")); got.NickName != "微信用户" {
		t.Errorf("%+v", got)
	}
}

// TestNewerKey: right after this login the user logs in on another device, which replaces the session_key.
func TestNewerKey(t *testing.T) {
	b := start(t)
	wxlogin(t, "fault", "add", "--on", "jscode2session", "--user", "carol", "--times", "1", "rotate-key")
	token := b.loggedIn("carol")
	b.wants(401, "login_again", "POST", "/profile", token, b.userInfo("carol"))
}

func TestPhone(t *testing.T) {
	b := start(t)
	wxlogin(t, "user", "add", "dora", "--phone", "13800000000")
	defer wxlogin(t, "user", "rm", "dora")
	token := b.loggedIn("dora")
	code := map[string]string{"code": wxlogin(t, "phone", "--user", "dora", "-q", ".code")}
	if got := b.wants(200, "", "POST", "/phone", token, code); got.Phone != "13800000000" {
		t.Errorf("%+v", got)
	}
	b.wants(422, "tap_again", "POST", "/phone", token, code)
	b.wants(401, "login_again", "POST", "/phone", "", code)
}

func TestSessionEnds(t *testing.T) {
	b := start(t)
	one, two := b.loggedIn("erin"), b.loggedIn("erin")
	b.wants(200, "", "POST", "/logout", one, nil)
	b.wants(401, "login_again", "GET", "/me", one, nil)
	b.wants(200, "", "GET", "/me", two, nil)
	b.time = b.time.Add(life)
	b.wants(401, "login_again", "GET", "/me", two, nil)
}
