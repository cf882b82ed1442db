// Package storetest is the suite that every [session.Store] passes.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	weChat  wechat.Origin = "https://api.weixin.qq.com"
	mock    wechat.Origin = "http://127.0.0.1:8420"
	appOne  wechat.AppID  = "wx0000000000000001"
	appTwo  wechat.AppID  = "wx0000000000000002"
	keyOne                = "AAAAAAAAAAAAAAAAAAAAAA=="
	keyTwo                = "AQEBAQEBAQEBAQEBAQEBAQ=="
	keyZero               = "" // of sessions that are listed
)

// Run runs the suite. Every test opens a store of its own, which open must deliver empty; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s session.Store)
	}{
		{"first login", testFirstLogin},
		{"rotation", testRotation},
		{"late login", testLateLogin},
		{"previous keys are bounded", testBound},
		{"nothing is shared", testNothingShared},
		{"origins and apps do not mix", testNoMixing},
		{"newest", testNewest},
		{"list", testList},
		{"delete", testDelete},
		{"claim", testClaim},
		{"claim is contested", testContestedClaim},
		{"exchange", testExchange},
		{"half an exchange", testHalfExchange},
		{"exchange is contested", testContestedExchange},
		{"revocation", testRevocation},
		{"expiry", testExpiry},
		{"cutoffs", testCutoffs},
		{"cutoffs expire", testCutoffExpiry},
		{"cutoffs are contested", testContestedCutoff},
		{"ledger", testLedger},
		{"ledger expires", testLedgerExpiry},
		{"access token", testAccessToken},
		{"access token is contested", testContestedToken},
		{"incomplete input", testIncomplete},
		{"ended context", testEndedContext},
		{"concurrent logins", testConcurrentLogins},
		{"everything at once", testEverythingAtOnce},
		{"close", testClose},
		{"model", testModel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			tt.run(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// at is a moment so many seconds into the test's own time, which has nothing to do with the system's.
func at(seconds int) time.Time { return time.Unix(1770000000+int64(seconds), 0).UTC() }

func user(n int) session.ID {
	return session.ID{Origin: weChat, AppID: appOne, OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n))}
}

func login(id session.ID, key string, seconds int) session.Login {
	return session.Login{ID: id, Key: wechat.NewSessionKey(key), At: at(seconds)}
}

func hash(code string) [sha256.Size]byte { return sha256.Sum256([]byte(code)) }

// diff compares sessions by the keys that they hide.
func diff[T any](want, got T) string {
	reveal := cmp.Transformer("reveal", func(k wechat.SessionKey) string { return k.Reveal() })
	return cmp.Diff(want, got, reveal, cmpopts.EquateEmpty())
}

func save(t testing.TB, s session.Store, l session.Login) session.Session {
	t.Helper()
	saved, err := s.Save(t.Context(), l)
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return saved
}

func get(t testing.TB, s session.Store, id session.ID) session.Session {
	t.Helper()
	found, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get(%s): %v", id, err)
	}
	return found
}

// wantSession checks what Save returned and what Get returns.
func wantSession(t testing.TB, s session.Store, saved, want session.Session) {
	t.Helper()
	if d := diff(want, saved); d != "" {
		t.Errorf("Save returned (-want +got):\n%s", d)
	}
	if d := diff(want, get(t, s, want.ID)); d != "" {
		t.Errorf("Get returned (-want +got):\n%s", d)
	}
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
