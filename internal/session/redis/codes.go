package redis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// sweepAfter is when Redis may forget what ends so long after now by our clock, in milliseconds.
func sweepAfter(now, ends time.Time) int64 {
	return (max(0, ends.Sub(now)) + sweepMargin).Milliseconds()
}

func micro(t time.Time) int64 { return session.Instant(t).UnixMicro() }

// Claim implements [session.Store].
func (s *Store) Claim(ctx context.Context, codeHash [sha256.Size]byte, now, until time.Time) (claimed bool, err error) {
	of, owner := hashName(codeHash), fresh()
	err = s.do(ctx, func(ctx context.Context) (err error) {
		claimed, err = s.scripts.claim.Run(ctx, s.client, []string{claimKey + of, claimIndex},
			of, owner, micro(now), micro(until), sweepAfter(now, until)).Bool()
		return err
	})
	return claimed && err == nil, err
}

// Release implements [session.Store].
func (s *Store) Release(ctx context.Context, codeHash [sha256.Size]byte) error {
	of := hashName(codeHash)
	return s.do(ctx, func(ctx context.Context) error {
		return s.scripts.remove.Run(ctx, s.client, []string{claimKey + of, claimIndex}, of).Err()
	})
}

// Revoke implements [session.Store].
func (s *Store) Revoke(ctx context.Context, r session.Revocation) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	of := name(r.TokenID)
	value := fmt.Sprintf("%d %d %s", micro(r.At), micro(r.Until), r.Reason)
	return s.do(ctx, func(ctx context.Context) error {
		return s.scripts.revoke.Run(ctx, s.client, []string{revokedKey + of, revokedIndex}, of, value, micro(r.Until), sweepAfter(r.At, r.Until)).Err()
	})
}

// Revoked implements [session.Store].
func (s *Store) Revoked(ctx context.Context, tokenID string) (found *session.Revocation, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		key := revokedKey + name(tokenID)
		value, err := s.client.Get(ctx, key).Result()
		switch {
		case errors.Is(err, redis.Nil):
			return nil
		case err != nil:
			return err
		}
		parts := strings.SplitN(value, " ", 3)
		if len(parts) != 3 {
			return damaged(key)
		}
		at, err1 := strconv.ParseInt(parts[0], 10, 64)
		until, err2 := strconv.ParseInt(parts[1], 10, 64)
		if errors.Join(err1, err2) != nil {
			return damaged(key)
		}
		found = &session.Revocation{TokenID: tokenID, At: moment(at), Until: moment(until), Reason: parts[2]}
		return nil
	})
	return found, err
}

func exchangesName(origin wechat.Origin, codeHash [sha256.Size]byte) string {
	return name(string(origin), hashName(codeHash))
}

// Record implements [session.Store].
func (s *Store) Record(ctx context.Context, e session.Exchange) error {
	if err := e.Check(); err != nil {
		return fmt.Errorf("record exchange: %w", err)
	}
	keys, args := entry(e)
	return s.do(ctx, func(ctx context.Context) error { return s.scripts.record.Run(ctx, s.client, keys, args...).Err() })
}

// entry is what the scripts' function record takes.
func entry(e session.Exchange) (keys []string, args []any) {
	of := exchangesName(e.Origin, e.CodeHash)
	text := fmt.Sprintf("%s %d %s", e.Outcome, e.ErrCode, e.AppID)
	return []string{exchangeKey + of, exchangeIndex, exchangeCount},
		[]any{of, fresh(), micro(e.At), text, (session.LedgerLife + sweepMargin).Milliseconds()}
}

// Begin implements [session.Store].
func (s *Store) Begin(ctx context.Context, e session.Exchange, until time.Time) (begun bool, err error) {
	if err := e.Check(); err != nil {
		return false, fmt.Errorf("begin exchange: %w", err)
	}
	keys, args := entry(e)
	code := hashName(e.Claim())
	keys, args = append(keys, claimKey+code, claimIndex), append(args, code, micro(until), sweepAfter(e.At, until))
	err = s.do(ctx, func(ctx context.Context) (err error) {
		begun, err = s.scripts.begin.Run(ctx, s.client, keys, args...).Bool()
		return err
	})
	return begun && err == nil, err
}

// End implements [session.Store].
func (s *Store) End(ctx context.Context, e session.Exchange, l *session.Login) (saved session.Session, err error) {
	if err := e.CheckEnd(l); err != nil {
		return session.Session{}, fmt.Errorf("end exchange: %w", err)
	}
	keys, args := entry(e)
	code := hashName(e.Claim())
	keys, args = append(keys, claimKey+code, claimIndex), append(args, code)
	err = s.do(ctx, func(ctx context.Context) (err error) {
		if l == nil {
			return s.scripts.end.Run(ctx, s.client, keys, args...).Err()
		}
		keys := append(keys, sessionKey+sessionName(l.ID), sessionIndex)
		saved, err = s.update(ctx, *l, func(session []any) (stored []any, err error) {
			return s.scripts.end.Run(ctx, s.client, keys, slices.Concat(args, session)...).Slice()
		})
		return err
	})
	if err != nil {
		return session.Session{}, err
	}
	return saved, nil
}

// Exchanges implements [session.Store].
func (s *Store) Exchanges(ctx context.Context, origin wechat.Origin, codeHash [sha256.Size]byte) (history []session.Exchange, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		history = nil
		key := exchangeKey + exchangesName(origin, codeHash)
		entries, err := s.client.ZRangeWithScores(ctx, key, 0, -1).Result()
		if err != nil {
			return err
		}
		for _, entry := range entries {
			parts := strings.SplitN(member(entry), " ", 5) // number, owner, outcome, errcode, appid
			if len(parts) != 5 {
				return damaged(key)
			}
			errCode, err := strconv.Atoi(parts[3])
			if err != nil {
				return damaged(key)
			}
			history = append(history, session.Exchange{
				Origin: origin, AppID: wechat.AppID(parts[4]), CodeHash: codeHash, At: moment(int64(entry.Score)),
				Outcome: session.Outcome(parts[2]), ErrCode: wechat.ErrCode(errCode),
			})
		}
		return nil
	})
	return history, err
}

// SaveAccessToken implements [session.Store].
func (s *Store) SaveAccessToken(ctx context.Context, t session.AccessToken) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("save access token: %w", err)
	}
	sealed, err := session.SealToken(s.sealer, t)
	if err != nil {
		return err
	}
	of := name(string(t.Origin), string(t.AppID))
	return s.do(ctx, func(ctx context.Context) error {
		return s.scripts.saveToken.Run(ctx, s.client, []string{tokenKey + of, tokenIndex},
			of, sealed, micro(t.Obtained), micro(t.Expires), sweepAfter(t.Obtained, t.Expires)).Err()
	})
}

// AccessToken implements [session.Store].
func (s *Store) AccessToken(ctx context.Context, origin wechat.Origin, app wechat.AppID) (found *session.AccessToken, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		found = nil
		key := tokenKey + name(string(origin), string(app))
		stored, err := s.client.HMGet(ctx, key, "value", "obtained", "expires").Result()
		if err != nil {
			return err
		}
		f := fields{key: key, values: stored}
		if f.none() {
			return nil
		}
		t := session.AccessToken{Origin: origin, AppID: app, Obtained: f.moment(1), Expires: f.moment(2)}
		if sealed := f.text(0); f.err == nil && session.UnsealToken(s.sealer, &t, []byte(sealed)) {
			found = &t
		}
		return f.err
	})
	return found, err
}

// sweepPage is how many things are forgotten at a time, so that a sweep of many leaves room for others between its steps.
const sweepPage = 500

// Expire implements [session.Store].
func (s *Store) Expire(ctx context.Context, now, sessionsBefore time.Time) error {
	until := strconv.FormatInt(micro(now), 10)
	for _, kind := range []struct{ index, from, to, things string }{
		{sessionIndex, "(" + strconv.FormatInt(-micro(sessionsBefore), 10), "+inf", sessionKey},
		{claimIndex, "-inf", until, claimKey},
		{revokedIndex, "-inf", until, revokedKey},
		{cutoffIndex, "-inf", until, cutoffKey},
		{tokenIndex, "-inf", until, tokenKey},
	} {
		err := s.sweep(ctx, s.scripts.sweep, kind.index, kind.from, kind.to, sweepPage, kind.things)
		if err != nil {
			return err
		}
	}
	return s.sweep(ctx, s.scripts.sweepExchanges, exchangeIndex, micro(now.Add(-session.LedgerLife)), sweepPage, exchangeKey)
}

// sweep runs a script until it finds less than a page.
func (s *Store) sweep(ctx context.Context, script *redis.Script, index string, args ...any) error {
	for found := sweepPage; found == sweepPage; {
		err := s.do(ctx, func(ctx context.Context) (err error) {
			found, err = script.Run(ctx, s.client, []string{index}, args...).Int()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
