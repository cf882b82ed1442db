package redis

import (
	"github.com/redis/go-redis/v9"
)

// Each script is one atomic step. A client whose connection breaks sends its command again, not knowing whether the first one
// arrived, so each script gives the same answer when it is told the same thing twice.
type scripts struct {
	save, remove, claim, begin, end, revoke, cutOff, record, saveToken, sweep, sweepExchanges *redis.Script
}

func newScripts() scripts {
	return scripts{
		save:           redis.NewScript(saveScript),
		remove:         redis.NewScript(removeScript),
		claim:          redis.NewScript(claimScript),
		begin:          redis.NewScript(beginScript),
		end:            redis.NewScript(endScript),
		revoke:         redis.NewScript(revokeScript),
		cutOff:         redis.NewScript(cutOffScript),
		record:         redis.NewScript(recordScript),
		saveToken:      redis.NewScript(saveTokenScript),
		sweep:          redis.NewScript(sweepScript),
		sweepExchanges: redis.NewScript(sweepExchangesScript),
	}
}

const (
	// saveFunction writes a session if it is still as it was read, and returns nothing; otherwise it returns how it is now. Its argument a
	// is the place of its ARGV: name, revision read ('' for none), new revision, score, unionid, keys, obtained, created, refreshed.
	saveFunction = `
local function save(session, index, a)
	local rev = redis.call('HGET', session, 'rev') or ''
	if rev ~= ARGV[a+1] and rev ~= ARGV[a+2] then
		return redis.call('HMGET', session, 'rev', 'unionid', 'keys', 'obtained', 'created', 'refreshed')
	end
	redis.call('HSET', session, 'rev', ARGV[a+2], 'unionid', ARGV[a+4], 'keys', ARGV[a+5], 'obtained', ARGV[a+6], 'created', ARGV[a+7], 'refreshed', ARGV[a+8])
	redis.call('ZADD', index, ARGV[a+3], ARGV[a])
end`

	// saveScript is save. KEYS: session, index. ARGV: save's.
	saveScript = saveFunction + `
return save(KEYS[1], KEYS[2], 1) or {}`

	// removeScript forgets a thing. KEYS: thing, index. ARGV: name.
	removeScript = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`

	// claimFunction takes a code unless somebody else's claim of it runs, and says whether it did.
	claimFunction = `
local function claim(key, index, name, owner, now, ends, sweep)
	local held = redis.call('GET', key)
	if held then
		local there, whose = string.match(held, '^(%-?%d+) (.*)$')
		if whose ~= owner and tonumber(there) > tonumber(now) then
			return false
		end
	end
	redis.call('SET', key, ends .. ' ' .. owner, 'PX', sweep)
	redis.call('ZADD', index, ends, name)
	return true
end`

	// claimScript is claim. KEYS: claim, index. ARGV: name, owner, now, until, sweep.
	claimScript = claimFunction + `
return claim(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]) and 1 or 0`

	// recordFunction adds an entry to a code's history.
	recordFunction = `
local function record(history, index, counter, name, owner, at, text, sweep)
	for _, entry in ipairs(redis.call('ZRANGEBYSCORE', history, at, at)) do
		if string.sub(entry, 18, 17 + #owner) == owner then
			return
		end
	end
	local number = redis.call('INCR', counter)
	redis.call('ZADD', history, at, string.format('%016.0f ', number) .. owner .. ' ' .. text)
	redis.call('PEXPIRE', history, sweep)
	local oldest = redis.call('ZRANGE', history, 0, 0, 'WITHSCORES')
	redis.call('ZADD', index, oldest[2], name)
end`

	// recordScript is record. KEYS: history, index, counter. ARGV: name, owner, at, text, sweep.
	recordScript = recordFunction + `
record(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1`

	// beginScript is claim, and record if that took the code.
	// KEYS: those of record, those of claim. ARGV: those of record, then the claim's name, until and sweep.
	beginScript = claimFunction + recordFunction + `
if not claim(KEYS[4], KEYS[5], ARGV[6], ARGV[2], ARGV[3], ARGV[7], ARGV[8]) then
	return 0
end
record(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1`

	// endScript is save where there is a session, and once that has written it, record, and the end of a claim.
	// KEYS: those of record, those of the claim, those of save. ARGV: those of record, the claim's name, those of save.
	endScript = saveFunction + recordFunction + `
local now = KEYS[6] and save(KEYS[6], KEYS[7], 7)
if now then
	return now
end
record(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
redis.call('ZREM', KEYS[5], ARGV[6])
redis.call('DEL', KEYS[4])
return {}`

	// revokeScript ends a token unless that has been done. KEYS: revocation, index. ARGV: name, value, until, sweep.
	revokeScript = `
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[4]) then
	redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
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
