package token_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func sampleClaims() token.Claims {
	return token.Claims{
		Issuer: "wxlogin", OpenID: "oGZUI0egBJY1zhBYw2KhdUfwVJJE", AppID: "wx4f4bc4dec97d474b", UnionID: "ocMvos6NjeKLIBqg5Mr9QjxrP1FA",
		IssuedAt: issuedAt, ExpiresAt: issuedAt.Add(24 * time.Hour), ID: "j1",
	}
}

func issue(t testing.TB, ring *token.Ring, c token.Claims) string {
	t.Helper()
	text, err := ring.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

func TestIssueAndOpen(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	text := issue(t, ring, sampleClaims())
	header, claims, err := ring.Open(text, issuedAt)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(token.Header{Alg: "dir", Enc: "A256GCM", KeyID: "a", Type: "JWT"}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sampleClaims(), claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if strings.Contains(text, b64([]byte("oGZUI0egBJY1zhBYw2KhdUfwVJJE"))) {
		t.Error("the openid stands in the token")
	}
	if other := issue(t, ring, sampleClaims()); other == text {
		t.Error("two tokens of the same claims are the same text: the nonce repeats")
	}
}

func TestIssueFillsAndCuts(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	c := sampleClaims()
	c.ID, c.IssuedAt, c.ExpiresAt = "", issuedAt.Add(999*time.Millisecond), issuedAt.Add(time.Hour+time.Millisecond)
	_, first, err := ring.Open(issue(t, ring, c), issuedAt)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := ring.Open(issue(t, ring, c), issuedAt)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.ID) < 26 || first.ID == second.ID { // 26 characters of base32 carry 128 bits
		t.Errorf("jti %q, then %q: want two of 128 random bits", first.ID, second.ID)
	}
	if !first.IssuedAt.Equal(issuedAt) || !first.ExpiresAt.Equal(issuedAt.Add(time.Hour)) {
		t.Errorf("times %v, %v are not cut to seconds", first.IssuedAt, first.ExpiresAt)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	for name, change := range map[string]func(*token.Claims){
		"claim iss is missing":      func(c *token.Claims) { c.Issuer = "" },
		"claim sub is missing":      func(c *token.Claims) { c.OpenID = "" },
		"claim aud is missing":      func(c *token.Claims) { c.AppID = "" },
		"claim sub is not UTF-8":    func(c *token.Claims) { c.OpenID = "o\xff" },
		"claim unionid is not":      func(c *token.Claims) { c.UnionID = "o\xff" },
		"claim exp is not after":    func(c *token.Claims) { c.ExpiresAt = c.IssuedAt.Add(999 * time.Millisecond) },
		"between the years":         func(c *token.Claims) { c.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"bytes, more than 8192":     func(c *token.Claims) { c.OpenID = wechat.OpenID(strings.Repeat("o", 8192)) },
		"claim iat or exp is not b": func(c *token.Claims) { c.IssuedAt = time.Unix(-1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sampleClaims()
			change(&c)
			text, err := ring.Issue(c)
			if err == nil || !strings.Contains(err.Error(), name) || !text.IsZero() {
				t.Errorf("err = %v, want %q and no token", err, name)
			}
		})
	}
}

func TestClaimsJSON(t *testing.T) {
	t.Parallel()
	c := sampleClaims()
	got, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"iss":"wxlogin","sub":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","aud":"wx4f4bc4dec97d474b","iat":1770000000,"exp":1770086400,` +
		`"jti":"j1","unionid":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA"}`
	if string(got) != want {
		t.Errorf("JSON\n got %s\nwant %s", got, want)
	}
	c.UnionID = ""
	if got, _ := json.Marshal(c); strings.Contains(string(got), "unionid") {
		t.Errorf("%s has a unionid", got)
	}
}

func TestExpiryHasNoLeeway(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	text := issue(t, ring, sampleClaims())
	end := issuedAt.Add(24 * time.Hour)
	if _, _, err := ring.Open(text, end.Add(-time.Nanosecond)); err != nil {
		t.Errorf("a nanosecond before exp: %v", err)
	}
	header, claims, err := ring.Open(text, end)
	want := &token.ExpiredError{At: end, Now: end}
	got, ok := errors.AsType[*token.ExpiredError](err)
	if !ok || *got != *want {
		t.Fatalf("at exp: %v, want %v", err, want)
	}
	if header.KeyID != "a" || claims != sampleClaims() {
		t.Errorf("header %+v, claims %+v: want them with the error", header, claims)
	}
	_, _, err = ring.Open(text, end.Add(3*time.Hour+2*time.Minute+500*time.Millisecond))
	if want := "expired at 2026-02-03T02:40:00Z, 3h2m0s ago"; err.Error() != want { // date -u -d @1770086400
		t.Errorf("%q, want %q", err, want)
	}
}

func TestRetiredKeyOpens(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	old := forge(t, strings.Replace(plainHeader, `"a"`, `"b"`, 1), plainClaims, keyB)
	header, claims, err := ring.Open(old, issuedAt)
	if err != nil || header.KeyID != "b" || claims.ID != "j1" {
		t.Errorf("%+v, %+v, %v", header, claims, err)
	}
	if header, err := token.Peek(issue(t, ring, sampleClaims())); err != nil || header.KeyID != "a" {
		t.Errorf("a new token is under %q, %v; want the active key", header.KeyID, err)
	}
}

func TestOtherRings(t *testing.T) {
	t.Parallel()
	mock, err := token.NewRing("mock-")
	if err != nil {
		t.Fatal(err)
	}
	text := issue(t, mock, sampleClaims())
	header, _, err := loadTwoKeys(t).Open(text, issuedAt)
	unknown, ok := errors.AsType[*token.UnknownKeyError](err)
	if !ok || unknown.KeyID != header.KeyID || !strings.HasPrefix(header.KeyID, "mock-") {
		t.Errorf("header %+v, err %v: want the unknown mock key named", header, err)
	}
	sameName := forge(t, plainHeader, plainClaims, keyB)
	if header, _, err := loadTwoKeys(t).Open(sameName, issuedAt); !errors.Is(err, token.ErrTampered) || header.KeyID != "a" {
		t.Errorf("another key of the same name: %+v, %v, want ErrTampered", header, err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		issued := rapid.Int64Range(0, 1<<37).Draw(t, "iat")
		want := token.Claims{
			Issuer:    rapid.StringN(1, 40, -1).Draw(t, "iss"),
			OpenID:    wechat.OpenID(rapid.StringN(1, 40, -1).Draw(t, "sub")),
			AppID:     wechat.AppID(rapid.StringN(1, 40, -1).Draw(t, "aud")),
			UnionID:   wechat.UnionID(rapid.StringN(0, 40, -1).Draw(t, "unionid")),
			IssuedAt:  time.Unix(issued, 0).UTC(),
			ExpiresAt: time.Unix(issued+rapid.Int64Range(1, int64(token.MaxLife/time.Second)).Draw(t, "life"), 0).UTC(),
			ID:        rapid.StringN(1, 40, -1).Draw(t, "jti"),
		}
		text, err := ring.Issue(want)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := ring.Open(text.Reveal(), want.IssuedAt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("claims (-want +got):\n%s", diff)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	ring := loadTwoKeys(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				c := sampleClaims()
				c.ID = fmt.Sprintf("%d-%d", i, j)
				text, err := ring.Issue(c)
				if err != nil {
					t.Error(err)
					return
				}
				if _, got, err := ring.Open(text.Reveal(), issuedAt); err != nil || got != c {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkIssue(b *testing.B) {
	ring := loadTwoKeys(b)
	for b.Loop() {
		if _, err := ring.Issue(sampleClaims()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	ring := loadTwoKeys(b)
	text := issue(b, ring, sampleClaims())
	for b.Loop() {
		if _, _, err := ring.Open(text, issuedAt); err != nil {
			b.Fatal(err)
		}
	}
}
