-- Notes that a shard was put together, if all of it is still there.
-- KEYS: the mark
-- ARGV: what it was when the work began, and what it is to be
-- Answers whether it is.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
