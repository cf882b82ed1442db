package stack_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// TestJournalFollowsALogin: whoever follows sees the call of the login server before that of the mini program, nothing of health
// probes and of the control API, no code, and is not waited for when the server stops.
func TestJournalFollowsALogin(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	running, err := stack.Start(ctx, stack.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), TokenTTL: time.Hour, SessionTTL: time.Hour, Timeout: 5 * time.Second,
		Mock: &stack.Mock{Seed: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := mockclient.New(running.URL(), transport)
	if err != nil {
		t.Fatal(err)
	}
	login, err := client.Login(ctx, mockclient.Who{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/healthz", "/readyz", "/onLogin?code=" + string(login.Code), "/nothing"} {
		answer, err := (&http.Client{Transport: transport}).Get(running.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	var calls []string
	var began time.Time
	for line, err := range client.Follow(t.Context(), mockclient.JournalQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		r := line.Record
		calls = append(calls, r.API+" of "+string(r.AppID)+" by "+strings.SplitN(r.Peer, ":", 2)[0])
		if strings.Contains(string(line.Raw), string(login.Code)) {
			t.Errorf("the code shows in %s", line.Raw)
		}
		if len(calls) == 2 {
			began = time.Now()
			stop()
		}
	}
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
	if waited := time.Since(began); waited > 4*time.Second { // a drain that has to cut takes five
		t.Errorf("the stop waited %v for a follower", waited)
	}
	want := []string{"jscode2session of wx0123456789abcdef by login-server", "onLogin of wx0123456789abcdef by 127.0.0.1"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Error(diff)
	}
}
