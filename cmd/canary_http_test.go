package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/loginhttp"
)

// An httpCase is a request with planted values in it.
type httpCase struct {
	method, target, body, contentType, bearer string
	headers                                   map[string]string
	allow                                     []string // names of planted values that the answer may show
}

// httpCases is the table of endpoints. token is one that the server has issued, code a fresh one.
func httpCases(v vault, token, code string) []httpCase {
	const jsonType, form = "application/json", "application/x-www-form-urlencoded"
	payload := `{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","session_key":"` + v.keyJSON.value + `"}`
	cases := []httpCase{
		{method: "GET", target: "/onLogin?code=" + v.code.value},
		{method: "GET", target: "/onLogin?code=" + code},
		{method: "POST", target: "/onLogin", body: `{"code":"` + v.code.value + `"}`, contentType: jsonType},
		{method: "POST", target: "/onLogin", body: "code=" + v.code.value, contentType: form},
		{method: "POST", target: "/onLogin", body: `{"code":["` + v.code.value + `"]}`, contentType: jsonType},
		{method: "GET", target: "/onLogin?code=" + v.secretArg.value + "%26secret%3D" + v.secretArg.value},
		{method: "GET", target: "/onLogin?code=%zz" + v.code.value},
		{method: "GET", target: "/onLogin?code=" + v.code.value + "&code=" + v.code.value},
		{method: "GET", target: "/onLogin?code=" + strings.Repeat(v.code.value, 40)},
		{method: "HEAD", target: "/onLogin?code=" + v.code.value},
		{method: "PUT", target: "/onLogin?code=" + v.code.value},
		{method: "POST", target: "/decrypt", body: payload, contentType: jsonType, bearer: token},
		{method: "POST", target: "/decrypt", body: payload, contentType: jsonType, bearer: v.token()},
		{method: "POST", target: "/decrypt", body: `{"encryptedData":"` + v.phone.value + `","iv":"` + v.keyJSON.value + `"}`, contentType: jsonType, bearer: token},
		{method: "POST", target: "/decrypt", body: `{"encryptedData":["` + v.keyJSON.value + `"]}`, contentType: jsonType, bearer: token},
		{method: "POST", target: "/decrypt", body: `{"` + v.keyJSON.value, contentType: jsonType, bearer: token},
		{method: "GET", target: "/session", bearer: token},
		{method: "GET", target: "/session", bearer: v.token()},
		{method: "GET", target: "/session", bearer: v.tokenTail.value},
		{method: "GET", target: "/session?token=" + v.token() + "&access_token=" + v.wechatToken()},
		{method: "GET", target: "/session", headers: map[string]string{"Authorization": "Basic " + v.secretArg.value}},
		{method: "GET", target: "/session", bearer: token, headers: map[string]string{
			"Cookie": "session=" + v.token(), "X-Api-Key": v.introspection.value, "Referer": "https://h.example/?secret=" + v.secretArg.value,
			"User-Agent": v.wechatToken(), "Origin": "https://" + v.password.value + ".example", "X-Forwarded-For": v.phone.value,
		}},
		{method: "POST", target: "/logout", bearer: v.token()},
		{method: "GET", target: "/healthz?secret=" + v.secretArg.value}, {method: "GET", target: "/readyz?secret=" + v.secretArg.value},
		{method: "GET", target: "/metrics", bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: "token=" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/revoke", body: "token=" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "GET", target: "/nothing?secret=" + v.secretArg.value},
		{method: "GET", target: "/sns/jscode2session?appid=" + canaryAppID + "&secret=" + v.secretLiteral.value + "&js_code=" + v.code.value + "&grant_type=authorization_code"},
		{method: "GET", target: "/sns/jscode2session?appid=" + canaryAppID + "&secret=" + v.secretArg.value + "&js_code=" + v.code.value + "&grant_type=authorization_code"},
		{method: "GET", target: "/sns/jscode2session?appid=" + v.secretArg.value + "&secret=" + canaryAppID + "&js_code=" + v.keyFlag.value + "&grant_type=" + v.secretArg.value},
		{method: "GET", target: "/cgi-bin/token?appid=" + canaryAppID + "&secret=" + v.secretLiteral.value},
		{method: "POST", target: "/wxa/business/getuserphonenumber?access_token=" + v.wechatToken(), body: `{"code":"` + v.code.value + `"}`},
	}
	for _, path := range []string{"login", "userinfo", "phone", "werun", "group", "reset"} {
		cases = append(cases, httpCase{method: "POST", target: "/_mock/" + path + "?secret=" + v.secretArg.value, body: `{"appid":"` + v.secretArg.value + `","user":"` + v.keyFlag.value + `"}`, contentType: jsonType, bearer: v.mockToken.value})
	}
	return append(cases,
		httpCase{method: "GET", target: "/_mock/env", bearer: v.mockToken.value},
		httpCase{method: "GET", target: "/_mock/env", bearer: v.secretArg.value},
		httpCase{method: "GET", target: "/_mock/clock", bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/clock", body: `{"move":"` + v.secretArg.value + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/inspect", body: `{"token":"` + v.token() + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/inspect", body: `{"token":"` + token + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/logout", bearer: token}, // the last to use it
		httpCase{method: "GET", target: "/session", bearer: token},
	)
}

// send makes the request and returns the whole answer: status line, headers and body.
func (c httpCase) send(t *testing.T, base string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), c.method, base, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(c.target, "?")
	request.URL.Path, request.URL.RawQuery = path, query // as it is, malformed escapes included
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var whole bytes.Buffer
	if err := response.Write(&whole); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// field returns a text member of the JSON body of an answer.
func field(answer []byte, name string) string {
	_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	var object map[string]any
	_ = json.Unmarshal(body, &object)
	text, _ := object[name].(string)
	return text
}

// tailOf is a token without its header, which anybody can read and which is shown.
func tailOf(name, token string) planted {
	_, tail, _ := strings.Cut(token, "..")
	return planted{name: name, value: tail}
}

// hit sends all the cases to a server, with a login token and a code from login and fresh, then raw bytes; then it searches all
// answers, the log, the ready file and the state.
func hit(t *testing.T, s *canaryServer, v vault, f *finder, token, code string) {
	t.Helper()
	for _, c := range httpCases(v, token, code) {
		answer := c.send(t, s.ready.URL)
		allow := c.allow
		if issued := field(answer, "token"); issued != "" { // the answer of /onLogin is where a token belongs
			f.plant(tailOf("issued token", issued))
			allow = append(slices.Clone(allow), "issued token")
		}
		for _, found := range f.find(answer, allow...) {
			t.Errorf("%s %s: the answer shows %s", c.method, c.target, found)
		}
	}
	address := strings.TrimPrefix(s.ready.URL, "http://")
	for _, raw := range []string{
		"GET /onLogin?code=" + v.code.value + " HTTP/9.9\r\n\r\n",
		"GET /onLogin?code=" + v.code.value + "\r\n\r\n",
		v.secretArg.value + "\r\n\r\n",
		"GET /session HTTP/1.1\r\nHost: " + v.password.value + ".example\r\nAuthorization: Bearer " + v.tokenTail.value + "\r\n\r\n",
		"GET /session HTTP/1.1\r\nHost: localhost\r\nAuthorization " + v.tokenTail.value + "\r\n\r\n",
		"GET /session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + strings.Repeat(v.tokenTail.value, 100) + "\r\n\r\n",
		"POST /onLogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + v.secretArg.value + "\r\n\r\n",
		"POST /onLogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: " + v.secretArg.value + "\r\n\r\n",
		"POST /onLogin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + v.secretArg.value + "\r\n",
		"CONNECT " + v.password.value + ".example:443 HTTP/1.1\r\nHost: h.example\r\nProxy-Authorization: Basic " + v.secretArg.value + "\r\n\r\n",
	} {
		answer := sendRaw(t, address, raw)
		if len(answer) == 0 {
			t.Errorf("no answer to %.60q", raw)
		}
		for _, found := range f.find(answer, v.password.name) { // a Host is quoted to its sender: the password stands in for a name here
			t.Errorf("%.60q: the answer shows %s", raw, found)
		}
	}
	ready, err := os.ReadFile(s.home.path("ready.json"))
	if err != nil {
		t.Error(err)
	}
	for _, found := range f.find(ready) {
		t.Errorf("the ready file shows %s", found)
	}
	s.home.searchState(t, f, "running server") // with the log of the database beside it
	r := s.stop()
	s.home.search(t, f, "serve", r, v.password.name)
	if !bytes.Contains(r.stderr, []byte("/onLogin")) {
		t.Errorf("the log is missing: %s", r.stderr)
	}
}

func sendRaw(t *testing.T, address, raw string) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, raw)
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(io.LimitReader(conn, 64<<10)) // a reset after the answer is fine
	return answer
}

// TestCanaryHTTPMock sends everything to a mock that is open to the network, whose app is configured with a secret that may be real.
func TestCanaryHTTPMock(t *testing.T) {
	t.Parallel()
	v := newVault()
	f := newFinder(v.all()...)
	s := newHome(t, v).serve(t, nil, "--mock", "--addr", "0.0.0.0:0", "--allow-remote")
	mint := func() string {
		return field(httpCase{method: "POST", target: "/_mock/login", body: "{}", contentType: "application/json", bearer: v.mockToken.value}.send(t, s.ready.URL), "code")
	}
	// WeChat's own endpoint answers a session_key, which from here on must not be seen any more.
	query := url.Values{"appid": {canaryAppID}, "secret": {v.secretLiteral.value}, "js_code": {mint()}, "grant_type": {"authorization_code"}}
	key := field(httpCase{method: "GET", target: "/sns/jscode2session?" + query.Encode()}.send(t, s.ready.URL), "session_key")
	token := field(httpCase{method: "GET", target: "/onLogin?code=" + mint()}.send(t, s.ready.URL), "token")
	if key == "" || token == "" {
		t.Fatalf("no login: session_key %q, token %q", key, token)
	}
	f.plant(planted{"session_key of the mock", key, true})
	f.plant(tailOf("login token", token))
	hit(t, s, v, f, token, mint())
}

// TestCanaryHTTPReal sends everything to a server against each of the networks.
func TestCanaryHTTPReal(t *testing.T) {
	t.Parallel()
	v := newVault()
	for _, n := range networks(t, v.keyWeChat) {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			limit := "3s"
			if strings.HasPrefix(n.name, "silence") {
				limit = "50ms"
			}
			f := newFinder(v.all()...)
			s := newHome(t, v).serve(t, nil, "--api-base", n.base, "--addr", "127.0.0.1:0", "--timeout", limit)
			token := v.token()
			if n.name == "good" {
				token = field(httpCase{method: "GET", target: "/onLogin?code=" + v.code.value[1:]}.send(t, s.ready.URL), "token")
				if token == "" {
					t.Fatal("no login")
				}
				f.plant(tailOf("login token", token))
			}
			hit(t, s, v, f, token, v.code.value[2:])
		})
	}
}

// TestCanaryEndpoints keeps the table complete.
func TestCanaryEndpoints(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, c := range httpCases(newVault(), "", "") {
		path, _, _ := strings.Cut(c.target, "?")
		covered[path] = true
	}
	want := append(loginhttp.Paths(), "/healthz", "/readyz", "/sns/jscode2session")
	routes, err := os.ReadFile(filepath.Join("..", "internal", "wxhttp", "routes.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(routes), `"/_mock/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		want = append(want, "/_mock/"+name)
	}
	if len(want) < 15 {
		t.Errorf("%d endpoints: is routes.go read as it should be?", len(want))
	}
	for _, path := range want {
		if !covered[path] {
			t.Errorf("%s has no line in the table", path)
		}
	}
}

// TestCanaryProcess runs the program itself where this process cannot stand in for it: a proxy with a password in the environment.
func TestCanaryProcess(t *testing.T) {
	t.Parallel()
	v := newVault()
	f := newFinder(v.all()...)
	program, err := exec.LookPath("wxlogin")
	if err != nil {
		t.Fatal(err)
	}
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Close()
	for _, proxy := range []string{
		"http://u:" + v.password.value + "@" + refused.Addr().String(),
		"socks5://u:" + v.password.value + "@" + refused.Addr().String(),
		"http://u:" + v.password.value + "@[::1", // cannot be read
		"ftp://u:" + v.password.value + "@h.example",
	} {
		for _, args := range [][]string{
			{"exchange", v.code.value, "--timeout", "2s"}, {"exchange", v.code.value, "--json", "--timeout", "2s"}, {"config", "validate"}, {"mock", "login", "--url", "http://h.invalid"},
		} {
			h := newHome(t, v)
			command := exec.CommandContext(t.Context(), program, args...)
			for name, value := range h.env {
				command.Env = append(command.Env, name+"="+value)
			}
			command.Env = append(command.Env, "PATH="+os.Getenv("PATH"), "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy)
			command.Dir = h.dir
			var stdout, stderr bytes.Buffer
			command.Stdout, command.Stderr = &stdout, &stderr
			_ = command.Run() // what matters is what it says
			if stdout.Len()+stderr.Len() == 0 {
				t.Errorf("%v said nothing", args)
			}
			h.search(t, f, fmt.Sprint(args, proxy), result{stdout: stdout.Bytes(), stderr: stderr.Bytes()})
		}
	}
}
