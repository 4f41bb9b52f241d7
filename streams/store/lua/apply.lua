-- The atomic step: fence, watermark, effects, dirty marks, journal, tally, outbox.
-- KEYS: meta, journal, outbox, tally (all of one shard, so of one cluster slot), and history if the
--       whole journal is to be kept
-- ARGV: epoch, key prefix of the shard, row ttl in s, cmsgpack{covers, drops, puts, ints, floats,
--       dirty, journal, tally, confirmed}, number of the work, then the outputs' records
-- Returns {status, number of the first output}: 1 applied, 0 already applied, -1 stale (another
-- owner has the shard), -2 rewound (the store is not where the work begins), -3 gone (no such shard).
local meta, epoch, prefix, ttl = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local current = redis.call('HGET', meta, 'epoch')
if not current then return {-3, 0} end
if current ~= epoch then return {-1, 0} end
local covers, drops, puts, ints, floats, dirty, journal, tally, confirmed =
  unpack(cmsgpack.unpack(ARGV[4]))

-- The number catches a call that is tried again after it had gone through unheard.
local number, seq = tonumber(ARGV[5]), tonumber(redis.call('HGET', meta, 'seq') or '0')
local function already()
  return {0, tonumber(redis.call('HGET', meta, 'out_next') or '0') - (#ARGV - 5)}
end
if number == seq then return already() end
if number ~= seq + 1 then return {-2, 0} end

local topics, done = #covers, 0
for _, cover in ipairs(covers) do
  local held = redis.call('HGET', meta, 'next:' .. cover[1])
  if held then
    held = tonumber(held)
    if held >= cover[3] then done = done + 1 elseif held ~= cover[2] then return {-2, 0} end
  end
end
if topics > 0 and done == topics then return already() end
if done > 0 then return {-2, 0} end

seq = redis.call('HINCRBY', meta, 'seq', 1)
for _, row in ipairs(drops) do
  for _, field in ipairs(row[2]) do redis.call('HDEL', prefix .. row[1], field) end
end
for _, row in ipairs(puts) do
  local key, fields = prefix .. row[1], row[2]
  for i = 1, #fields, 2 do redis.call('HSET', key, fields[i], fields[i + 1]) end
end
local function add(rows, command)
  for _, row in ipairs(rows) do
    local key, fields = prefix .. row[1], row[2]
    for i = 1, #fields, 2 do
      -- An error would end the script here, and what it has done would stay: a whole number meets a
      -- fraction where a setting (decay) was changed.
      local done = redis.pcall(command, key, fields[i], fields[i + 1])
      if type(done) == 'table' and done.err then
        redis.call('HINCRBYFLOAT', key, fields[i], fields[i + 1])
      end
    end
    if ttl > 0 and string.sub(row[1], 1, 4) == 'row:' then redis.call('EXPIRE', key, ttl) end
  end
end
add(ints, 'HINCRBY')
add(floats, 'HINCRBYFLOAT')
for _, row in ipairs(dirty) do
  local key = prefix .. 'dirty:' .. row[1]
  for _, item in ipairs(row[2]) do redis.call('HSET', key, item, seq) end
end

-- A run that goes on where the last one ended is the same run: the journal stays short.
for _, entry in ipairs(journal) do
  if KEYS[5] then redis.call('RPUSH', KEYS[5], entry) end
  local kind, first, after = string.match(entry, '^([^:]+):(%d+):(%d+)$')
  local merged = false
  if kind then
    local last = redis.call('LINDEX', KEYS[2], -1)
    if last then
      local last_kind, last_first, last_after = string.match(last, '^([^:]+):(%d+):(%d+)$')
      if last_kind == kind and last_after == first and tonumber(after) > 0 then
        redis.call('LSET', KEYS[2], -1, kind .. ':' .. last_first .. ':' .. after)
        merged = true
      end
    end
  end
  if not merged then redis.call('RPUSH', KEYS[2], entry) end
end
for i = 1, #tally, 2 do redis.call('HINCRBY', KEYS[4], tally[i], tally[i + 1]) end
for _, cover in ipairs(covers) do redis.call('HSET', meta, 'next:' .. cover[1], cover[3]) end

local first_output = tonumber(redis.call('HGET', meta, 'out_next') or '0')
for i = 6, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[i]) end
if #ARGV > 5 then redis.call('HINCRBY', meta, 'out_next', #ARGV - 5) end
local head = tonumber(redis.call('HGET', meta, 'out_head') or '0')
if confirmed > head then
  redis.call('LTRIM', KEYS[3], confirmed - head, -1)
  redis.call('HSET', meta, 'out_head', confirmed)
end
return {1, first_output}
