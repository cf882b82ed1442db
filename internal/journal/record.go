// Package journal remembers the calls that a server answered, one [Record] a call, masked on entry: a record never holds a
// query, a body, a header or a secret. A [Journal] is bounded; what it evicts is counted.
package journal

import (
	"context"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// A Record is one call. The server fills in what it sees from outside; the handler that answers adds what it knows, through
// [From]. It is owned by the goroutine of the call until the call is over.
type Record struct {
	Seq      uint64 // given by the journal: 1 for its first record, then one more each
	Time     time.Time
	Method   string
	Path     redact.Untrusted // without the query, where WeChat takes secrets
	API      string           // short name of the endpoint, such as "jscode2session"; empty for calls that no journal keeps
	Peer     string           // host:port of the caller
	Host     string           // the host that a call was meant for when it was not this server: one of WeChat's, or where a proxied call goes
	Status   int              // HTTP status; 0 when the connection was cut instead
	Duration time.Duration

	ID      string // of the request, by which other servers' logs know it as well; empty inside a simulation
	Client  string // address of who sent the request, behind the proxies that are trusted
	Outcome string // reason of a problem that answered it, such as "login_again"; empty for success
	Verdict string // on a login token that was refused

	ErrCode int              // of an answer in WeChat's format; 0 for success and for everything else
	AppID   redact.Untrusted // as the call gave it
	User    string           // name of the simulated user
	Reason  string           // why a call was refused, in a few words; English, as logs are
	Mock    bool             // the simulated WeChat answered, not the login server

	// Masked is what may be seen of the query: a few parameters, their values cut. Given by the journal.
	Masked string
}

// usualHost is the host that goes without saying.
const usualHost = "api.weixin.qq.com"

// Target is what was called: the path, after the host where that is another than expected.
func (r *Record) Target() string {
	if r.Host == usualHost && r.Path != "" {
		return string(r.Path)
	}
	return r.Host + string(r.Path)
}

// Failed reports whether the call did not get what it wanted.
func (r *Record) Failed() bool {
	return r.ErrCode != 0 || r.Status < 200 || r.Status >= 400 // HTTP's statuses of success and redirection are between
}

type key struct{}

// With returns a context that carries the record of the call.
func With(ctx context.Context, record *Record) context.Context {
	return context.WithValue(ctx, key{}, record)
}

// From returns the record of the call that ctx belongs to; a scratch record when there is none, so that handlers need not ask.
func From(ctx context.Context) *Record {
	if record, ok := ctx.Value(key{}).(*Record); ok {
		return record
	}
	return &Record{}
}
