-- Take a shard over. KEYS: meta, journal, quarantine. ARGV: the epoch that the caller holds, or ''.
-- A new epoch fences off the owner before; one who still holds the current one goes on with it.
-- Epochs are microseconds since 1970 at least, so that none comes again in a store that was emptied.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch or epoch ~= ARGV[1] then
  local now = redis.call('TIME')
  local after = math.max(tonumber(epoch or '0') + 1, now[1] * 1000000 + now[2])
  redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', after))
end
return {
  redis.call('HGETALL', KEYS[1]),
  redis.call('LRANGE', KEYS[2], 0, -1),
  redis.call('HGETALL', KEYS[3]),
}
