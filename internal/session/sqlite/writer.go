package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
)

const (
	// maxGroup bounds the operations of one transaction: enough that the cost of a commit hardly counts for each, few enough
	// that the first does not wait long for the last.
	maxGroup = 512

	// patience is how long a transaction waits for other processes unless its store was told otherwise. Theirs take milliseconds;
	// who holds the lock for longer is stuck.
	patience = 30 * time.Second

	// busySlice is how long SQLite itself waits for a lock before the writer looks up: at callers who have gone, at new ones.
	busySlice = 200 * time.Millisecond

	// A writer that always has work would hold the write lock nearly all the time, and SQLite gives it to whoever asks at the right
	// moment: others look again after 1, 2, 5, 10, 15, 20 and then every 25 ms. So once in gapEvery it stays away for gap, which
	// costs it some 4 % of its throughput.
	gapEvery = 25 * time.Millisecond
	gap      = time.Millisecond
)

// A job is one operation of a caller, run by the writer inside a transaction that it shares with others.
type job struct {
	run     func(*statements) error
	durable bool // must survive a power cut
	several bool // writes more than one statement, which need a savepoint to be one
	state   atomic.Int32
	done    chan error // of capacity one
}

// The states of a job. Whoever moves it away from waiting decides whether it runs.
const (
	waiting int32 = iota
	taken
	abandoned
)

// The writer runs all changes of one process in one goroutine. Operations that arrive while a transaction is being committed
// go into the next one together and share its fsync (group commit); each caller hears of success only after the commit.
type writer struct {
	conn  *sql.Conn
	st    *statements
	full  bool // the connection is at synchronous=FULL
	queue chan *job
	ended chan struct{}

	patience time.Duration

	mu     sync.RWMutex // held for reading while sending, so that nobody sends on a closed queue
	closed bool
}

func newWriter(conn *sql.Conn, st *statements, patience time.Duration) *writer {
	w := &writer{patience: patience, conn: conn, st: st, full: true, queue: make(chan *job, maxGroup), ended: make(chan struct{})}
	go w.loop()
	return w
}

// do runs one operation and returns when it is committed, or has failed, or the context ended before it was begun.
func (w *writer) do(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	if err := w.send(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		return <-j.done // the transaction has begun: tell how it ended
	}
}

func (w *writer) send(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return session.ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close refuses new operations and waits for those that were accepted.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
}

func (w *writer) loop() {
	defer close(w.ended)
	free := time.Now() // when nobody of ours wanted the lock
	for first := range w.queue {
		group := w.gather([]*job{first})
		if err := w.commit(group); err != nil {
			finish(group, err)
		}
		switch {
		case len(w.queue) == 0:
			free = time.Now()
		case time.Since(free) > gapEvery:
			time.Sleep(gap)
			free = time.Now()
		}
	}
}

// gather adds what has queued up.
func (w *writer) gather(group []*job) []*job {
	for len(group) < maxGroup {
		select {
		case j, open := <-w.queue:
			if !open {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction. It returns an error when none of it took effect.
func (w *writer) commit(group []*job) error {
	if err := w.begin(group); err != nil {
		return err
	}
	results := make([]error, len(group))
	for i, j := range group {
		if !j.state.CompareAndSwap(waiting, taken) {
			continue
		}
		results[i] = w.run(j)
		if endsTransaction(results[i]) {
			w.rollback()
			return results[i]
		}
	}
	if _, err := w.st.commit.Exec(); err != nil {
		w.rollback()
		return err
	}
	for i, j := range group {
		j.done <- results[i]
	}
	return nil
}

// begin starts a transaction that holds the write lock. It waits for other processes as long as anybody waits for the group,
// up to patience.
func (w *writer) begin(group []*job) error {
	if err := w.synchronize(group); err != nil {
		return err
	}
	for start := time.Now(); ; {
		_, err := w.st.begin.Exec()
		if !isBusy(err) || time.Since(start) > w.patience {
			return err
		}
		if !anyWaiting(group) {
			return context.Canceled // nobody is there to read it
		}
	}
}

// synchronize lets the commit of claims alone skip the fsync. A claim that a power cut takes away loses nothing: the exchange
// that it stood for is gone as well.
func (w *writer) synchronize(group []*job) error {
	full := false
	for _, j := range group {
		full = full || j.durable
	}
	if full == w.full {
		return nil
	}
	pragma := "PRAGMA synchronous = NORMAL"
	if full {
		pragma = "PRAGMA synchronous = FULL"
	}
	if _, err := w.conn.ExecContext(context.Background(), pragma); err != nil {
		return err
	}
	w.full = full
	return nil
}

// run runs one operation so that it takes effect wholly or not at all, whatever becomes of the others. A single statement is
// atomic by itself; several need a savepoint.
func (w *writer) run(j *job) error {
	if !j.several {
		return j.run(w.st)
	}
	if _, err := w.st.savepoint.Exec(); err != nil {
		return err
	}
	err := j.run(w.st)
	if err != nil && !endsTransaction(err) {
		if _, undone := w.st.undo.Exec(); undone != nil {
			return &brokenError{errors.Join(err, undone)}
		}
	}
	if endsTransaction(err) {
		return err
	}
	if _, released := w.st.release.Exec(); released != nil {
		return &brokenError{errors.Join(err, released)}
	}
	return err
}

func (w *writer) rollback() { _, _ = w.st.rollback.Exec() } // SQLite may have rolled back by itself, then this fails

func finish(group []*job, err error) {
	for _, j := range group {
		j.done <- err
	}
}

func anyWaiting(group []*job) bool {
	for _, j := range group {
		if j.state.Load() == waiting {
			return true
		}
	}
	return false
}
