package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Metrics are what a server counts, for /metrics in the text format of Prometheus. Labels come from fixed sets: endpoints, outcomes,
// errcodes of the catalogue. No label names a user or a client.
type Metrics struct {
	// Credential, if there is one, opens /metrics from elsewhere: as a bearer token, or as the password of any user.
	Credential redact.Secret

	set    *metrics.Set
	series sync.Map // of a struct of labels, to its counter or histogram: a lookup without making the text of its name
}

// seconds are the buckets of all latencies: from an in-memory store to a WeChat that hangs.
func seconds() []float64 {
	return []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// A Build says which binary counts.
type Build struct{ Version, Commit string }

// NewMetrics returns metrics that have counted nothing.
func NewMetrics(build Build, goVersion string) *Metrics {
	m := &Metrics{set: metrics.NewSet()}
	name := fmt.Sprintf("wxlogin_build_info{version=%q,commit=%q,go=%q}", build.Version, build.Commit, goVersion)
	m.set.NewGauge(name, func() float64 { return 1 })
	return m
}

// The series, by their labels.
type (
	requestSeries  struct{ api, outcome string }
	requestLatency struct{ api string }
	loginSeries    struct {
		outcome string
		errCode int
	}
	refusedSeries struct{ verdict string }
	weChatSeries  struct{ endpoint, result string }
	weChatLatency struct{ endpoint string }
	storeLatency  struct{ operation string }
	storeFailures struct{ operation string }
	limitedSeries struct{ limit string }
	issuedSeries  struct{}
)

func (m *Metrics) counter(key any, name func() string) *metrics.Counter {
	if found, ok := m.series.Load(key); ok {
		return found.(*metrics.Counter) //nolint:errcheck // the key's type decides
	}
	counter := m.set.GetOrCreateCounter(name())
	m.series.Store(key, counter)
	return counter
}

func (m *Metrics) histogram(key any, name func() string) *metrics.PrometheusHistogram {
	if found, ok := m.series.Load(key); ok {
		return found.(*metrics.PrometheusHistogram) //nolint:errcheck // the key's type decides
	}
	histogram := m.set.GetOrCreatePrometheusHistogramExt(name(), seconds())
	m.series.Store(key, histogram)
	return histogram
}

// request counts a call that is over. Calls that no handler named are not counted: their paths are anybody's.
func (m *Metrics) request(r *journal.Record) {
	if m == nil || r.API == "" || r.Mock {
		return
	}
	outcome := r.Outcome
	switch {
	case outcome != "":
	case r.Status == 0:
		outcome = "cut"
	default:
		outcome = "ok"
	}
	m.counter(requestSeries{r.API, outcome}, func() string {
		return fmt.Sprintf("wxlogin_requests_total{api=%q,outcome=%q}", r.API, outcome)
	}).Inc()
	m.histogram(requestLatency{r.API}, func() string { return fmt.Sprintf("wxlogin_request_seconds{api=%q}", r.API) }).Update(r.Duration.Seconds())
	if r.API == "onLogin" {
		m.counter(loginSeries{outcome, r.ErrCode}, func() string {
			return fmt.Sprintf("wxlogin_logins_total{outcome=%q,errcode=%q}", outcome, strconv.Itoa(r.ErrCode))
		}).Inc()
	}
	if r.Verdict != "" {
		m.counter(refusedSeries{r.Verdict}, func() string { return fmt.Sprintf("wxlogin_tokens_refused_total{verdict=%q}", r.Verdict) }).Inc()
	}
}

// TokenIssued counts a login token.
func (m *Metrics) TokenIssued() {
	m.counter(issuedSeries{}, func() string { return "wxlogin_tokens_issued_total" }).Inc()
}

// WeChat counts a call to WeChat. Its result is "ok", an errcode, or how there was none: "unreachable", "lost", "nonsense".
func (m *Metrics) WeChat(endpoint, result string, took time.Duration) {
	m.counter(weChatSeries{endpoint, result}, func() string {
		return fmt.Sprintf("wxlogin_wechat_calls_total{endpoint=%q,result=%q}", endpoint, result)
	}).Inc()
	m.histogram(weChatLatency{endpoint}, func() string { return fmt.Sprintf("wxlogin_wechat_seconds{endpoint=%q}", endpoint) }).Update(took.Seconds())
}

// Store counts an operation of the session store.
func (m *Metrics) Store(operation string, took time.Duration, failed bool) {
	m.histogram(storeLatency{operation}, func() string { return fmt.Sprintf("wxlogin_store_seconds{operation=%q}", operation) }).Update(took.Seconds())
	if failed {
		m.counter(storeFailures{operation}, func() string { return fmt.Sprintf("wxlogin_store_failures_total{operation=%q}", operation) }).Inc()
	}
}

// limited returns what counts a refusal by a limit.
func (m *Metrics) limited(limit string) func() {
	return func() {
		if m != nil {
			m.counter(limitedSeries{limit}, func() string { return fmt.Sprintf("wxlogin_limited_total{limit=%q}", limit) }).Inc()
		}
	}
}

func (m *Metrics) authorized(r *http.Request) bool {
	given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, password, isBasic := r.BasicAuth(); isBasic {
		given = password
	}
	return (isBearer || given != "") && !m.Credential.IsZero() && m.Credential.Equal(redact.NewSecret(given))
}

// gauge shows a number that is asked for when somebody looks.
func (m *Metrics) gauge(name string, value func() float64) { m.set.NewGauge(name, value) }

// answer is /metrics. It is for this machine, though not for who comes through a proxy on it, and for who has the credential.
func (m *Metrics) answer(w http.ResponseWriter, r *http.Request) {
	local := addrOf(r.RemoteAddr).IsLoopback() && r.Header.Get(forwardedFor) == ""
	if !local && !m.authorized(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="wxlogin metrics"`)
		problem.Write(w, problem.Problem{
			Title: "unauthorized", Status: http.StatusUnauthorized, Reason: "unauthorized",
			Detail: "/metrics answers to this machine, and to who sends the introspection_secret as a bearer token",
		})
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	m.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
