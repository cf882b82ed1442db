package cmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/world"
)

// TestFaultCommands writes the table of what the commands make of every fault of a simulation, as [TestHostileCommands] does of a hostile
// server, and compares it with testdata/faults.golden.
func TestFaultCommands(t *testing.T) {
	t.Parallel()
	h := jsonHome(t)
	mock := h.serve(t, nil, "--mock", "--addr", "127.0.0.1:0")
	env := map[string]string{
		"WXLOGIN_URL": mock.ready.URL, "WXLOGIN_API_BASE": mock.ready.URL, "WXLOGIN_APPID": demoAppID(), "WXLOGIN_SECRET": demoSecret(), "WXLOGIN_TIMEOUT": "1m",
	}
	run := func(args ...string) result { return h.run(t.Context(), invocation{args: args, env: env}) }
	must := func(args ...string) string {
		t.Helper()
		r := run(args...)
		if r.exit != 0 {
			t.Fatalf("%v: exit %d: %s", args, r.exit, r.stderr)
		}
		return strings.TrimSpace(string(r.stdout))
	}
	commands := []struct {
		endpoint string
		args     func() []string
	}{
		{"jscode2session", func() []string { return []string{"exchange", must("mock", "login")} }},
		{"getuserphonenumber", func() []string { return []string{"phone", must("mock", "phone", "-q", ".code")} }},
		{"checksession", func() []string { return []string{"session", "check"} }},
		{"stable_token", func() []string { return []string{"access-token"} }},
	}
	var lines []string
	for _, e := range world.Effects() {
		effect := e.Example
		if strings.HasPrefix(effect, "delay:") {
			effect = "delay:10ms"
		}
		for _, c := range commands {
			must("mock", "reset")
			must("exchange", must("mock", "login"), "-q", ".openid") // a session to check
			args := append(c.args(), "--json")
			if strings.HasPrefix(effect, "hang") || strings.HasPrefix(effect, "trickle") {
				args = append(args, "--timeout", "500ms")
			}
			if c.endpoint == "stable_token" {
				env["WXLOGIN_STORE"] = "memory" // so that it has to be fetched
			}
			must("mock", "fault", "add", "--on", c.endpoint, effect)
			r := run(args...)
			delete(env, "WXLOGIN_STORE")
			must("mock", "fault", "clear")
			lines = append(lines, fmt.Sprintf("%s | %s | %d | %s", effect, args[0], r.exit, classOf(t, r)))
		}
	}
	table := []byte("fault | command | exit | class\n" + strings.Join(lines, "\n") + "\n")
	compareTable(t, "testdata/faults.golden", table)
}
