package storetest

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func testFirstLogin(t *testing.T, s session.Store) {
	if _, err := s.Get(t.Context(), user(1)); err != nil {
		wantError(t, "Get of nobody", err, session.ErrNotFound)
	}
	l := login(user(1), keyOne, 1)
	l.UnionID = "ounion"
	l.At = l.At.Add(1234567 * time.Nanosecond).In(time.FixedZone("CST", 8*3600))
	when := at(1).Add(1234 * time.Microsecond)
	wantSession(t, s, save(t, s, l), session.Session{
		ID: user(1), UnionID: "ounion", Key: wechat.NewSessionKey(keyOne), KeyObtained: when, Created: when, Refreshed: when,
	})
}

func testRotation(t *testing.T, s session.Store) {
	first := login(user(1), keyOne, 1)
	first.UnionID = "ounion"
	save(t, s, first)
	want := session.Session{
		ID: user(1), UnionID: "ounion", Key: wechat.NewSessionKey(keyOne), KeyObtained: at(1), Created: at(1), Refreshed: at(2),
	}
	wantSession(t, s, save(t, s, login(user(1), keyOne, 2)), want) // the same key: refreshed, and the unionid stays

	want.Key, want.KeyObtained, want.Refreshed = wechat.NewSessionKey(keyTwo), at(5), at(5)
	want.Previous = []session.PreviousKey{{Key: wechat.NewSessionKey(keyOne), Obtained: at(1), Replaced: at(5)}}
	wantSession(t, s, save(t, s, login(user(1), keyTwo, 5)), want)

	// A key that comes back is current, and no longer among the previous ones.
	want.Key, want.KeyObtained, want.Refreshed = wechat.NewSessionKey(keyOne), at(9), at(9)
	want.Previous = []session.PreviousKey{{Key: wechat.NewSessionKey(keyTwo), Obtained: at(5), Replaced: at(9)}}
	wantSession(t, s, save(t, s, login(user(1), keyOne, 9)), want)
}

// testLateLogin saves the older of two logins second, as two servers may.
func testLateLogin(t *testing.T, s session.Store) {
	newer, older := login(user(1), keyTwo, 10), login(user(1), keyOne, 3)
	newer.UnionID, older.UnionID = "onew", "oold"
	save(t, s, newer)
	want := session.Session{
		ID: user(1), UnionID: "onew", Key: wechat.NewSessionKey(keyTwo), KeyObtained: at(10), Created: at(3), Refreshed: at(10),
		Previous: []session.PreviousKey{{Key: wechat.NewSessionKey(keyOne), Obtained: at(3), Replaced: at(10)}},
	}
	wantSession(t, s, save(t, s, older), want)
	wantSession(t, s, save(t, s, older), want)
}

func testBound(t *testing.T, s session.Store) {
	key := func(i int) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune('a'+i)), 16)))
	}
	for i := range 20 {
		save(t, s, login(user(1), key(i), i))
	}
	got := get(t, s, user(1))
	if got.Key.Reveal() != key(19) || len(got.Previous) != 8 {
		t.Fatalf("%d previous keys, want 8", len(got.Previous))
	}
	for i, p := range got.Previous {
		n := 18 - i
		if p.Key.Reveal() != key(n) || !p.Obtained.Equal(at(n)) || !p.Replaced.Equal(at(n+1)) {
			t.Errorf("previous key %d is not the one of login %d", i, n)
		}
	}
}

// testNothingShared changes what a store returned; the store must not notice.
func testNothingShared(t *testing.T, s session.Store) {
	save(t, s, login(user(1), keyOne, 1))
	saved := save(t, s, login(user(1), keyTwo, 2))
	want := get(t, s, user(1))
	saved.Previous[0].Replaced = at(99)
	get(t, s, user(1)).Previous[0] = session.PreviousKey{}
	if d := diff(want, get(t, s, user(1))); d != "" {
		t.Errorf("a caller changed the store (-want +got):\n%s", d)
	}
}

func testNoMixing(t *testing.T, s session.Store) {
	ids := []session.ID{
		user(1),
		{Origin: mock, AppID: appOne, OpenID: user(1).OpenID},
		{Origin: weChat, AppID: appTwo, OpenID: user(1).OpenID},
		user(2),
		// The same text, divided differently.
		{Origin: weChat, AppID: appOne + "o", OpenID: user(1).OpenID[1:]},
	}
	for i, id := range ids {
		save(t, s, login(id, strings.Repeat(string(rune('a'+i)), 22)+"==", i))
	}
	for i, id := range ids {
		got := get(t, s, id)
		if got.ID != id || got.Key.Reveal() != strings.Repeat(string(rune('a'+i)), 22)+"==" || len(got.Previous) != 0 {
			t.Errorf("%s has the session of %s", id, got.ID)
		}
	}
}

func testNewest(t *testing.T, s session.Store) {
	_, err := s.Newest(t.Context(), weChat, "")
	wantError(t, "Newest of nothing", err, session.ErrNotFound)
	inTwo := session.ID{Origin: weChat, AppID: appTwo, OpenID: user(3).OpenID}
	elsewhere := session.ID{Origin: mock, AppID: appOne, OpenID: user(4).OpenID}
	save(t, s, login(user(1), keyOne, 1))
	save(t, s, login(user(2), keyOne, 2))
	save(t, s, login(inTwo, keyOne, 3))
	save(t, s, login(elsewhere, keyOne, 9))
	newest := func(app wechat.AppID, want session.ID) {
		t.Helper()
		got, err := s.Newest(t.Context(), weChat, app)
		if err != nil || got.ID != want || got.Key.Reveal() != keyOne {
			t.Errorf("Newest of %q = %s, %v, want %s", app, got.ID, err, want)
		}
	}
	newest(appOne, user(2))
	newest(appTwo, inTwo)
	newest("", inTwo)
	save(t, s, login(user(1), keyOne, 5)) // a refresh counts, not the creation
	newest(appOne, user(1))
	newest("", user(1))
	_, err = s.Newest(t.Context(), weChat, "wx0000000000000009")
	wantError(t, "Newest of an unknown app", err, session.ErrNotFound)
}

func testList(t *testing.T, s session.Store) {
	inTwo := session.ID{Origin: weChat, AppID: appTwo, OpenID: user(1).OpenID}
	elsewhere := session.ID{Origin: mock, AppID: appOne, OpenID: user(1).OpenID}
	for _, l := range []session.Login{
		login(user(3), keyOne, 5), login(user(1), keyOne, 5), login(inTwo, keyOne, 5), login(elsewhere, keyOne, 5),
		login(user(2), keyOne, 9), login(user(4), keyOne, 1), login(user(4), keyTwo, 2),
	} {
		save(t, s, l)
	}
	for _, tt := range []struct {
		name   string
		filter session.Filter
		want   []session.ID
	}{
		{"all", session.Filter{}, []session.ID{user(2), elsewhere, user(1), user(3), inTwo, user(4)}},
		{"of an origin", session.Filter{Origin: weChat}, []session.ID{user(2), user(1), user(3), inTwo, user(4)}},
		{"of an app", session.Filter{AppID: appOne}, []session.ID{user(2), elsewhere, user(1), user(3), user(4)}},
		{"of both, limited", session.Filter{Origin: weChat, AppID: appOne, Limit: 2}, []session.ID{user(2), user(1)}},
		{"limit beyond the end", session.Filter{Origin: mock, Limit: 5}, []session.ID{elsewhere}},
		{"none", session.Filter{Origin: mock, AppID: appTwo}, nil},
	} {
		list, err := s.List(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []session.ID
		for _, v := range list {
			got = append(got, v.ID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %v\nwant %v", tt.name, got, tt.want)
		}
	}
	list, _ := s.List(t.Context(), session.Filter{})
	want := session.Session{ID: user(4), Key: wechat.NewSessionKey(keyZero), KeyObtained: at(2), Created: at(1), Refreshed: at(2)}
	if d := diff(want, list[len(list)-1]); d != "" {
		t.Errorf("a listed session (-want +got):\n%s", d)
	}
}

func testDelete(t *testing.T, s session.Store) {
	save(t, s, login(user(1), keyOne, 1))
	save(t, s, login(user(2), keyOne, 1))
	if err := s.Delete(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(t.Context(), user(1))
	wantError(t, "Get after Delete", err, session.ErrNotFound)
	wantError(t, "Delete again", s.Delete(t.Context(), user(1)), session.ErrNotFound)
	get(t, s, user(2))
	wantSession(t, s, save(t, s, login(user(1), keyTwo, 7)), session.Session{
		ID: user(1), Key: wechat.NewSessionKey(keyTwo), KeyObtained: at(7), Created: at(7), Refreshed: at(7),
	})
}

func testIncomplete(t *testing.T, s session.Store) {
	for name, change := range map[string]func(*session.Login){
		"origin":      func(l *session.Login) { l.Origin = "" },
		"appid":       func(l *session.Login) { l.AppID = "" },
		"openid":      func(l *session.Login) { l.OpenID = "" },
		"session key": func(l *session.Login) { l.Key = wechat.SessionKey{} },
		"time":        func(l *session.Login) { l.At = time.Time{} },
	} {
		l := login(user(1), keyOne, 1)
		change(&l)
		if _, err := s.Save(t.Context(), l); err == nil || !strings.Contains(err.Error(), "has no "+name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*session.Exchange){
		"origin":  func(e *session.Exchange) { e.Origin = "" },
		"appid":   func(e *session.Exchange) { e.AppID = "" },
		"code":    func(e *session.Exchange) { e.CodeHash = [32]byte{} },
		"time":    func(e *session.Exchange) { e.At = time.Time{} },
		"outcome": func(e *session.Exchange) { e.Outcome = "" },
	} {
		e := exchange("c", 1, session.OutcomeExchanged, 0)
		change(&e)
		if err := s.Record(t.Context(), e); err == nil || !strings.Contains(err.Error(), "has no "+name) {
			t.Errorf("an exchange without %s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*session.AccessToken){
		"origin": func(x *session.AccessToken) { x.Origin = "" },
		"appid":  func(x *session.AccessToken) { x.AppID = "" },
		"value":  func(x *session.AccessToken) { x.Value = redact.Secret{} },
		"time":   func(x *session.AccessToken) { x.Expires = time.Time{} },
	} {
		x := accessToken(appOne, "t", 1, 9)
		change(&x)
		if err := s.SaveAccessToken(t.Context(), x); err == nil || !strings.Contains(err.Error(), "has no "+name) {
			t.Errorf("an access token without %s: %v", name, err)
		}
	}
	if err := s.Revoke(t.Context(), session.Revocation{At: at(1), Until: at(2)}); err == nil {
		t.Error("a revocation of no token was taken")
	}
	if err := s.Revoke(t.Context(), session.Revocation{TokenID: "j"}); err == nil {
		t.Error("a revocation without times was taken")
	}
}

// operations calls everything that takes a context.
func operations(s session.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Save":    func(ctx context.Context) error { _, err := s.Save(ctx, login(user(1), keyTwo, 2)); return err },
		"Get":     func(ctx context.Context) error { _, err := s.Get(ctx, user(1)); return err },
		"Newest":  func(ctx context.Context) error { _, err := s.Newest(ctx, weChat, ""); return err },
		"List":    func(ctx context.Context) error { _, err := s.List(ctx, session.Filter{}); return err },
		"Delete":  func(ctx context.Context) error { return s.Delete(ctx, user(1)) },
		"Claim":   func(ctx context.Context) error { _, err := s.Claim(ctx, hash("c"), at(1), at(2)); return err },
		"Release": func(ctx context.Context) error { return s.Release(ctx, hash("held")) },
		"Begin": func(ctx context.Context) error {
			_, err := s.Begin(ctx, exchange("given up", 1, session.OutcomeSending, 0), at(60))
			return err
		},
		"End": func(ctx context.Context) error {
			l := login(user(1), keyTwo, 2)
			_, err := s.End(ctx, exchange("given up", 2, session.OutcomeExchanged, 0), &l)
			return err
		},
		"Revoke": func(ctx context.Context) error {
			return s.Revoke(ctx, session.Revocation{TokenID: "j", At: at(1), Until: at(2)})
		},
		"Revoked":         func(ctx context.Context) error { _, err := s.Revoked(ctx, "j"); return err },
		"Record":          func(ctx context.Context) error { return s.Record(ctx, exchange("given up", 1, session.OutcomeLost, 0)) },
		"Exchanges":       func(ctx context.Context) error { _, err := s.Exchanges(ctx, weChat, hash("c")); return err },
		"SaveAccessToken": func(ctx context.Context) error { return s.SaveAccessToken(ctx, accessToken(appOne, "given up", 1, 9)) },
		"AccessToken":     func(ctx context.Context) error { _, err := s.AccessToken(ctx, weChat, appOne); return err },
		"CutOff": func(ctx context.Context) error {
			return s.CutOff(ctx, session.Cutoff{ID: user(1), Before: at(1), At: at(1), Until: at(2)})
		},
		"Cutoffs": func(ctx context.Context) error { _, err := s.Cutoffs(ctx, user(1)); return err },
		"Expire":  func(ctx context.Context) error { return s.Expire(ctx, at(100), at(100)) },
		"Ping":    s.Ping,
	}
}

// testEndedContext shows that operations whose context has ended change nothing.
func testEndedContext(t *testing.T, s session.Store) {
	before := save(t, s, login(user(1), keyOne, 1))
	if claimed, err := s.Claim(t.Context(), hash("held"), at(1), at(60)); err != nil || !claimed {
		t.Fatalf("Claim: %v, %v", claimed, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range operations(s) {
		wantError(t, name, call(ctx), context.Canceled)
	}
	if d := diff(before, get(t, s, user(1))); d != "" {
		t.Errorf("the session changed (-want +got):\n%s", d)
	}
	if r, err := s.Revoked(t.Context(), "j"); err != nil || r != nil {
		t.Errorf("Revoked = %+v, %v", r, err)
	}
	if list, err := s.Cutoffs(t.Context(), user(1)); err != nil || len(list) != 0 {
		t.Errorf("Cutoffs = %+v, %v", list, err)
	}
	if history, err := s.Exchanges(t.Context(), weChat, hash("given up")); err != nil || len(history) > 0 {
		t.Errorf("the ledger has %+v, %v", history, err)
	}
	if token, err := s.AccessToken(t.Context(), weChat, appOne); err != nil || token != nil {
		t.Errorf("there is an access token: %v, %v", token, err)
	}
	if claimed, err := s.Claim(t.Context(), hash("held"), at(2), at(60)); err != nil || claimed {
		t.Errorf("the claim was released: %v, %v", claimed, err)
	}
	if claimed, err := s.Claim(t.Context(), hash("c"), at(1), at(60)); err != nil || !claimed {
		t.Errorf("the code was claimed: %v, %v", claimed, err)
	}
}

func testClose(t *testing.T, s session.Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for name, call := range operations(s) {
		wantError(t, name, call(t.Context()), session.ErrClosed)
	}
}
