-- What changed in a part of the view after a version. KEYS: rows, version, undo list. ARGV: version.
-- Returns {current version, item, blob, item, blob, ...}; all rows if the history is too short.
local current, since = tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[1])
if since >= current then return {current} end
local length = redis.call('LLEN', KEYS[3])
local answer, seen = {current}, {}
if since < current - length then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all do answer[#answer + 1] = all[i] end
  return answer
end
for _, packed in ipairs(redis.call('LRANGE', KEYS[3], since - current, -1)) do
  local olds = cmsgpack.unpack(packed)[2]
  for i = 1, #olds, 2 do
    if not seen[olds[i]] then
      seen[olds[i]] = true
      answer[#answer + 1] = olds[i]
      answer[#answer + 1] = redis.call('HGET', KEYS[1], olds[i])
    end
  end
end
return answer
