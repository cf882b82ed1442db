package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
)

// raw is a client of the test's own, to see and to spoil what the store keeps.
func raw(t testing.TB, address, password string) *goredis.Client {
	t.Helper()
	a, err := redis.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(&goredis.Options{Addr: a.HostPort(), DB: a.Database, Username: a.User, Password: password})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func command(t testing.TB, c *goredis.Client, args ...any) any {
	t.Helper()
	value, err := c.Do(t.Context(), args...).Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		t.Fatalf("%v: %v", args, err)
	}
	return value
}

// wantRefusal checks that err is of the kind, and says so in a sentence that begins with the address and ends like this.
func wantRefusal(t *testing.T, err, kind error, sentence string) {
	t.Helper()
	e, ok := errors.AsType[*redis.Error](err)
	if !ok || !errors.Is(err, kind) {
		t.Fatalf("%v is not %q", err, kind)
	}
	if want := "session store " + e.Address.String() + " " + sentence; err.Error() != want {
		t.Errorf("the error reads\n%s\nwant\n%s", err, want)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery staple"
	server := redistest.Start(t, "--requirepass", password)
	admin := raw(t, server.Address(), password)
	command(t, admin, "ACL", "SETUSER", "shop", "on", ">"+password, "~wxlogin:*", "+@read", "+@write", "+@scripting", "+@connection")
	command(t, admin, "ACL", "SETUSER", "reader", "on", ">"+password, "~wxlogin:*", "+@read", "+@connection")

	named := func(user string) string { return strings.Replace(server.Address(), "//", "//"+user+"@", 1) }
	_, err := dial(t, server.Address(), "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrPassword, "wants a password: set WXLOGIN_STORE_PASSWORD")
	_, err = dial(t, server.Address(), "wrong "+password, storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrPassword, "refuses the password in WXLOGIN_STORE_PASSWORD")
	_, err = dial(t, named("shop"), "wrong "+password, storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrPassword, `refuses user "shop" with the password in WXLOGIN_STORE_PASSWORD`)
	_, err = dial(t, named("nobody"), password, storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrPassword, `refuses user "nobody" with the password in WXLOGIN_STORE_PASSWORD`)
	_, err = dial(t, named("reader"), password, storetest.Sealer('k'))
	if !errors.Is(err, redis.ErrPermission) || strings.Contains(err.Error(), password) {
		t.Errorf("a user who may only read: %v", err)
	}

	for _, address := range []string{server.Address(), named("shop")} {
		s := openWith(t, address, password, storetest.Sealer('k'))
		if _, err := s.Save(t.Context(), storetest.Login(1, noon)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "redis://" + listener.Addr().String()
	_ = listener.Close()
	_, err = dial(t, address, "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrUnreachable, "cannot be reached: connect: connection refused")
	_, err = dial(t, "redis://redis.invalid", "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrUnreachable, `cannot be reached: no address is known for the host "redis.invalid"`)
}

// TestSilent opens a store at an address that takes connections and never answers.
func TestSilent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	a, err := redis.ParseAddress("redis://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = redis.Open(ctx, a, noPassword, storetest.Sealer('k')); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open = %v", err)
	}
}

func TestReplica(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.Address())
	command(t, raw(t, server.Address(), ""), "REPLICAOF", "127.0.0.1", "1") // of nobody, but read-only at once
	_, err := s.Save(t.Context(), storetest.Login(1, noon))
	wantRefusal(t, err, redis.ErrReadOnly, "is a replica that takes no writes: name the primary")
	wantRefusal(t, s.Ping(t.Context()), redis.ErrReadOnly, "is a replica that takes no writes: name the primary")
	_, err = dial(t, server.Address(), "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrReadOnly, "is a replica that takes no writes: name the primary")
}

func TestFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.Address())
	if _, err := s.Save(t.Context(), storetest.Login(1, noon)); err != nil {
		t.Fatal(err)
	}
	admin := raw(t, server.Address(), "")
	command(t, admin, "CONFIG", "SET", "maxmemory", "1")
	_, err := s.Save(t.Context(), storetest.Login(2, noon))
	wantRefusal(t, err, redis.ErrFull, "has used all the memory that it may (maxmemory)")
	wantRefusal(t, s.Ping(t.Context()), redis.ErrFull, "has used all the memory that it may (maxmemory)")
	if _, err := s.Get(t.Context(), storetest.Login(1, noon).ID); err != nil {
		t.Errorf("a full store cannot be read: %v", err)
	}
	command(t, admin, "CONFIG", "SET", "maxmemory", "0")
	if _, err := s.Save(t.Context(), storetest.Login(2, noon)); err != nil {
		t.Errorf("with memory again: %v", err)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--databases", "1", "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
	address := fmt.Sprintf("redis://127.0.0.1:%d", server.Port)
	_, err := dial(t, address, "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrCluster, "is a node of a cluster that is down")

	admin := raw(t, address, "")
	command(t, admin, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	deadline := time.Now().Add(20 * time.Second)
	for errors.Is(err, redis.ErrCluster) && strings.HasSuffix(err.Error(), "down") && time.Now().Before(deadline) { // until the node believes it
		_, err = dial(t, address, "", storetest.Sealer('k'))
	}
	wantRefusal(t, err, redis.ErrCluster, "is a node of a cluster: name a Redis or Valkey that is not in cluster mode")
}

func TestNewerAndDamaged(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	address := server.Address()
	admin := raw(t, address, "")
	command(t, admin, "SET", "wxlogin:schema", "2")
	_, err := dial(t, address, "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrNewer, "holds data of version 2, this program knows versions up to 1: use a newer wxlogin")
	if got := command(t, admin, "GET", "wxlogin:schema"); got != "2" {
		t.Errorf("the version became %v", got)
	}
	command(t, admin, "SET", "wxlogin:schema", "abc")
	_, err = dial(t, address, "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrDamaged, `holds damaged data: the value of key "wxlogin:schema" is not what wxlogin writes`)
	command(t, admin, "DEL", "wxlogin:schema")
	command(t, admin, "LPUSH", "wxlogin:schema", "1")
	_, err = dial(t, address, "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrDamaged, "holds damaged data: a key that begins with wxlogin: is of a type that wxlogin does not write")
	command(t, admin, "DEL", "wxlogin:schema")

	s := open(t, address)
	session1 := "wxlogin:session:https://api.weixin.qq.com wx4f4bc4dec97d474b o000000000000000000000000001"
	for name, spoil := range map[string][]any{
		"a time that is none":  {"HSET", session1, "created", "yesterday"},
		"a field that is gone": {"HDEL", session1, "keys"},
		"another type":         {"SET", session1, "x"},
	} {
		if _, err := s.Save(t.Context(), storetest.Login(1, noon)); err != nil {
			t.Fatal(err)
		}
		command(t, admin, spoil...)
		_, getErr := s.Get(t.Context(), storetest.Login(1, noon).ID)
		_, saveErr := s.Save(t.Context(), storetest.Login(1, noon))
		if !errors.Is(getErr, redis.ErrDamaged) || !errors.Is(saveErr, redis.ErrDamaged) {
			t.Errorf("%s: Get: %v, Save: %v", name, getErr, saveErr)
		}
		command(t, admin, "DEL", session1)
	}
}

func TestDatabaseNumber(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--databases", "4")
	_, err := dial(t, fmt.Sprintf("redis://127.0.0.1:%d/4", server.Port), "", storetest.Sealer('k'))
	wantRefusal(t, err, redis.ErrDatabase, "has no database 4: its configuration says how many there are (databases)")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	wants := func(fragments ...string) {
		t.Helper()
		got := open(t, server.Address()).Warnings()
		if len(got) != len(fragments) {
			t.Fatalf("%q, want %q", got, fragments)
		}
		for i, fragment := range fragments {
			if !strings.Contains(got[i], fragment) {
				t.Errorf("%q, want %q", got[i], fragment)
			}
		}
	}
	admin := raw(t, server.Address(), "")
	wants("appendonly no")
	command(t, admin, "CONFIG", "SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru")
	wants("maxmemory-policy allkeys-lru", "appendonly no")
	command(t, admin, "CONFIG", "SET", "appendonly", "yes", "maxmemory-policy", "noeviction")
	wants()
}

func TestClosed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.Address())
	server.Kill()
	if err := s.Close(); err != nil {
		t.Errorf("Close without a server: %v", err)
	}
	if _, err := s.List(t.Context(), session.Filter{}); !errors.Is(err, session.ErrClosed) {
		t.Errorf("List = %v", err)
	}
}
