package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session"
)

func testClaim(t *testing.T, s session.Store) {
	for _, step := range []struct {
		name       string
		code       string
		release    bool
		now, until int
		want       bool
	}{
		{name: "first", code: "a", now: 0, until: 60, want: true},
		{name: "second", code: "a", now: 1, until: 61, want: false},
		{name: "another code", code: "b", now: 1, until: 61, want: true},
		{name: "at the last moment", code: "a", now: 59, until: 120, want: false},
		{name: "when the first ends, which the second did not extend", code: "a", now: 60, until: 120, want: true},
		{name: "of the new claim", code: "a", now: 61, until: 121, want: false},
		{name: "after release", code: "a", release: true, now: 61, until: 121, want: true},
		{name: "release of nothing", code: "c", release: true, now: 61, until: 121, want: true},
		{name: "the other code still", code: "b", now: 60, until: 121, want: false},
	} {
		if step.release {
			if err := s.Release(t.Context(), hash(step.code)); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
		got, err := s.Claim(t.Context(), hash(step.code), at(step.now), at(step.until))
		if err != nil || got != step.want {
			t.Errorf("%s: %v, %v, want %v", step.name, got, err, step.want)
		}
	}
}

// testContestedClaim lets fifty clients want one code, round after round.
func testContestedClaim(t *testing.T, s session.Store) {
	for round := range 20 {
		code := hash(string(rune('a' + round)))
		var winners atomic.Int32
		var start, group sync.WaitGroup
		start.Add(1)
		for range 50 {
			group.Go(func() {
				start.Wait()
				claimed, err := s.Claim(t.Context(), code, at(0), at(60))
				if err != nil {
					t.Error(err)
				}
				if claimed {
					winners.Add(1)
				}
			})
		}
		start.Done()
		group.Wait()
		if got := winners.Load(); got != 1 {
			t.Fatalf("round %d: %d clients got the code", round, got)
		}
	}
}

func testRevocation(t *testing.T, s session.Store) {
	if r, err := s.Revoked(t.Context(), "j1"); err != nil || r != nil {
		t.Fatalf("Revoked = %+v, %v before anything", r, err)
	}
	want := session.Revocation{TokenID: "j1", At: at(1), Until: at(100), Reason: "logout"}
	if err := s.Revoke(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	again := session.Revocation{TokenID: "j1", At: at(7), Until: at(200), Reason: "other"}
	if err := s.Revoke(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	got, err := s.Revoked(t.Context(), "j1")
	if err != nil || got == nil {
		t.Fatalf("Revoked = %v, %v", got, err)
	}
	if d := diff(want, *got); d != "" {
		t.Errorf("the first revocation does not stand (-want +got):\n%s", d)
	}
	for _, other := range []string{"j2", "J1", "j1 ", ""} {
		if r, err := s.Revoked(t.Context(), other); err != nil || r != nil {
			t.Errorf("%q: %+v, %v", other, r, err)
		}
	}
}

func testExpiry(t *testing.T, s session.Store) {
	save(t, s, login(user(1), keyOne, 1))
	save(t, s, login(user(1), keyOne, 50)) // created early, refreshed late
	save(t, s, login(user(2), keyOne, 9))
	save(t, s, login(user(3), keyOne, 10))
	for code, until := range map[string]int{"past": 99, "now": 100, "future": 101} {
		if _, err := s.Claim(t.Context(), hash(code), at(0), at(until)); err != nil {
			t.Fatal(err)
		}
		if err := s.Revoke(t.Context(), session.Revocation{TokenID: code, At: at(0), Until: at(until)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Expire(t.Context(), at(100), at(10)); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(t.Context(), session.Filter{})
	if err != nil || len(list) != 2 || list[0].ID != user(1) || list[1].ID != user(3) {
		t.Errorf("the sessions that remain: %v, %v", list, err)
	}
	for code, stays := range map[string]bool{"past": false, "now": false, "future": true} {
		r, err := s.Revoked(t.Context(), code)
		if err != nil || (r != nil) != stays {
			t.Errorf("revocation %q: %v, %v, want it to stay: %v", code, r, err, stays)
		}
		// Claimed from a moment at which all claims would still run, had they not been swept.
		claimed, err := s.Claim(t.Context(), hash(code), at(0), at(1))
		if err != nil || claimed == stays {
			t.Errorf("claim %q: %v, %v, want it to stay: %v", code, claimed, err, stays)
		}
	}
}
