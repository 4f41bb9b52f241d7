-- Keep an event from its step. KEYS: meta, quarantine. ARGV: epoch, topic, offset, why.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
-- The effects of what is below the watermark are in the store: a replay has to learn them.
local applied = tonumber(redis.call('HGET', KEYS[1], 'next:' .. ARGV[2]) or '0')
if tonumber(ARGV[3]) < applied then return 0 end
redis.call('HSET', KEYS[2], ARGV[2] .. ':' .. ARGV[3], ARGV[4])
return 1
