package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The names of sessions are read in pages: few at first, which is all that Newest needs, and later so many that Redis is kept from
// others for well under a millisecond.
const (
	firstPage = 4
	maxPage   = 500
)

// Newest implements [session.Store].
func (s *Store) Newest(ctx context.Context, origin wechat.Origin, app wechat.AppID) (session.Session, error) {
	var found session.Session
	failure := session.ErrNotFound
	err := s.pages(ctx, "+inf", session.Filter{Origin: origin, AppID: app}, func(ids []session.ID) (more bool, err error) {
		for _, id := range ids {
			found, failure = s.Get(ctx, id)
			if !errors.Is(failure, session.ErrNotFound) { // else deleted since its name was read
				return false, nil
			}
		}
		return true, nil
	})
	if err = errors.Join(err, failure); err != nil {
		return session.Session{}, err
	}
	return found, nil
}

// List implements [session.Store]. It reads from the latest login to the earliest, so a session whose user logs in meanwhile may
// jump from the pages to come to those that are past: what is newer than the first of them is read once more.
func (s *Store) List(ctx context.Context, f session.Filter) ([]session.Session, error) {
	seen := map[session.ID]session.Session{}
	begin := ""
	collect := func(ids []session.ID) (more bool, err error) {
		found, err := s.summaries(ctx, ids)
		for _, v := range found {
			if begin == "" {
				begin = strconv.FormatInt(-v.Refreshed.UnixMicro(), 10)
			}
			seen[v.ID] = v
		}
		return f.Limit == 0 || len(seen) < f.Limit, err
	}
	err := s.pages(ctx, "+inf", f, collect)
	if err == nil && begin != "" {
		err = s.pages(ctx, "("+begin, f, collect)
	}
	if err != nil {
		return nil, err
	}
	var list []session.Session
	for _, v := range seen {
		list = append(list, v)
	}
	slices.SortFunc(list, session.Compare)
	if f.Limit > 0 {
		list = list[:min(f.Limit, len(list))]
	}
	return list, nil
}

// pages visits the sessions that f selects, in the order of [session.Compare], down to a score, until visit wants no more.
func (s *Store) pages(ctx context.Context, until string, f session.Filter, visit func([]session.ID) (more bool, err error)) error {
	from, offset := "-inf", int64(0)
	for size := int64(firstPage); ; size = min(size*firstPage, maxPage) {
		var page []redis.Z
		err := s.do(ctx, func(ctx context.Context) (err error) {
			by := &redis.ZRangeBy{Min: from, Max: until, Offset: offset, Count: size}
			page, err = s.client.ZRangeByScoreWithScores(ctx, sessionIndex, by).Result()
			return err
		})
		if err != nil {
			return err
		}
		var ids []session.ID
		for _, entry := range page {
			id, err := parseSessionName(member(entry))
			if err != nil {
				return explain(s.address, damaged(sessionIndex))
			}
			if f.Match(id) {
				ids = append(ids, id)
			}
			// The next page begins where this one ends: behind so many names of the same score.
			score := strconv.FormatFloat(entry.Score, 'f', -1, 64)
			if score != from {
				from, offset = score, 0
			}
			offset++
		}
		if more, err := visit(ids); err != nil || !more || len(page) < int(size) {
			return err
		}
	}
}

// member is a name in a sorted set.
func member(entry redis.Z) string {
	text, _ := entry.Member.(string) // as every reply has it
	return text
}

// summaries reads sessions without their keys. What was deleted meanwhile is left out.
func (s *Store) summaries(ctx context.Context, ids []session.ID) (list []session.Session, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.do(ctx, func(ctx context.Context) error {
		list = nil
		answers := make([]*redis.SliceCmd, len(ids))
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range ids {
				answers[i] = p.HMGet(ctx, sessionKey+sessionName(id), "unionid", "obtained", "created", "refreshed")
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, id := range ids {
			f := fields{key: sessionKey + sessionName(id), values: answers[i].Val()}
			if f.none() {
				continue
			}
			v := session.Session{ID: id, UnionID: wechat.UnionID(f.text(0)), KeyObtained: f.moment(1), Created: f.moment(2), Refreshed: f.moment(3)}
			if f.err != nil {
				return f.err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}
