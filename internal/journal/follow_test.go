package journal_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFollowersMissNothing: eight writers, four followers; each follower sees every record once and in order, or is told how
// many it did not see.
func TestFollowersMissNothing(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	for _, size := range []int{3, 100, writers * each} {
		j := journal.New(size)
		var followers, busy sync.WaitGroup
		for range 4 {
			followers.Go(func() {
				var last, seen, missed uint64
				for r, gap := range j.Follow(t.Context(), 0) {
					if r.Seq != last+gap+1 {
						t.Errorf("record %d comes after %d with %d missed", r.Seq, last, gap)
						return
					}
					last, seen, missed = r.Seq, seen+1, missed+gap
					if seen+missed == writers*each {
						break
					}
				}
				if size == writers*each && missed != 0 {
					t.Errorf("%d records missed of a journal that keeps all", missed)
				}
			})
		}
		for w := range writers {
			busy.Go(func() {
				for i := range each {
					j.Add(call(w*each+i), "js_code=091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S")
					if i%100 == 0 {
						consistent(t, j.Since(uint64(i)))
					}
				}
			})
		}
		busy.Wait()
		followers.Wait()
	}
}

// consistent checks that a view is of one moment: no gaps, and up to its mark.
func consistent(t *testing.T, view journal.View) {
	t.Helper()
	for i, r := range view.Records {
		if want := view.Mark - uint64(len(view.Records)-1-i); r.Seq != want || r.API != "jscode2session" {
			t.Errorf("record %d of the view is number %d, want %d: %+v", i, r.Seq, want, r)
			return
		}
	}
}

// TestFollowEnds with its context, with the journal, and with the reader.
func TestFollowEnds(t *testing.T) {
	t.Parallel()
	ends := map[string]func(j *journal.Journal, cancel func()){
		"context": func(_ *journal.Journal, cancel func()) { cancel() },
		"journal": func(j *journal.Journal, _ func()) { j.Close(); j.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := journal.New(10)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var got []uint64
				var follower sync.WaitGroup
				follower.Go(func() {
					for r := range j.Follow(ctx, 1) {
						got = append(got, r.Seq)
					}
				})
				for n := range 4 {
					j.Add(call(n), "")
					synctest.Wait()
				}
				end(j, cancel)
				follower.Wait()
				if len(got) != 3 || got[0] != 2 || got[2] != 4 {
					t.Errorf("followed %v", got)
				}
				if name == "journal" {
					for range j.Follow(ctx, 0) {
						t.Error("a closed journal is followed")
					}
					if j.Add(call(5), "") != 5 || len(j.Since(4).Records) != 1 {
						t.Error("a closed journal takes no records, though a server that stops has calls to finish")
					}
				}
			})
		})
	}
}

// TestForgottenAreNotFollowed: a follower waits across a batch of records that were forgotten, and does not call them missed.
func TestForgottenAreNotFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(1000)
		for range 300 {
			j.Add(call(0), "")
		}
		j.Forget("wx0000000000000000")
		last := j.Add(call(1), "")
		for r, missed := range j.Follow(t.Context(), 0) {
			if r.Seq != last || missed != 0 {
				t.Errorf("record %d, missed %d", r.Seq, missed)
			}
			break
		}
		j.Forget("")
		next := j.Add(call(1), "")
		for r, missed := range j.Follow(t.Context(), 3) {
			if r.Seq != next || missed != 0 {
				t.Errorf("record %d, missed %d", r.Seq, missed)
			}
			break
		}
	})
}
