-- What the server does when its memory is full. A script, as it has a key: so each server can be asked that has one of ours.
-- KEYS: one of the server that is asked
-- Answers the policy, or '' where nobody may ask or memory has no end.
local said = redis.pcall('INFO', 'memory')
if type(said) ~= 'string' or said:match('maxmemory:(%d+)') == '0' then
  return ''
end
return said:match('maxmemory_policy:([%w-]+)') or ''
