-- Forget outbox records that are on Kafka. KEYS: meta, outbox. ARGV: epoch, number.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
local head = tonumber(redis.call('HGET', KEYS[1], 'out_head') or '0')
local upto = tonumber(ARGV[2])
if upto > head then
  redis.call('LTRIM', KEYS[2], upto - head, -1)
  redis.call('HSET', KEYS[1], 'out_head', upto)
end
return 1
