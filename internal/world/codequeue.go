package world

import (
	"net/netip"
	"sort"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// codeRecord is what the world remembers of one code, 40 bytes. The code itself is not among it: see [mintCode].
type codeRecord struct {
	expires int64 // ns since 1970
	used    int64 // ns since 1970; 0: not used
	by      [16]byte
	user    uint32
	port    uint16
	foreign bool // the use was an exchange by another app
}

const (
	codesPerChunk = 64 // 2.5 KiB: little for an app with one code, and one pointer for 64 codes in an app with millions

	// maxLapses bounds the memory of when codes expired: 16 KiB an app, never less than eight minutes of them.
	maxLapses = 1024
)

type codeChunk [codesPerChunk]codeRecord

// codeQueue keeps the records of an app's codes in the order of their serial numbers. The zero queue is empty.
//
// Invariant: along the queue expires does not decrease. All codes get the same life, so only a clock that is moved back could
// break that; expire then shortens the life of what lies too far ahead. Hence all expired codes are at the front, and finding
// them costs nothing when there are none.
type codeQueue struct {
	first, next uint64       // serial numbers: of the oldest record, and of the one to come
	chunks      []*codeChunk // the first holds the record of first
	seen        int64        // the latest reading of the clock
	lapses      []lapse
	forgotten   uint64 // of codes before this one lapses says nothing
}

// lapse says when the codes before a serial number, and after the preceding lapse, expired; to a second.
type lapse struct {
	before  uint64
	expired int64
}

// push appends the record of a new code and returns the code's serial number. Its expiry must be a code's life after the time
// given to expire.
func (q *codeQueue) push(record codeRecord) uint64 {
	serial := q.next
	if q.chunkOf(serial) == len(q.chunks) {
		q.chunks = append(q.chunks, new(codeChunk))
	}
	q.next++
	*q.at(serial) = record
	return serial
}

func (q *codeQueue) chunkOf(serial uint64) int {
	return int(serial/codesPerChunk - q.first/codesPerChunk)
}

// at returns the record of a code that has not expired, nil for any other.
func (q *codeQueue) at(serial uint64) *codeRecord {
	if serial < q.first || serial >= q.next {
		return nil
	}
	return &q.chunks[q.chunkOf(serial)][serial%codesPerChunk]
}

// expire forgets the codes whose life is over at the time now. It must precede whatever else is done to the queue. A code that
// it has forgotten stays dead when the clock is moved back.
func (q *codeQueue) expire(now int64) {
	if now < q.seen {
		q.shorten(now + int64(wechat.CodeLife))
	}
	q.seen = now
	for q.first < q.next {
		expires := q.at(q.first).expires
		if expires > now {
			return
		}
		q.first++
		q.lapsed(q.first, expires)
		if q.first%codesPerChunk == 0 || q.first == q.next {
			q.chunks[0] = nil // the array behind the slice would hold the chunk
			q.chunks = q.chunks[1:]
		}
	}
	q.chunks = nil
}

// shorten keeps codes from living longer than limit. It walks over all of them, each time that somebody moves the clock back.
func (q *codeQueue) shorten(limit int64) {
	for serial := q.first; serial < q.next; serial++ {
		record := q.at(serial)
		record.expires = min(record.expires, limit)
	}
}

// lapsed notes that the codes before a serial number have expired.
func (q *codeQueue) lapsed(before uint64, expired int64) {
	if n := len(q.lapses); n > 0 {
		if since := time.Duration(expired - q.lapses[n-1].expired); 0 <= since && since < time.Second {
			q.lapses[n-1].before = before
			return
		}
	}
	if len(q.lapses) == maxLapses {
		q.forgotten = q.lapses[maxLapses/2-1].before
		q.lapses = append(q.lapses[:0], q.lapses[maxLapses/2:]...)
	}
	q.lapses = append(q.lapses, lapse{before: before, expired: expired})
}

// lapsedAt says when a code expired; ok is false when that is too long ago, and for a code that has not expired.
func (q *codeQueue) lapsedAt(serial uint64) (expired int64, ok bool) {
	i := sort.Search(len(q.lapses), func(i int) bool { return q.lapses[i].before > serial })
	if i == len(q.lapses) || serial < q.forgotten {
		return 0, false
	}
	return q.lapses[i].expired, true
}

// use marks the record as used.
func (r *codeRecord) use(now int64, peer netip.AddrPort, foreign bool) {
	r.used, r.by, r.port, r.foreign = now, peer.Addr().As16(), peer.Port(), foreign
}

// peer returns who used the code; it is invalid when that is not known.
func (r *codeRecord) peer() netip.AddrPort {
	if r.port == 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom16(r.by).Unmap(), r.port)
}
