package stack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
)

// TestJournalFollowsALogin: whoever follows sees the call of the login server before that of the mini program, nothing of health
// probes and of the control API, no code, and is not waited for when the server stops.
func TestJournalFollowsALogin(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	code := r.code(t, "bob")
	for _, path := range []string{"/healthz", "/readyz", "/onLogin?code=" + code, "/nothing"} {
		r.call(t, http.MethodGet, path, "", "")
	}
	var calls []string
	for line, err := range r.phone.Follow(t.Context(), mockclient.JournalQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		called := line.Record
		calls = append(calls, called.API+" of "+string(called.AppID)+" by "+strings.SplitN(called.Peer, ":", 2)[0])
		if strings.Contains(string(line.Raw), code) {
			t.Errorf("the code shows in %s", line.Raw)
		}
		if len(calls) == 2 {
			r.stop()
		}
	}
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if log := r.log.String(); strings.Contains(log, "requests cut") { // what a drain says that gave up after its five seconds
		t.Errorf("the stop waited for a follower:\n%s", log)
	}
	want := []string{"jscode2session of wx0123456789abcdef by login-server", "onLogin of wx0123456789abcdef by 127.0.0.1"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Error(diff)
	}
}
