-- Hashes of a shard, or some of their fields. KEYS: meta, for the shard's slot. ARGV: key prefix of the
-- shard, cmsgpack{{key, {fields} or false}, ...}. Returns for each {field, value, ...}, or the values of
-- the fields.
-- A command for each of a pipeline costs its client thirty times as much as the server, and an
-- argument for each of a script still ten times: hence one text.
local found = {}
for i, wanted in ipairs(cmsgpack.unpack(ARGV[2])) do
  local key, fields = ARGV[1] .. wanted[1], wanted[2]
  if fields then
    local values = {}
    for n, field in ipairs(fields) do values[n] = redis.call('HGET', key, field) end
    found[i] = values
  else
    found[i] = redis.call('HGETALL', key)
  end
end
return found
