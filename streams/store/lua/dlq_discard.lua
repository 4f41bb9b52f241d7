-- Mark a dead letter as discarded. KEYS: mark. ARGV: reason, seconds to keep it.
local now = tonumber(redis.call('TIME')[1])
local had = redis.call('HMGET', KEYS[1], 'state', 'claim', 'until', 'replays')
local replays = tonumber(had[4] or 0)
if had[2] and tonumber(had[3]) > now then return {'claimed', replays, tonumber(had[3]) - now} end
if had[1] then return {had[1], replays, 0} end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'discarded', 'at', now, 'because', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {'yours', replays, 0}
