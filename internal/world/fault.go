package world

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	// maxFaults bounds the work of a call; a test needs a handful.
	maxFaults = 1000

	maxFaultCode = 512     // bytes, of a code to wait for
	maxFaultN    = 1 << 30 // of every, times and after
	maxFaultName = 64      // bytes, of an API's name
	maxFaultFor  = 24 * 365 * time.Hour
	percents     = 100       // there are in a whole
	faultPrefix  = "f"       // of an id
	foreverNano  = int64(-1) // until: no end
)

// A Fault is a rule: the calls that match it, of which some have the effect.
//
// A call matches when it is one of On, AppID, User and Code, each of which stands for all when empty. The matching calls are
// counted for each app alone, so that tests that take an app each do not meet, not even in a fault for all apps: the first After
// are spared, of the others every one in Every is taken, then Percent of a hundred, until the effect was had Times times.
type Fault struct {
	ID    string       // given by the world: "f1"
	On    string       // the name of an API, such as "jscode2session"
	AppID wechat.AppID // "": each app for itself
	User  string
	Code  wechat.Code // the exact login or phone code
	Every int         // 0 and 1: every matching call; 3: the third, the sixth, ...
	// Percent of the calls that Every leaves, drawn from the world's seed; 0: all of them.
	Percent int
	Times   int           // 0: no limit
	After   int           // how many matching calls come first
	For     time.Duration // by the world's clock, from when it is added; 0: until it is removed

	Effect   Effect
	Scenario string // the scenario that the fault is part of; empty for most
}

// A FaultReport is a fault and what became of it, all apps together.
type FaultReport struct {
	Fault
	Until   time.Time // zero: no end
	Matched uint64    // calls that On, AppID, User and Code met while the fault was valid
	Applied uint64    // calls that had the effect
}

// A FaultCall is what faults look at in a call. Empty fields are not known, and match no fault that asks for them.
type FaultCall struct {
	API   string
	AppID wechat.AppID
	User  string // "": the one that Code or OpenID belongs to, when a fault asks
	Code  wechat.Code
	// OpenID is of the user whom the call is about, when it says so.
	OpenID wechat.OpenID
}

// A Hit is an effect on a call, and where it comes from.
type Hit struct {
	Source string // "fault f3", "magic code"
	Effect Effect
}

// String says what the journal says: "fault f3: errcode:45011".
func (h Hit) String() string { return h.Source + ": " + h.Effect.String() }

// faultSet is the faults of a world. Its lock is taken last: nothing is locked while it is held.
type faultSet struct {
	live   atomic.Int32 // how many there are. Most worlds have none, and a call then reads no more than this
	byUser atomic.Bool  // one of them asks for the user

	mu    sync.Mutex
	list  []*faultState
	added int                     // how many there ever were
	drawn map[wechat.AppID]uint64 // how many were added for each app since its reset, "" being all apps
}

// faultState is a fault with its counters.
type faultState struct {
	Fault
	until int64  // in the world's time; foreverNano: no end
	seed  uint64 // makes the draws of this fault its own. It follows from the faults of the same app alone
	count map[wechat.AppID]*faultCount
}

// faultCount is of one fault and one app; the calls of apps that the world does not know share that of "".
type faultCount struct{ matched, applied uint64 }

// AddFault adds a fault and returns it with its id. Errors are a [*FaultError], an [*UnknownAppError] and a
// [*wechat.ShapeError] for the user. Whether On exists is for the caller to know.
func (w *World) AddFault(f Fault) (FaultReport, error) {
	if err := f.check(); err != nil {
		return FaultReport{}, err
	}
	if f.AppID != "" {
		if _, err := w.app(f.AppID); err != nil {
			return FaultReport{}, err
		}
	}
	if f.User != "" {
		if _, err := checkUser(f.User); err != nil {
			return FaultReport{}, err
		}
	}
	return w.faults.add(f, w.now())
}

// add adds a fault that was checked, at the time now.
func (set *faultSet) add(f Fault, now int64) (FaultReport, error) {
	s := &faultState{Fault: f, until: foreverNano, count: make(map[wechat.AppID]*faultCount)}
	if f.For > 0 {
		s.until = now + int64(f.For)
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	if len(set.list) >= maxFaults {
		return FaultReport{}, faultError("there are %d faults already, and that is the limit", maxFaults)
	}
	set.added++
	s.ID = fmt.Sprint(faultPrefix, set.added)
	if set.drawn == nil {
		set.drawn = make(map[wechat.AppID]uint64)
	}
	set.drawn[f.AppID]++
	s.seed = set.drawn[f.AppID]
	set.list = append(set.list, s)
	set.changed()
	return s.report(), nil
}

func (f *Fault) check() error {
	switch {
	case f.Effect.Kind == "":
		return faultError("a fault needs an effect")
	case f.Every < 0, f.Times < 0, f.After < 0, f.Every > maxFaultN, f.Times > maxFaultN, f.After > maxFaultN:
		return faultError("every, times and after are counts of calls")
	case f.Percent < 0, f.Percent > percents:
		return faultError("percent is a number from 1 to %d", percents)
	case f.For < 0, f.For > maxFaultFor:
		return faultError("a fault lasts up to %v", maxFaultFor)
	case len(f.Code) > maxFaultCode, len(f.On) > maxFaultName:
		return faultError("the code or the API's name is too long")
	}
	return nil
}

// changed follows the list.
func (set *faultSet) changed() {
	set.live.Store(int32(len(set.list)))
	set.byUser.Store(slices.ContainsFunc(set.list, func(s *faultState) bool { return s.User != "" }))
}

// Faults lists the faults in the order in which they were added.
func (w *World) Faults() []FaultReport {
	set := &w.faults
	set.mu.Lock()
	defer set.mu.Unlock()
	reports := make([]FaultReport, len(set.list))
	for i, s := range set.list {
		reports[i] = s.report()
	}
	return reports
}

func (s *faultState) report() FaultReport {
	r := FaultReport{Fault: s.Fault}
	if s.until != foreverNano {
		r.Until = fromNano(s.until)
	}
	for _, c := range s.count {
		r.Matched += c.matched
		r.Applied += c.applied
	}
	return r
}

// RemoveFault removes a fault by its id; false when there is none. What the fault did lastingly, secret-reset and plus-slash,
// ends with it.
func (w *World) RemoveFault(id string) bool {
	return w.faults.remove(func(s *faultState) bool { return s.ID == id }) > 0
}

// ClearFaults removes the faults of one app, or all of them for "", and returns how many there were.
func (w *World) ClearFaults(id wechat.AppID) int {
	return w.faults.remove(func(s *faultState) bool { return id == "" || s.AppID == id })
}

func (set *faultSet) remove(is func(*faultState) bool) int {
	set.mu.Lock()
	defer set.mu.Unlock()
	before := len(set.list)
	set.list = slices.DeleteFunc(set.list, is)
	set.changed()
	return before - len(set.list)
}

// reset forgets the faults of an app, and what the others counted of it.
func (set *faultSet) reset(id wechat.AppID) {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.list = slices.DeleteFunc(set.list, func(s *faultState) bool { return s.AppID == id })
	for _, s := range set.list {
		delete(s.count, id)
	}
	delete(set.drawn, id)
	set.changed()
}

// resetAll forgets everything.
func (set *faultSet) resetAll() {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.list, set.drawn, set.added = nil, nil, 0
	set.changed()
}

// Faulty reports whether there is any fault, so that a caller without one need not find out what [World.Match] asks.
func (w *World) Faulty() bool { return w.faults.live.Load() != 0 }

// Match returns the effects that a call is to have, in the order in which the faults were added, and counts the call.
func (w *World) Match(c FaultCall) []Hit {
	if !w.Faulty() {
		return nil
	}
	if c.User == "" && w.faults.byUser.Load() {
		c.User = w.UserOf(c)
	}
	draw := w.root
	known := wechat.AppID("")
	if a := w.lookup(c.AppID); a != nil {
		draw, known = a.root, a.ID
	}
	now := w.now()
	set := &w.faults
	set.mu.Lock()
	defer set.mu.Unlock()
	var hits []Hit
	for _, s := range set.list {
		if s.matches(&c) && (s.until == foreverNano || now < s.until) && s.takes(known, draw) {
			hits = append(hits, Hit{Source: "fault " + s.ID, Effect: s.Effect})
		}
	}
	return hits
}

// matches reports whether the call is one of the fault's.
func (s *faultState) matches(c *FaultCall) bool {
	return (s.On == "" || s.On == c.API) && (s.AppID == "" || s.AppID == c.AppID) &&
		(s.User == "" || s.User == c.User) && (s.Code == "" || s.Code == c.Code)
}

// takes counts a matching call of an app and reports whether it has the effect.
func (s *faultState) takes(id wechat.AppID, r root) bool {
	c := s.count[id]
	if c == nil {
		c = new(faultCount)
		s.count[id] = c
	}
	c.matched++
	if c.matched <= uint64(s.After) {
		return false
	}
	if s.Every > 1 && (c.matched-uint64(s.After))%uint64(s.Every) != 0 {
		return false
	}
	if s.Percent > 0 && drawPercent(r, s.seed, c.matched) >= s.Percent {
		return false
	}
	if s.Times > 0 && c.applied >= uint64(s.Times) {
		return false
	}
	c.applied++
	return true
}

// drawPercent is from 0 to 99 and the same in worlds of one seed, whatever other apps do meanwhile.
func drawPercent(r root, fault, call uint64) int {
	sum := r.derive(labelFault, "", fault).derive(labelFault, "", call)
	return int(binary.BigEndian.Uint64(sum[:]) % percents)
}

// lasting reports whether an effect that stays once it was had is on the app: secret-reset after its first call. A fault of
// plus-slash is on from the start, because no call need pass for it.
func (set *faultSet) lasting(kind EffectKind, id wechat.AppID) bool {
	if set.live.Load() == 0 {
		return false
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	for _, s := range set.list {
		if s.Effect.Kind != kind || s.AppID != "" && s.AppID != id {
			continue
		}
		if c := s.count[id]; kind == EffectPlusSlash || c != nil && c.applied > 0 {
			return true
		}
	}
	return false
}
