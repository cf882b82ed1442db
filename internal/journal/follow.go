package journal

import (
	"context"
	"iter"
	"slices"
)

// batch is how many records a follower takes at a time, which bounds how long it holds the lock.
const batch = 64

// A follower waits for records.
type follower struct{ woken chan struct{} }

// nudge never waits: one nudge in store is enough for any number of records.
func (f *follower) nudge() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
}

// Follow yields the records after a mark, each once and in order, and waits for more until ctx is done or the journal is closed.
// The number beside a record is how many before it were evicted unseen, because the follower was slow or the mark old.
func (j *Journal) Follow(ctx context.Context, mark uint64) iter.Seq2[Record, uint64] {
	return func(yield func(Record, uint64) bool) {
		f := &follower{woken: make(chan struct{}, 1)}
		if !j.enter(f) {
			return
		}
		defer j.leave(f)
		records, missed := make([]Record, 0, batch), uint64(0)
		for ctx.Err() == nil {
			before := mark
			var evicted uint64
			records, mark, evicted = j.take(records[:0], mark)
			missed += evicted
			for _, r := range records {
				if !yield(r, missed) {
					return
				}
				missed = 0
			}
			if mark > before {
				continue // there may be more
			}
			select {
			case _, open := <-f.woken:
				if !open {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// take reads up to a batch after mark, and returns the mark after it.
func (j *Journal) take(into []Record, mark uint64) ([]Record, uint64, uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first, evicted := j.span(mark)
	end := min(first+batch, j.last+1)
	for seq := first; seq < end; seq++ {
		if s := j.at(seq); !s.gone {
			into = append(into, s.record(seq))
		}
	}
	return into, end - 1, evicted
}

func (j *Journal) enter(f *follower) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.closed {
		j.wake = append(j.wake, f)
	}
	return !j.closed
}

func (j *Journal) leave(f *follower) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wake = slices.DeleteFunc(j.wake, func(other *follower) bool { return other == f })
}

// Close ends all followers. The journal still takes records and answers questions: a server that stops has calls to finish. A nil
// journal has nothing to close.
func (j *Journal) Close() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.closed = true
	for _, f := range j.wake {
		close(f.woken)
	}
	j.wake = nil
}
