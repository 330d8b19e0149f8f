-- Writes what is known of some users of one shard: of each everything, or nothing if somebody else has written meanwhile.
-- KEYS: users, leases, outbox
-- ARGV: the most that the outbox may hold; then for each write the user, the tag before or '', the tag and the record after
--   or '', the lease or '', how many changes, and the changes
-- Answers for each write 1 if it is as wanted, otherwise what is there instead.
local users, leases, outbox = KEYS[1], KEYS[2], KEYS[3]

-- What is of another kind fails here, and not in the middle.
redis.call('ZCARD', leases)
if redis.call('XLEN', outbox) > tonumber(ARGV[1]) then
  return redis.error_reply('OOM nobody relays what is in the outbox')
end

local answers = {}
local at = 2
while ARGV[at] do
  local user, before, after, lease, changes = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local there = redis.call('HGET', users, user)
  local tag = there and there:sub(1, 8)
  if tag == (before ~= '' and before) then
    -- What takes away comes first where there is nothing to add: it is allowed in a full Redis, and so is what follows it.
    if after == '' then redis.call('HDEL', users, user) else redis.call('HSET', users, user, after) end
    if lease == '' then redis.call('ZREM', leases, user) else redis.call('ZADD', leases, lease, user) end
    for change = at + 5, at + 4 + changes do
      redis.call('XADD', outbox, '*', 'c', ARGV[change])
    end
    answers[#answers + 1] = 1
  elseif after ~= '' and tag == after:sub(1, 8) then
    -- This very write has come before: its answer was lost on the way.
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = there
  end
  at = at + 5 + changes
end
return answers
