package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Record gives each request its [journal.Record] and logs it, a line each, when it is over. A handler that panics is answered
// with a problem and does not end the process.
func Record(next http.Handler, logger *slog.Logger, now func() time.Time) http.Handler {
	return RecordIn(nil, next, logger, now)
}

// RecordIn is [Record] that also keeps the records in a journal, unless it is nil: those of calls to an API, which their handlers have
// named. Probes of health and whoever looks at the journal stay out, so that looking does not change what is seen.
func RecordIn(kept *journal.Journal, next http.Handler, logger *slog.Logger, now func() time.Time) http.Handler {
	return recorder{kept: kept, logger: logger, now: now}.around(next)
}

// recorder makes the records of requests.
type recorder struct {
	kept   *journal.Journal
	logger *slog.Logger
	now    func() time.Time

	front   bool // requests come from outside, and get a name
	trusted []netip.Prefix
	metrics *Metrics
}

func (o recorder) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := &journal.Record{Time: o.now(), Method: r.Method, Path: redact.Untrusted(r.URL.Path), Peer: r.RemoteAddr}
		if o.front {
			record.ID, record.Client = requestID(r), clientOf(r, o.trusted)
			w.Header().Set(requestIDHeader, record.ID)
		}
		start := time.Now() // the clock of a simulation may move under a request
		watched := &statusWriter{ResponseWriter: w, record: record}
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
					record.Duration = time.Since(start)
					o.finish(r, record) // a call that was answered with a cut is a call
					panic(cause)        // net/http's own way to cut a connection
				}
				o.logger.Error("panic", "path", record.Path.String(), "cause", redact.Clean(fmt.Sprint(cause)), "stack", string(debug.Stack()))
				if watched.status != 0 {
					defer panic(http.ErrAbortHandler) // half an answer must not look whole
				} else {
					problem.Write(watched, problem.Problem{Title: "internal error", Status: http.StatusInternalServerError, Reason: "try_later"})
				}
			}
			record.Status, record.Duration = watched.status, time.Since(start)
			o.finish(r, record)
		}()
		next.ServeHTTP(watched, r.WithContext(journal.With(r.Context(), record)))
		if watched.status == 0 {
			watched.status = http.StatusOK // nothing written: net/http answers 200 itself
		}
	})
}

// finish keeps a record that is over, counts it and logs it.
func (o recorder) finish(r *http.Request, record *journal.Record) {
	if record.API != "" {
		o.kept.Add(record, r.URL.RawQuery)
	}
	o.metrics.request(record)
	write(r, record, o.logger)
}

// write logs a record: refusals as warnings, probes of health only when somebody debugs.
func write(r *http.Request, record *journal.Record, logger *slog.Logger) {
	level := slog.LevelInfo
	switch {
	case record.Status >= http.StatusInternalServerError:
		level = slog.LevelError
	case record.Failed():
		level = slog.LevelWarn
	case isProbe(r), record.Path == "": // what only passes through a proxy
		level = slog.LevelDebug
	}
	ctx := r.Context()
	if !logger.Enabled(ctx, level) {
		return
	}
	// A record of slog's has room for five attributes, and a success of no more than four allocates none. Line and
	// file of the caller are those of this function, and no handler is asked to show them.
	line := slog.NewRecord(time.Now(), level, record.Method+" "+redact.Path(record.Target(), 120), 0)
	line.AddAttrs(slog.Int("status", record.Status), slog.Float64("ms", float64(record.Duration.Microseconds())/1000))
	if record.ErrCode != 0 {
		line.AddAttrs(slog.Int("errcode", record.ErrCode))
	}
	if record.AppID != "" {
		line.AddAttrs(slog.String("appid", redact.Shorten(string(record.AppID), 40)))
	}
	if record.User != "" {
		line.AddAttrs(slog.String("user", redact.Shorten(record.User, 40)))
	}
	if record.Reason != "" {
		line.AddAttrs(slog.String("reason", record.Reason))
	}
	if record.Client != "" && !addrOf(record.Client).IsLoopback() {
		line.AddAttrs(slog.String("client", record.Client))
	}
	if record.ID != "" {
		line.AddAttrs(slog.String("id", record.ID))
	}
	_ = logger.Handler().Handle(ctx, line) // as slog does: who cannot log has nobody to tell
}

// statusWriter remembers the status. Its Unwrap lets http.ResponseController reach the connection.
type statusWriter struct {
	http.ResponseWriter
	status int
	record *journal.Record
}

// NoteReason remembers why a request was refused, for who counts; see [problem.Write].
func (w *statusWriter) NoteReason(reason string) { w.record.Outcome = reason }

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // 1xx are not the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
