package redis

import (
	"github.com/redis/go-redis/v9"
)

// Each script is one atomic step. A client whose connection breaks sends its command again, not knowing whether the first one
// arrived, so each script gives the same answer when it is told the same thing twice.
type scripts struct {
	save, remove, claim, revoke, cutOff, record, saveToken, sweep, sweepExchanges *redis.Script
}

func newScripts() scripts {
	return scripts{
		save:           redis.NewScript(saveScript),
		remove:         redis.NewScript(removeScript),
		claim:          redis.NewScript(claimScript),
		revoke:         redis.NewScript(revokeScript),
		cutOff:         redis.NewScript(cutOffScript),
		record:         redis.NewScript(recordScript),
		saveToken:      redis.NewScript(saveTokenScript),
		sweep:          redis.NewScript(sweepScript),
		sweepExchanges: redis.NewScript(sweepExchangesScript),
	}
}

const (
	// saveScript writes a session if it is still as it was read; otherwise it returns how it is now.
	// KEYS: session, index. ARGV: name, revision read ('' for none), new revision, score, unionid, keys, obtained, created, refreshed.
	saveScript = `
local rev = redis.call('HGET', KEYS[1], 'rev') or ''
if rev ~= ARGV[2] and rev ~= ARGV[3] then
	return redis.call('HMGET', KEYS[1], 'rev', 'unionid', 'keys', 'obtained', 'created', 'refreshed')
end
redis.call('HSET', KEYS[1], 'rev', ARGV[3], 'unionid', ARGV[5], 'keys', ARGV[6], 'obtained', ARGV[7], 'created', ARGV[8], 'refreshed', ARGV[9])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
return {}`

	// removeScript forgets a thing. KEYS: thing, index. ARGV: name.
	removeScript = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`

	// claimScript takes a code unless somebody else's claim of it runs. KEYS: claim, index. ARGV: name, owner, now, until, sweep.
	claimScript = `
local held = redis.call('GET', KEYS[1])
if held then
	local ends, owner = string.match(held, '^(%-?%d+) (.*)$')
	if owner ~= ARGV[2] and tonumber(ends) > tonumber(ARGV[3]) then
		return 0
	end
end
redis.call('SET', KEYS[1], ARGV[4] .. ' ' .. ARGV[2], 'PX', ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
return 1`

	// revokeScript ends a token unless that has been done. KEYS: revocation, index. ARGV: name, value, until, sweep.
	revokeScript = `
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[4]) then
	redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
return 1`

	// recordScript adds an entry to a code's history. KEYS: history, index, counter. ARGV: name, owner, at, text, sweep.
	recordScript = `
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], ARGV[3])) do
	if string.sub(entry, 18, 17 + #ARGV[2]) == ARGV[2] then
		return 1
	end
end
local number = redis.call('INCR', KEYS[3])
redis.call('ZADD', KEYS[1], ARGV[3], string.format('%016.0f ', number) .. ARGV[2] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[2], oldest[2], ARGV[1])
return 1`

	// saveTokenScript keeps a token unless one is there that was obtained later.
	// KEYS: token, index. ARGV: name, value, obtained, expires, sweep.
	saveTokenScript = `
local obtained = redis.call('HGET', KEYS[1], 'obtained')
if obtained and tonumber(obtained) > tonumber(ARGV[3]) then
	return 1
end
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'obtained', ARGV[3], 'expires', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
return 1`

	// sweepScript forgets up to a number of things whose score lies in a range, and returns how many it found.
	// KEYS: index. ARGV: lowest, highest, number, the things' prefix.
	sweepScript = `
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
for _, name in ipairs(gone) do
	redis.call('UNLINK', ARGV[4] .. name)
	redis.call('ZREM', KEYS[1], name)
end
return #gone`

	// sweepExchangesScript forgets entries of codes up to a time, for up to a number of codes, and returns how many codes it found.
	// KEYS: index. ARGV: time, number, the histories' prefix.
	sweepExchangesScript = `
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, name in ipairs(old) do
	local history = ARGV[3] .. name
	redis.call('ZREMRANGEBYSCORE', history, '-inf', ARGV[1])
	local oldest = redis.call('ZRANGE', history, 0, 0, 'WITHSCORES')
	if oldest[2] then
		redis.call('ZADD', KEYS[1], oldest[2], name)
	else
		redis.call('ZREM', KEYS[1], name)
	end
end
return #old`
)
