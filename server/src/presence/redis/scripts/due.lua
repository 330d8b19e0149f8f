-- Hands out those of one shard for whom something is due, oldest first, and leaves them alone for a while. Notes that somebody
-- has looked, and when nobody had for long: then nobody could be heard either.
-- KEYS: leases, users, watch
-- ARGV: now, when they are due again, how many at most, how long nobody may look, how often it is noted that somebody has
-- Answers from when until when nobody had looked, the last time, or '' twice; then each user, and the tag and the record.
local leases, users, watch = KEYS[1], KEYS[2], KEYS[3]

-- By the clock here: a Redis that goes on after a while finds what was asked of it meanwhile, and does all of that now.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('HMGET', watch, 'alive', 'since', 'until')
local alive = tonumber(seen[1] or now)
if now - alive > tonumber(ARGV[4]) then
  seen[2], seen[3] = seen[1], string.format('%.0f', now)
  redis.call('HSET', watch, 'since', seen[2], 'until', seen[3])
end
-- A Redis that is full refuses this, and so the rest: whoever cannot be heard is not judged.
if not seen[1] or now - alive >= tonumber(ARGV[5]) then
  redis.call('HSET', watch, 'alive', string.format('%.0f', now))
end

local found = { seen[2] or '', seen[3] or '' }
for _, user in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local there = redis.call('HGET', users, user)
  if there then
    redis.call('ZADD', leases, ARGV[2], user)
    found[#found + 1] = user
    found[#found + 1] = there
  else
    redis.call('ZREM', leases, user)
  end
end
return found
