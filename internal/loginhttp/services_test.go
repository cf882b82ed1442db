package loginhttp_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/loginhttp"
	"github.com/wxlogin/wxlogin/internal/token"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// service makes a request of one of the developer's other services; the header is of pairs. It holds what is true of every answer.
func (a *api) asService(t testing.TB, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	request.Header.Set("Content-Type", form)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	a.record = &journal.Record{}
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, request.WithContext(journal.With(request.Context(), a.record)))
	answer := recorder.Result()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if cache, pragma := answer.Header.Get("Cache-Control"), answer.Header.Get("Pragma"); cache != "no-store" || pragma != "no-cache" {
		t.Errorf("%s: Cache-Control %q, Pragma %q", target, cache, pragma)
	}
	for name := range answer.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: CORS is open: %s", target, name)
		}
	}
	if strings.Contains(string(text), credential) || strings.Contains(a.record.Reason, credential) {
		t.Errorf("%s: the credential stands in the answer or in the log", target)
	}
	return answer, string(text)
}

// introspect asks about a token with the credential.
func (a *api) introspect(t testing.TB, token string) string {
	t.Helper()
	answer, body := a.asService(t, "/introspect", url.Values{"token": {token}}.Encode(), "Authorization", "Bearer "+credential)
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s: %s", answer.StatusCode, answer.Header.Get("Content-Type"), body)
	}
	return body
}

const inactive = `{"active":false}`

func TestIntrospect(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	_, claims, err := a.ring.Open(bearer, a.now)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"active":true,"token_type":"Bearer","iss":"wxlogin","sub":"` + openID + `","aud":"` + appID + `","client_id":"` + appID +
		`","iat":1795420800,"exp":1795507200,"jti":"` + claims.ID + `","unionid":"` + unionID + `"}`
	if got := a.introspect(t, bearer); got != want {
		t.Errorf("active\n got %s\nwant %s", got, want)
	}

	// Whatever is wrong, the answer says one thing (RFC 7662, section 2.2), and the log says which.
	stranger, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	issue := func(ring *token.Ring, edit func(*token.Claims)) string {
		c := token.Claims{Issuer: "wxlogin", OpenID: openID, AppID: appID, IssuedAt: a.now, ExpiresAt: a.now.Add(time.Hour)}
		edit(&c)
		text, err := ring.Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		return text.Reveal()
	}
	for name, text := range map[string]string{
		"garbage":       "garbage",
		"tampered":      bearer[:len(bearer)-3] + "AAA",
		"unknown key":   issue(stranger, func(*token.Claims) {}),
		"another app's": issue(a.ring, func(c *token.Claims) { c.AppID = "wx0000000000000001" }),
		"a mock's":      issue(a.ring, func(c *token.Claims) { c.Issuer = "wxlogin-mock" }),
		"no session":    issue(a.ring, func(c *token.Claims) { c.OpenID = "o00000000000000000000000000" }),
		"expired":       issue(a.ring, func(c *token.Claims) { c.IssuedAt, c.ExpiresAt = a.now.Add(-2*time.Hour), a.now }),
		"too long":      strings.Repeat("x", 9000),
	} {
		if got := a.introspect(t, text); got != inactive {
			t.Errorf("%s: %s", name, got)
		}
		if a.record.Reason == "" {
			t.Errorf("%s: the log has no reason", name)
		}
	}
	a.now = a.now.Add(24 * time.Hour)
	if got := a.introspect(t, bearer); got != inactive {
		t.Errorf("after its life: %s", got)
	}
}

// TestRevokeToken ends a token for the login API and for introspection alike.
func TestRevokeToken(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer, other := a.token(t), a.token(t)
	for _, text := range []string{bearer, bearer, "garbage", other[:len(other)-1]} { // twice, and what never was one: 200 (RFC 7009, section 2.2)
		answer, body := a.asService(t, "/revoke", url.Values{"token": {text}, "token_type_hint": {"refresh_token"}}.Encode(), "Authorization", basic("billing", credential))
		if answer.StatusCode != 200 || body != "" {
			t.Errorf("revoke: %d %q", answer.StatusCode, body)
		}
	}
	if got := a.introspect(t, bearer); got != inactive {
		t.Errorf("a revoked token: %s", got)
	}
	answer, _ := a.call(t, http.MethodGet, "/session", "", "Authorization", "Bearer "+bearer)
	if answer.StatusCode != 401 {
		t.Errorf("/session with a revoked token: %d", answer.StatusCode)
	}
	if got := a.introspect(t, other); !strings.HasPrefix(got, `{"active":true`) {
		t.Errorf("another token of the user: %s", got)
	}
	in, err := a.service.Inspect(t.Context(), bearer)
	if err != nil || in.Verdict != login.Revoked || in.Revocation.Reason != "revoked by billing" {
		t.Errorf("%+v, %v", in.Revocation, err)
	}
}

func TestServicesCredential(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	for name, tt := range map[string]struct {
		header []string
		ok     bool
	}{
		"bearer":                 {[]string{"Authorization", "Bearer " + credential}, true},
		"bearer, in other case":  {[]string{"Authorization", "bearer " + credential}, true},
		"basic":                  {[]string{"Authorization", basic("billing", credential)}, true},
		"basic, no name":         {[]string{"Authorization", basic("", credential)}, true},
		"basic, form-encoded":    {[]string{"Authorization", basic("my%20service", url.QueryEscape(credential))}, true},
		"nothing":                {nil, false},
		"empty":                  {[]string{"Authorization", ""}, false},
		"another":                {[]string{"Authorization", "Bearer " + credential + "x"}, false},
		"its beginning":          {[]string{"Authorization", "Bearer " + credential[:10]}, false},
		"empty bearer":           {[]string{"Authorization", "Bearer "}, false},
		"empty basic":            {[]string{"Authorization", basic("", "")}, false},
		"as the name":            {[]string{"Authorization", basic(credential, "")}, false},
		"basic, twice encoded":   {[]string{"Authorization", basic("x", url.QueryEscape(url.QueryEscape(credential)))}, false},
		"broken base64":          {[]string{"Authorization", "Basic %%%"}, false},
		"a user's token":         {[]string{"Authorization", "Bearer " + bearer}, false},
		"two headers":            {[]string{"Authorization", "Bearer " + credential, "Authorization", "Bearer " + credential}, false},
		"another scheme":         {[]string{"Authorization", "Digest " + credential}, false},
		"in a header of its own": {[]string{"X-Api-Key", credential}, false},
	} {
		for _, path := range []string{"/introspect", "/revoke"} {
			answer, body := a.asService(t, path, url.Values{"token": {"garbage"}}.Encode(), tt.header...)
			if tt.ok {
				if answer.StatusCode != 200 {
					t.Errorf("%s %s: %d %s", name, path, answer.StatusCode, body)
				}
				continue
			}
			got := wantOAuthError(t, answer, body)
			if answer.StatusCode != 401 || got.Error != "invalid_client" || got.Reason != "unauthorized" {
				t.Errorf("%s %s: %d %s", name, path, answer.StatusCode, body)
			}
			if want := []string{`Basic realm="wxlogin", charset="UTF-8"`, `Bearer realm="wxlogin"`}; !slices.Equal(answer.Header.Values("WWW-Authenticate"), want) {
				t.Errorf("%s %s: WWW-Authenticate %q", name, path, answer.Header.Values("WWW-Authenticate"))
			}
		}
	}
	// The credential in the query or in the form admits nobody.
	for target, body := range map[string]string{
		"/introspect?client_secret=" + url.QueryEscape(credential): "token=x",
		"/introspect": url.Values{"token": {"x"}, "client_id": {"x"}, "client_secret": {credential}}.Encode(),
	} {
		if answer, text := a.asService(t, target, body); answer.StatusCode != 401 {
			t.Errorf("%s: %d %s", target, answer.StatusCode, text)
		}
	}
}

// oauthRefusal is an error of RFC 6749, section 5.2, with the members of our problems.
type oauthRefusal struct {
	Error       string
	Description string `json:"error_description"`
	Type, Title string
	Detail      string
	Reason      string
	Status      int
}

func wantOAuthError(t testing.TB, answer *http.Response, body string) oauthRefusal {
	t.Helper()
	var r oauthRefusal
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%d %q: %v", answer.StatusCode, body, err)
	}
	if answer.Header.Get("Content-Type") != "application/json" || r.Error == "" || r.Title == "" || r.Detail == "" ||
		r.Status != answer.StatusCode || r.Type != "urn:wxlogin:problem:"+r.Reason {
		t.Errorf("%d %s: %s", answer.StatusCode, answer.Header.Get("Content-Type"), body)
	}
	if strings.ContainsFunc(r.Description, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) || r.Description == "" {
		t.Errorf("error_description %q", r.Description)
	}
	return r
}

func TestServicesRequests(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	for name, tt := range map[string]struct {
		target, body, contentType string
		status                    int
	}{
		"form":                      {"", "token=x", form, 200},
		"with a charset":            {"", "token=x", form + "; charset=UTF-8", 200},
		"with a hint":               {"", "token=x&token_type_hint=access_token", form, 200},
		"with a hint nobody knows":  {"", "token=x&token_type_hint=paper", form, 200},
		"with what nobody defined":  {"", "token=x&scope=a&scope=b", form, 200},
		"no token":                  {"", "", form, 400},
		"empty token":               {"", "token=", form, 400},
		"token twice":               {"", "token=x&token=x", form, 400},
		"hint twice":                {"", "token=x&token_type_hint=a&token_type_hint=b", form, 400},
		"bad escape":                {"", "token=%zz", form, 400},
		"JSON":                      {"", `{"token":"x"}`, jsonType, 400},
		"JSON said to be a form":    {"", `{"token":"x"}`, form, 400},
		"no type":                   {"", "token=x", "", 400},
		"token in the query":        {"?token=" + bearer, "", form, 400},
		"token in query and body":   {"?token=" + bearer, "token=" + bearer, form, 400},
		"a query that is malformed": {"?%zz", "token=x", form, 400},
		"another query":             {"?trace=1", "token=x", form, 200},
		"too large":                 {"", "token=" + strings.Repeat("x", 65<<10), form, 413},
	} {
		for _, path := range []string{"/introspect", "/revoke"} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(tt.body))
			request.URL.RawQuery = strings.TrimPrefix(tt.target, "?")
			request.Header.Set("Authorization", "Bearer "+credential)
			request.Header.Set("Content-Type", tt.contentType)
			recorder := httptest.NewRecorder()
			a.ServeHTTP(recorder, request)
			if recorder.Code != tt.status {
				t.Errorf("%s %s: %d %s", name, path, recorder.Code, recorder.Body)
			}
			if tt.status != 200 {
				if r := wantOAuthError(t, recorder.Result(), recorder.Body.String()); r.Error != "invalid_request" || r.Reason != "bad_request" {
					t.Errorf("%s %s: %s", name, path, recorder.Body)
				}
			}
		}
	}
	if got := a.introspect(t, bearer); !strings.HasPrefix(got, `{"active":true`) {
		t.Errorf("a refused request revoked the token: %s", got)
	}
}

func TestServicesStoreFails(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	a.brokenRevoked = errBroken
	for _, path := range []string{"/introspect", "/revoke"} {
		answer, body := a.asService(t, path, "token="+bearer, "Authorization", "Bearer "+credential)
		r := wantOAuthError(t, answer, body)
		if answer.StatusCode != 503 || r.Error != "temporarily_unavailable" || r.Reason != "try_later" || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
}

// Without a credential there is nothing: the handler does not know the paths.
func TestServicesAbsent(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	h := loginhttp.New(a.service, loginhttp.Options{})
	if want := []string{"/decrypt", "/logout", "/onLogin", "/phone", "/session"}; !slices.Equal(h.Paths(), want) {
		t.Errorf("paths %q", h.Paths())
	}
	for _, path := range []string{"/introspect", "/revoke"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("token=x"))
		request.Header.Set("Authorization", "Bearer ") // the empty credential is not one
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		if recorder.Code != 404 {
			t.Errorf("%s: %d", path, recorder.Code)
		}
	}
}

// TestNothingSplitsAnAnswer sends line breaks wherever a text may go. The answer's header has only what the server wrote.
func TestNothingSplitsAnAnswer(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	const hostile = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"
	escaped := url.QueryEscape(hostile)
	for _, tt := range []struct{ method, target, body, authorization string }{
		{"GET", "/onLogin?code=" + escaped, "", ""},
		{"POST", "/onLogin", "code=" + escaped, ""},
		{"POST", "/introspect", "token=" + escaped, "Bearer " + credential},
		{"POST", "/introspect", "token=x&token_type_hint=" + escaped, basic(hostile, credential)},
		{"POST", "/revoke", "token=" + a.token(t), basic(hostile, credential)},
		{"POST", "/revoke?token=" + escaped, "", basic(hostile, "wrong")},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.target, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", form)
		if tt.authorization != "" {
			request.Header.Set("Authorization", tt.authorization)
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		known := map[string]bool{
			"Cache-Control": true, "Content-Length": true, "Content-Type": true, "Date": true, "Pragma": true, "Retry-After": true,
			"Www-Authenticate": true, "X-Content-Type-Options": true,
		}
		for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
			if !known[name] {
				t.Errorf("%s %s: header %s", tt.method, tt.target, name)
			}
		}
		if strings.Contains(string(body), "<script>") || strings.ContainsAny(string(body), "\r") {
			t.Errorf("%s %s: %s", tt.method, tt.target, body)
		}
	}
}

func TestRevokeAtMock(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	revoke := func(body string) (int, map[string]any) {
		t.Helper()
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_mock/revoke", strings.NewReader(body))
		loginhttp.Revoke(a.service).ServeHTTP(recorder, request)
		var answer map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return recorder.Code, answer
	}
	first := a.token(t)
	status, got := revoke(`{"token":"` + first + `","reason":"lost\u001b[31m"}`)
	delete(got, "jti")
	want := map[string]any{"scope": "token", "openid": openID, "appid": appID, "at": "2026-11-23T08:00:00Z", "reason": "lost[31m"}
	if diff := cmp.Diff(want, got); status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", status, diff)
	}
	second := a.token(t)
	status, got = revoke(`{"openid":"` + openID + `"}`)
	want = map[string]any{"scope": "user", "openid": openID, "appid": appID, "at": "2026-11-23T08:00:00Z"}
	if diff := cmp.Diff(want, got); status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", status, diff)
	}
	a.now = a.now.Add(time.Hour)
	third := a.token(t)
	status, got = revoke(`{"everybody":true,"before":"2026-11-23T08:30:00Z"}`)
	want = map[string]any{"scope": "everybody", "appid": appID, "at": "2026-11-23T09:00:00Z", "before": "2026-11-23T08:30:00Z"}
	if diff := cmp.Diff(want, got); status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", status, diff)
	}
	for text, verdict := range map[string]login.Verdict{first: login.Revoked, second: login.Revoked, third: login.Valid} {
		if in, err := a.service.Inspect(t.Context(), text); err != nil || in.Verdict != verdict {
			t.Errorf("%s, %v, want %s", in.Verdict, err, verdict)
		}
	}
	for _, body := range []string{
		"", "{}", "[]", `{"token":"x","openid":"y"}`, `{"openid":"y","everybody":true}`, `{"token":"x","before":"2026-11-23T08:30:00Z"}`,
		`{"everybody":true,"before":"2027-11-23T08:30:00Z"}`, `{"everybody":true,"before":"yesterday"}`, `{"everybody":"yes"}`,
	} {
		if status, got := revoke(body); status != 400 || got["reason"] != "bad_request" {
			t.Errorf("%q: %d %v", body, status, got)
		}
	}
	if status, got = revoke(`{"token":"garbage"}`); status != 401 {
		t.Errorf("garbage: %d %v", status, got)
	}
}
