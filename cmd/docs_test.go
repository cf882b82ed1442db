package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An outcome is what a client branches on.
type outcome struct {
	status int
	reason string
}

func (o outcome) String() string { return fmt.Sprint(o.status, " ", o.reason) }

// documented reads the table of failures between the two comments of a page.
func documented(t *testing.T, page string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(data), "<!-- failures -->\n")
	table, _, closed := strings.Cut(table, "<!-- /failures -->")
	if !found || !closed {
		t.Fatalf("%s has no table of failures", page)
	}
	outcomes := map[string]bool{}
	for i, line := range slices.Collect(strings.Lines(table)) {
		if i < 2 { // heading and rule
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		status, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil || len(cells) != 4 {
			t.Fatalf("%s: %s", page, line)
		}
		outcomes[outcome{status, strings.Trim(cells[1], " `")}.String()] = true
	}
	return outcomes
}

// TestLoginAPIFailures makes a login server fail in every way that a client can bring about, and compares with both pages.
func TestLoginAPIFailures(t *testing.T) {
	t.Parallel()
	// The session_key is that of WeChat's sample; the code says how WeChat is to answer.
	weChat := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		code := r.URL.Query().Get("js_code")
		switch r.URL.Path {
		case "/cgi-bin/stable_token":
			_, _ = io.WriteString(w, `{"access_token":"token","expires_in":7200}`)
			return
		case "/wxa/business/getuserphonenumber":
			var body struct{ Code string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			code = body.Code
		}
		switch code {
		case "good":
			_, _ = io.WriteString(w, `{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"`+canaryOpenID+`"}`)
		case "page":
			_, _ = io.WriteString(w, "<html>")
		case "silence":
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, `{"errcode":`+code+`,"errmsg":"x"}`)
		}
	})
	up := newHome(t, newVault()).serve(t, nil, "--api-base", weChat, "--addr", "127.0.0.1:0").ready.URL
	down := newHome(t, newVault()).serve(t, nil, "--api-base", "http://127.0.0.1:1", "--addr", "127.0.0.1:0").ready.URL
	var answered struct{ Token string }
	fetch(t, http.MethodGet, up+"/onLogin?code=good", "", "", &answered)
	if answered.Token == "" {
		t.Fatal("no login")
	}
	got := map[string]bool{
		"500 try_later": true, // an error nobody foresaw: no client can bring it about
	}
	fail := func(method, target, body, bearer string) {
		var p struct {
			Status int
			Reason string
		}
		status := fetch(t, method, target, body, bearer, &p)
		if status < 400 || status != p.Status {
			t.Errorf("%s %s: status %d, %+v", method, target, status, p)
		}
		got[outcome{status, p.Reason}.String()] = true
	}
	for _, code := range []string{"40029", "40163", "40226", "45009", "45011", "40013", "40125", "-1", "page", "silence", "", "a&code=b"} {
		fail(http.MethodGet, up+"/onLogin?code="+code, "", "")
	}
	fail(http.MethodGet, down+"/onLogin?code=good", "", "")
	fail(http.MethodPost, up+"/onLogin", "not JSON", "")
	fail(http.MethodPost, up+"/onLogin", `{"code":"`+strings.Repeat("x", 70_000)+`"}`, "")
	fail(http.MethodPut, up+"/onLogin", "", "")
	fail(http.MethodGet, up+"/login", "", "")
	fail(http.MethodGet, up+"/session", "", "")
	fail(http.MethodGet, up+"/session", "", "x")
	fail(http.MethodPost, up+"/decrypt", `{"encryptedData":"AAAA","iv":"AAAA"}`, answered.Token)
	fail(http.MethodPost, up+"/decrypt", `{}`, answered.Token)
	fail(http.MethodPost, up+"/phone", `{"code":"40029"}`, answered.Token)
	fail(http.MethodPost, up+"/phone", `{"code":"silence"}`, answered.Token)
	fail(http.MethodPost, up+"/introspect", "token=x", answered.Token)
	fail(http.MethodGet, strings.Replace(up, "127.0.0.1", "canary.localhost", 1)+"/session", "", "")
	for _, page := range []string{"login-api.md", "zh-CN/login-api.md"} {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(documented(t, page)))); diff != "" {
			t.Errorf("docs/%s (-what the server answers +what the page says):\n%s", page, diff)
		}
	}
}

// fetch makes a request to this machine, whatever the host's name, and decodes the JSON body of the answer.
func fetch(t *testing.T, method, target, body, bearer string, into any) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = request.URL.Host
	request.URL.Host = "127.0.0.1:" + request.URL.Port()
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := oneCall().RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return response.StatusCode
}
