//go:build unix

package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

const (
	victimVariable = "WXLOGIN_TEST_VICTIM" // the file that a child writes to until it is killed
	writerVariable = "WXLOGIN_TEST_WRITER" // the file that a child writes to, each goroutine one login after the other
	roundsVariable = "WXLOGIN_KILLS"       // how many children are killed

	victimWorkers = 8
	writerLogins  = 50
)

// TestKilled kills a process that writes with SIGKILL, at a random moment, again and again: the file stays whole, and every login and
// every logout that the process had been told is done is there. WXLOGIN_KILLS=200 is for more rounds.
func TestKilled(t *testing.T) {
	t.Parallel()
	count := 10
	if text := os.Getenv(roundsVariable); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	path := newPath(t)
	total := 0
	for round := range count {
		done := killed(t, path, round, 1+rand.IntN(300))
		total += len(done)
		s := open(t, path)
		for _, n := range done {
			_, err := s.Get(t.Context(), storetest.Login(n, noon).ID)
			revoked, revokedErr := s.Revoked(t.Context(), strconv.Itoa(n))
			if err != nil || revoked == nil || revokedErr != nil {
				t.Fatalf("round %d: login %d was acknowledged: %v; its logout: %v, %v", round, n, err, revoked, revokedErr)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var verdict string
		conn := database(t, path)
		if err := conn.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Fatalf("round %d: integrity check: %s, %v", round, verdict, err)
		}
		_ = conn.Close()
	}
	s := open(t, path)
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) < total {
		t.Errorf("%d sessions, %v; %d were acknowledged", len(list), err, total)
	}
	t.Logf("%d processes killed, %d logins and logouts acknowledged, none lost", count, total)
}

// killed runs a victim until it has acknowledged so many logins, kills it, and returns all that it acknowledged.
func killed(t *testing.T, path string, round, after int) (done []int) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), victimVariable+"="+path, numberVariable+"="+strconv.Itoa(round))
	var stderr bytes.Buffer
	victim.Stderr = &stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() { // to the end: what was written before the kill was acknowledged
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // cut in the middle
		}
		if done = append(done, n); len(done) == after {
			_ = victim.Process.Kill()
		}
	}
	_ = victim.Wait()
	if len(done) < after {
		t.Fatalf("round %d: the process ended by itself after %d logins: %s", round, len(done), &stderr)
	}
	return done
}

// victim logs users in and out until it is killed. It prints a number when both were acknowledged.
func victim(path string) int {
	round, err := strconv.Atoi(os.Getenv(numberVariable))
	if err != nil {
		return 1
	}
	s, err := sqlite.Open(context.Background(), path, storetest.Sealer('k'))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var group sync.WaitGroup
	var printing sync.Mutex
	for w := range victimWorkers {
		group.Go(func() {
			for i := 0; ; i++ {
				n := (round*victimWorkers+w)*100_000 + i
				_, saved := s.Save(context.Background(), storetest.Login(n, noon))
				revoked := s.Revoke(context.Background(), session.Revocation{TokenID: strconv.Itoa(n), At: noon, Until: noon.Add(time.Hour)})
				if err := errors.Join(saved, revoked); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				printing.Lock()
				fmt.Println(n)
				printing.Unlock()
			}
		})
	}
	group.Wait()
	return 1
}

// TestSynced counts how often a process asks the disk to keep what it wrote: at least once for each login that waited for the one before
// it. Goroutines that log in beside each other may share a sync, and nobody shares one with a login of their own.
func TestSynced(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatal("strace is not installed, and WXLOGIN_REQUIRE=all demands it")
		}
		t.Skip("strace is not installed: that each acknowledged login was synced was not counted")
	}
	for _, writers := range []int{1, 8} {
		t.Run(strconv.Itoa(writers), func(t *testing.T) {
			t.Parallel()
			traced := exec.CommandContext(t.Context(), strace, "-f", "-qq", "-e", "trace=fdatasync,fsync", "-e", "signal=none", os.Args[0])
			traced.Env = append(os.Environ(), writerVariable+"="+newPath(t), numberVariable+"="+strconv.Itoa(writers))
			out, err := traced.CombinedOutput()
			if err != nil && strings.Contains(string(out), "Operation not permitted") && os.Getenv("WXLOGIN_REQUIRE") != "all" {
				t.Skip("this machine lets nobody trace a process")
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, during, found := strings.Cut(string(out), "opened\n")
			during, _, ended := strings.Cut(during, "written\n")
			if !found || !ended {
				t.Fatalf("no account of the writing:\n%s", out)
			}
			syncs := len(regexp.MustCompile(`(?m)f(data)?sync\(\d+`).FindAllString(during, -1))
			t.Logf("%d syncs for %d logins each of %d goroutines", syncs, writerLogins, writers)
			if syncs < writerLogins {
				t.Errorf("fewer than the %d that waited for each other", writerLogins)
			}
		})
	}
}

// write has goroutines log users in, each one after the other.
func write(path string) int {
	writers, err := strconv.Atoi(os.Getenv(numberVariable))
	if err != nil {
		return 1
	}
	s, err := sqlite.Open(context.Background(), path, storetest.Sealer('k'))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("opened")
	var group sync.WaitGroup
	failures := make([]error, writers)
	for w := range writers {
		group.Go(func() {
			for n := range writerLogins {
				_, err := s.Save(context.Background(), storetest.Login(w*writerLogins+n, noon))
				failures[w] = errors.Join(failures[w], err)
			}
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("written")
	if err := s.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// otherChildren runs what a test process is to be instead of tests, if it is to be anything.
func otherChildren() (code int, isChild bool) {
	if path := os.Getenv(victimVariable); path != "" {
		return victim(path), true
	}
	if path := os.Getenv(writerVariable); path != "" {
		return write(path), true
	}
	return 0, false
}
