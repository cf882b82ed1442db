package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// testConcurrentLogins saves the logins of one user in a random order from many goroutines. Whatever the order, the newest
// key wins and the ones before it are known.
func testConcurrentLogins(t *testing.T, s session.Store) {
	const logins = 60
	order := rand.New(rand.NewPCG(1, 2)).Perm(logins)
	key := func(i int) string { return fmt.Sprintf("%022d==", i) }
	var group sync.WaitGroup
	for _, i := range order {
		group.Go(func() {
			if _, err := s.Save(t.Context(), login(user(1), key(i), i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got := get(t, s, user(1))
	if got.Key.Reveal() != key(logins-1) || !got.Refreshed.Equal(at(logins-1)) || !got.Created.Equal(at(0)) {
		t.Errorf("the newest login did not win: %+v", got)
	}
	for i, p := range got.Previous {
		if i > 0 && p.Obtained.After(got.Previous[i-1].Obtained) {
			t.Errorf("previous keys are out of order: %+v", got.Previous)
		}
	}
	if len(got.Previous) != session.MaxPrevious {
		t.Errorf("%d previous keys", len(got.Previous))
	}
}

// testEverythingAtOnce mixes all operations. Each user's goroutine finds what it saved, nobody else's.
func testEverythingAtOnce(t *testing.T, s session.Store) {
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			id, key := user(n), fmt.Sprintf("%022d==", n)
			for i := range 25 {
				token, code := fmt.Sprintf("%d-%d", n, i), hash(fmt.Sprintf("%d-%d", n, i))
				_, saved := s.Save(t.Context(), login(id, key, i))
				found, got := s.Get(t.Context(), id)
				claimed, claim := s.Claim(t.Context(), code, at(i), at(i+60))
				revoke := s.Revoke(t.Context(), session.Revocation{TokenID: token, At: at(i), Until: at(1000)})
				revoked, looked := s.Revoked(t.Context(), token)
				_, listed := s.List(t.Context(), session.Filter{Limit: 3})
				_, newest := s.Newest(t.Context(), weChat, appOne)
				expire := s.Expire(t.Context(), at(0), at(0))
				if err := errors.Join(saved, got, claim, revoke, looked, listed, newest, expire, s.Release(t.Context(), code)); err != nil {
					t.Errorf("user %d: %v", n, err)
					return
				}
				if found.ID != id || found.Key.Reveal() != key || !found.Refreshed.Equal(at(i)) || !claimed || revoked == nil {
					t.Errorf("user %d, login %d: found %+v, claimed %v, revoked %v", n, i, found, claimed, revoked)
				}
			}
		})
	}
	group.Wait()
}

// testModel runs random operations against the store and against maps. What [session.Session.After] gives is tested on its
// own; here it is what the store must keep.
func testModel(t *testing.T, s session.Store) {
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &model{
			t: r, store: s, ctx: t,
			origin:   wechat.Origin(fmt.Sprintf("https://round%d", round)),
			sessions: map[session.ID]session.Session{}, claims: map[string]int{},
			exchanges: map[string]time.Time{}, entries: map[string]int{},
		}
		r.Repeat(map[string]func(*rapid.T){
			"": m.check, "save": m.save, "delete": m.delete, "claim": m.claim, "release": m.release, "begin": m.begin, "end": m.end, "expire": m.expire,
		})
	})
}

type model struct {
	t        *rapid.T
	ctx      *testing.T
	store    session.Store
	origin   wechat.Origin
	sessions map[session.ID]session.Session
	claims   map[string]int // by code, the second at which it ends

	exchanges map[string]time.Time // that were begun, by code, and when their claims end
	entries   map[string]int       // of the ledger, by code
}

func (m *model) id(r *rapid.T) session.ID {
	return session.ID{
		Origin: m.origin,
		AppID:  rapid.SampledFrom([]wechat.AppID{appOne, appTwo}).Draw(r, "app"),
		OpenID: rapid.SampledFrom([]wechat.OpenID{"oA", "oB", "oC"}).Draw(r, "openid"),
	}
}

func (m *model) second(r *rapid.T) int { return rapid.IntRange(0, 30).Draw(r, "second") }

func (m *model) code(r *rapid.T) string {
	return string(m.origin) + rapid.SampledFrom([]string{"x", "y"}).Draw(r, "code")
}

func (m *model) save(r *rapid.T) {
	l := m.login(r)
	m.sessions[l.ID] = m.sessions[l.ID].After(l)
	got, err := m.store.Save(m.ctx.Context(), l)
	m.saved(r, l.ID, got, err)
}

func (m *model) login(r *rapid.T) session.Login {
	return session.Login{
		ID:      m.id(r),
		UnionID: rapid.SampledFrom([]wechat.UnionID{"", "o1", "o2"}).Draw(r, "unionid"),
		Key:     wechat.NewSessionKey(rapid.StringMatching(`[a-d]==`).Draw(r, "key")),
		At:      at(m.second(r)).Add(time.Duration(rapid.IntRange(0, 1999).Draw(r, "ns"))),
	}
}

func (m *model) saved(r *rapid.T, id session.ID, got session.Session, err error) {
	if err != nil {
		r.Fatal(err)
	}
	if d := diff(m.sessions[id], got); d != "" {
		r.Fatalf("saved (-want +got):\n%s", d)
	}
}

func (m *model) exchange(r *rapid.T, code string) session.Exchange {
	return session.Exchange{Origin: m.origin, AppID: appOne, CodeHash: hash(code), At: at(m.second(r)), Outcome: session.OutcomeSending}
}

func (m *model) begin(r *rapid.T) {
	code := m.code(r)
	e := m.exchange(r, code)
	until := e.At.Add(time.Duration(rapid.IntRange(1, 10).Draw(r, "life")) * time.Second)
	end, running := m.exchanges[code]
	want := !running || !end.After(e.At)
	if got, err := m.store.Begin(m.ctx.Context(), e, until); err != nil || got != want {
		r.Fatalf("Begin at %v: %v, %v, want %v", e.At, got, err, want)
	}
	if want {
		m.exchanges[code], m.entries[code] = until, m.entries[code]+1
	}
}

func (m *model) end(r *rapid.T) {
	code := m.code(r)
	e := m.exchange(r, code)
	e.Outcome = session.OutcomeExchanged
	if rapid.Bool().Draw(r, "refused") {
		e.Outcome = session.OutcomeRefused
		if _, err := m.store.End(m.ctx.Context(), e, nil); err != nil {
			r.Fatal(err)
		}
	} else {
		l := m.login(r)
		m.sessions[l.ID] = m.sessions[l.ID].After(l)
		got, err := m.store.End(m.ctx.Context(), e, &l)
		m.saved(r, l.ID, got, err)
	}
	delete(m.exchanges, code)
	m.entries[code]++
}

func (m *model) delete(r *rapid.T) {
	id := m.id(r)
	_, present := m.sessions[id]
	err := m.store.Delete(m.ctx.Context(), id)
	if present != (err == nil) || (err != nil && !errors.Is(err, session.ErrNotFound)) {
		r.Fatalf("Delete of a session that is there (%v): %v", present, err)
	}
	delete(m.sessions, id)
}

func (m *model) claim(r *rapid.T) {
	code, now := m.code(r), m.second(r)
	until := now + rapid.IntRange(1, 10).Draw(r, "life")
	end, running := m.claims[code]
	want := !running || end <= now
	if got, err := m.store.Claim(m.ctx.Context(), hash(code), at(now), at(until)); err != nil || got != want {
		r.Fatalf("Claim at %d: %v, %v, want %v", now, got, err, want)
	}
	if want {
		m.claims[code] = until
	}
}

func (m *model) release(r *rapid.T) {
	code := m.code(r)
	if err := m.store.Release(m.ctx.Context(), hash(code)); err != nil {
		r.Fatal(err)
	}
	delete(m.claims, code)
}

func (m *model) expire(r *rapid.T) {
	now, before := m.second(r), m.second(r)
	if err := m.store.Expire(m.ctx.Context(), at(now), at(before)); err != nil {
		r.Fatal(err)
	}
	for id, v := range m.sessions {
		if v.Refreshed.Before(at(before)) {
			delete(m.sessions, id)
		}
	}
	for code, end := range m.claims {
		if end <= now {
			delete(m.claims, code)
		}
	}
	for code, end := range m.exchanges {
		if !end.After(at(now)) {
			delete(m.exchanges, code)
		}
	}
}

// check compares all that is there.
func (m *model) check(r *rapid.T) {
	list, err := m.store.List(m.ctx.Context(), session.Filter{Origin: m.origin})
	if err != nil {
		r.Fatal(err)
	}
	if len(list) != len(m.sessions) {
		r.Fatalf("%d sessions, want %d", len(list), len(m.sessions))
	}
	for i, v := range list {
		if i > 0 && session.Compare(list[i-1], v) >= 0 {
			r.Fatalf("the list is out of order at %d", i)
		}
		got, err := m.store.Get(m.ctx.Context(), v.ID)
		if err != nil {
			r.Fatal(err)
		}
		if d := diff(m.sessions[v.ID], got); d != "" {
			r.Fatalf("Get (-want +got):\n%s", d)
		}
	}
	for code, want := range m.entries {
		if history, err := m.store.Exchanges(m.ctx.Context(), m.origin, hash(code)); err != nil || len(history) != want {
			r.Fatalf("the ledger has %d entries of a code, %v, want %d", len(history), err, want)
		}
	}
	newest, err := m.store.Newest(m.ctx.Context(), m.origin, "")
	switch {
	case len(list) == 0 && !errors.Is(err, session.ErrNotFound):
		r.Fatalf("Newest of nothing: %v", err)
	case len(list) > 0 && (err != nil || newest.ID != list[0].ID):
		r.Fatalf("Newest = %s, %v, want %s", newest.ID, err, list[0].ID)
	}
}
