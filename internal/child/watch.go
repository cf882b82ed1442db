package child

import (
	"os"
	"os/signal"
)

// pending is how many signals wait for the loop that passes them on; it is never busy for long.
const pending = 16

// A Watch receives the signals of this process in place of Go's default, which would end it, and what has to be cleaned up would stay
// behind. While it lasts, a signal means only what [Run] makes of it.
type Watch struct{ signals chan os.Signal }

// NewWatch begins. Call [Watch.Stop] when everything is cleaned up.
func NewWatch() *Watch {
	w := &Watch{signals: make(chan os.Signal, pending)}
	for _, s := range passed() {
		if !signal.Ignored(s) || s == os.Interrupt { // nohup; a shell script ignores Ctrl-C for what it starts with &, and may send one
			signal.Notify(w.signals, s)
		}
	}
	watchPipe()
	return w
}

// Stop puts Go's default back.
func (w *Watch) Stop() { signal.Stop(w.signals) }
