-- Hands out those of one shard for whom something is due, oldest first, and leaves them alone for a while.
-- KEYS: leases, users
-- ARGV: now, when they are due again, how many at most
-- Answers each user, and the tag and the record.
local leases, users = KEYS[1], KEYS[2]

local found = {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local there = redis.call('HGET', users, user)
  -- Taken out first even if it goes in again: a full Redis lets a script go on that has begun with that.
  redis.call('ZREM', leases, user)
  if there then
    redis.call('ZADD', leases, ARGV[2], user)
    found[#found + 1] = user
    found[#found + 1] = there
  end
end
return found
