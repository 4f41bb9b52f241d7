-- Claim a dead letter for sending. KEYS: mark. ARGV: token, again (0 or 1), seconds.
local now = tonumber(redis.call('TIME')[1])
local had = redis.call('HMGET', KEYS[1], 'state', 'claim', 'until', 'replays')
local replays = tonumber(had[4] or 0)
if had[2] and had[2] ~= ARGV[1] and tonumber(had[3]) > now then
  return {'claimed', replays, tonumber(had[3]) - now}
end
if had[1] and ARGV[2] == '0' then return {had[1], replays, 0} end
redis.call('HSET', KEYS[1], 'claim', ARGV[1], 'until', now + tonumber(ARGV[3]))
-- A claim alone must not stay for ever; what was marked before has its own time to live.
if not had[1] then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return {'yours', replays, 0}
