-- Several fields of a hash, as HMGET. KEYS: hash. ARGV: cmsgpack{fields}, as one text for the sake of
-- the client (see rows.lua).
local values = {}
for i, field in ipairs(cmsgpack.unpack(ARGV[1])) do values[i] = redis.call('HGET', KEYS[1], field) end
return values
