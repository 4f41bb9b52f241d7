-- Unmark items unless they were marked again. KEYS: dirty, of each part. ARGV: cmsgpack{{item, mark, ...}, ...},
-- in the order of the keys.
for i, marks in ipairs(cmsgpack.unpack(ARGV[1])) do
  for n = 1, #marks, 2 do
    if redis.call('HGET', KEYS[i], marks[n]) == marks[n + 1] then redis.call('HDEL', KEYS[i], marks[n]) end
  end
end
return 1
