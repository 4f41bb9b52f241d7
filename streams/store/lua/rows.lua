-- Several rows of counts of a shard. KEYS: meta, for the shard's slot. ARGV: key prefix of the shard,
-- cmsgpack{rows}. Returns a row each: {field, value, ...}.
-- A command for each of a pipeline costs its client thirty times as much as the server, and an
-- argument for each of a script still ten times: hence one text.
local rows = {}
for i, key in ipairs(cmsgpack.unpack(ARGV[2])) do
  rows[i] = redis.call('HGETALL', ARGV[1] .. key)
end
return rows
