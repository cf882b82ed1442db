// Package redis is the [session.Store] of many servers: in Redis or Valkey, one truth to all who open it.
//
// Session keys and access tokens are sealed before they leave this process; what else is stored is what Redis' own users may read:
// openids, times, hashes of codes. Whether something has expired is decided by the clock of whoever asks, never by Redis, which
// only sweeps. Every change is one script, and so atomic. The store wants one server that takes writes: a read-only replica and a
// cluster are refused with a sentence. TLS certificates are always verified.
//
// How durable an answered login is, the configuration of Redis decides (docs/deploy.md): [Store.Warnings] tells what of it loses
// data.
package redis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	dialLimit = 2 * time.Second
	readLimit = 2 * time.Second // a command takes well under a millisecond; an fsync of a slow disk may take a second
	// operationLimit bounds an operation with everything it tries again. A login does four, and its client waits.
	operationLimit = 5 * time.Second
	// retries with a new connection each, for a Redis that restarts or fails over.
	retries = 2
	// maxConns bounds the connections of one server. Commands take microseconds, so few carry many logins.
	maxConns = 32

	// sweepMargin is how much longer than its time Redis keeps a key: more than any two clocks differ.
	sweepMargin = 24 * time.Hour
)

// Store is an opened Redis.
type Store struct {
	address  Address
	sealer   session.Sealer
	client   *redis.Client
	scripts  scripts
	warnings []string
	closed   atomic.Bool
}

var _ session.Store = (*Store)(nil)

// Open connects to the Redis at address; an empty password sends none. Session keys are sealed with sealer. What is wrong with
// Redis is told by an [*Error].
func Open(ctx context.Context, address Address, password redact.Secret, sealer session.Sealer) (*Store, error) {
	options := &redis.Options{
		Addr: address.HostPort(), Username: address.User, Password: password.Reveal(), DB: address.Database,
		Protocol: 2, DisableIdentity: true, // what Redis of any age understands
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		DialTimeout:              dialLimit, DialerRetries: 1, ReadTimeout: readLimit, WriteTimeout: readLimit, PoolTimeout: readLimit,
		ContextTimeoutEnabled: true, MaxRetries: retries, PoolSize: maxConns,
	}
	if address.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: address.Host}
	}
	logging.Disable() // what it would print of connections we say ourselves, where it matters
	s := &Store{address: address, sealer: sealer, client: redis.NewClient(options), scripts: newScripts()}
	if err := s.connect(ctx); err != nil {
		_ = s.client.Close()
		return nil, err
	}
	return s, nil
}

// Warnings tells what in the configuration of Redis may lose what was answered for: English sentences for a log.
func (s *Store) Warnings() []string { return s.warnings }

// do runs an operation within its time and explains its error.
func (s *Store) do(ctx context.Context, work func(ctx context.Context) error) error {
	if s.closed.Load() {
		return session.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	err := work(limited)
	switch {
	case err == nil:
		return nil
	case s.closed.Load() && errors.Is(err, redis.ErrClosed):
		return session.ErrClosed
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return ctx.Err()
	}
	return explain(s.address, err)
}

// fresh returns a text that nobody else has: the revision of a session, the owner of a claim.
func fresh() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Save implements [session.Store].
func (s *Store) Save(ctx context.Context, l session.Login) (saved session.Session, err error) {
	if err := l.Check(); err != nil {
		return session.Session{}, fmt.Errorf("save session: %w", err)
	}
	err = s.do(ctx, func(ctx context.Context) (err error) {
		saved, err = s.update(ctx, l, func(session []any) (stored []any, err error) {
			return s.scripts.save.Run(ctx, s.client, []string{sessionKey + sessionName(l.ID), sessionIndex}, session...).Slice()
		})
		return err
	})
	if err != nil {
		return session.Session{}, err
	}
	return saved, nil
}

// update makes of a login the session that follows it, and has write send it: the arguments of the scripts' function save, which answer
// nothing, or the session as somebody else has made it meanwhile. The keys are sealed here and not there, so a session is read, changed
// and written back if nobody else has changed it; each round that fails is one in which another login succeeded.
func (s *Store) update(ctx context.Context, l session.Login, write func(session []any) (stored []any, err error)) (session.Session, error) {
	stored, err := s.read(ctx, l.ID).Result()
	for err == nil {
		before, rev, opened := s.open(l.ID, stored)
		if _, sealed := errors.AsType[*session.UnsealError](opened); sealed {
			before.Key, before.Previous = wechat.SessionKey{}, nil // nobody can read them any more
		} else if opened != nil && !errors.Is(opened, session.ErrNotFound) {
			return session.Session{}, opened
		}
		next := before.After(l)
		sealed, sealing := session.SealKeys(s.sealer, next)
		if sealing != nil {
			return session.Session{}, sealing
		}
		stored, err = write([]any{
			sessionName(l.ID), rev, fresh(), -micro(next.Refreshed),
			string(next.UnionID), sealed, micro(next.KeyObtained), micro(next.Created), micro(next.Refreshed),
		})
		if err == nil && len(stored) == 0 {
			return next, nil
		}
	}
	return session.Session{}, err
}

// read asks for what open understands.
func (s *Store) read(ctx context.Context, id session.ID) *redis.SliceCmd {
	return s.client.HMGet(ctx, sessionKey+sessionName(id), "rev", "unionid", "keys", "obtained", "created", "refreshed")
}

// open makes a session of its stored fields. When its keys cannot be unsealed, the session without them comes with the error.
func (s *Store) open(id session.ID, stored []any) (v session.Session, rev string, err error) {
	f := fields{key: sessionKey + sessionName(id), values: stored}
	if f.none() {
		return session.Session{}, "", session.ErrNotFound
	}
	v.ID = id
	rev, v.UnionID = f.text(0), wechat.UnionID(f.text(1))
	sealed := f.text(2)
	v.KeyObtained, v.Created, v.Refreshed = f.moment(3), f.moment(4), f.moment(5)
	if f.err != nil {
		return session.Session{}, "", f.err
	}
	return v, rev, session.UnsealKeys(s.sealer, &v, []byte(sealed))
}

// Get implements [session.Store].
func (s *Store) Get(ctx context.Context, id session.ID) (found session.Session, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		stored, err := s.read(ctx, id).Result()
		if err == nil {
			found, _, err = s.open(id, stored)
		}
		return err
	})
	if err != nil {
		return session.Session{}, err
	}
	return found, nil
}

// Delete implements [session.Store].
func (s *Store) Delete(ctx context.Context, id session.ID) error {
	of := sessionName(id)
	return s.do(ctx, func(ctx context.Context) error {
		removed, err := s.scripts.remove.Run(ctx, s.client, []string{sessionKey + of, sessionIndex}, of).Int()
		if err == nil && removed == 0 {
			return session.ErrNotFound
		}
		return err
	})
}

// Ping implements [session.Store]. It writes: a Redis that is full, or was made a replica, answers but cannot keep anything.
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error { return s.client.Set(ctx, readyKey, "", time.Minute).Err() })
}

// Close implements [session.Store]. Everything that was answered has been written.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.client.Close()
}

// fields reads the values of a hash. The first that is missing or malformed is its error.
type fields struct {
	key    string
	values []any
	err    error
}

func (f *fields) none() bool {
	for _, v := range f.values {
		if v != nil {
			return false
		}
	}
	return true
}

func (f *fields) text(i int) string {
	if i < len(f.values) {
		if text, ok := f.values[i].(string); ok {
			return text
		}
	}
	f.fail()
	return ""
}

func (f *fields) moment(i int) time.Time {
	micro, err := strconv.ParseInt(f.text(i), 10, 64)
	if err != nil {
		f.fail()
	}
	return moment(micro)
}

func (f *fields) fail() {
	if f.err == nil {
		f.err = damaged(f.key)
	}
}

func moment(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
