package world

import (
	"math"
	"time"
)

// How access tokens live, by the documentation of getAccessToken and getStableAccessToken, read in November 2026.
const (
	// TokenLife is the life of an access token.
	TokenLife = 2 * time.Hour
	// TokenOverlap is how long a token works on after a newer one replaced it, and how long before its end a stable token is
	// renewed.
	TokenOverlap = 5 * time.Minute

	// maxTokens bounds the records of one kind. The quota of [World.Token] allows 4 000 within a life across midnight; only a clock
	// that is moved back and forth makes more.
	maxTokens = 4096
)

// current is the end of a token that no newer one has replaced.
const current = math.MaxInt64

// tokenRecord is what the world remembers of one access token, 16 bytes. The token itself is not among it: see [mintToken].
type tokenRecord struct {
	expires int64 // ns since 1970
	end     int64 // when being replaced ended its life, or will; [current] for the newest
}

func (r tokenRecord) alive(now int64) bool { return now < r.expires && now < r.end }

// tokenLine keeps the records of an app's tokens of one kind, in the order of their serial numbers. The zero value is empty.
//
// Invariant: along the line neither expires nor end decreases, as in [codeQueue] and for its reason.
type tokenLine struct {
	first   uint64 // serial number of records[0]
	records []tokenRecord
	seen    int64 // the latest reading of the clock
}

// expire forgets the tokens whose life is over. It must precede whatever else is done to the line.
func (l *tokenLine) expire(now int64) {
	if now < l.seen {
		for i := range l.records {
			r := &l.records[i]
			r.expires = min(r.expires, now+int64(TokenLife))
			if r.end != current {
				r.end = min(r.end, now+int64(TokenOverlap))
			}
		}
	}
	l.seen = now
	for len(l.records) > 0 && l.records[0].expires <= now {
		l.drop()
	}
}

func (l *tokenLine) drop() {
	l.first++
	l.records = l.records[1:]
	if len(l.records) == 0 {
		l.records = nil
	}
}

// next is the serial number of the token to come.
func (l *tokenLine) next() uint64 { return l.first + uint64(len(l.records)) }

// newest returns the serial number and the record of the newest token, if it is alive.
func (l *tokenLine) newest(now int64) (uint64, tokenRecord, bool) {
	if len(l.records) == 0 {
		return 0, tokenRecord{}, false
	}
	last := l.records[len(l.records)-1]
	return l.next() - 1, last, last.alive(now)
}

// issue adds a token. Those before it end after the overlap, or earlier if they were to.
func (l *tokenLine) issue(now int64, overlap time.Duration) uint64 {
	l.retire(now + int64(overlap))
	if len(l.records) == maxTokens {
		l.drop()
	}
	l.records = append(l.records, tokenRecord{expires: now + int64(TokenLife), end: current})
	return l.next() - 1
}

// retire ends all tokens at a time, unless they end before it.
func (l *tokenLine) retire(end int64) {
	for i := len(l.records) - 1; i >= 0 && l.records[i].end > end; i-- {
		l.records[i].end = end
	}
}
