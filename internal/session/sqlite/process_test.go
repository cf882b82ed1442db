package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
	childVariable  = "WXLOGIN_TEST_STORE"  // the file that a child works on
	numberVariable = "WXLOGIN_TEST_NUMBER" // which child it is

	children = 4
	rounds   = 60
	workers  = 4 // goroutines of each child
	contests = 30
)

// TestProcesses has several processes create, open, use, close and open one store at a time. None of them may see a lock,
// nothing acknowledged may be missing, and each contested code has one winner.
func TestProcesses(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	outputs := make([]bytes.Buffer, children)
	var group sync.WaitGroup
	for i := range children {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childVariable+"="+path, numberVariable+"="+strconv.Itoa(i))
			cmd.Stdout, cmd.Stderr = &outputs[i], &outputs[i]
			if err := cmd.Run(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, outputs[i].String())
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	winners := map[string]int{}
	for i := range outputs {
		for line := range strings.Lines(outputs[i].String()) {
			winners[strings.TrimSpace(line)]++
		}
	}
	for n := range contests {
		if name := fmt.Sprintf("won contest-%d", n); winners[name] != 1 {
			t.Errorf("%d processes %s", winners[name], name)
		}
	}
	s := open(t, path)
	list, err := s.List(t.Context(), session.Filter{})
	if err != nil || len(list) != children*workers*rounds {
		t.Errorf("%d sessions, %v, want %d", len(list), err, children*workers*rounds)
	}
	for i := range children * workers * rounds {
		if r, err := s.Revoked(t.Context(), strconv.Itoa(i)); err != nil || r == nil {
			t.Fatalf("revocation %d: %v, %v", i, r, err)
		}
	}
	var verdict string
	if err := database(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %s, %v", verdict, err)
	}
}

// child is the work of one process; it prints the contests that it won.
func child(path string) int {
	number, err := strconv.Atoi(os.Getenv(numberVariable))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for part := range 3 { // opened three times, while others are in the midst of their work
		if err := childPart(path, number, part); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	return 0
}

func childPart(path string, number, part int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // far more than four of them need
	defer cancel()
	s, err := sqlite.Open(ctx, path, storetest.Sealer('k'))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	var errs [workers]error
	var contest error
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for round := part * rounds / 3; round < (part+1)*rounds/3; round++ {
				n := (number*workers+w)*rounds + round
				if errs[w] = childRound(ctx, s, n); errs[w] != nil {
					return
				}
			}
		})
	}
	for n := part * contests / 3; n < (part+1)*contests/3; n++ {
		name := fmt.Sprintf("contest-%d", n)
		won, err := s.Claim(ctx, sha256.Sum256([]byte(name)), noon, noon.Add(time.Minute))
		contest = errors.Join(contest, err)
		if won {
			fmt.Println("won", name)
		}
	}
	group.Wait()
	return errors.Join(contest, errors.Join(errs[:]...), s.Close())
}

func childRound(ctx context.Context, s *sqlite.Store, n int) error {
	if _, err := s.Save(ctx, storetest.Login(n, noon)); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	found, err := s.Get(ctx, storetest.Login(n, noon).ID)
	if err != nil || found.Key.Reveal() != storetest.Key {
		return fmt.Errorf("get: %w", err)
	}
	if err := s.Revoke(ctx, session.Revocation{TokenID: strconv.Itoa(n), At: noon, Until: noon.Add(time.Hour)}); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	return nil
}
