package cmd

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/loginhttp"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// An httpCase is a request with planted values in it.
type httpCase struct {
	method, target, body, contentType, bearer string
	headers                                   map[string]string
	allow                                     []string // names of planted values that the answer may show
	endless                                   bool     // the answer goes on: it is read up to the newest record of the journal
}

// httpCases is the table of endpoints.
func httpCases(v vault, given held) []httpCase {
	token, code := given.token, given.code
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
		{method: "POST", target: "/phone", body: `{"code":"` + v.code.value + `"}`, contentType: jsonType, bearer: token},
		{method: "POST", target: "/phone", body: `{"code":["` + v.code.value + `"]}`, contentType: jsonType, bearer: token},
		{method: "POST", target: "/phone", body: "code=" + v.keyFlag.value, contentType: form, bearer: token},
		{method: "POST", target: "/phone", body: `{"code":"` + v.code.value + `"}`, contentType: jsonType, bearer: v.token()},
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
		{method: "GET", target: "/healthz?secret=" + v.secretArg.value},
		{method: "GET", target: "/readyz?secret=" + v.secretArg.value},
		{method: "GET", target: "/metrics?secret=" + v.secretArg.value},
		{method: "GET", target: "/metrics", bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: "token=" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: "token=" + token, contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/introspect?token=" + v.token(), body: "token=" + token, contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: "token=" + v.token() + "&token=" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: `{"token":"` + v.token() + `"}`, contentType: jsonType, bearer: v.introspection.value},
		{method: "POST", target: "/introspect", body: "token=" + token, contentType: form, bearer: v.introspection.value[1:]},
		{method: "POST", target: "/introspect", body: "token=" + token, contentType: form, headers: map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(v.secretArg.value+":"+v.introspection.value)),
		}},
		{method: "POST", target: "/revoke", body: "token=" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/revoke", body: "token=%zz" + v.token(), contentType: form, bearer: v.introspection.value},
		{method: "POST", target: "/revoke", body: "token=" + token, contentType: form, bearer: v.secretArg.value},
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
	cases = append(cases, mockCases(v, given)...)
	return append(cases,
		httpCase{method: "GET", target: "/_mock/env", bearer: v.mockToken.value},
		httpCase{method: "GET", target: "/_mock/env", bearer: v.secretArg.value},
		httpCase{method: "GET", target: "/_mock/ca", bearer: v.mockToken.value},
		httpCase{method: "GET", target: "/_mock/ca?secret=" + v.secretArg.value, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/files", bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/files", bearer: v.secretArg.value},
		httpCase{method: "GET", target: "/_mock/clock", bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/clock", body: `{"move":"` + v.secretArg.value + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/inspect", body: `{"token":"` + v.token() + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/inspect", body: `{"token":"` + token + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/revoke", body: `{"token":"` + v.token() + `","reason":"` + v.phone.value + `"}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/_mock/revoke", body: `{"openid":["` + v.secretArg.value + `"]}`, contentType: jsonType, bearer: v.mockToken.value},
		httpCase{method: "POST", target: "/logout", bearer: token}, // the last to use it
		httpCase{method: "POST", target: "/revoke", body: "token=" + token, contentType: form, bearer: v.introspection.value},
		httpCase{method: "GET", target: "/session", bearer: token},
	)
}

// send makes the request and returns the whole answer: status line, headers and body.
func (c httpCase) send(t *testing.T, base string) []byte {
	t.Helper()
	ctx, cancel := invocation{}.within(t.Context())
	defer cancel()
	var newest []byte
	if c.endless {
		newest = newestRecord(t, base, c.bearer)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, base, strings.NewReader(c.body))
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
	response, err := oneCall().RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if newest != nil {
		response.Body = io.NopCloser(readUpTo(t, response.Body, newest))
	}
	var whole bytes.Buffer
	if err := response.Write(&whole); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// newestRecord is how the newest record of the journal is known; nil when the server has no journal.
func newestRecord(t *testing.T, base, bearer string) []byte {
	t.Helper()
	answer := httpCase{method: http.MethodGet, target: "/_mock/journal?limit=1", bearer: bearer}.send(t, base)
	return regexp.MustCompile(`"seq":\d+,`).Find(answer)
}

// readUpTo reads lines until one holds a text.
func readUpTo(t *testing.T, stream io.Reader, last []byte) io.Reader {
	t.Helper()
	var all bytes.Buffer
	for lines := bufio.NewReader(stream); !bytes.Contains(all.Bytes(), last); {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the stream ends before %s: %v", last, err)
		}
		all.Write(line)
	}
	return &all
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

// issuedAs is a value that the server gives away in a member of an answer, once.
func issuedAs(member, value string) planted {
	if member == "token" {
		return tailOf("issued token", value)
	}
	return planted{"issued " + member, value, member == "session_key"}
}

// hit sends all the cases to a server, with what is held of it, then raw bytes; then it searches all
// answers, the log, the ready file and the state.
func hit(t *testing.T, s *canaryServer, v vault, f *finder, given held) {
	t.Helper()
	for _, c := range httpCases(v, given) {
		answer := c.send(t, s.ready.URL)
		allow := c.allow
		for _, member := range []string{"token", "access_token", "session_key", "secret"} { // the answers where they belong
			if issued := field(answer, member); issued != "" && !slices.Contains(c.allow, v.secretWorld.name) {
				f.plant(issuedAs(member, issued))
				allow = append(slices.Clone(allow), "issued "+member)
			}
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
	if s.ready.Mock {
		hitProxy(t, s, v, f, given)
		searchRemembered(t, s, v, f)
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
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(conn, raw)
	if half, ok := conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	answer, _ := io.ReadAll(io.LimitReader(conn, 64<<10)) // a reset after the answer is fine
	return answer
}

// TestCanaryHTTPMock sends everything to a mock that is open to the network, whose app is configured with a secret that may be real.
func TestCanaryHTTPMock(t *testing.T) {
	t.Parallel()
	v := newVault()
	f := newFinder(v.all()...)
	h := newHome(t, v)
	s := h.serve(t, nil, "--mock", "--addr", "0.0.0.0:0", "--allow-remote", "--offline", "--world", h.path(worldFile(0)))
	hit(t, s, v, f, hold(t, s, v, f))
}

// TestCanaryHTTPReal sends everything to a server against each of the networks.
func TestCanaryHTTPReal(t *testing.T) {
	t.Parallel()
	v := newVault()
	for _, n := range networks(t, v.keyWeChat) {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			limit := "3s" // a resolver that has no answer either
			switch {
			case n.name == "good":
				limit = "1m"
			case strings.HasPrefix(n.name, "silence"):
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
			hit(t, s, v, f, held{token: token, code: v.code.value[2:], access: v.wechatToken(), openID: canaryOpenID, key: v.keyWeChat.value, phoneCode: v.code.value})
		})
	}
}

// TestCanaryEndpoints keeps the table complete.
func TestCanaryEndpoints(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, c := range httpCases(newVault(), held{}) {
		path, _, _ := strings.Cut(c.target, "?")
		covered[path], covered[c.method+" "+path] = true, true
	}
	api := loginhttp.New(nil, loginhttp.Options{Introspection: redact.NewSecret("x")})
	want := append(api.Paths(), "/healthz", "/readyz", "/metrics", "POST /_mock/inspect", "POST /_mock/revoke")
	for file, pattern := range map[string]string{
		"routes.go": `\{http\.Method(\w+), "(/_mock/[^"]+)"`, "api.go": `\t\{"()(/[^"]+)"`,
	} {
		source, err := os.ReadFile(filepath.Join("..", "internal", "wxhttp", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
			want = append(want, strings.TrimSpace(strings.ToUpper(match[1])+" "+match[2]))
		}
	}
	if len(want) < 35 {
		t.Errorf("%d endpoints: are the routes read as they should be?", len(want))
	}
	for _, endpoint := range want {
		if !covered[endpoint] {
			t.Errorf("%s has no line in httpCases", endpoint)
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
