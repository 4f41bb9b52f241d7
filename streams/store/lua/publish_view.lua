-- Replace rows of a part of the view, remembering what they were.
-- KEYS: rows, version, undo list. ARGV: versions kept, then item, blob, item, blob, ...
local version, olds = redis.call('INCR', KEYS[2]), {}
for i = 2, #ARGV, 2 do
  olds[#olds + 1] = ARGV[i]
  olds[#olds + 1] = redis.call('HGET', KEYS[1], ARGV[i])
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('RPUSH', KEYS[3], cmsgpack.pack({version, olds}))
redis.call('LTRIM', KEYS[3], -tonumber(ARGV[1]), -1)
return version
