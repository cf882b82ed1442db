package redis

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// cutOffScript is session.Cutoff.After. KEYS: cutoff, index. ARGV: name, before, spares, made, until, reason, sweep.
const cutOffScript = `
local before, ends = ARGV[2], ARGV[5]
local old = redis.call('HMGET', KEYS[1], 'before', 'until')
if old[1] and tonumber(old[1]) > tonumber(before) then
	before = old[1]
end
if old[2] and tonumber(old[2]) > tonumber(ends) then
	ends = old[2]
end
redis.call('HSET', KEYS[1], 'before', before, 'spares', ARGV[3], 'made', ARGV[4], 'until', ends, 'reason', ARGV[6])
redis.call('PEXPIRE', KEYS[1], math.max(tonumber(ARGV[7]), redis.call('PTTL', KEYS[1])))
redis.call('ZADD', KEYS[2], ends, ARGV[1])
return 1`

// CutOff implements [session.Store].
func (s *Store) CutOff(ctx context.Context, c session.Cutoff) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	of := sessionName(c.ID)
	return s.do(ctx, func(ctx context.Context) error {
		return s.scripts.cutOff.Run(ctx, s.client, []string{cutoffKey + of, cutoffIndex},
			of, micro(c.Before), c.Except, micro(c.At), micro(c.Until), c.Reason, sweepAfter(c.At, c.Until)).Err()
	})
}

// Cutoffs implements [session.Store].
func (s *Store) Cutoffs(ctx context.Context, user session.ID) (list []session.Cutoff, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		list = nil
		openIDs := []wechat.OpenID{"", user.OpenID}
		answers := make([]*redis.SliceCmd, len(openIDs))
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range openIDs {
				answers[i] = p.HMGet(ctx, cutoffKey+sessionName(session.ID{Origin: user.Origin, AppID: user.AppID, OpenID: id}), "before", "spares", "made", "until", "reason")
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, id := range openIDs {
			f := fields{key: cutoffKey + sessionName(user), values: answers[i].Val()}
			if f.none() {
				continue
			}
			c := session.Cutoff{
				ID:     session.ID{Origin: user.Origin, AppID: user.AppID, OpenID: id},
				Before: f.moment(0), Except: f.text(1), At: f.moment(2), Until: f.moment(3), Reason: f.text(4),
			}
			if f.err != nil {
				return f.err
			}
			list = append(list, c)
		}
		return nil
	})
	return list, err
}
