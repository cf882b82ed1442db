package sqlite_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// writeVersion1 makes a file as the first schema had it, with one session in it. testdata/version1.sql is that schema, and stays as it is
// whatever becomes of the migrations.
func writeVersion1(t *testing.T, path string) {
	t.Helper()
	schema, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	saved := session.Session{}.After(storetest.Login(1, noon))
	sealed, err := session.SealKeys(storetest.Sealer('k'), saved)
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprintf("INSERT INTO sessions VALUES ('%s', '%s', '%s', '', x'%s', %[5]d, %[5]d, %[5]d)",
		saved.Origin, saved.AppID, saved.OpenID, hex.EncodeToString(sealed), noon.UnixMicro())
	execute(t, path, string(schema)+row)
}

// TestMigrates opens a file of the first version: its sessions are there, and what came later works.
func TestMigrates(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	writeVersion1(t, path)
	s := open(t, path)
	found, err := s.Get(t.Context(), storetest.Login(1, noon).ID)
	if err != nil || found.Key.Reveal() != storetest.Key {
		t.Fatalf("Get: %v", err)
	}
	e := session.Exchange{Origin: found.Origin, AppID: found.AppID, CodeHash: session.HashCode("c"), At: noon, Outcome: session.OutcomeExchanged}
	if err := s.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	history, err := s.Exchanges(t.Context(), found.Origin, e.CodeHash)
	if err != nil || len(history) != 1 || history[0] != e {
		t.Errorf("Exchanges: %v, %v", history, err)
	}
}

// TestMigratesOnce has six processes open a file of the first version at once, and then a file that is not there yet.
func TestMigratesOnce(t *testing.T) {
	t.Parallel()
	old, fresh := newPath(t), newPath(t)
	writeVersion1(t, old)
	for _, path := range []string{old, fresh} {
		var group sync.WaitGroup
		for n := range 6 {
			group.Go(func() {
				var output bytes.Buffer
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), openVariable+"="+path, numberVariable+"="+strconv.Itoa(n))
				cmd.Stdout, cmd.Stderr = &output, &output
				if err := cmd.Run(); err != nil {
					t.Errorf("process %d: %v\n%s", n, err, output.String())
				}
			})
		}
		group.Wait()
		list, err := open(t, path).List(t.Context(), session.Filter{})
		want := 6
		if path == old {
			want++
		}
		if err != nil || len(list) != want {
			t.Errorf("%d sessions, %v, want %d", len(list), err, want)
		}
	}
}

// openVariable names the file that a child opens, writes one login to, and closes.
const openVariable = "WXLOGIN_TEST_OPEN"

func openOnce(path string) int {
	number, err := strconv.Atoi(os.Getenv(numberVariable))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s, err := sqlite.Open(context.Background(), path, storetest.Sealer('k'))
	if err != nil {
		fmt.Println("open:", err)
		return 1
	}
	if _, err := s.Save(context.Background(), storetest.Login(100+number, noon)); err != nil {
		fmt.Println("save:", err)
		return 1
	}
	if err := s.Close(); err != nil {
		fmt.Println("close:", err)
		return 1
	}
	return 0
}
