package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestJSON holds the field names of every --json answer, in their order, against lists written by hand. They are API: a field may be
// added at the end of its object, and then here; none is renamed or removed.
func TestJSON(t *testing.T) {
	t.Parallel()
	h := jsonHome(t)
	mock := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0")
	secret := demoSecret()
	env := map[string]string{
		"WXLOGIN_URL": mock.ready.URL, "WXLOGIN_API_BASE": mock.ready.URL,
		"WXLOGIN_APPID": demoAppID(), "WXLOGIN_SECRET": secret,
	}
	call := func(stdin string, args ...string) result {
		return h.run(t.Context(), invocation{args: append(args, "--json"), env: env, stdin: stdin})
	}
	value := func(r result, field string) string {
		var object map[string]any
		if err := json.Unmarshal(r.stdout, &object); err != nil {
			t.Fatalf("%v: %s%s", err, r.stdout, r.stderr)
		}
		text, _ := object[field].(string)
		return text
	}
	answers := func(want string, stdin string, args ...string) {
		t.Helper()
		r := call(stdin, args...)
		if got := fieldsOf(t, r.stdout); got != want || len(r.stderr) > 0 {
			t.Errorf("%s:\n got %s\nwant %s\nstderr %s", strings.Join(args, " "), got, want, r.stderr)
		}
		if bytes.Count(r.stdout, []byte("\n")) != 1 || !bytes.HasSuffix(r.stdout, []byte("\n")) {
			t.Errorf("%s: not one line: %q", strings.Join(args, " "), r.stdout)
		}
	}

	answers("version commit date go platform modified", "", "version")
	answers("keys[]", "", "key", "list") // made by what needs them
	answers("steps[step title command ok calls[from to request answer] outcome]", "", "demo")
	answers("shell path", "", "completion", "install", "--shell", "fish")

	answers("WXLOGIN_URL WXLOGIN_API_BASE WXLOGIN_APPID WXLOGIN_SECRET", "", "mock", "env", "--api-only")
	answers("WXLOGIN_URL WXLOGIN_API_BASE WXLOGIN_APPID WXLOGIN_SECRET HTTPS_PROXY HTTP_PROXY NO_PROXY https_proxy http_proxy no_proxy "+
		"SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO NODE_EXTRA_CA_CERTS DENO_CERT NODE_USE_ENV_PROXY NODE_OPTIONS "+
		"JAVA_TOOL_OPTIONS PHP_INI_SCAN_DIR SYSTEM_WGETRC", "", "mock", "env")
	answers("code errMsg user appid expires_at", "", "mock", "login")
	answers("errMsg rawData userInfo{nickName gender language city province country avatarUrl} signature encryptedData iv cloudID", "", "mock", "userinfo")
	answers("errMsg code encryptedData iv cloudID", "", "mock", "phone")
	answers("errMsg encryptedData iv cloudID", "", "mock", "werun")
	answers("errMsg encryptedData iv cloudID", "", "mock", "group")
	answers("now offset offset_seconds frozen", "", "mock", "clock")

	code := value(call("", "mock", "login"), "code")
	answers("appid openid unionid session_key saved obtained_at notes[]", "", "exchange", code)
	answers("keys[id use state created]", "", "key", "list")
	answers("prepared{id use state created}", "", "key", "rotate", "--prepare")
	answers("active{id use state created} retired{id use state created retired_at} dropped[]", "", "key", "rotate")
	retired := value(h.run(t.Context(), invocation{args: []string{"key", "list", "-q", `{id: .keys[] | select(.state == "retired") | .id}`}}), "id")
	set := string(call("", "key", "export", "--reveal").stdout)
	answers("keys[use kty kid alg k]", "", "key", "export", "--reveal")
	answers("removed{id use state created retired_at}", "", "key", "retire", retired, "--yes")
	answers("added[id use state created retired_at] skipped", set, "key", "import", "-")
	answers("phone_number pure_phone_number country_code appid tapped_at notes[]", "", "phone", value(call("", "mock", "phone"), "code"))
	answers("appid access_token expires_at expires_in cached", "", "access-token")
	answers("method url query{} body{grant_type appid secret force_refresh} sent", "", "access-token", "--dry-run")
	answers("curl", "", "access-token", "--print-curl")
	const saved = "origin appid openid unionid created_at refreshed_at key_obtained_at expires_at active"
	answers("ok checks[area name level message fix]", "", "doctor")
	answers("sessions["+saved+"]", "", "session", "list")
	answers("current origin appid openid", "", "session", "check")
	answers("origin appid openid session_key reset_at", "", "session", "reset", "--yes")
	answers(saved+" session_key previous[session_key obtained_at replaced_at]", "", "session", "show")
	answers("removed[origin appid openid]", "", "session", "rm", "--all", "--yes")
	code = value(call("", "mock", "login"), "code") // whose session decrypts what follows
	answers("appid openid unionid session_key saved obtained_at notes[]", "", "exchange", code)
	phone := string(call("", "mock", "phone").stdout)
	answers("kind data{phoneNumber purePhoneNumber countryCode watermark{timestamp appid}} watermark{appid timestamp} "+
		"checks{watermark_appid age_seconds signature}", phone, "decrypt", "-")

	const entry = "id name verdict{en zh} test{en zh} fix{en zh} confirm"
	answers("kind data{phoneNumber purePhoneNumber countryCode watermark{timestamp appid}} watermark{appid timestamp} "+
		"checks{watermark_appid age_seconds signature} explanation{blocks{map readable total bytes} tests[id name outcome] notes[] facts[]}", phone, "decrypt", "-", "--explain")
	answers("phrase errcodes[errcode errmsg meaning{en zh} cause{en zh} fix{en zh} retryable confirm] diagnoses[]", "", "explain", "40029")
	answers("phrase{text stacks line note} errcodes[] diagnoses["+entry+"]", "", "explain", "pad block corrupted")
	answers("percent fits[reason{en zh} diagnoses["+entry+"]]", "", "explain", "--rate", "30%")

	token := jsonToken(t, mock.ready.URL, value(call("", "mock", "login"), "code"))
	header, claims := "header{alg enc kid typ}", "claims{iss sub aud iat exp jti unionid}"
	known := "openid appid issued_at expires_at session checked_at key{id use state created} age_seconds expires_in_seconds by answer{active status}"
	answers("verdict "+header+" "+claims+" "+known, "", "inspect", token)
	answers("verdict "+header, "", "inspect", "--unverified", token)
	answers("verdict reason answer{active status reason}", "", "inspect", "nonsense")
	answers("scope openid appid jti at reason", "", "revoke", token)
	answers("scope appid before at reason", "", "revoke", "--before", "1h", "--yes", "--url", mock.ready.URL)
	answers("verdict "+header+" "+claims+" openid appid issued_at expires_at revoked_at session reason checked_at key{id use state created} age_seconds expires_in_seconds "+
		"revocation{scope openid appid jti at reason} by answer{active status reason}", "", "inspect", token)
	answers("reset appid", "", "mock", "reset", "--appid", demoAppID())
	answers("reset", "", "mock", "reset")

	env = nil // which would be stronger than the file, and there would be a warning about it
	answers("file profile appid secret", "", "config", "init", "--appid", canaryAppID, "--secret-from", "env:WX_SECRET", "--config", h.path("new.yaml"))
	answers("ok findings[level key message fix]", "", "config", "validate")
	answers("key value origin", "", "config", "get", "timeout")
	answers("entries[key value origin]", "", "config", "list")
	answers("key value file", "", "config", "set", "timeout", "9s")
	answers("key value file", "", "config", "set", "profiles.staging.appid", canaryAppID)
	answers("profile file", "", "config", "use", "staging")
	answers("config{path exists} project{path exists} state{path exists} store{path exists} keys{path exists}", "", "config", "path")
}

// TestJSONSimulation does the same for the verbs that steer a simulation, in the order in which a test would use them.
func TestJSONSimulation(t *testing.T) {
	t.Parallel()
	h := jsonHome(t)
	mock := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0", "--seed", "42")
	env := map[string]string{
		"WXLOGIN_URL": mock.ready.URL, "WXLOGIN_API_BASE": mock.ready.URL, "WXLOGIN_APPID": demoAppID(), "WXLOGIN_SECRET": demoSecret(),
	}
	h.run(t.Context(), invocation{args: []string{"exchange", "user-alice"}, env: env}) // something for the journal
	const (
		user    = "user appid openid unionid phone country_code"
		profile = " nickname gender"
		record  = "seq time method path api peer status ms errcode appid user reason mock query host"
		app     = "appid open_platform users default adopted"
	)
	for _, tt := range []struct {
		args, want string
		exit       int
	}{
		{args: "user add bob --phone 13800000000 --nickname Bob", want: user + profile},
		{args: "user add eve --no-unionid", want: "user appid openid phone country_code"},
		{args: "user set bob --gender 1 --language zh_CN --city A --province B --country C --avatar-url https://a.example", want: user + profile + " language city province country avatar_url"},
		{args: "user set bob --no-profile", want: user},
		{args: "user show alice", want: user + " logged_in_at"},
		{args: "user list", want: "users[" + user + " logged_in_at] total"},
		{args: "user list --limit 1", want: "users[" + user + " logged_in_at] total next"},
		{args: "user rm bob", want: "removed user appid"},

		{args: "app add", want: "appid secret users"},
		{args: "app add wxffffffffffffffff --open-platform x --users 3", want: "appid secret open_platform users"},
		{args: "app list", want: "apps[" + app + "]"},
		{args: "app rm wxffffffffffffffff", want: "removed appid"},

		{args: "world show", want: "version seed apps[appid open_platform users[name no_unionid]]"},
		{args: "clock set 2026-11-23T10:00:00Z", want: "now offset offset_seconds frozen"},
		{args: "clock freeze", want: "now offset offset_seconds frozen"},

		{args: "fault add --on jscode2session --appid " + demoAppID() + " --user bob --code abc --every 2 --times 2 --after 1 --for 1m errcode:45011", want: "id on appid user code every times after until effect matched applied"},
		{args: "fault add --percent 10 hang", want: "id percent effect matched applied"},
		{args: "fault list", want: "faults[id on appid user code every times after until effect matched applied]"},
		{args: "fault rm f1", want: "removed"},
		{args: "fault clear", want: "removed"},
		{args: "scenario list", want: "scenarios[name text{en zh} effects[]]"},
		{args: "scenario start stale-key", want: "name text{en zh} faults[id on effect scenario matched applied]"},

		{args: "journal", want: "records[" + record + "] mark evicted"},
		{args: "journal -o ndjson", want: record},
		{args: "assert --on jscode2session --count 1", want: "ok want{on count} got seen[" + record + "] evicted mark"},
		{args: "assert --on jscode2session --user bob --appid wx0000000000000001 --errcode 0 --since 1 --at-least 1 --at-most 2", want: "ok want{on appid user errcode since at_least at_most} got seen[] evicted mark", exit: 9},
	} {
		args := strings.Fields("mock " + tt.args)
		if !strings.Contains(tt.args, "ndjson") {
			args = append(args, "--json")
		}
		r := h.run(t.Context(), invocation{args: args, env: env})
		if len(r.stdout) == 0 {
			t.Errorf("%s: exit %d: %s", tt.args, r.exit, r.stderr)
			continue
		}
		if got := fieldsOf(t, r.stdout); got != tt.want || r.exit != tt.exit || len(r.stderr) > 0 {
			t.Errorf("%s:\n got %s\nwant %s\nexit %d, stderr %s", tt.args, got, tt.want, r.exit, r.stderr)
		}
		if bytes.Count(r.stdout, []byte("\n")) != 1 || !bytes.HasSuffix(r.stdout, []byte("\n")) {
			t.Errorf("%s: not one line: %q", tt.args, r.stdout)
		}
	}
}

// TestJSONReady is the object that a server prints, and that the ready file holds.
func TestJSONReady(t *testing.T) {
	t.Parallel()
	h := jsonHome(t)
	server := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0")
	inFile, err := os.ReadFile(h.path("ready.json"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "event url appid mock pid"
	if got := fieldsOf(t, inFile); got != want {
		t.Errorf("ready file: %s, want %s", got, want)
	}
	if got := fieldsOf(t, server.stop().stdout); got != want {
		t.Errorf("standard output: %s, want %s", got, want)
	}
}

// TestJSONError holds the field names of the error object.
func TestJSONError(t *testing.T) {
	t.Parallel()
	h := jsonHome(t)
	mock := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0")
	for _, tt := range []struct {
		name, args, want string
		exit             int
	}{
		{"usage", "nope", "error{kind exit message hint[]}", 2},
		{"configuration", "exchange abc --appid " + canaryAppID, "error{kind exit message hint[]}", 3},
		{
			"of WeChat", "exchange abc --secret-file secret.txt --api-base " + mock.ready.URL + " --appid " + demoAppID(),
			"error{kind exit errcode rid message hint[] diagnosis[id name verdict evidence[] fix repairable]}", 5,
		},
		{
			"not sent", "exchange " + canaryOpenID + " --secret-file secret.txt --api-base " + mock.ready.URL + " --appid " + demoAppID(),
			"error{kind exit message hint[] diagnosis[id name verdict evidence[] fix repairable]}", 5,
		},
		{
			"with checks", "decrypt official.json --appid wx0000000000000001",
			"error{kind exit message hint[] checks{watermark_appid age_seconds signature} " +
				"diagnosis[id name verdict evidence[] fix repairable]}", 6,
		},
		{"network", "mock login --url http://127.0.0.1:1", "error{kind exit message hint[]}", 7},
	} {
		args := strings.Fields(tt.args)
		for i, arg := range args {
			if strings.HasSuffix(arg, ".txt") || strings.HasSuffix(arg, ".json") {
				args[i] = h.path(arg)
			}
		}
		r := h.run(t.Context(), invocation{args: append(args, "--json")})
		if got := fieldsOf(t, r.stderr); got != tt.want || r.exit != tt.exit || len(r.stdout) > 0 {
			t.Errorf("%s: exit %d, %s, want exit %d, %s\n%s%s", tt.name, r.exit, got, tt.exit, tt.want, r.stdout, r.stderr)
		}
	}
}

// jsonHome is a home with the sample of WeChat's documentation in it.
func jsonHome(t *testing.T) *home {
	t.Helper()
	h := &home{dir: t.TempDir()}
	h.env = map[string]string{
		"HOME": h.dir, "WXLOGIN_CONFIG_DIR": h.dir, "WXLOGIN_STATE_DIR": h.path("state"), "SHELL": "/bin/bash", "LANG": "C",
		"WX_SECRET": demoSecret(),
	}
	for name, content := range map[string]string{
		"secret.txt":    demoSecret(),
		"official.json": `{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}`,
	} {
		if err := os.WriteFile(h.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// jsonToken logs in at the login server with the code.
func jsonToken(t *testing.T, url, code string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/onLogin?code="+code, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := oneCall().RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := fieldsOf(t, body); got != "token token_type expires_in" {
		t.Errorf("/onLogin answers %s", got)
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Token
}

// fieldsOf writes the names of an object's fields in their order, those of nested objects in braces, and for an array what its first
// element has.
func fieldsOf(t *testing.T, document []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(document))
	text := strings.TrimSuffix(strings.TrimPrefix(fieldsFrom(t, dec), "{"), "}")
	return text
}

func fieldsFrom(t *testing.T, dec *json.Decoder) string {
	t.Helper()
	token, err := dec.Token()
	if err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	var parts []string
	switch token {
	case json.Delim('{'):
		for dec.More() {
			name, _ := dec.Token()
			parts = append(parts, fmt.Sprint(name)+fieldsFrom(t, dec))
		}
		_, _ = dec.Token()
		return "{" + strings.Join(parts, " ") + "}"
	case json.Delim('['):
		for dec.More() {
			parts = append(parts, fieldsFrom(t, dec))
		}
		_, _ = dec.Token()
		return "[" + strings.Trim(strings.Join(append(parts, "")[:1], ""), "{}") + "]"
	}
	return ""
}
