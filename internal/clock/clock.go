// Package clock tells the time: the system's, and one that the users of a simulation move.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Movable clock runs with the system's clock, moved by an offset, or stands still. Its zero value tells the system's time.
// It is safe for concurrent use; reading it takes no lock.
type Movable struct {
	mu   sync.Mutex // held by those who change the hand
	hand atomic.Pointer[hand]
}

// hand is where a clock is: offset from the system's time, or frozen at a moment. It is never changed once it is shown.
type hand struct {
	offset time.Duration
	frozen bool
	at     time.Time
}

// system is the time without a monotonic reading, which a move would contradict.
func system() time.Time { return time.Now().Round(0).UTC() }

func (h *hand) now() time.Time {
	switch {
	case h == nil:
		return system()
	case h.frozen:
		return h.at
	}
	return system().Add(h.offset)
}

// Now returns the clock's time, in UTC and without a monotonic reading.
func (m *Movable) Now() time.Time { return m.hand.Load().now() }

// change replaces the hand by what to makes of the present one, which may be nil.
func (m *Movable) change(to func(*hand) *hand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hand.Store(to(m.hand.Load()))
}

// Move moves the clock by d, which may be negative, on top of earlier moves. A frozen clock stays frozen.
func (m *Movable) Move(d time.Duration) {
	m.change(func(h *hand) *hand {
		switch {
		case h == nil:
			return &hand{offset: d}
		case h.frozen:
			return &hand{frozen: true, at: h.at.Add(d)}
		}
		return &hand{offset: h.offset + d}
	})
}

// Set puts the clock to t, from which it runs on, unless it is frozen: then it stands at t. The distance between t and the
// system's time must fit a [time.Duration], some 292 years.
func (m *Movable) Set(t time.Time) {
	t = t.Round(0).UTC()
	m.change(func(h *hand) *hand {
		if h != nil && h.frozen {
			return &hand{frozen: true, at: t}
		}
		return &hand{offset: t.Sub(system())}
	})
}

// Freeze stops the clock where it is. It can still be moved and set; [Movable.Reset] lets it run again.
func (m *Movable) Freeze() {
	m.change(func(h *hand) *hand { return &hand{frozen: true, at: h.now()} })
}

// Reset puts the clock back to the system's time and lets it run.
func (m *Movable) Reset() { m.change(func(*hand) *hand { return nil }) }

// Offset returns how far the clock is from the system's. That of a frozen clock changes all the time.
func (m *Movable) Offset() time.Duration {
	h := m.hand.Load()
	switch {
	case h == nil:
		return 0
	case h.frozen:
		return h.at.Sub(system())
	}
	return h.offset
}

// Frozen reports whether the clock stands still.
func (m *Movable) Frozen() bool {
	h := m.hand.Load()
	return h != nil && h.frozen
}
