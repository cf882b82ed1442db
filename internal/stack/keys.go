package stack

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/token"
)

// keysEvery is how often a server looks whether its key ring was changed. Reading the file costs some microseconds and works wherever
// files do: on network file systems, in mounted volumes whose links are exchanged, after an editor's rename. A token of a key that
// is not known yet does not wait for it (see package token).
const keysEvery = 2 * time.Second

// followKeys takes up what others change in the file of the key ring. A file that cannot be used is told of once, and the keys at hand
// go on: nobody is logged out because somebody is writing a file.
func followKeys(ctx context.Context, ring *token.Ring, logger *slog.Logger) {
	ticker := time.NewTicker(keysEvery)
	defer ticker.Stop()
	told, known := "", ring.Keys()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := ring.Refresh()
		switch {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			logger.Warn("the key ring file cannot be used; the keys at hand go on", "error", told)
		}
		// A request may have taken the change up before.
		if keys := ring.Keys(); !slices.Equal(keys, known) {
			known = keys
			logger.Info("the key ring has changed", "active", ring.Active().ID, "token_keys", len(keys)-1) // one is the storage key
		}
	}
}
