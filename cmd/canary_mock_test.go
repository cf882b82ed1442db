package cmd

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// held is what a caller of the simulated WeChat has in hand: a login token and a code that are good, an access token, a user's openid
// and session_key, the code of a phone number, and the id of a refusal. Against another server they are good for nothing.
type held struct {
	token, code, access, openID, key, phoneCode, rid string
}

// signature is what checksession wants: an HMAC of nothing under the session_key.
func (h held) signature() string {
	key, _ := base64.StdEncoding.DecodeString(h.key)
	mac := hmac.New(sha256.New, key)
	return hex.EncodeToString(mac.Sum(nil))
}

// worldFiles are for serve --world: the first is good, the others show secrets where none is expected.
func worldFiles(v vault) []string {
	const head = "version: 1\n"
	app := "apps:\n  - appid: " + canaryWorldAppID + "\n    secret: " + v.secretWorld.value + "\n"
	return []string{
		head + app + "    users:\n      - {name: canary, phone: \"" + v.phoneWorld.value + "\"}\n",
		head + "secret: " + v.secretArg.value + "\n",
		head + v.secretArg.value + ": 1\n",
		head + "apps:\n  - appid: " + v.secretArg.value + "\n",
		head + "apps:\n  - appid: " + canaryWorldAppID + "\n    secret: " + v.wechatToken() + "\n",
		head + "apps:\n  - appid: " + canaryWorldAppID + "\n    secret: [" + v.secretArg.value + "]\n",
		head + "apps: " + v.secretArg.value + "\n",
		head + app + "    users:\n      - {name: canary, phone: " + v.keyFlag.value + "}\n",
		head + app + "    users:\n      - {name: canary, phone: {" + v.phone.value + ": 1}}\n",
		head + app + "    users:\n      - {name: canary, openid: " + v.secretArg.value + ", unionid: " + v.keyFlag.value + "}\n",
		head + app + "faults: [\"errcode:" + v.secretArg.value + "\"]\n",
		head + app + "faults: [\"--" + v.secretArg.value + " timeout\"]\n",
		head + "clock: " + v.secretArg.value + "\n",
		head + "seed: " + v.secretArg.value + "\n",
		"version: " + v.secretArg.value + "\n",
		head + "\"" + v.secretArg.value,
		v.secretArg.value,
	}
}

// canaryWorldAppID is the mini program of a world file.
const canaryWorldAppID = "wxffffffffffffffff"

// mockInvocations are the verbs that steer a simulation. What may show a planted value, and why:
//   - fault add and fault list show the code that a fault waits for: it is the fault's condition;
//   - user add and the like show the phone number of a simulated person, which is the point of it;
//   - a world holds both. Of secrets it holds those that came with a world file or were made up, and only when it is saved.
func mockInvocations(v vault) []invocation {
	somewhere := func(network string) bool {
		return network == "good" || network == "page small" || network == "problem" || network == "header"
	}
	phone, code := []string{v.phoneWorld.name}, []string{v.code.name}
	world := slices.Concat(phone, code)
	table := []invocation{
		{leaf: "mock user add", args: []string{"canary", "--phone", v.phoneWorld.value}, allow: phone, online: somewhere},
		{leaf: "mock user add", args: []string{"canary2", "--phone", v.secretArg.value}},
		{leaf: "mock user add", args: []string{"canary3", "--openid", v.secretArg.value, "--unionid", v.keyFlag.value}},
		{leaf: "mock user add", args: []string{v.keyFlag.value, "--appid", v.secretArg.value}},
		{leaf: "mock user add", args: []string{"canary4", "--country-code", v.secretArg.value, "--gender", v.secretArg.value}},
		{leaf: "mock user set", args: []string{"alice", "--phone", v.phoneWorld.value}, allow: phone},
		{leaf: "mock user set", args: []string{"alice", "--country-code", v.secretArg.value}},
		{leaf: "mock user set", args: []string{v.token(), "--no-unionid"}},
		{leaf: "mock user show", args: []string{"alice"}, allow: phone},
		{leaf: "mock user show", args: []string{v.secretArg.value}},
		{leaf: "mock user list", allow: phone, tty: []string{}, online: somewhere},
		{leaf: "mock user list", args: []string{"--appid", v.secretArg.value}},
		{leaf: "mock user rm", args: []string{"canary"}},
		{leaf: "mock user rm", args: []string{v.secretArg.value}},

		{leaf: "mock app add"}, // prints a secret that the mock makes up
		{leaf: "mock app add", args: []string{v.secretArg.value}},
		{leaf: "mock app add", args: []string{canaryAppID, "--users", v.secretArg.value}},
		{leaf: "mock app list", online: somewhere},
		{leaf: "mock app rm", args: []string{canaryAppID}},
		{leaf: "mock app rm", args: []string{v.secretArg.value}},

		{leaf: "mock world save", args: []string{"-"}, allow: world, online: somewhere},
		{leaf: "mock world save", args: []string{"HOME/" + savedWorld}, allow: world},
		{leaf: "mock world save", args: []string{"HOME/no/such/" + savedWorld}},
		{leaf: "mock world show", allow: world},
		{leaf: "mock world show", args: []string{v.secretArg.value}},

		{leaf: "mock clock", args: []string{"set", v.secretArg.value}},
		{leaf: "mock clock", args: []string{"set", "2026-11-23T10:00:00Z"}},
		{leaf: "mock clock", args: []string{"freeze"}},
		{leaf: "mock clock", args: []string{"freeze", v.secretArg.value}},

		{leaf: "mock fault add", args: []string{"--on", "jscode2session", "--code", v.code.value, "errcode:45011"}, allow: code, online: somewhere},
		{leaf: "mock fault add", args: []string{"--on", v.secretArg.value, "errcode:45011"}},
		{leaf: "mock fault add", args: []string{"--appid", v.secretArg.value, "errcode:45011"}},
		{leaf: "mock fault add", args: []string{"--for", v.secretArg.value, "errcode:45011"}},
		{leaf: "mock fault add", args: []string{"errcode:" + v.secretArg.value}},
		{leaf: "mock fault add", args: []string{v.token()}},
		{leaf: "mock fault list", tty: []string{}, allow: code},
		{leaf: "mock fault rm", args: []string{v.secretArg.value}},
		{leaf: "mock fault clear"},
		{leaf: "mock fault clear", args: []string{"--appid", v.secretArg.value}},
		{leaf: "mock scenario list", online: somewhere},
		{leaf: "mock scenario start", args: []string{"stale-key", "--appid", canaryAppID}},
		{leaf: "mock scenario start", args: []string{v.secretArg.value, "--appid", v.secretArg.value}},

		{leaf: "mock env", env: map[string]string{"HTTPS_PROXY": "http://u:" + v.password.value + "@h.example", "WXLOGIN_SECRET": v.secretEnv.value}},
		{leaf: "mock env", args: []string{"--unset"}, env: map[string]string{"WXLOGIN_SET": "HTTPS_PROXY", "WXLOGIN_WAS_HTTPS_PROXY": "http://u:" + v.password.value + "@h.example"}},
		{leaf: "mock env", args: []string{"--api-only", v.secretArg.value}},
		{leaf: "mock ca", online: func(network string) bool { return network == "good" }},
		{leaf: "mock ca", args: []string{v.secretArg.value}},

		{leaf: "mock journal", online: somewhere},
		{leaf: "mock journal", args: []string{"--follow"}, online: somewhere, limit: 300 * time.Millisecond},
		{leaf: "mock journal", args: []string{"--on", v.secretArg.value, "--user", v.phone.value, "--appid", v.secretArg.value}},
		{leaf: "mock journal", args: []string{"--since", v.secretArg.value}},
		{leaf: "mock assert", args: []string{"--on", "jscode2session", "--count", "999"}, online: somewhere},
		{leaf: "mock assert", args: []string{"--on", "jscode2session", "--count", "999", "--user", v.keyFlag.value, "--appid", v.secretArg.value}},
		{leaf: "mock assert", args: []string{"--on", v.secretArg.value, "--count", "1"}},
		{leaf: "mock assert", args: []string{"--on", "jscode2session", "--count", v.secretArg.value}},
	}
	for i := range worldFiles(v) {
		args := []string{"--mock", "--addr", "203.0.113.1:1", "--allow-remote", "--world", "HOME/" + worldFile(i)}
		table = append(table, invocation{leaf: "serve", args: args})
	}
	table = append(table, invocation{leaf: "serve", args: []string{"--mock", "--ca-dir", "HOME/no/such/" + strings.Repeat("x", 300), "--addr", "127.0.0.1:0"}})
	return append(table, invocation{leaf: "serve", args: []string{"--mock", "--world", v.secretArg.value}, allow: []string{v.secretArg.name}}) // the name of a file
}

func worldFile(i int) string { return "world" + string(rune('a'+i)) + ".yaml" }

// savedWorld is the file that mock world save writes.
const savedWorld = "saved.yaml"

// mockCases are the requests to the server API of the simulated WeChat and to its control API.
func mockCases(v vault, h held) []httpCase {
	return append(serverAPICases(v, h), controlCases(v)...)
}

// serverAPICases carry access tokens in the query, secrets and session keys everywhere.
func serverAPICases(v vault, h held) []httpCase {
	const jsonType = "application/json"
	app := "appid=" + canaryAppID
	good, bad := "?access_token="+url.QueryEscape(h.access), "?access_token="+v.wechatToken()
	session := "&openid=" + h.openID + "&sig_method=hmac_sha256&signature="
	post := func(target, body string, allow ...string) httpCase {
		return httpCase{method: "POST", target: target, body: body, contentType: jsonType, allow: allow}
	}
	cases := []httpCase{
		{method: "GET", target: "/cgi-bin/token?grant_type=client_credential&" + app + "&secret=" + v.secretArg.value},
		{method: "GET", target: "/cgi-bin/token?grant_type=" + v.secretArg.value + "&" + app + "&secret=" + v.secretLiteral.value},
		{method: "GET", target: "/cgi-bin/token?grant_type=client_credential&appid=" + v.secretLiteral.value + "&secret=" + canaryAppID},
		{method: "GET", target: "/cgi-bin/token&" + app + "&secret=" + v.secretLiteral.value}, // no question mark
		{method: "GET", target: "/cgi-bin/token/" + app + "&secret=" + v.secretLiteral.value},
		post("/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+canaryAppID+`","secret":"`+v.secretLiteral.value+`"}`),
		post("/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+canaryAppID+`","secret":"`+v.secretArg.value+`","force_refresh":"`+v.secretArg.value+`"}`),
		post("/cgi-bin/stable_token", `{"grant_type":"`+v.secretArg.value+`","appid":"`+v.secretArg.value+`","secret":"`+v.secretArg.value+`"}`),
		post("/cgi-bin/stable_token", `{"secret":["`+v.secretLiteral.value+`"]}`),
		post("/cgi-bin/stable_token", `{"secret":"`+v.secretLiteral.value),
		post("/cgi-bin/stable_token", "secret="+v.secretLiteral.value),
		post("/cgi-bin/stable_token?"+app+"&secret="+v.secretLiteral.value, ""),
		post("/wxa/msg_sec_check"+good, `{"openid":"`+v.secretArg.value+`","content":"`+v.phone.value+`"}`), // not simulated
		{method: "GET", target: "/wxa/checksession&access_token=" + h.access},
		{method: "GET", target: "/wxa/checksession;access_token=" + h.access},
	}
	for _, path := range []string{"/wxa/checksession", "/wxa/resetusersessionkey"} {
		for _, query := range []string{
			good + session + v.keyFlag.value, good + session + v.keyJSON.value[:12], good + "&openid=" + v.secretArg.value + "&sig_method=" + v.keyFlag.value + "&signature=" + v.secretArg.value,
			bad + session + h.signature(), "?access_token=" + h.key + session + h.signature(), good + session + h.signature(),
		} {
			cases = append(cases, httpCase{method: "GET", target: path + query})
		}
	}
	return append(cases,
		post("/wxa/business/getuserphonenumber"+good, `{"code":"`+h.phoneCode+`"}`, v.phoneWorld.name),
		post("/wxa/business/getuserphonenumber"+good, `{"code":"`+h.phoneCode+`","openid":"`+v.secretArg.value+`"}`),
		post("/wxa/business/getuserphonenumber"+good, `{"code":"`+v.secretArg.value+`"}`),
		post("/wxa/business/getuserphonenumber"+good, `{"code":{"`+v.secretArg.value+`":1}}`),
		post("/wxa/business/getuserphonenumber"+good, `{"code":"`+v.code.value),
		post("/wxa/business/getuserphonenumber"+good+"&code="+v.code.value, "code="+v.code.value),
		post("/wxa/business/getuserphonenumber"+bad, `{"code":"`+h.phoneCode+`"}`),
		post("/wxa/business/checkencryptedmsg"+good, `{"encrypted_msg_hash":"`+v.keyJSON.value+`"}`),
		post("/wxa/business/checkencryptedmsg"+good, `{"encrypted_msg_hash":["`+v.secretArg.value+`"]}`),
		post("/wxa/business/checkencryptedmsg"+bad, `{"encrypted_msg_hash":"`+strings.Repeat(v.secretArg.value, 2)+`"}`),
		post("/cgi-bin/openapi/rid/get"+good, `{"rid":"`+h.rid+`"}`),
		post("/cgi-bin/openapi/rid/get"+good, `{"rid":"`+v.secretArg.value+`"}`),
		post("/cgi-bin/openapi/rid/get"+bad, `{"rid":"`+h.rid+`"}`),
	)
}

// controlCases steer the simulation. The app that is added brings its own secret, which the answer repeats to whom it came from.
func controlCases(v vault) []httpCase {
	var cases []httpCase
	add := func(method, target, body string, allow ...string) {
		c := httpCase{method: method, target: "/_mock/" + target, body: body, bearer: v.mockToken.value, allow: allow}
		if body != "" {
			c.contentType = "application/json"
		}
		cases = append(cases, c)
	}
	secret, world := v.secretArg.value, []string{v.secretWorld.name, v.phoneWorld.name, "issued secret"}
	add("POST", "users", `{"user":"mallory","phone":"`+v.phoneWorld.value+`"}`, v.phoneWorld.name)
	add("POST", "users", `{"user":"`+v.keyFlag.value+`","appid":"`+secret+`"}`)
	add("POST", "users", `{"user":"eve","phone":"`+secret+`"}`)
	add("POST", "users", `{"user":"eve","openid":"`+secret+`","unionid":"`+v.keyFlag.value+`"}`)
	add("POST", "users", `{"user":"eve","`+secret+`":"`+secret+`"}`)
	add("PUT", "users", `{"user":"mallory","country_code":"`+secret+`"}`)
	add("PUT", "users", `{"user":"mallory","phone":["`+v.phone.value+`"]}`)
	add("GET", "users", "", v.phoneWorld.name)
	add("GET", "users?user="+secret, "")
	add("GET", "users?appid="+secret+"&from="+secret, "")
	add("DELETE", "users", `{"user":"`+secret+`"}`)
	add("DELETE", "users", `{"user":"mallory"}`)
	add("GET", "apps", "")
	add("POST", "apps", `{}`)
	add("POST", "apps", `{"appid":"wxfffffffffffffffe","secret":"`+v.secretWorld.value+`"}`, v.secretWorld.name)
	add("POST", "apps", `{"appid":"`+secret+`","secret":"`+v.secretLiteral.value+`"}`)
	add("POST", "apps", `{"appid":"wxfffffffffffffffd","secret":"`+v.wechatToken()+`"}`)
	add("POST", "apps", `{"appid":"`+canaryAppID+`","secret":"`+secret+`"}`)
	add("DELETE", "apps", `{"appid":"`+secret+`"}`)
	add("DELETE", "apps", `{"appid":"`+canaryAppID+`"}`)
	add("GET", "env?appid=wxfffffffffffffffe", "")
	add("GET", "world", "", v.phoneWorld.name)
	add("GET", "world?format=yaml", "", v.phoneWorld.name)
	add("GET", "world?secrets=true", "", world...)
	add("GET", "world?format=yaml&secrets=true", "", world...)
	add("GET", "world?format="+secret+"&secrets="+secret, "")
	add("POST", "clock", `{"set":"`+secret+`"}`)
	add("POST", "faults", `{"on":"checksession","code":"`+v.code.value+`","effect":"errcode:45011"}`, v.code.name) // its condition
	add("POST", "faults", `{"on":"`+secret+`","effect":"errcode:45011"}`)
	add("POST", "faults", `{"appid":"`+secret+`","user":"`+v.keyFlag.value+`","effect":"`+secret+`"}`)
	add("POST", "faults", `{"effect":"delay:`+secret+`"}`)
	add("POST", "faults", `{"effect":"timeout","for":"`+secret+`"}`)
	add("GET", "faults", "", v.code.name)
	add("DELETE", "faults", `{"id":"`+secret+`"}`)
	add("DELETE", "faults", `{"appid":"`+secret+`"}`)
	add("DELETE", "faults", `{}`)
	add("GET", "scenarios", "")
	add("POST", "scenarios", `{"name":"`+secret+`"}`)
	add("POST", "scenarios", `{"name":"stale-key","appid":"`+secret+`"}`)
	add("GET", "journal", "")
	add("GET", "journal?on="+secret+"&user="+v.phone.value, "")
	add("GET", "journal?since="+secret, "")
	add("GET", "journal/stream", "")
	cases[len(cases)-1].endless = true
	add("POST", "assert", `{"on":"jscode2session","count":999}`)
	add("POST", "assert", `{"on":"`+secret+`","count":"`+secret+`"}`)
	return cases
}

// A countdown ends what would go on, after so many lines.
type countdown struct {
	lines int
	end   func()
}

func (c *countdown) Write(p []byte) (int, error) {
	if c.lines -= bytes.Count(p, []byte("\n")); c.lines <= 0 {
		c.end()
	}
	return len(p), nil
}

// hold logs in at the simulated WeChat and plants what it answers: from here on none of it must be seen.
func hold(t *testing.T, s *canaryServer, v vault, f *finder) held {
	t.Helper()
	control := func(path, body string) []byte {
		return httpCase{method: "POST", target: "/_mock/" + path, body: body, contentType: "application/json", bearer: v.mockToken.value}.send(t, s.ready.URL)
	}
	call := func(method, target, body string) []byte {
		return httpCase{method: method, target: target, body: body, contentType: "application/json"}.send(t, s.ready.URL)
	}
	credentials := url.Values{"appid": {canaryAppID}, "secret": {v.secretLiteral.value}}.Encode()
	mint := func() string { return field(control("login", `{"user":"carol"}`), "code") }

	control("users", `{"user":"carol","phone":"`+v.phoneWorld.value+`"}`)
	session := call("GET", "/sns/jscode2session?grant_type=authorization_code&js_code="+mint()+"&"+credentials, "")
	h := held{
		access: field(call("GET", "/cgi-bin/token?grant_type=client_credential&"+credentials, ""), "access_token"),
		openID: field(session, "openid"), key: field(session, "session_key"),
		phoneCode: field(control("phone", `{"user":"carol"}`), "code"),
		token:     field(call("GET", "/onLogin?code="+mint(), ""), "token"),
	}
	refused := call("POST", "/wxa/business/getuserphonenumber?access_token="+url.QueryEscape(h.access), `{"code":"`+v.code.value+`"}`)
	h.rid = string(regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}`).Find(refused))
	f.plant(planted{"session_key of the mock", h.key, true})
	f.plant(planted{"access token of the mock", h.access, false})
	f.plant(planted{"signature", h.signature(), false})
	f.plant(tailOf("login token", h.token))
	h.code = mint()
	for name, value := range map[string]string{"access": h.access, "openid": h.openID, "key": h.key, "phone code": h.phoneCode, "token": h.token, "rid": h.rid, "code": h.code} {
		if value == "" {
			t.Fatalf("no login: %s is empty: %s", name, refused)
		}
	}
	return h
}

// searchRemembered looks at what a simulation remembers of all that was sent to it: its journal in every way that it is shown, and the
// world, which holds the secrets of its own file but not the configured one.
func searchRemembered(t *testing.T, s *canaryServer, v vault, f *finder) {
	t.Helper()
	seen, names := 0, []string{v.password.name} // as in hit: the name of a host that a tunnel was asked for
	kept := s.home.run(t.Context(), invocation{leaf: "mock journal", args: []string{"-o", "ndjson"}}.in(s.home, s.ready.URL, nil))
	records := bytes.Count(kept.stdout, []byte("\n"))
	for _, in := range []invocation{
		{leaf: "mock journal", allow: names},
		{leaf: "mock journal", args: []string{"--failed", "--limit", "5"}, allow: names},
		{leaf: "mock journal", args: []string{"-o", "ndjson"}, allow: names},
		{leaf: "mock journal", args: []string{"--follow"}, allow: names},
		{leaf: "mock assert", args: []string{"--on", "jscode2session", "--count", "9999"}, allow: names},
		{leaf: "mock world show", allow: []string{v.phoneWorld.name}},
		{leaf: "mock app list"},
		{leaf: "mock env"},
		{leaf: "mock env", args: []string{"--appid", canaryAppID}},
		{leaf: "mock world save", args: []string{"-"}, allow: []string{v.secretWorld.name, v.phoneWorld.name, "issued secret"}},
		{leaf: "mock world save", args: []string{"HOME/" + savedWorld, "--force"}, allow: []string{v.secretWorld.name, v.phoneWorld.name, "issued secret"}},
	} {
		for _, form := range [][]string{nil, {"--json"}} {
			ctx, cancel := in.within(t.Context())
			var out io.Writer
			if slices.Contains(in.args, "--follow") {
				out = &countdown{lines: records, end: cancel}
			}
			r := s.home.start(ctx, in.in(s.home, s.ready.URL, form), out)()
			cancel()
			s.home.search(t, f, in.leaf+" of what was sent", r, in.allow...)
			seen += strings.Count(string(r.stdout), "/sns/jscode2session")
			if in.leaf == "mock world save" && in.args[0] == "-" && !bytes.Contains(r.stdout, []byte(v.secretWorld.value)) {
				t.Errorf("the world is saved without its own secret: %s%s", r.stdout, r.stderr)
			}
		}
	}
	if seen < 10 || records < 10 {
		t.Errorf("the journal shows %d calls: is it searched?", seen)
	}
}
