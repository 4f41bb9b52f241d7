-- Keep a snapshot that covers exactly what is applied, and start the journal anew.
-- KEYS: meta, snapshot, journal, quarantine. ARGV: epoch, number of the last work in it, blob, then
-- topic, next, topic, next, ...
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
-- Ticks and views move no watermark: without the number a store that lost one would take a snapshot
-- that has it.
if (redis.call('HGET', KEYS[1], 'seq') or '0') ~= ARGV[2] then return 0 end
local covered = {}
for i = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], 'next:' .. ARGV[i]) ~= ARGV[i + 1] then return 0 end
  covered[ARGV[i]] = tonumber(ARGV[i + 1])
end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('DEL', KEYS[3])
-- What the snapshot covers is never given to a step again.
for _, where in ipairs(redis.call('HKEYS', KEYS[4])) do
  local topic, offset = string.match(where, '^(.+):(%d+)$')
  if tonumber(offset) < (covered[topic] or 0) then redis.call('HDEL', KEYS[4], where) end
end
return 1
