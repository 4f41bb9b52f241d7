-- Take a shard over. KEYS: meta, journal. ARGV: the epoch that the caller holds, or ''.
-- A new epoch fences off the owner before; one who still holds the current one goes on with it.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch or epoch ~= ARGV[1] then redis.call('HINCRBY', KEYS[1], 'epoch', 1) end
return {redis.call('HGETALL', KEYS[1]), redis.call('LRANGE', KEYS[2], 0, -1)}
