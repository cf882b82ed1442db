package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func exchange(code string, seconds int, outcome session.Outcome, errCode wechat.ErrCode) session.Exchange {
	return session.Exchange{Origin: weChat, AppID: appOne, CodeHash: hash(code), At: at(seconds), Outcome: outcome, ErrCode: errCode}
}

func record(t testing.TB, s session.Store, entries ...session.Exchange) {
	t.Helper()
	for _, e := range entries {
		if err := s.Record(t.Context(), e); err != nil {
			t.Fatalf("Record: %v", err)
		}
	}
}

func wantLedger(t testing.TB, s session.Store, origin wechat.Origin, code string, want ...session.Exchange) {
	t.Helper()
	got, err := s.Exchanges(t.Context(), origin, hash(code))
	if err != nil {
		t.Fatalf("Exchanges: %v", err)
	}
	if d := diff(want, got); d != "" {
		t.Errorf("the ledger of %s at %s (-want +got):\n%s", code, origin, d)
	}
}

func testLedger(t *testing.T, s session.Store) {
	wantLedger(t, s, weChat, "a")
	sending, used := exchange("a", 5, session.OutcomeSending, 0), exchange("a", 5, session.OutcomeRefused, wechat.CodeUsed)
	early := exchange("a", 1, session.OutcomeUnsent, 0)
	elsewhere, other := sending, exchange("b", 5, session.OutcomeExchanged, 0)
	elsewhere.Origin, elsewhere.AppID = mock, appTwo
	record(t, s, sending, used, early, elsewhere, other)
	wantLedger(t, s, weChat, "a", early, sending, used)
	wantLedger(t, s, mock, "a", elsewhere)
	wantLedger(t, s, weChat, "b", other)
	wantLedger(t, s, mock, "b")

	finer := exchange("c", 1, session.OutcomeRefused, -1)
	finer.At = time.Unix(1770000001, 123456789).In(time.FixedZone("CST", 8*3600))
	record(t, s, finer)
	finer.At = session.Instant(finer.At)
	wantLedger(t, s, weChat, "c", finer)
	got, err := s.Exchanges(t.Context(), weChat, hash("c"))
	if err != nil || len(got) != 1 {
		t.Fatalf("Exchanges: %v, %v", got, err)
	}
	got[0].Outcome = session.OutcomeLost // what was returned is the caller's
	wantLedger(t, s, weChat, "c", finer)
}

func testLedgerExpiry(t *testing.T, s session.Store) {
	week := int(session.LedgerLife / time.Second)
	past, last, young := exchange("a", 99, session.OutcomeSending, 0), exchange("a", 100, session.OutcomeExchanged, 0), exchange("a", 101, session.OutcomeRefused, 40163)
	gone := exchange("b", 100, session.OutcomeLost, 0)
	record(t, s, past, last, young, gone)
	if err := s.Expire(t.Context(), at(100+week-1), at(0)); err != nil {
		t.Fatal(err)
	}
	wantLedger(t, s, weChat, "a", last, young)
	if err := s.Expire(t.Context(), at(100+week), at(0)); err != nil {
		t.Fatal(err)
	}
	wantLedger(t, s, weChat, "a", young)
	wantLedger(t, s, weChat, "b")
	record(t, s, gone)
	wantLedger(t, s, weChat, "b", gone)
}

func accessToken(app wechat.AppID, value string, obtained, expires int) session.AccessToken {
	return session.AccessToken{Origin: weChat, AppID: app, Value: redact.NewSecret(value), Obtained: at(obtained), Expires: at(expires)}
}

func wantToken(t testing.TB, s session.Store, origin wechat.Origin, app wechat.AppID, want *session.AccessToken) {
	t.Helper()
	got, err := s.AccessToken(t.Context(), origin, app)
	if err != nil {
		t.Fatalf("AccessToken: %v", err)
	}
	reveal := cmp.Transformer("reveal", func(k redact.Secret) string { return k.Reveal() })
	if d := cmp.Diff(want, got, reveal); d != "" {
		t.Errorf("the access token of %s at %s (-want +got):\n%s", app, origin, d)
	}
}

func saveToken(t testing.TB, s session.Store, token session.AccessToken) {
	t.Helper()
	if err := s.SaveAccessToken(t.Context(), token); err != nil {
		t.Fatalf("SaveAccessToken: %v", err)
	}
}

func testAccessToken(t *testing.T, s session.Store) {
	wantToken(t, s, weChat, appOne, nil)
	first, second, elsewhere := accessToken(appOne, "one", 1, 7201), accessToken(appOne, "two", 2, 7000), accessToken(appTwo, "other", 9, 10)
	saveToken(t, s, first)
	saveToken(t, s, elsewhere)
	wantToken(t, s, weChat, appOne, &first)
	saveToken(t, s, second)
	wantToken(t, s, weChat, appOne, &second)
	saveToken(t, s, first) // of a process that was slow to save it
	wantToken(t, s, weChat, appOne, &second)
	same := accessToken(appOne, "three", 2, 9000)
	saveToken(t, s, same)
	wantToken(t, s, weChat, appOne, &same)
	wantToken(t, s, mock, appOne, nil)
	wantToken(t, s, weChat, appTwo, &elsewhere)
	if err := s.Expire(t.Context(), at(10), at(0)); err != nil {
		t.Fatal(err)
	}
	wantToken(t, s, weChat, appTwo, nil)
	wantToken(t, s, weChat, appOne, &same)
}

// testContestedToken saves tokens in any order from many goroutines: the one that was obtained last stays.
func testContestedToken(t *testing.T, s session.Store) {
	const tokens = 40
	var group sync.WaitGroup
	for i := range tokens {
		group.Go(func() {
			n := i * 7 % tokens
			if err := s.SaveAccessToken(t.Context(), accessToken(appOne, fmt.Sprint("t", n), n+1, 9999)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	last := accessToken(appOne, fmt.Sprint("t", tokens-1), tokens, 9999)
	wantToken(t, s, weChat, appOne, &last)
}
