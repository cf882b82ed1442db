package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Record gives each request its [journal.Record] and logs it, a line each, when it is over. A handler that panics is answered
// with a problem and does not end the process.
func Record(next http.Handler, logger *slog.Logger, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := &journal.Record{Time: now(), Method: r.Method, Path: redact.Untrusted(r.URL.Path), Peer: r.RemoteAddr}
		start := time.Now() // the clock of a simulation may move under a request
		watched := &statusWriter{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
					panic(cause) // net/http's own way to cut a connection
				}
				logger.Error("panic", "path", record.Path.String(), "cause", redact.Clean(fmt.Sprint(cause)), "stack", string(debug.Stack()))
				if watched.status != 0 {
					defer panic(http.ErrAbortHandler) // half an answer must not look whole
				} else {
					problem.Write(watched, problem.Problem{Title: "internal error", Status: http.StatusInternalServerError, Reason: "try_later"})
				}
			}
			record.Status, record.Duration = watched.status, time.Since(start)
			write(r, record, logger)
		}()
		next.ServeHTTP(watched, r.WithContext(journal.With(r.Context(), record)))
		if watched.status == 0 {
			watched.status = http.StatusOK // nothing written: net/http answers 200 itself
		}
	})
}

// write logs a record: refusals as warnings, probes of health only when somebody debugs.
func write(r *http.Request, record *journal.Record, logger *slog.Logger) {
	level := slog.LevelInfo
	switch {
	case record.Status >= http.StatusInternalServerError:
		level = slog.LevelError
	case record.Status >= http.StatusBadRequest || record.ErrCode != 0:
		level = slog.LevelWarn
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		level = slog.LevelDebug
	}
	attributes := []slog.Attr{
		slog.Int("status", record.Status),
		slog.Float64("ms", float64(record.Duration.Microseconds())/1000),
	}
	if record.ErrCode != 0 {
		attributes = append(attributes, slog.Int("errcode", record.ErrCode))
	}
	if record.AppID != "" {
		attributes = append(attributes, slog.String("appid", redact.Shorten(string(record.AppID), 40)))
	}
	if record.User != "" {
		attributes = append(attributes, slog.String("user", redact.Shorten(record.User, 40)))
	}
	if record.Reason != "" {
		attributes = append(attributes, slog.String("reason", record.Reason))
	}
	logger.LogAttrs(r.Context(), level, record.Method+" "+redact.Shorten(string(record.Path), 120), attributes...)
}

// statusWriter remembers the status. Its Unwrap lets http.ResponseController reach the connection.
type statusWriter struct {
	http.ResponseWriter
	status int
}

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
