// Package clock tells the time: the system's, and one that the users of a simulation move.
package clock

import (
	"sync"
	"time"
)

// A Movable clock runs with the system's clock, moved by an offset. Its zero value tells the system's time.
// It is safe for concurrent use.
type Movable struct {
	mu     sync.RWMutex
	offset time.Duration
}

// Now returns the moved time, in UTC and without a monotonic reading, which a move would contradict.
func (m *Movable) Now() time.Time {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return time.Now().Round(0).UTC().Add(m.offset)
}

// Move moves the clock by d, which may be negative, on top of earlier moves.
func (m *Movable) Move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset += d
}

// Reset puts the clock back to the system's time.
func (m *Movable) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset = 0
}

// Offset returns how far the clock is from the system's.
func (m *Movable) Offset() time.Duration {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.offset
}
