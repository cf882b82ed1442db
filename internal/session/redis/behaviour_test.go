package redis_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestTwoStoresAreOne opens one Redis twice: each sees at once what the other did.
func TestTwoStoresAreOne(t *testing.T) {
	t.Parallel()
	address := redistest.Start(t).Address()
	a, b := open(t, address), open(t, address)
	storetest.Shared(t, a, b)
}

// TestNoSecretInTheFiles searches what Redis wrote down for session keys and access tokens.
func TestNoSecretInTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--dir", dir)
	s := open(t, server.Address())
	rotated, token := "AQIDBAUGBwgJCgsMDQ4PEA==", "71_accessTokenOfTheTest"
	for i := range 20 {
		storetest.Save(t, s, storetest.Login(i, noon))
		l := storetest.Login(i, noon.Add(time.Minute))
		l.Key = wechat.NewSessionKey(rotated)
		storetest.Save(t, s, l)
	}
	id := storetest.Login(0, noon).ID
	if err := s.SaveAccessToken(t.Context(), session.AccessToken{
		Origin: id.Origin, AppID: id.AppID, Value: redact.NewSecret(token), Obtained: noon, Expires: noon.Add(time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	command(t, raw(t, server.Address(), ""), "SAVE")
	var files, total int
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files, total = files+1, total+len(data)
		for _, secret := range []string{storetest.Key, rotated, token} {
			decoded, decodeErr := base64.StdEncoding.DecodeString(secret)
			if bytes.Contains(data, []byte(secret)) || decodeErr == nil && bytes.Contains(data, decoded) {
				t.Errorf("a secret stands in %s", path)
			}
		}
		return err
	})
	if err != nil || files < 3 || total < 4096 {
		t.Errorf("%d files with %d bytes were searched: %v", files, total, err)
	}
}

// TestUnsealable reads with another key ring: that session fails by name, others work, and a login heals it.
func TestUnsealable(t *testing.T) {
	t.Parallel()
	address := redistest.Start(t).Address()
	storetest.Save(t, open(t, address), storetest.Login(1, noon))
	s := openWith(t, address, "", storetest.Sealer('n'))
	storetest.Save(t, s, storetest.Login(2, noon.Add(-time.Hour)))
	_, err := s.Get(t.Context(), storetest.Login(1, noon).ID)
	if got, ok := errors.AsType[*session.UnsealError](err); !ok || got.ID != storetest.Login(1, noon).ID {
		t.Fatalf("Get: %v", err)
	}
	_, err = s.Newest(t.Context(), storetest.Login(1, noon).Origin, "")
	if _, ok := errors.AsType[*session.UnsealError](err); !ok {
		t.Errorf("Newest: %v", err)
	}
	if list, err := s.List(t.Context(), session.Filter{}); err != nil || len(list) != 2 {
		t.Errorf("List: %v, %v", list, err)
	}
	healed := storetest.Save(t, s, storetest.Login(1, noon.Add(time.Hour)))
	if healed.Key.Reveal() != storetest.Key || len(healed.Previous) != 0 || !healed.Created.Equal(noon) || !healed.KeyObtained.Equal(noon.Add(time.Hour)) {
		t.Errorf("after a login: %+v", healed)
	}
}

// TestMovedKey puts the sealed key of one user into the session of another.
func TestMovedKey(t *testing.T) {
	t.Parallel()
	address := redistest.Start(t).Address()
	s, c := open(t, address), raw(t, address, "")
	storetest.Save(t, s, storetest.Login(1, noon))
	storetest.Save(t, s, storetest.Login(2, noon))
	const sessions = "wxlogin:session:https://api.weixin.qq.com wx4f4bc4dec97d474b o00000000000000000000000000"
	command(t, c, "HSET", sessions+"2", "keys", command(t, c, "HGET", sessions+"1", "keys"))
	_, err := s.Get(t.Context(), storetest.Login(2, noon).ID)
	if _, ok := errors.AsType[*session.UnsealError](err); !ok {
		t.Errorf("user 2 has the key of user 1: %v", err)
	}
}

// TestPages lists and sweeps more than one page, with many of the same instant.
func TestPages(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Start(t).Address())
	const users = 1700
	var group sync.WaitGroup
	for part := range 8 {
		group.Go(func() {
			for i := part; i < users; i += 8 {
				storetest.Save(t, s, storetest.Login(i, noon.Add(time.Duration(i/600)*time.Second)))
			}
		})
	}
	group.Wait()
	list, err := s.List(t.Context(), session.Filter{})
	if err != nil || len(list) != users {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	for i := range list[1:] {
		if session.Compare(list[i], list[i+1]) >= 0 {
			t.Fatalf("out of order at %d", i)
		}
	}
	if err := s.Expire(t.Context(), noon, noon.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	if list, err = s.List(t.Context(), session.Filter{}); err != nil || len(list) != users-1200 {
		t.Errorf("%d sessions after the sweep, %v", len(list), err)
	}
}

// TestListWhileUsersLogIn: a session that changes its place while the list is read is in it once.
func TestListWhileUsersLogIn(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Start(t).Address())
	const users = 600
	for i := range users {
		storetest.Save(t, s, storetest.Login(i, noon.Add(time.Duration(i)*time.Millisecond)))
	}
	stop, moved := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				moved <- nil
				return
			default:
				if _, err := s.Save(t.Context(), storetest.Login(i%users, noon.Add(time.Hour+time.Duration(i)*time.Millisecond))); err != nil {
					moved <- err
					return
				}
			}
		}
	}()
	for range 20 {
		list, err := s.List(t.Context(), session.Filter{})
		if err != nil || len(list) != users {
			t.Errorf("%d sessions, %v", len(list), err)
		}
	}
	close(stop)
	if err := <-moved; err != nil {
		t.Error(err)
	}
}

// TestRedisSweeps: what ends by itself has a time at which Redis drops it, a day after our own clock ends it; sessions have none.
func TestRedisSweeps(t *testing.T) {
	t.Parallel()
	address := redistest.Start(t).Address()
	s, c := open(t, address), raw(t, address, "")
	l := storetest.Login(1, noon)
	storetest.Save(t, s, l)
	_, claim := s.Claim(t.Context(), [32]byte{1}, noon, noon.Add(time.Minute))
	revoke := s.Revoke(t.Context(), session.Revocation{TokenID: "j 1", At: noon, Until: noon.Add(time.Hour), Reason: "logout"})
	record := s.Record(t.Context(), session.Exchange{Origin: l.Origin, AppID: l.AppID, CodeHash: [32]byte{1}, At: noon, Outcome: session.OutcomeSending})
	if err := errors.Join(claim, revoke, record); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]time.Duration{
		"wxlogin:claim:*": 24*time.Hour + time.Minute, "wxlogin:revocation:*": 25 * time.Hour, "wxlogin:exchange:*": 8 * 24 * time.Hour, "wxlogin:session:*": -1,
	} {
		keys := c.Keys(t.Context(), pattern).Val()
		if len(keys) != 1 {
			t.Fatalf("%s: %q", pattern, keys)
		}
		got := c.TTL(t.Context(), keys[0]).Val()
		if got > want || want > 0 && got < want-time.Hour {
			t.Errorf("%s lives %v, want %v", pattern, got, want)
		}
	}
}

// TestRestart kills Redis and starts it again: what was answered is there, and the store finds its way back by itself.
func TestRestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, server.Address())
	for round := range 5 {
		storetest.Save(t, s, storetest.Login(round, noon))
		server.Kill()
		_, err := s.Get(t.Context(), storetest.Login(round, noon).ID)
		wantRefusal(t, err, redis.ErrUnreachable, "cannot be reached: connect: connection refused")
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), storetest.Login(round, noon).ID); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// A lossy proxy stands between a store and Redis. When it loses an answer it has let the command through.
type lossy struct {
	net.Listener
	to   string
	lose atomic.Int32 // so many of the next answers
	lost atomic.Int32
}

func newLossy(t *testing.T, to string) *lossy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{Listener: listener, to: to}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { l.carry(near) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return l
}

func (l *lossy) carry(near net.Conn) {
	far, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = near.Close()
		return
	}
	var group sync.WaitGroup
	defer func() {
		_, _ = near.Close(), far.Close()
		group.Wait()
	}()
	group.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	})
	answer := make([]byte, 64<<10)
	for {
		n, err := far.Read(answer)
		if err != nil {
			return
		}
		if l.lose.Add(-1) >= 0 {
			l.lost.Add(1)
			return
		}
		if _, err := near.Write(answer[:n]); err != nil {
			return
		}
	}
}

// ended ends an exchange with a login, and says what is wrong with what is there then: a new session, and so many entries.
func ended(t *testing.T, s *redis.Store, e session.Exchange, entries int) error {
	t.Helper()
	l := storetest.Login(1, noon)
	e.Outcome = session.OutcomeExchanged
	saved, err := s.End(t.Context(), e, &l)
	if err == nil && (len(saved.Previous) != 0 || !saved.Created.Equal(noon)) {
		err = fmt.Errorf("saved %+v", saved)
	}
	history, wrong := s.Exchanges(t.Context(), e.Origin, e.CodeHash)
	if wrong == nil && len(history) != entries {
		wrong = fmt.Errorf("history %v", history)
	}
	return errors.Join(err, wrong)
}

// TestLostAnswers: a command that took effect and whose answer was lost is sent again, and nobody sees a difference.
func TestLostAnswers(t *testing.T) { //nolint:tparallel // its parts share the proxy, which loses the next answer of anybody
	t.Parallel()
	server := redistest.Start(t)
	proxy := newLossy(t, fmt.Sprintf("127.0.0.1:%d", server.Port))
	s := open(t, "redis://"+proxy.Addr().String())
	code := [32]byte{7}
	operations := map[string]func() error{
		"save": func() error {
			saved, err := s.Save(t.Context(), storetest.Login(1, noon))
			if err == nil && (len(saved.Previous) != 0 || !saved.Created.Equal(noon)) {
				err = fmt.Errorf("saved %+v", saved)
			}
			return err
		},
		"claim": func() error {
			claimed, err := s.Claim(t.Context(), code, noon, noon.Add(time.Minute))
			if err == nil && !claimed {
				err = errors.New("the claim was taken, by itself")
			}
			return errors.Join(err, s.Release(t.Context(), code))
		},
		"exchange": func() error {
			e := session.Exchange{Origin: "https://x", AppID: "wx4f4bc4dec97d474b", CodeHash: code, At: noon, Outcome: session.OutcomeSending}
			begun, err := s.Begin(t.Context(), e, noon.Add(time.Minute))
			if err == nil && !begun {
				err = errors.New("the exchange was begun, by itself")
			}
			return errors.Join(err, ended(t, s, e, 2), raw(t, server.Address(), "").FlushAll(t.Context()).Err())
		},
		"end": func() error {
			e := session.Exchange{Origin: "https://x", AppID: "wx4f4bc4dec97d474b", CodeHash: code, At: noon, Outcome: session.OutcomeSending}
			return errors.Join(ended(t, s, e, 1), raw(t, server.Address(), "").FlushAll(t.Context()).Err())
		},
		"record": func() error {
			e := session.Exchange{Origin: "https://x", AppID: "wx4f4bc4dec97d474b", CodeHash: code, At: noon, Outcome: session.OutcomeSending}
			if err := s.Record(t.Context(), e); err != nil {
				return err
			}
			history, err := s.Exchanges(t.Context(), "https://x", code)
			if err == nil && len(history) != 1 {
				err = fmt.Errorf("history %v", history)
			}
			return errors.Join(err, raw(t, server.Address(), "").FlushAll(t.Context()).Err())
		},
	}
	for name, operation := range operations {
		t.Run(name, func(t *testing.T) {
			if err := operation(); err != nil { // scripts are known now
				t.Fatal(err)
			}
			if err := raw(t, "redis://"+proxy.to, "").FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			before := proxy.lost.Load()
			proxy.lose.Store(1)
			if err := operation(); err != nil {
				t.Error(err)
			}
			if proxy.lost.Load() == before {
				t.Error("no answer was lost")
			}
			proxy.lose.Store(0)
		})
	}
}
