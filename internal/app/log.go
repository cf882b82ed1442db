package app

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// LogHandler returns where servers log to: standard error, one line a record, with colour and short times on a terminal, without
// colour and with RFC 3339 times elsewhere. From now on several goroutines may write there.
func (a *App) LogHandler() slog.Handler {
	a.IO.Err = &lockedWriter{w: a.IO.Err}
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
