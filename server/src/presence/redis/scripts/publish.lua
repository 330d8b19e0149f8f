-- Puts changes of one shard at the end of the feed, each once. Makes the feed if there is none; begins a new epoch where
-- another server answers for it, which may not have all that the one before has told.
-- KEYS: stream, state
-- ARGV: the layout of all keys, the newest epoch that the caller knows, how many changes to keep, the shard; then for each
--   change its id in the outbox, and the change
-- Answers the epoch and the newest offset.
local stream, state = KEYS[1], KEYS[2]

local function text(number) return string.format('%.0f', number) end

local function is_newer(id, mark)
  local ms, count = id:match('^(%d+)-(%d+)$')
  local mark_ms, mark_count = mark:match('^(%d+)-(%d+)$')
  ms, mark_ms = tonumber(ms), tonumber(mark_ms)
  return ms > mark_ms or ms == mark_ms and tonumber(count) > tonumber(mark_count)
end

local mark_of = 'relayed:' .. ARGV[4]
local kept = redis.call('HMGET', state, 'layout', 'epoch', 'offset', 'server', mark_of)
if kept[1] and kept[1] ~= ARGV[1] then
  return redis.error_reply('STRANGE ' .. kept[1])
end
local epoch, offset, mark = tonumber(kept[2] or 0), tonumber(kept[3] or 0), kept[5] or '0-0'

-- Who may not ask which server this is has to do without.
local said = redis.pcall('INFO', 'server')
local server = type(said) == 'string' and said:match('run_id:(%x+)') or ''
local known = tonumber(ARGV[2])
local is_new = epoch == 0 or epoch < known or kept[4] ~= server
if is_new then
  local now = redis.call('TIME')
  epoch = math.max(now[1] * 1000 + math.floor(now[2] / 1000), epoch + 1, known + 1)
  offset = 0
end

local has_moved = false
for at = 5, #ARGV, 2 do
  if is_newer(ARGV[at], mark) then
    offset, mark, has_moved = offset + 1, ARGV[at], true
    redis.call('XADD', stream, 'MAXLEN', '~', ARGV[3], text(epoch) .. '-' .. text(offset), 'c', ARGV[at + 1])
  end
end
if is_new or has_moved then
  redis.call('HSET', state, 'layout', ARGV[1], 'epoch', text(epoch), 'offset', text(offset), 'server', server, mark_of, mark)
end
return { text(epoch), text(offset) }
