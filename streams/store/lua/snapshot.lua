-- Keep a snapshot that covers exactly what is applied, and start the journal anew.
-- KEYS: meta, snapshot, journal. ARGV: epoch, blob, then topic, next, topic, next, ...
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], 'next:' .. ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1
