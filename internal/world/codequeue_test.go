package world

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestRecordSizes holds the promise of 160 bytes a code and 1 KiB a user with room for the tables around; BenchmarkCodeMemory and
// BenchmarkUserMemory measure the whole.
func TestRecordSizes(t *testing.T) {
	t.Parallel()
	if size := reflect.TypeFor[codeRecord]().Size(); size > 80 {
		t.Errorf("a code takes %d bytes", size)
	}
	if size := reflect.TypeFor[user]().Size(); size > 256 {
		t.Errorf("a user takes %d bytes", size)
	}
}

const second = int64(time.Second)

// TestQueueGivesBack mints and expires codes in batches that do not fit chunks, and looks at what is left.
func TestQueueGivesBack(t *testing.T) {
	t.Parallel()
	var q codeQueue
	now := 1000 * second
	for batch := range 50 {
		q.expire(now)
		if q.first != q.next || q.chunks != nil {
			t.Fatalf("batch %d: %d codes in %d chunks are left", batch, q.next-q.first, len(q.chunks))
		}
		want := q.next
		for i := range uint64(37) {
			if serial := q.push(codeRecord{expires: now + int64(wechat.CodeLife), user: uint32(i)}); serial != want+i {
				t.Fatalf("serial %d, want %d", serial, want+i)
			}
		}
		for i := range uint64(37) {
			if r := q.at(want + i); r == nil || r.user != uint32(i) {
				t.Fatalf("batch %d: record %d is %v", batch, i, r)
			}
		}
		if q.at(want+37) != nil || want > 0 && q.at(want-1) != nil {
			t.Fatal("the queue has a record outside of it")
		}
		now += int64(wechat.CodeLife)
	}
}

func TestQueueAfterClockMovedBack(t *testing.T) {
	t.Parallel()
	var q codeQueue
	day := int64(24 * time.Hour)
	q.expire(day)
	ahead := q.push(codeRecord{expires: day + int64(wechat.CodeLife)})
	q.expire(0)
	behind := q.push(codeRecord{expires: int64(wechat.CodeLife)})
	for _, serial := range []uint64{ahead, behind} {
		if r := q.at(serial); r == nil || r.expires != int64(wechat.CodeLife) {
			t.Errorf("code %d: %+v, want a code's life and no more", serial, r)
		}
	}
	q.expire(int64(wechat.CodeLife))
	if q.at(ahead) != nil || q.at(behind) != nil {
		t.Error("a code outlives its life")
	}
	q.expire(0)
	if q.at(ahead) != nil {
		t.Error("a dead code came back with the clock")
	}
}

func TestLapses(t *testing.T) {
	t.Parallel()
	var q codeQueue
	const n = 5 * maxLapses
	for i := range int64(n) { // a code every half second
		q.expire(i * second / 2)
		q.push(codeRecord{expires: i*second/2 + int64(wechat.CodeLife)})
	}
	q.expire(n * second)
	known := 0
	for serial := range uint64(n) {
		expired, ok := q.lapsedAt(serial)
		if !ok {
			continue
		}
		known++
		want := int64(serial)*second/2 + int64(wechat.CodeLife)
		if off := want - expired; off < 0 || off >= second {
			t.Fatalf("code %d expired at %v, the queue says %v", serial, time.Duration(want), time.Duration(expired))
		}
	}
	if known < maxLapses || len(q.lapses) > maxLapses {
		t.Errorf("%d codes known, %d lapses", known, len(q.lapses))
	}
	if _, ok := q.lapsedAt(0); ok {
		t.Error("the first code is still known")
	}
	if _, ok := q.lapsedAt(n); ok {
		t.Error("a code to come has expired")
	}
}

func TestRecordPeer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"127.0.0.1:51234", "[::1]:80"} {
		var r codeRecord
		r.use(1, netip.MustParseAddrPort(text), false)
		if got := r.peer().String(); got != text {
			t.Errorf("peer %s came out as %s", text, got)
		}
	}
	var r codeRecord
	r.use(1, netip.AddrPort{}, false)
	if r.peer().IsValid() {
		t.Error("no peer came out as one")
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0 s ago", 3200 * time.Millisecond: "3.2 s ago", 61 * time.Second: "61 s ago",
		10 * time.Minute: "10m0s ago", 3723 * time.Second: "1h2m3s ago",
	} {
		if got := ago(d); got != want {
			t.Errorf("ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestForeignCodesAreCleaned(t *testing.T) {
	t.Parallel()
	var f foreignCodes
	for i := range int64(10_000) {
		f.use(mintCode(root{}, 0, uint64(i)), i, i+10)
	}
	if len(f.until) > 2*cleanFirst {
		t.Errorf("%d codes are remembered, 10 are in use", len(f.until))
	}
}
