package cmd

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
)

// TestCommandsOnRedis has commands look at what a login server keeps in Redis, and end it there.
func TestCommandsOnRedis(t *testing.T) {
	t.Parallel()
	store := fmt.Sprintf("redis://127.0.0.1:%d", redistest.Start(t).Port)
	h, env := newHome(t, newVault()), map[string]string{"WXLOGIN_STORE_PASSWORD": "", "WXLOGIN_SECRET": demoSecret()}
	mock := newHome(t, newVault()).serve(t, map[string]string{"WXLOGIN_MOCK_TOKEN": "", "WXLOGIN_CONFIG_DIR": t.TempDir()}, "--mock", "--addr", "127.0.0.1:0")
	where := []string{"--store", store, "--appid", demoAppID(), "--api-base", mock.ready.URL}
	server := h.serve(t, env, append([]string{"--addr", "127.0.0.1:0"}, where...)...)
	var issued struct{ Token string }
	if status, reason := ask(http.DefaultClient, http.MethodGet, server.ready.URL+"/onLogin?code=user-alice", "", nil, &issued); status != http.StatusOK { //nolint:forbidigo // loopback, and the test ends it
		t.Fatalf("/onLogin answered %d %s", status, reason)
	}
	for _, step := range []struct {
		args []string
		exit int
		want string
	}{
		{append([]string{"exchange", "user-bob"}, where...), 0, `"saved":true`},
		{append([]string{"session", "list"}, where...), 0, `"active":true},{`},
		{append([]string{"session", "check"}, where...), 0, `"current":true`},
		{[]string{"inspect", "-", "--store", store, "--appid", demoAppID()}, 0, `"verdict":"valid"`},
		{[]string{"revoke", "-", "--store", store, "--appid", demoAppID(), "--api-base", mock.ready.URL, "--reason", "found in a log"}, 0, `"reason":"found in a log"`},
		{[]string{"inspect", "-", "--store", store, "--appid", demoAppID()}, 6, `"verdict":"revoked"`},
	} {
		in := invocation{args: append(step.args, "--json"), env: env, stdin: issued.Token}
		if r := h.run(t.Context(), in); r.exit != step.exit || !strings.Contains(string(r.stdout), step.want) {
			t.Errorf("%q: exit %d\n%s%s", step.args[:2], r.exit, r.stdout, r.stderr)
		}
	}
	if status, reason := ask(http.DefaultClient, http.MethodGet, server.ready.URL+"/session", issued.Token, nil, nil); status != http.StatusUnauthorized || reason != "login_again" { //nolint:forbidigo // loopback, and the test ends it
		t.Errorf("the server lets in whose token was revoked: %d %s", status, reason)
	}
}
