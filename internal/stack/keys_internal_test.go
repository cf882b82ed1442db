package stack

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/token"
)

// A lockedBuffer collects what another goroutine logs.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// take returns what was collected since it was last asked.
func (b *lockedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

// TestFollowKeys rotates the file below a server that follows it, spoils it, and mends it. The server's own tokens are sealed with
// the new key after one look; a spoiled file is told of once.
func TestFollowKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	synctest.Test(t, func(t *testing.T) {
		ring, err := token.LoadOrCreate(path)
		if err != nil {
			t.Fatal(err)
		}
		var log lockedBuffer
		ctx, stop := context.WithCancel(t.Context())
		go followKeys(ctx, ring, slog.New(slog.NewTextHandler(&log, nil)))
		looked := func() string {
			t.Helper()
			time.Sleep(keysEvery + time.Millisecond)
			synctest.Wait()
			return log.take()
		}
		first := ring.Active().ID
		if said := looked(); said != "" {
			t.Errorf("nothing changed: %s", said)
		}
		done, err := token.Rotate(path, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		said := looked()
		if ring.Active().ID != done.Active.ID || done.Active.ID == first || !strings.Contains(said, `msg="the key ring has changed" active=`+done.Active.ID+" token_keys=2") {
			t.Errorf("active is %s after a rotation to %s; the log: %s", ring.Active().ID, done.Active.ID, said)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(data []byte) {
			t.Helper()
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(good[:len(good)/2]) // somebody writes it in place
		if said := looked(); !strings.Contains(said, "level=WARN") || !strings.Contains(said, "is not a JSON object with a version") {
			t.Errorf("half a file: %s", said)
		}
		if said := looked(); said != "" || ring.Active().ID != done.Active.ID {
			t.Errorf("still half a file: %s", said)
		}
		write(good)
		if said := looked(); said != "" || ring.Active().ID != done.Active.ID {
			t.Errorf("the file of before: %s", said)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if said := looked(); !strings.Contains(said, "cannot be read: no such file") {
			t.Errorf("no file: %s", said)
		}
		stop()
		synctest.Wait()
	})
}
