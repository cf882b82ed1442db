package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func begin(t testing.TB, s session.Store, e session.Exchange, until int) bool {
	t.Helper()
	begun, err := s.Begin(t.Context(), e, at(until))
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func testExchange(t *testing.T, s session.Store) {
	sending, other := exchange("a", 10, session.OutcomeSending, 0), exchange("b", 10, session.OutcomeSending, 0)
	if !begin(t, s, sending, 70) || !begin(t, s, other, 70) {
		t.Fatal("nobody has claimed these codes")
	}
	late := sending
	late.At = at(69)
	if begin(t, s, late, 200) {
		t.Error("a code was claimed twice")
	}
	if claimed, err := s.Claim(t.Context(), sending.Claim(), at(69), at(200)); err != nil || claimed {
		t.Errorf("Claim of a code whose exchange has begun: %v, %v", claimed, err)
	}
	elsewhere := sending
	elsewhere.AppID = appTwo
	if !begin(t, s, elsewhere, 70) {
		t.Error("the code of another mini program is another code")
	}
	wantLedger(t, s, weChat, "a", sending, elsewhere)

	exchanged := exchange("a", 11, session.OutcomeExchanged, 0)
	l := login(user(1), keyOne, 11)
	saved, err := s.End(t.Context(), exchanged, &l)
	if err != nil {
		t.Fatal(err)
	}
	wantSession(t, s, saved, session.Session{}.After(l))
	wantLedger(t, s, weChat, "a", sending, elsewhere, exchanged)

	l.Key, l.At = wechat.NewSessionKey(keyTwo), at(12)
	next, err := s.End(t.Context(), exchange("c", 12, session.OutcomeExchanged, 0), &l) // which nobody has begun
	if err != nil {
		t.Fatal(err)
	}
	wantSession(t, s, next, saved.After(l))

	refused := exchange("b", 12, session.OutcomeRefused, wechat.CodeInvalidCode)
	if got, err := s.End(t.Context(), refused, nil); err != nil || got.ID != (session.ID{}) {
		t.Errorf("End without a login: %v, %v", got.ID, err)
	}
	wantLedger(t, s, weChat, "b", other, refused)
	for _, e := range []session.Exchange{sending, other} {
		if claimed, err := s.Claim(t.Context(), e.Claim(), at(13), at(70)); err != nil || !claimed {
			t.Errorf("the code was not released: %v, %v", claimed, err)
		}
	}
	if claimed, err := s.Claim(t.Context(), elsewhere.Claim(), at(13), at(70)); err != nil || claimed {
		t.Errorf("another code was released: %v, %v", claimed, err)
	}
	elsewhere.At = at(70)
	if !begin(t, s, elsewhere, 100) {
		t.Error("a claim did not end at its time")
	}
}

// testHalfExchange shows that an exchange that cannot be written wholly is not written at all.
func testHalfExchange(t *testing.T, s session.Store) {
	sending, l := exchange("a", 1, session.OutcomeSending, 0), login(user(1), keyOne, 2)
	if _, err := s.Begin(t.Context(), session.Exchange{CodeHash: sending.CodeHash}, at(60)); err == nil {
		t.Error("an exchange of no app was begun")
	}
	if !begin(t, s, sending, 60) {
		t.Fatal("the code is claimed")
	}
	without := l
	without.Key = wechat.SessionKey{}
	if _, err := s.End(t.Context(), exchange("a", 2, session.OutcomeExchanged, 0), &without); err == nil {
		t.Error("a login without a key was taken")
	}
	if _, err := s.End(t.Context(), exchange("a", 2, "", 0), &l); err == nil {
		t.Error("an exchange without an outcome was taken")
	}
	wantLedger(t, s, weChat, "a", sending)
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) > 0 {
		t.Errorf("there are %d sessions, %v", len(list), err)
	}
	if claimed, err := s.Claim(t.Context(), sending.Claim(), at(2), at(60)); err != nil || claimed {
		t.Errorf("the code was released: %v, %v", claimed, err)
	}
}

// testContestedExchange has one of many begin, and one entry in the ledger.
func testContestedExchange(t *testing.T, s session.Store) {
	const rounds, contenders = 10, 16
	for round := range rounds {
		e := exchange(string(rune('a'+round)), round, session.OutcomeSending, 0)
		var winners atomic.Int64
		var group sync.WaitGroup
		for range contenders {
			group.Go(func() {
				begun, err := s.Begin(t.Context(), e, at(round+60))
				if err != nil {
					t.Error(err)
				}
				if begun {
					winners.Add(1)
				}
			})
		}
		group.Wait()
		if winners.Load() != 1 {
			t.Errorf("%d began the exchange of one code", winners.Load())
		}
		wantLedger(t, s, weChat, string(rune('a'+round)), e)
	}
}
