package login_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// tamper changes one character in the middle of a token's part; 0 is the header, 2 the iv, 3 the ciphertext, 4 the tag.
func tamper(text string, part int) string {
	parts := strings.Split(text, ".")
	at := len(parts[part]) / 2
	flipped := byte('A')
	if parts[part][at] == 'A' {
		flipped = 'B'
	}
	parts[part] = parts[part][:at] + string(flipped) + parts[part][at+1:]
	return strings.Join(parts, ".")
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	foreign, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		make    func(t *testing.T, b *bench) string
		want    login.Verdict
		session string
	}{
		{"fresh", func(t *testing.T, b *bench) string { return b.login(t) }, login.Valid, login.SessionCurrent},
		{"no session", func(t *testing.T, b *bench) string { return b.issue(t, nil) }, login.Valid, login.SessionAbsent},
		{"last second", func(t *testing.T, b *bench) string {
			text := b.login(t)
			b.watch.Move(tokenTTL - time.Second)
			return text
		}, login.Valid, login.SessionCurrent},
		{"expired", func(t *testing.T, b *bench) string {
			text := b.login(t)
			b.watch.Move(tokenTTL)
			return text
		}, login.Expired, login.SessionCurrent},
		{"revoked", func(t *testing.T, b *bench) string {
			text := b.login(t)
			if err := b.Logout(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			return text
		}, login.Revoked, login.SessionCurrent},
		{"another issuer", func(t *testing.T, b *bench) string {
			return b.issue(t, func(c *token.Claims) { c.Issuer = "wxlogin-mock" })
		}, login.NotALoginToken, ""},
		{"another app", func(t *testing.T, b *bench) string {
			return b.issue(t, func(c *token.Claims) { c.AppID = "wx0000000000000000" })
		}, login.NotALoginToken, ""},
		{"another key", func(t *testing.T, b *bench) string {
			value, err := foreign.Issue(token.Claims{Issuer: issuer, OpenID: openID, AppID: appID, IssuedAt: b.watch.Now(), ExpiresAt: b.watch.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return value.Reveal()
		}, login.UnknownKey, ""},
		{"iv changed", func(t *testing.T, b *bench) string { return tamper(b.login(t), 2) }, login.Tampered, ""},
		{"ciphertext changed", func(t *testing.T, b *bench) string { return tamper(b.login(t), 3) }, login.Tampered, ""},
		{"tag changed", func(t *testing.T, b *bench) string { return tamper(b.login(t), 4) }, login.Tampered, ""},
		{"cut", func(t *testing.T, b *bench) string { text := b.login(t); return text[:len(text)-30] }, login.NotALoginToken, ""},
		{"a code", func(*testing.T, *bench) string { return string(code) }, login.NotALoginToken, ""},
		{"nothing", func(*testing.T, *bench) string { return "" }, login.NotALoginToken, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, always(band()))
			text := tt.make(t, b)
			got, err := b.Inspect(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != tt.want || got.Session != tt.session || !got.CheckedAt.Equal(b.watch.Now().Truncate(time.Second)) {
				t.Errorf("verdict %s, session %q, checked at %v; want %s, %q", got.Verdict, got.Session, got.CheckedAt, tt.want, tt.session)
			}
			if (got.Cause == nil) != (tt.want == login.Valid) || (got.Reason == "") != (tt.want == login.Valid) {
				t.Errorf("cause %v, reason %q", got.Cause, got.Reason)
			}
			checkRefused(t, b, text, tt.want)
		})
	}
}

// checkRefused holds Status, Logout and Decrypt against the verdict.
func checkRefused(t *testing.T, b *bench, text string, verdict login.Verdict) {
	t.Helper()
	_, status := b.Status(t.Context(), text)
	_, decrypt := b.Decrypt(t.Context(), text, seal(t, keyText, `{"a":1}`))
	for call, err := range map[string]error{"Status": status, "Decrypt": decrypt, "Logout": b.Logout(t.Context(), text)} {
		refused, isToken := errors.AsType[*login.TokenError](err)
		switch {
		case isToken != (verdict != login.Valid):
			t.Errorf("%s = %v", call, err)
		case isToken && (refused.Verdict != verdict || refused.Err == nil || text != "" && strings.Contains(err.Error(), text)):
			t.Errorf("%s = %v", call, err)
		}
	}
}

// A server that is configured for no app, as wxlogin inspect may be, takes the tokens of all.
func TestInspectAnyApp(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.AppID = ""
	got, err := b.Inspect(t.Context(), b.issue(t, nil))
	if err != nil || got.Verdict != login.Valid || got.AppID != string(appID) {
		t.Errorf("%s, appid %s, %v", got.Verdict, got.AppID, err)
	}
}

func TestInspectSeesRotation(t *testing.T) {
	t.Parallel()
	answer := band()
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { return answer, nil })
	first := b.login(t)
	state := func(text string) string {
		t.Helper()
		got, err := b.Inspect(t.Context(), text)
		if err != nil || got.Verdict != login.Valid {
			t.Fatalf("%s, %v", got.Verdict, err)
		}
		return got.Session
	}
	b.watch.Move(time.Hour)
	b.login(t)
	if got := state(first); got != "current" {
		t.Errorf("after a login with the same key: %s", got)
	}
	b.watch.Move(time.Hour)
	answer.SessionKey = wechat.NewSessionKey(otherKey)
	second := b.login(t)
	if got := state(first); got != "rotated" {
		t.Errorf("the old token: %s", got)
	}
	if got := state(second); got != "current" {
		t.Errorf("the new token: %s", got)
	}
	if err := b.store.Delete(t.Context(), b.id()); err != nil {
		t.Fatal(err)
	}
	if got := state(second); got != "absent" {
		t.Errorf("without a session: %s", got)
	}
}

// Expiry does not hide that a token was revoked before.
func TestInspectRevokedThenExpired(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	text := b.login(t)
	revokedAt := b.watch.Now()
	if err := b.Logout(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	b.watch.Move(tokenTTL)
	got, err := b.Inspect(t.Context(), text)
	if err != nil || got.Verdict != login.Revoked || got.RevokedAt == nil || !got.RevokedAt.Equal(revokedAt) {
		t.Errorf("%s at %v, %v", got.Verdict, got.RevokedAt, err)
	}
	if want := "revoked at 2026-11-23T08:00:00Z (logout)"; got.Reason != want {
		t.Errorf("reason %q, want %q", got.Reason, want)
	}
}

func TestInspectStoreFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	text := b.login(t)
	for _, operation := range []string{"revoked", "cutoffs", "get"} {
		b.store.broken.Store(operation)
		_, err := b.Inspect(t.Context(), text)
		if _, isStore := errors.AsType[*login.StoreError](err); !isStore || !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	b.store.broken.Store("unseal") // the key ring has changed: as good as no session
	got, err := b.Inspect(t.Context(), text)
	if err != nil || got.Session != login.SessionAbsent || got.Verdict != login.Valid {
		t.Errorf("unseal: %s, session %s, %v", got.Verdict, got.Session, err)
	}
}

// fields returns the names of a JSON object's members, in order, those of objects within as "outer.inner".
func fields(t *testing.T, v any) []string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		names = append(names, name)
		if object[name][0] == '{' {
			for _, inner := range fields(t, object[name]) {
				names = append(names, name+"."+inner)
			}
		}
	}
	return names
}

func TestInspectJSON(t *testing.T) {
	t.Parallel()
	header := []string{"header", "header.alg", "header.enc", "header.kid", "header.typ"}
	claims := []string{"claims", "claims.aud", "claims.exp", "claims.iat", "claims.iss", "claims.jti", "claims.sub", "claims.unionid"}
	key := []string{"key", "key.id", "key.use", "key.state", "key.created"}
	known := slices.Concat(header, claims, key, []string{
		"verdict", "checked_at", "openid", "appid", "issued_at", "expires_at", "session", "age_seconds", "expires_in_seconds",
	})
	b := newBench(t, always(band()))
	text := b.login(t)
	tests := []struct {
		name, text string
		before     func()
		want       []string
	}{
		{"valid", text, nil, known},
		{"tampered", tamper(text, 3), nil, slices.Concat(header, key, []string{"verdict", "checked_at", "reason"})},
		{"garbage", "garbage", nil, []string{"verdict", "checked_at", "reason"}},
		{"revoked", text, func() {
			if err := b.Logout(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}, slices.Concat(known, []string{
			"reason", "revoked_at", "revocation", "revocation.scope", "revocation.openid", "revocation.appid", "revocation.jti", "revocation.at", "revocation.reason",
		})},
	}
	for _, tt := range tests { // in this order: the last one revokes
		if tt.before != nil {
			tt.before()
		}
		got, err := b.Inspect(t.Context(), tt.text)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, fields(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		data, err := json.Marshal(got)
		if err != nil || strings.Contains(string(data), keyText) {
			t.Errorf("%s: the session key stands in it, or %v", tt.name, err)
		}
	}
}

func TestVerdictWords(t *testing.T) {
	t.Parallel()
	want := []string{"valid", "expired", "revoked", "unknown_key", "tampered", "not_a_login_token", "unverified"}
	var got []string
	for _, v := range []login.Verdict{
		login.Valid, login.Expired, login.Revoked, login.UnknownKey, login.Tampered, login.NotALoginToken, login.Unverified,
	} {
		got = append(got, string(v))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

var _ login.Store = session.Store(nil) // every store will do
