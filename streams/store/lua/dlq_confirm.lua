-- Mark a dead letter as replayed. KEYS: mark. ARGV: token, number of the replay, seconds to keep it.
local now = tonumber(redis.call('TIME')[1])
local had = redis.call('HMGET', KEYS[1], 'claim', 'until')
local lost = had[1] and had[1] ~= ARGV[1] and tonumber(had[2]) > now
-- It was sent, whoever has the claim by now.
redis.call('HSET', KEYS[1], 'state', 'replayed', 'at', now, 'replays', ARGV[2])
redis.call('HDEL', KEYS[1], 'because')
if not lost then redis.call('HDEL', KEYS[1], 'claim', 'until') end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return lost and 0 or 1
