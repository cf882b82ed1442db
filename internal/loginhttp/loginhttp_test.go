package loginhttp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/loginhttp"
)

const (
	form     = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

func TestOnLoginRequests(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 512)
	tests := []struct {
		name, method, target, contentType, body string
		status                                  int
		asked                                   string // the code that WeChat was asked about
	}{
		{"query", "GET", "/onLogin?code=" + code, "", "", 200, code},
		{"query among others", "GET", "/onLogin?a=1&code=" + code + "&b=2", "", "", 200, code},
		{"query with an escape", "GET", "/onLogin?code=x%26secret%3Dy", "", "", 200, "x&secret=y"},
		{"query of a POST", "POST", "/onLogin?code=" + code, "", "", 200, code},
		{"form", "POST", "/onLogin", form, "code=" + code, 200, code},
		{"form with charset", "POST", "/onLogin", form + "; charset=utf-8", "code=" + code, 200, code},
		{"JSON", "POST", "/onLogin", jsonType, `{"code":"` + code + `"}`, 200, code},
		{"JSON with more", "POST", "/onLogin", jsonType + "; charset=utf-8", `{"code":"` + code + `","userInfo":{"a":[1]}}`, 200, code},
		{"JSON without a type", "POST", "/onLogin", "", `{"code":"` + code + `"}`, 200, code},
		{"longest code", "GET", "/onLogin?code=" + long, "", "", 200, long},

		{"no code", "GET", "/onLogin", "", "", 400, ""},
		{"empty code", "GET", "/onLogin?code=", "", "", 400, ""},
		{"another name", "GET", "/onLogin?js_code=" + code, "", "", 400, ""},
		{"twice in the query", "GET", "/onLogin?code=a&code=b", "", "", 400, ""},
		{"twice the same", "GET", "/onLogin?code=a&code=a", "", "", 400, ""},
		{"in query and form", "POST", "/onLogin?code=a", form, "code=b", 400, ""},
		{"in query and JSON", "POST", "/onLogin?code=a", jsonType, `{"code":"b"}`, 400, ""},
		{"too long", "GET", "/onLogin?code=" + long + "a", "", "", 400, ""},
		{"too long in JSON", "POST", "/onLogin", jsonType, `{"code":"` + long + `a"}`, 400, ""},
		{"body of a GET", "GET", "/onLogin", jsonType, `{"code":"` + code + `"}`, 400, ""},
		{"broken query", "GET", "/onLogin?code=%zz", "", "", 400, ""},
		{"semicolons", "GET", "/onLogin?a=1;code=" + code, "", "", 400, ""},
		{"broken form", "POST", "/onLogin", form, "code=%zz", 400, ""},
		{"empty body", "POST", "/onLogin", jsonType, "", 400, ""},
		{"garbage", "POST", "/onLogin", jsonType, "{", 400, ""},
		{"an array", "POST", "/onLogin", jsonType, `["` + code + `"]`, 400, ""},
		{"null", "POST", "/onLogin", jsonType, "null", 400, ""},
		{"null code", "POST", "/onLogin", jsonType, `{"code":null}`, 400, ""},
		{"empty code in JSON", "POST", "/onLogin", jsonType, `{"code":""}`, 400, ""},
		{"a number", "POST", "/onLogin", jsonType, `{"code":1}`, 400, ""},
		{"form without its type", "POST", "/onLogin", "text/plain", "code=" + code, 400, ""},
		{"body too large", "POST", "/onLogin", jsonType, `{"code":"` + code + `","x":"` + strings.Repeat("x", 64<<10) + `"}`, 413, ""},
		{"form too large", "POST", "/onLogin", form, "code=a&x=" + strings.Repeat("x", 64<<10), 413, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			answer, body := a.call(t, tt.method, tt.target, tt.body, "Content-Type", tt.contentType)
			if answer.StatusCode != tt.status || string(a.asked) != tt.asked {
				t.Fatalf("status %d, WeChat was asked about %q: %s", answer.StatusCode, a.asked, body)
			}
			if tt.status != 200 {
				if r := readRefusal(t, answer, body); r.Reason != "bad_request" {
					t.Errorf("reason %q", r.Reason)
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{"/onLogin": {"GET", "POST"}, "/decrypt": {"POST"}, "/phone": {"POST"}, "/session": {"GET"}, "/logout": {"POST"}, "/introspect": {"POST"}, "/revoke": {"POST"}}
	a := newAPI(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(allowed)), a.paths); diff != "" {
		t.Error(diff)
	}
	for path, methods := range allowed {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			if slices.Contains(methods, method) {
				continue
			}
			answer, body := a.call(t, method, path+"?code="+code, "")
			if r := readRefusal(t, answer, body); answer.StatusCode != 405 || r.Reason != "bad_request" {
				t.Errorf("%s %s: %s", method, path, body)
			}
			if got, want := answer.Header.Get("Allow"), strings.Join(methods, ", "); got != want {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, want)
			}
		}
	}
	if a.calls.Load() != 0 {
		t.Errorf("%d codes were consumed", a.calls.Load())
	}
}

// Link previews and monitors send HEAD over a real connection, where net/http drops the body.
func TestHeadConsumesNoCode(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := httptest.NewServer(a)
	defer server.Close()
	answer, err := server.Client().Head(server.URL + "/onLogin?code=" + code)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 405 || a.calls.Load() != 0 {
		t.Errorf("%s, %d calls of WeChat", answer.Status, a.calls.Load())
	}
}

// members returns the sorted names of a JSON object's members.
func members(t *testing.T, body string) []string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return slices.Sorted(maps.Keys(object))
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	answer, body := a.call(t, "GET", "/onLogin?code="+code, "")
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || got != "application/json" {
		t.Fatalf("%s, %s", answer.Status, got)
	}
	if diff := cmp.Diff([]string{"expires_in", "token", "token_type"}, members(t, body)); diff != "" {
		t.Error(diff)
	}
	var login struct {
		Token     string `json:"token"`
		TokenType string `json:"token_type"`
		ExpiresIn int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(body), &login); err != nil || login.TokenType != "Bearer" || login.ExpiresIn != 86400 {
		t.Errorf("%s %d, %v", login.TokenType, login.ExpiresIn, err)
	}
	a.now = a.now.Add(90 * time.Second)

	answer, body = a.call(t, "GET", "/session", "", "Authorization", "Bearer "+login.Token)
	want := `{"active":true,"expires_at":"2026-11-24T08:00:00Z","key_age_seconds":90}`
	if body != want || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s, want %s", answer.Status, body, want)
	}

	answer, body = a.decrypt(t, login.Token, seal(t, keyText, `{"phoneNumber":"13800000000",`+mark+`}`))
	want = `{"kind":"phone","data":{"phoneNumber":"13800000000",` + mark + `}}`
	if body != want || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s, want %s", answer.Status, body, want)
	}

	answer, body = a.call(t, "POST", "/logout", "", "Authorization", "Bearer "+login.Token)
	if answer.StatusCode != 204 || body != "" || answer.Header.Get("Content-Type") != "" {
		t.Errorf("%s: %q", answer.Status, body)
	}
	answer, body = a.call(t, "POST", "/logout", "", "Authorization", "Bearer "+login.Token)
	if r := readRefusal(t, answer, body); answer.StatusCode != 401 || r.Detail != "the login token is revoked; call wx.login" {
		t.Errorf("again: %s", body)
	}
	a.answers = errBroken
	_, body = a.call(t, "GET", "/onLogin?code="+code, "")
	if diff := cmp.Diff([]string{"detail", "reason", "status", "title", "type"}, members(t, body)); diff != "" {
		t.Error(diff)
	}
}

// [api.call] searches each answer for the ids and the keys.
func TestNoIDs(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	for _, plain := range []string{
		`{"openId":"` + openID + `","nickName":"Band","unionId":"` + unionID + `",` + mark + `}`,
		`{"phoneNumber":"13800000000","openId":"` + openID + `",` + mark + `}`,
		`{"stepInfoList":[{"timestamp":1,"step":2,"unionId":"` + unionID + `"}],"note":"` + openID + `"}`,
		`{"opengid":"tG1","group_openid":"` + openID + `","chat_type":3}`,
		`{"openGId":"` + openID + `"}`,
		`{"kv_list":[{"key":"\u006f` + openID[1:] + `","value":"` + unionID + `"}]}`,
		`{"a":{"b":{"c":"` + openID + `"}}}`,
		`{"a":["` + openID + `"]}`,
		"for " + openID,
		openID,
		unionID,
	} {
		answer, body := a.decrypt(t, bearer, seal(t, keyText, plain))
		switch answer.StatusCode {
		case 200:
			if diff := cmp.Diff([]string{"data", "kind"}, members(t, body)); diff != "" {
				t.Errorf("%s: %s", plain, diff)
			}
		case 422: // what cannot be rid of an id is withheld
		default:
			t.Errorf("%s: %s", plain, answer.Status)
		}
	}
}

func TestDecryptRequests(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	e := seal(t, keyText, `{"a":1}`)
	good := fmt.Sprintf(`"encryptedData":%q,"iv":%q`, e.EncryptedData, e.IV)
	tests := []struct {
		name, body string
		status     int
	}{
		{"as wx.* gives it", `{"errMsg":"getWeRunData:ok","cloudID":"38_x","userInfo":{"nickName":"x"},` + good + `}`, 200},
		{"empty", "", 400},
		{"no iv", `{"encryptedData":"AAAA"}`, 400},
		{"no data", `{"iv":"AAAA"}`, 400},
		{"numbers", `{"encryptedData":1,"iv":2}`, 400},
		{"garbage", "{", 400},
		{"an array", "[]", 400},
		{"two objects", "{" + good + "}{}", 400},
		{"a form", url.Values{"encryptedData": {e.EncryptedData}, "iv": {e.IV}}.Encode(), 400},
		{"64 KiB and a byte", "{" + good + `,"x":"` + strings.Repeat("x", 64<<10) + `"}`, 413},
	}
	for _, tt := range tests { // one after the other: they share the record
		answer, body := a.call(t, "POST", "/decrypt", tt.body, "Authorization", "Bearer "+bearer)
		if answer.StatusCode != tt.status {
			t.Errorf("%s: %s %s", tt.name, answer.Status, body)
		}
		if tt.status != 200 {
			if r := readRefusal(t, answer, body); r.Reason != "bad_request" {
				t.Errorf("%s: %s", tt.name, body)
			}
		}
	}
	// Who has no token learns nothing about bodies.
	if answer, _ := a.call(t, "POST", "/decrypt", "{"); answer.StatusCode != 401 {
		t.Errorf("without a token: %s", answer.Status)
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	inspect := func(method, body string) (int, map[string]any) {
		t.Helper()
		recorder := httptest.NewRecorder()
		loginhttp.Inspect(a.service).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, "/_mock/inspect", strings.NewReader(body)))
		var answer map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return recorder.Code, answer
	}
	status, answer := inspect("POST", `{"token":"`+bearer+`"}`)
	if status != 200 || answer["verdict"] != "valid" || answer["openid"] != openID || answer["session"] != "current" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = inspect("POST", `{"token":"garbage"}`); status != 200 || answer["verdict"] != "not_a_login_token" {
		t.Errorf("%d %v", status, answer)
	}
	for _, body := range []string{"", "{}", `{"token":""}`, `{"token":1}`, "{"} {
		if status, answer = inspect("POST", body); status != 400 || answer["reason"] != "bad_request" {
			t.Errorf("%q: %d %v", body, status, answer)
		}
	}
	if status, _ = inspect("GET", ""); status != 405 {
		t.Errorf("GET: %d", status)
	}
}
