package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestLedgerStops plants an entry about a code that went to the real WeChat, in each of its outcomes, and sees whether the code would be
// sent again. None is: the API host that it goes to does not exist, and a code that is sent fails with exit code 7.
func TestLedgerStops(t *testing.T) {
	t.Parallel()
	const code, base = "0a1HonW91tM3MN1NizW91F0mW91HonWu", "https://api.weixin.qq.com.invalid"
	for _, tt := range []struct {
		name  string
		entry session.Exchange
		exit  int
		says  string
	}{
		{"exchanged", session.Exchange{Outcome: session.OutcomeExchanged}, 5, "and WeChat accepted it"},
		{"refused", session.Exchange{Outcome: session.OutcomeRefused, ErrCode: wechat.CodeInvalidCode}, 5, "and WeChat refused it with errcode 40029"},
		{"lost", session.Exchange{Outcome: session.OutcomeLost}, 5, "no usable answer came: it may be consumed"},
		{"killed", session.Exchange{Outcome: session.OutcomeSending}, 5, "wxlogin was ended before an answer came: it may be consumed"},
		{"busy", session.Exchange{Outcome: session.OutcomeRefused, ErrCode: wechat.CodeBusy}, 7, "the code is still good"},
		{"not sent", session.Exchange{Outcome: session.OutcomeUnsent}, 7, "the code is still good"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := jsonHome(t)
			ring, err := token.LoadOrCreate(h.path("state/keys.json"))
			if err != nil {
				t.Fatal(err)
			}
			store, err := sqlite.Open(t.Context(), h.path("state/wxlogin.db"), ring)
			if err != nil {
				t.Fatal(err)
			}
			tt.entry.Origin, tt.entry.AppID, tt.entry.CodeHash, tt.entry.At = base, canaryAppID, session.HashCode(code), time.Now().Add(-time.Hour)
			if err := store.Record(t.Context(), tt.entry); err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			args := []string{"exchange", code, "--appid", canaryAppID, "--secret-file", h.path("secret.txt"), "--api-base", base}
			r := h.run(t.Context(), invocation{args: args})
			if r.exit != tt.exit || !strings.Contains(string(r.stderr), tt.says) || len(r.stdout) > 0 {
				t.Errorf("exit %d: %s", r.exit, r.stderr)
			}
			if tt.exit == 7 {
				return
			}
			if !strings.Contains(string(r.stderr), "error: not sent: this code was sent by wxlogin already, 1 h 0 min ago with appid "+canaryAppID) {
				t.Errorf("stderr %s", r.stderr)
			}
			if r := h.run(t.Context(), invocation{args: append(args, "--force")}); r.exit != 7 {
				t.Errorf("--force: exit %d: %s", r.exit, r.stderr)
			}
		})
	}
}
