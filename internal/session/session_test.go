package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

var id = session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx4f4bc4dec97d474b", OpenID: "oGZUI0egBJY1zhBYw2KhdUfwVJJE"}

func at(seconds int) time.Time { return time.Unix(1770000000+int64(seconds), 0).UTC() }

func login(key string, seconds int, union wechat.UnionID) session.Login {
	return session.Login{ID: id, Key: wechat.NewSessionKey(key), At: at(seconds), UnionID: union}
}

func reset(key string, seconds int) session.Login {
	l := login(key, seconds, "")
	l.Reset = true
	return l
}

func was(key string, obtained, replaced int) session.PreviousKey {
	return session.PreviousKey{Key: wechat.NewSessionKey(key), Obtained: at(obtained), Replaced: at(replaced)}
}

func diff(want, got session.Session) string {
	reveal := cmp.Transformer("reveal", func(k wechat.SessionKey) string { return k.Reveal() })
	return cmp.Diff(want, got, reveal, cmpopts.EquateEmpty())
}

func TestAfter(t *testing.T) {
	t.Parallel()
	state := func(key string, obtained, created, refreshed int, union wechat.UnionID, previous ...session.PreviousKey) session.Session {
		return session.Session{
			ID: id, UnionID: union, Key: wechat.NewSessionKey(key), KeyObtained: at(obtained), Created: at(created), Refreshed: at(refreshed),
			Previous: previous,
		}
	}
	for _, tt := range []struct {
		name   string
		logins []session.Login
		want   session.Session
	}{
		{"first", []session.Login{login("A", 1, "")}, state("A", 1, 1, 1, "")},
		{"the same key again", []session.Login{login("A", 1, ""), login("A", 2, "")}, state("A", 1, 1, 2, "")},
		{"a new key", []session.Login{login("A", 1, ""), login("B", 2, "")}, state("B", 2, 1, 2, "", was("A", 1, 2))},
		{"two new keys", []session.Login{login("A", 1, ""), login("B", 2, ""), login("C", 3, "")}, state("C", 3, 1, 3, "", was("B", 2, 3), was("A", 1, 2))},
		{"a key comes back", []session.Login{login("A", 1, ""), login("B", 2, ""), login("A", 3, "")}, state("A", 3, 1, 3, "", was("B", 2, 3))},
		{"at the same instant the later arrival wins", []session.Login{login("A", 1, ""), login("B", 1, "")}, state("B", 1, 1, 1, "", was("A", 1, 1))},
		{"late", []session.Login{login("B", 5, ""), login("A", 2, "")}, state("B", 5, 2, 5, "", was("A", 2, 5))},
		{"late, of the current key", []session.Login{login("A", 5, ""), login("A", 2, "")}, state("A", 5, 2, 5, "")},
		{"late, between two", []session.Login{login("A", 1, ""), login("C", 9, ""), login("B", 4, "")}, state("C", 9, 1, 9, "", was("B", 4, 9), was("A", 1, 9))},
		{"late, known already", []session.Login{login("A", 1, ""), login("B", 9, ""), login("A", 4, "")}, state("B", 9, 1, 9, "", was("A", 1, 9))},
		{"late, but after the current key was first seen", []session.Login{login("B", 3, ""), login("B", 9, ""), login("A", 5, "")}, state("B", 3, 3, 9, "", was("A", 5, 5))},
		{"a reset", []session.Login{login("A", 1, ""), reset("B", 5)}, state("B", 5, 1, 1, "", was("A", 1, 5))},
		{"a login after a reset", []session.Login{login("A", 1, ""), reset("B", 5), login("B", 7, "")}, state("B", 5, 1, 7, "", was("A", 1, 5))},
		{"a login that a reset has overtaken", []session.Login{login("A", 1, ""), reset("C", 5), login("B", 3, "")}, state("C", 5, 1, 3, "", was("B", 3, 5), was("A", 1, 5))},
		{"a reset that comes late", []session.Login{login("A", 1, ""), login("C", 9, ""), reset("B", 5)}, state("C", 9, 1, 9, "", was("B", 5, 9), was("A", 1, 9))},
		{"a reset of a session that is gone", []session.Login{reset("B", 5)}, state("B", 5, 5, 5, "")},
		{"unionid appears", []session.Login{login("A", 1, ""), login("A", 2, "o1")}, state("A", 1, 1, 2, "o1")},
		{"unionid stays", []session.Login{login("A", 1, "o1"), login("A", 2, "")}, state("A", 1, 1, 2, "o1")},
		{"unionid changes", []session.Login{login("A", 1, "o1"), login("A", 2, "o2")}, state("A", 1, 1, 2, "o2")},
		{"a late unionid does not replace", []session.Login{login("A", 2, "o2"), login("A", 1, "o1")}, state("A", 2, 1, 2, "o2")},
		{"a late unionid is better than none", []session.Login{login("A", 2, ""), login("A", 1, "o1")}, state("A", 2, 1, 2, "o1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got session.Session
			for _, l := range tt.logins {
				before := got
				previous := slices.Clone(got.Previous)
				got = got.After(l)
				before.Previous, previous = previous, before.Previous
				if !slices.Equal(before.Previous, previous) {
					t.Error("After changed its receiver")
				}
			}
			if d := diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	in := time.Date(2026, 11, 23, 8, 0, 0, 123456789, time.FixedZone("CST", 8*3600))
	want := time.Date(2026, 11, 23, 0, 0, 0, 123456000, time.UTC)
	if got := session.Instant(in); got != want {
		t.Errorf("Instant = %v, want %v", got, want)
	}
	if got := session.Instant(time.Now()); strings.Contains(got.String(), "m=") {
		t.Errorf("%v has a monotonic reading", got)
	}
}

// TestInvariants tries random logins and checks what a session promises whatever came before.
func TestInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s session.Session
		newest := -1
		for range rapid.IntRange(1, 60).Draw(t, "logins") {
			l := login(rapid.StringMatching(`[A-Z]`).Draw(t, "key"), rapid.IntRange(0, 40).Draw(t, "second"), "")
			s = s.After(l)
			second := int(l.At.Unix() - at(0).Unix())
			if second >= newest {
				newest = second
				if !s.Key.Equal(l.Key.Secret) {
					t.Fatalf("the newest login, at %d, is not current", second)
				}
			}
			if !s.Refreshed.Equal(at(newest)) || s.Created.After(s.KeyObtained) || s.KeyObtained.After(s.Refreshed) {
				t.Fatalf("times are out of order: %+v", s)
			}
			if len(s.Previous) > session.MaxPrevious {
				t.Fatalf("%d previous keys", len(s.Previous))
			}
			seen := map[string]bool{s.Key.Reveal(): true}
			for i, p := range s.Previous {
				switch {
				case seen[p.Key.Reveal()]:
					t.Fatalf("key %s stands twice", p.Key.Reveal())
				case p.Replaced.Before(p.Obtained):
					t.Fatalf("key %d was replaced before it was obtained", i)
				case i > 0 && p.Obtained.After(s.Previous[i-1].Obtained):
					t.Fatalf("previous keys are out of order")
				}
				seen[p.Key.Reveal()] = true
			}
		}
	})
}

// plainSealer shows what it is given: "context|plaintext". It unseals only under the same context.
type plainSealer struct{}

var errContext = errors.New("other context")

func (plainSealer) Seal(plain, context []byte) ([]byte, error) {
	return []byte(string(context) + "|" + string(plain)), nil
}

func (plainSealer) Unseal(sealed, context []byte) ([]byte, error) {
	plain, found := strings.CutPrefix(string(sealed), string(context)+"|")
	if !found {
		return nil, errContext
	}
	return []byte(plain), nil
}

func TestSealKeys(t *testing.T) {
	t.Parallel()
	s := session.Session{}.After(login("A", 1, "o1")).After(login("B", 2, "")).After(login("C", 3, ""))
	sealed, err := session.SealKeys(plainSealer{}, s)
	if err != nil {
		t.Fatal(err)
	}
	_, plain, _ := strings.Cut(string(sealed), "|")
	// The form in which files keep keys: it may grow, it may not change.
	want := `{"k":"C","p":[{"k":"B","o":1770000002000000,"r":1770000003000000},{"k":"A","o":1770000001000000,"r":1770000002000000}]}`
	if plain != want {
		t.Errorf("sealed\n%s\nwant\n%s", plain, want)
	}
	got := s
	got.Key, got.Previous = wechat.SessionKey{}, nil
	if err := session.UnsealKeys(plainSealer{}, &got, sealed); err != nil {
		t.Fatal(err)
	}
	if d := diff(s, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestSealIsBound moves sealed keys to other sessions, among them some whose ID reads alike when written in a row.
func TestSealIsBound(t *testing.T) {
	t.Parallel()
	sealed, err := session.SealKeys(plainSealer{}, session.Session{}.After(login("A", 1, "")))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []session.ID{
		{Origin: "http://127.0.0.1:8420", AppID: id.AppID, OpenID: id.OpenID},
		{Origin: id.Origin, AppID: "wx0000000000000000", OpenID: id.OpenID},
		{Origin: id.Origin, AppID: id.AppID, OpenID: "o"},
		{Origin: id.Origin, AppID: id.AppID + "o", OpenID: id.OpenID[1:]},
		{Origin: id.Origin + "w", AppID: id.AppID[1:], OpenID: id.OpenID},
	} {
		err := session.UnsealKeys(plainSealer{}, &session.Session{ID: other}, sealed)
		if got, ok := errors.AsType[*session.UnsealError](err); !ok || got.ID != other || !errors.Is(err, errContext) {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestUnsealErrorHoldsNoKey(t *testing.T) {
	t.Parallel()
	const key = "tiihtNczf5v6AKRyjwEUhQ=="
	sealed, err := plainSealer{}.Seal([]byte(`{"k":`+key), sealContextOf(t))
	if err != nil {
		t.Fatal(err)
	}
	err = session.UnsealKeys(plainSealer{}, &session.Session{ID: id}, sealed)
	if err == nil || strings.Contains(err.Error(), key[:8]) {
		t.Errorf("err = %v", err)
	}
}

// sealContextOf returns the context that keys of id are sealed with.
func sealContextOf(t *testing.T) []byte {
	t.Helper()
	sealed, err := session.SealKeys(plainSealer{}, session.Session{}.After(login("A", 1, "")))
	if err != nil {
		t.Fatal(err)
	}
	context, _, _ := strings.Cut(string(sealed), "|")
	return []byte(context)
}

func TestSessionsDoNotPrintKeys(t *testing.T) {
	t.Parallel()
	const key = "tiihtNczf5v6AKRyjwEUhQ=="
	s := session.Session{}.After(login("A", 1, "")).After(login(key, 2, "")).After(login("B", 3, ""))
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprintf("%v %+v %#v", s, s, s), string(asJSON)} {
		if strings.Contains(out, key) {
			t.Errorf("a key stands in %s", out)
		}
	}
}
