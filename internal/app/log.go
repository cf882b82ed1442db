package app

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// LogHandler returns where servers log to: standard error, one line a record. Text has colour and short times on a terminal, no
// colour and RFC 3339 times elsewhere; json is an object a line, for programs. From now on several goroutines may write there.
func (a *App) LogHandler(json bool) slog.Handler {
	a.IO.Err = &lockedWriter{w: a.IO.Err}
	if json {
		return slog.NewJSONHandler(a.IO.Err, nil)
	}
	format := time.RFC3339
	if a.IO.ErrTTY {
		format = time.TimeOnly
	}
	return tint.NewTextHandler(a.IO.Err, &tint.Options{Level: slog.LevelInfo, TimeFormat: format}) // the writer takes away unwanted colour
}

// lockedWriter lets one goroutine write at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
