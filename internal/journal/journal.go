package journal

import (
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// DefaultSize is how many records a journal keeps unless told otherwise: some minutes of a busy test, half a megabyte.
const DefaultSize = 1000

// The most that is kept of a record's texts, in bytes. What is longer is cut.
const (
	maxMethod = 16
	maxPath   = 200
	maxAPI    = 40
	maxPeer   = 64 // an IPv6 address with a zone and a port
	maxHost   = 120
	maxUser   = 64
	maxReason = 400
	maxQuery  = 160
)

// slotRoom is what a slot's text starts with, in bytes: a usual record fits, so that memory settles soon.
const slotRoom = 192

// A Journal keeps the newest records. It is safe for concurrent use. Writers share one lock for as long as a copy takes;
// readers copy what they want under it and make sense of it afterwards.
type Journal struct {
	mu     sync.Mutex
	size   int
	slots  []slot // grows to size; then record n stands at n-1 modulo size
	last   uint64 // number of the newest record
	floor  uint64 // records up to this number were forgotten on purpose
	wake   []*follower
	closed bool
}

// A slot holds one record without pointers into the request, which would keep its secrets and its memory alive. Its text is reused.
type slot struct {
	time     time.Time
	duration time.Duration
	status   int
	errCode  int
	mock     bool
	gone     bool          // forgotten before its time
	ends     [texts]uint16 // where each text ends
	text     []byte
}

// The texts of a slot, in order.
const (
	textMethod = iota
	textPath
	textAPI
	textPeer
	textHost
	textAppID
	textUser
	textReason
	textMasked
	texts
)

// New returns a journal of so many records, [DefaultSize] if size is not positive.
func New(size int) *Journal {
	if size <= 0 {
		size = DefaultSize
	}
	return &Journal{size: size}
}

// Add writes a record that is over, with what may be seen of its query, and returns its number. What is evicted to make room makes way
// silently; readers are told. A nil journal drops everything.
func (j *Journal) Add(r *Record, query string) uint64 {
	if j == nil {
		return 0
	}
	var room [maxQuery]byte
	masked := appendMasked(room[:0], query)
	j.mu.Lock()
	j.last++
	seq := j.last
	if len(j.slots) < j.size {
		j.slots = append(j.slots, slot{text: make([]byte, 0, slotRoom)})
	}
	j.slots[(seq-1)%uint64(j.size)].fill(r, masked)
	for _, f := range j.wake {
		f.nudge()
	}
	j.mu.Unlock()
	return seq
}

func (s *slot) fill(r *Record, masked []byte) {
	s.time, s.duration, s.status, s.errCode, s.mock, s.gone = r.Time, r.Duration, r.Status, r.ErrCode, r.Mock, false
	b := appendText(s.text[:0], r.Method, maxMethod)
	s.ends[textMethod] = uint16(len(b))
	b = appendPath(b, string(r.Path))
	s.ends[textPath] = uint16(len(b))
	b = appendText(b, r.API, maxAPI)
	s.ends[textAPI] = uint16(len(b))
	b = appendText(b, r.Peer, maxPeer)
	s.ends[textPeer] = uint16(len(b))
	b = appendText(b, r.Host, maxHost)
	s.ends[textHost] = uint16(len(b))
	b = appendID(b, string(r.AppID))
	s.ends[textAppID] = uint16(len(b))
	b = appendText(b, r.User, maxUser)
	s.ends[textUser] = uint16(len(b))
	b = appendText(b, r.Reason, maxReason)
	s.ends[textReason] = uint16(len(b))
	b = append(b, masked...)
	s.ends[textMasked] = uint16(len(b))
	s.text = b
}

// record makes a record of a slot; all its texts are parts of one string.
func (s *slot) record(seq uint64) Record {
	text, from := string(s.text), 0
	next := func(i int) string {
		part := text[from:s.ends[i]]
		from = int(s.ends[i])
		return part
	}
	return Record{
		Seq: seq, Time: s.time, Duration: s.duration, Status: s.status, ErrCode: s.errCode, Mock: s.mock,
		Method: next(textMethod), Path: redact.Untrusted(next(textPath)), API: next(textAPI), Peer: next(textPeer),
		Host: next(textHost), AppID: redact.Untrusted(next(textAppID)), User: next(textUser), Reason: next(textReason), Masked: next(textMasked),
	}
}

// A View is what a journal held at one moment.
type View struct {
	Records []Record // oldest first
	Mark    uint64   // number of the newest record there was; what comes next has higher ones
	Evicted uint64   // records after the mark asked about that there was no room for
}

// Since returns the records after a mark; 0 is before the first.
func (j *Journal) Since(mark uint64) View {
	// One buffer holds the texts of all slots: the lock is held for the copy and no longer.
	j.mu.Lock()
	first, evicted := j.span(mark)
	view := View{Mark: j.last, Evicted: evicted}
	room := 0
	for seq := first; seq <= j.last; seq++ {
		room += len(j.at(seq).text)
	}
	arena := make([]byte, 0, room)
	copies := make([]slot, 0, j.last+1-first)
	for seq := first; seq <= j.last; seq++ {
		s := *j.at(seq)
		arena = append(arena, s.text...)
		s.text = arena[len(arena)-len(s.text):]
		copies = append(copies, s)
	}
	j.mu.Unlock()
	view.Records = make([]Record, 0, len(copies))
	for i := range copies {
		if !copies[i].gone {
			view.Records = append(view.Records, copies[i].record(first+uint64(i)))
		}
	}
	return view
}

// span returns the first number after mark that is kept, and how many after it are not. The number may be one that comes next.
func (j *Journal) span(mark uint64) (first, evicted uint64) {
	mark = min(max(mark, j.floor), j.last)
	oldest := j.last + 1 - uint64(len(j.slots))
	first = max(mark+1, oldest)
	return first, first - mark - 1
}

// at returns the slot of a record that is kept.
func (j *Journal) at(seq uint64) *slot { return &j.slots[(seq-1)%uint64(j.size)] }

// Mark returns the number of the newest record.
func (j *Journal) Mark() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Forget drops the records of an app, all records if app is empty. Numbers go on: a mark stays a mark. What is forgotten
// does not count as evicted.
func (j *Journal) Forget(app string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if app == "" {
		j.floor = j.last
		return
	}
	for i := range j.slots {
		s := &j.slots[i]
		if string(s.text[s.ends[textHost]:s.ends[textAppID]]) == app {
			s.gone = true
		}
	}
}
