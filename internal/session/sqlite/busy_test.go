package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// busyVariable names the file on which a child is a server under full load until its standard input ends.
const busyVariable = "WXLOGIN_TEST_BUSY"

func keepBusy(path string) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s, err := sqlite.Open(ctx, path, storetest.Sealer('k'))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var group sync.WaitGroup
	errs := make([]error, 16)
	for w := range errs {
		group.Go(func() {
			for n := w * 1_000_000; ctx.Err() == nil; n++ {
				if _, err := s.Save(context.Background(), storetest.Login(n, noon)); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	fmt.Println("busy")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	stop()
	group.Wait()
	if err := errors.Join(errors.Join(errs...), s.Close()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestBesideABusyServer uses a store, as a command does that is run once and again, beside a process that never stops writing to it.
// Every command gets its turn.
func TestBesideABusyServer(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	server := exec.CommandContext(t.Context(), os.Args[0])
	server.Env = append(os.Environ(), busyVariable+"="+path)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(stdout)
	if !out.Scan() || out.Text() != "busy" {
		t.Fatalf("the server says %q", out.Text())
	}
	commands := 8
	var took []time.Duration
	for n := range commands {
		start := time.Now()
		s, err := sqlite.OpenPatiently(t.Context(), path, storetest.Sealer('k'), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		l := storetest.Login(-n-1, noon)
		e := session.Exchange{Origin: l.Origin, AppID: l.AppID, CodeHash: session.HashCode("c"), At: noon, Outcome: session.OutcomeSending}
		record := s.Record(t.Context(), e)
		_, saved := s.Save(t.Context(), l)
		if err := errors.Join(record, saved, s.Close()); err != nil {
			t.Fatalf("command %d: %v", n, err)
		}
		took = append(took, time.Since(start))
	}
	_ = stdin.Close()
	for out.Scan() {
		t.Errorf("the server: %s", out.Text())
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server: %v", err)
	}
	slices.Sort(took)
	t.Logf("a command of two writes took %v at best, %v in the middle, %v at worst", took[0], took[len(took)/2], took[len(took)-1])
	s := open(t, path)
	for n := range commands {
		if _, err := s.Get(t.Context(), storetest.Login(-n-1, noon).ID); err != nil {
			t.Errorf("command %d: %v", n, err)
		}
	}
}
