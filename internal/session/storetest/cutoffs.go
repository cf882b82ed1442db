package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session"
)

func cutOff(t *testing.T, s session.Store, c session.Cutoff) {
	t.Helper()
	if err := s.CutOff(t.Context(), c); err != nil {
		t.Fatalf("CutOff: %v", err)
	}
}

func wantCutoffs(t *testing.T, s session.Store, id session.ID, want ...session.Cutoff) {
	t.Helper()
	got, err := s.Cutoffs(t.Context(), id)
	if err != nil {
		t.Fatalf("Cutoffs(%s): %v", id, err)
	}
	if d := diff(want, got); d != "" {
		t.Errorf("Cutoffs(%s) (-want +got):\n%s", id, d)
	}
}

func testCutoffs(t *testing.T, s session.Store) {
	wantCutoffs(t, s, user(1))
	own := session.Cutoff{ID: user(1), Before: at(10), At: at(11), Until: at(100), Reason: "stolen"}
	cutOff(t, s, own)
	wantCutoffs(t, s, user(1), own)
	wantCutoffs(t, s, user(2))

	// A later one sets everything but the moment and the end, which never go back.
	cutOff(t, s, session.Cutoff{ID: user(1), Before: at(5), Except: "j1", At: at(12), Until: at(90), Reason: "new login"})
	own = session.Cutoff{ID: user(1), Before: at(10), Except: "j1", At: at(12), Until: at(100), Reason: "new login"}
	wantCutoffs(t, s, user(1), own)
	cutOff(t, s, session.Cutoff{ID: user(1), Before: at(20), Except: "j2", At: at(13), Until: at(130)})
	own = session.Cutoff{ID: user(1), Before: at(20), Except: "j2", At: at(13), Until: at(130)}
	wantCutoffs(t, s, user(1), own)

	// That of everybody comes first, and is of one app at one origin.
	everybody := user(1)
	everybody.OpenID = ""
	all := session.Cutoff{ID: everybody, Before: at(30), At: at(31), Until: at(200), Reason: "leak"}
	cutOff(t, s, all)
	wantCutoffs(t, s, user(1), all, own)
	wantCutoffs(t, s, user(2), all)
	inTwo, elsewhere := user(1), user(1)
	inTwo.AppID, elsewhere.Origin = appTwo, mock
	wantCutoffs(t, s, inTwo)
	wantCutoffs(t, s, elsewhere)

	for name, broken := range map[string]session.Cutoff{
		"no time":   {ID: user(3), Before: at(1), At: at(1)},
		"no moment": {ID: user(3), At: at(1), Until: at(2)},
		"no app":    {ID: session.ID{Origin: weChat, OpenID: "o"}, Before: at(1), At: at(1), Until: at(2)},
		"no origin": {ID: session.ID{AppID: appOne, OpenID: "o"}, Before: at(1), At: at(1), Until: at(2)},
	} {
		if err := s.CutOff(t.Context(), broken); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func testCutoffExpiry(t *testing.T, s session.Store) {
	for n, until := range map[int]int{1: 99, 2: 100, 3: 101} {
		cutOff(t, s, session.Cutoff{ID: user(n), Before: at(1), At: at(1), Until: at(until)})
	}
	if err := s.Expire(t.Context(), at(100), at(0)); err != nil {
		t.Fatal(err)
	}
	wantCutoffs(t, s, user(1))
	wantCutoffs(t, s, user(2))
	wantCutoffs(t, s, user(3), session.Cutoff{ID: user(3), Before: at(1), At: at(1), Until: at(101)})
}

// testContestedCutoff lets logins that spare one token each race. One of them is spared in the end, and nobody sees two.
func testContestedCutoff(t *testing.T, s session.Store) {
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			c := session.Cutoff{ID: user(1), Before: at(i), Except: fmt.Sprint("j", i), At: at(i), Until: at(100 + i)}
			if err := s.CutOff(t.Context(), c); err != nil {
				t.Error(err)
			}
			if list, err := s.Cutoffs(t.Context(), user(1)); err != nil || len(list) != 1 || list[0].Except == "" {
				t.Errorf("Cutoffs = %+v, %v", list, err)
			}
		})
	}
	group.Wait()
	list, err := s.Cutoffs(t.Context(), user(1))
	if err != nil || len(list) != 1 || !list[0].Before.Equal(at(19)) || !list[0].Until.Equal(at(119)) {
		t.Errorf("in the end: %+v, %v", list, err)
	}
}
