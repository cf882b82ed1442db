package server

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/problem"
)

// A Rate is so many requests in a period, all of which may come at once. The zero Rate is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// ParseRate reads "600/m" (also /s and /h); "off" is no limit.
func ParseRate(text string) (Rate, error) {
	if text == "off" {
		return Rate{}, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	count, err := strconv.Atoi(number)
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if err != nil || count < 1 || per == 0 {
		return Rate{}, errors.New("want a number of requests a second, minute or hour, such as 600/m, or off")
	}
	return Rate{count, per}, nil
}

// String writes the rate as [ParseRate] reads it.
func (r Rate) String() string {
	switch r.Per {
	case time.Second:
		return strconv.Itoa(r.Count) + "/s"
	case time.Minute:
		return strconv.Itoa(r.Count) + "/m"
	case time.Hour:
		return strconv.Itoa(r.Count) + "/h"
	}
	return "off"
}

func (r Rate) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(r.Count)/r.Per.Seconds()), r.Count)
}

// Rates limit how often something is asked for.
type Rates struct {
	All    Rate // by everybody together
	Client Rate // by one client, see [Limiter]
}

// maxClients is how many clients of each of two generations are remembered. Who floods us from more addresses than that is for All.
const maxClients = 1 << 16

// A Limiter answers 429 to who asks too often. A client is an IPv4 address or an IPv6 network of 64 bits, which is what one
// subscriber gets. Addresses of this machine and of private networks are not limited as clients: behind them is either a developer
// or a proxy that was not named as trusted, with all of its clients.
type Limiter struct {
	rates   Rates
	logger  *slog.Logger
	metrics *Metrics
	all     *rate.Limiter // nil: no limit
	hinted  atomic.Bool

	mu     sync.Mutex
	recent map[netip.Prefix]*rate.Limiter // seen since the generations changed
	older  map[netip.Prefix]*rate.Limiter
}

// NewLimiter returns a limiter of one kind of request. Handlers that are put behind it share its limits.
func NewLimiter(rates Rates, logger *slog.Logger, metrics *Metrics) *Limiter {
	l := &Limiter{rates: rates, logger: logger, metrics: metrics, recent: map[netip.Prefix]*rate.Limiter{}}
	if rates.All.Count > 0 {
		l.all = rates.All.limiter()
	}
	return l
}

// Around lets requests through to next as long as they are not too many.
func (l *Limiter) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		if wait := l.askClient(r, now); wait > 0 {
			l.refuse(w, "client", wait, fmt.Sprintf("this address may log in %s", l.rates.Client.words()))
			return
		}
		if l.all != nil {
			if wait := take(l.all, now); wait > 0 {
				l.refuse(w, "login", wait, fmt.Sprintf("this server logs in %s", l.rates.All.words()))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (r Rate) words() string {
	unit := map[time.Duration]string{time.Second: "a second", time.Minute: "a minute", time.Hour: "an hour"}[r.Per]
	return lang.Count("%d times %s", r.Count, unit)
}

func (l *Limiter) refuse(w http.ResponseWriter, which string, wait time.Duration, detail string) {
	l.metrics.limited(which)()
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	problem.Write(w, problem.Problem{Title: "too many logins", Status: http.StatusTooManyRequests, Reason: "try_later", Detail: detail})
}

// askClient returns how long the client has to wait, 0 for not at all.
func (l *Limiter) askClient(r *http.Request, now time.Time) time.Duration {
	if l.rates.Client.Count == 0 {
		return 0
	}
	client := addrOf(journal.From(r.Context()).Client)
	if !client.IsValid() || client.IsLoopback() || client.IsPrivate() || client.IsLinkLocalUnicast() {
		if r.Header.Get(forwardedFor) != "" && !l.hinted.Swap(true) {
			l.logger.Warn("a proxy names its clients but is not trusted, so clients are not limited: add --trusted-proxy", "proxy", client.String())
		}
		return 0
	}
	return take(l.limiterOf(client), now)
}

func (l *Limiter) limiterOf(client netip.Addr) *rate.Limiter {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	network, _ := client.Prefix(bits) // bits is in range
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.recent[network]; ok {
		return known
	}
	known, ok := l.older[network]
	if !ok {
		known = l.rates.Client.limiter()
	}
	if len(l.recent) >= maxClients {
		l.older, l.recent = l.recent, map[netip.Prefix]*rate.Limiter{}
	}
	l.recent[network] = known
	return known
}

// take takes one request off a limiter, or returns how long until there is one.
func take(limiter *rate.Limiter, now time.Time) time.Duration {
	reservation := limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
