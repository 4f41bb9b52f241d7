-- Replace rows of a part of the view, remembering what they were.
-- KEYS: rows, version, undo list. ARGV: versions kept, then item, blob, item, blob, ...; an empty
-- blob: the row goes.
-- Versions are microseconds since 1970 at least, so that a store which lost its newest ones does not
-- give their numbers to others: a worker may still hold what is lost.
local before, now = tonumber(redis.call('GET', KEYS[2]) or '0'), redis.call('TIME')
local version = math.max(before + 1, now[1] * 1000000 + now[2])
local olds = {}
for i = 2, #ARGV, 2 do
  olds[#olds + 1] = ARGV[i]
  olds[#olds + 1] = redis.call('HGET', KEYS[1], ARGV[i])
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('SET', KEYS[2], string.format('%.0f', version))
redis.call('RPUSH', KEYS[3], cmsgpack.pack({before, olds}))
redis.call('LTRIM', KEYS[3], -tonumber(ARGV[1]), -1)
return version
