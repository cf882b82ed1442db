package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
)

// A place is where sessions are kept: in a file, in a Redis, or, when it is neither, in memory.
type place struct {
	file  string
	redis *redis.Address
}

func (p place) inMemory() bool { return p.file == "" && p.redis == nil }

// place reads the key store; without a value it is the SQLite file in the state directory.
func (a *App) place() (place, error) {
	c, err := a.Config()
	if err != nil {
		return place{}, err
	}
	kind, path, _ := strings.Cut(c.Store, ":")
	switch {
	case kind == "":
		path, err = a.Paths().StoreFile()
		return place{file: path}, err
	case kind == "memory":
		return place{}, nil
	case kind == "sqlite":
		return place{file: path}, nil
	case redis.IsAddress(c.Store):
		address, err := redis.ParseAddress(c.Store)
		return place{redis: &address}, err
	}
	panic("app: internal error: the configuration lets the store " + kind + " pass")
}

// Store opens the configured session store: the SQLite file in the state directory unless the key store says otherwise.
func (a *App) Store(ctx context.Context) (session.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	where, err := a.place()
	if err != nil {
		return nil, err
	}
	if where.inMemory() {
		a.store = memory.New()
		return a.store, nil
	}
	ring, err := a.Keys()
	if err != nil {
		return nil, err
	}
	return a.openStore(ctx, where, ring)
}

// SavedStore opens the session store if there is one, for commands that only read: it makes neither a file nor keys. found tells
// whether there is; sessions that are kept in memory have ended with their process. A store whose key ring is gone is a
// [*token.FileError]: nothing in it can be opened.
func (a *App) SavedStore(ctx context.Context) (store session.Store, found bool, err error) {
	if a.store != nil {
		return a.store, true, nil
	}
	where, err := a.place()
	if err != nil || where.inMemory() {
		return nil, false, err
	}
	if where.file != "" {
		if _, err := os.Stat(where.file); errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
	}
	ring, err := a.keys(false)
	if err != nil {
		return nil, false, err
	}
	store, err = a.openStore(ctx, where, ring)
	return store, err == nil, err
}

// leastPatience with other processes is more than theirs ever take, and less than anybody minds.
const leastPatience = time.Second

func (a *App) openStore(ctx context.Context, where place, ring *token.Ring) (session.Store, error) {
	var opened session.Store
	var err error
	if where.redis != nil {
		opened, err = redis.Open(ctx, *where.redis, a.config.StorePassword, ring)
	} else {
		opened, err = sqlite.OpenPatiently(ctx, where.file, ring, max(a.config.Timeout, leastPatience)) // as long as the whole may take
	}
	if err != nil {
		return nil, err
	}
	a.store = opened
	return opened, nil
}

// StorePath returns the file of the session store, "" when sessions are kept elsewhere.
func (a *App) StorePath() (string, error) {
	where, err := a.place()
	return where.file, err
}

// StoreFlag defines --store.
func (a *App) StoreFlag(c *cobra.Command) {
	a.KeyFlag(c, "store", "store", "STORE", lang.T{
		En: "sessions: memory, sqlite:PATH, redis://HOST or rediss://HOST (default: sqlite in the state directory)",
		Zh: "会话存储：memory、sqlite:PATH、redis://HOST 或 rediss://HOST（默认为状态目录中的 sqlite）",
	})
}

// InMemory reports whether sessions are kept in memory, and so end with their process.
func (a *App) InMemory() (bool, error) {
	where, err := a.place()
	return err == nil && where.inMemory(), err
}

// StoreName says where sessions are kept: a path, the address of a Redis, or "memory".
func (a *App) StoreName() string {
	where, err := a.place()
	switch {
	case err == nil && where.file != "":
		return where.file
	case err == nil && where.redis != nil:
		return where.redis.String()
	}
	return "memory"
}
