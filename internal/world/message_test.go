package world

import (
	"crypto/sha256"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestWireRecordSizes(t *testing.T) {
	t.Parallel()
	for size, limit := range map[uintptr]uintptr{
		reflect.TypeFor[message]().Size(): 40, reflect.TypeFor[tokenRecord]().Size(): 16,
	} {
		if size > limit {
			t.Errorf("a record takes %d bytes, not %d", size, limit)
		}
	}
}

// TestMessagesAreBounded: more than there is room for, then none after their life.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	var m messages
	for i := range 2 * maxMessages {
		m.add(fmt.Sprintf("%08d", i), int64(i))
	}
	newest := sha256.Sum256(fmt.Appendf(nil, "%08d", 2*maxMessages-1))
	if len(m.list) != maxMessages || m.list[maxMessages-1].ofText != [messageTag]byte(newest[:]) {
		t.Errorf("%d ciphertexts are remembered", len(m.list))
	}
	m.expire(2*maxMessages + int64(MessageLife))
	if m.list != nil {
		t.Errorf("%d ciphertexts outlive their life", len(m.list))
	}
}

func TestMessagesAfterClockMovedBack(t *testing.T) {
	t.Parallel()
	var m messages
	m.add("AAAA", int64(time.Hour))
	m.expire(0)
	if m.list[0].created != 0 {
		t.Errorf("a ciphertext of the future was made at %v", time.Duration(m.list[0].created))
	}
	m.expire(int64(MessageLife))
	if m.list != nil {
		t.Error("a ciphertext outlives its life")
	}
}

// TestTokenLineIsBounded plays with the clock in the one way that gets around the quota of a day.
func TestTokenLineIsBounded(t *testing.T) {
	t.Parallel()
	var l tokenLine
	for i := range 2 * maxTokens {
		l.expire(int64(i))
		if serial := l.issue(int64(i), TokenOverlap); serial != uint64(i) {
			t.Fatalf("token %d has the number %d", i, serial)
		}
	}
	if len(l.records) != maxTokens || l.next() != 2*maxTokens {
		t.Errorf("%d records, the next is %d", len(l.records), l.next())
	}
	for i, r := range l.records[1:] {
		if before := l.records[i]; before.end > r.end || before.expires > r.expires {
			t.Fatalf("record %d: %+v before %+v", i, before, r)
		}
	}
	if last := l.records[maxTokens-1]; last.end != math.MaxInt64 {
		t.Errorf("the newest is replaced: %+v", last)
	}
	l.expire(2*maxTokens + int64(TokenLife))
	if l.records != nil {
		t.Errorf("%d tokens outlive their life", len(l.records))
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	for i, step := range []struct {
		window int64
		want   bool
	}{{1, true}, {1, true}, {1, false}, {2, true}, {1, true}, {1, true}, {1, false}} {
		if got := m.take(step.window, 2); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}
