-- What changed in a part of the view after a version. KEYS: rows, version, undo list. ARGV: version.
-- Returns {current version, 1 if these are all rows, item, blob, item, blob, ...}; no blob: the row
-- is gone. All rows are returned if the version is not in the history: too old, or lost.
local current, since = tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[1])
if since == current then return {current, 0} end
local answer, seen = {current, 0}, {}
for number = 1, redis.call('LLEN', KEYS[3]) do
  local before, olds = unpack(cmsgpack.unpack(redis.call('LINDEX', KEYS[3], -number)))
  for i = 1, #olds, 2 do
    if not seen[olds[i]] then
      seen[olds[i]] = true
      answer[#answer + 1] = olds[i]
      answer[#answer + 1] = redis.call('HGET', KEYS[1], olds[i])
    end
  end
  if before == since then return answer end
  if before < since then break end
end
local all = redis.call('HGETALL', KEYS[1])
answer = {current, 1}
for i = 1, #all do answer[#answer + 1] = all[i] end
return answer
