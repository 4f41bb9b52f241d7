-- Marks of parts of the view. KEYS: dirty, of each part. ARGV: of how many at least, if there are so many.
-- Returns for each {item, mark, ...}.
local found = {}
for i, key in ipairs(KEYS) do
  local marks, cursor = {}, '0'
  repeat
    local step = redis.call('HSCAN', key, cursor, 'COUNT', ARGV[1])
    cursor = step[1]
    for _, text in ipairs(step[2]) do marks[#marks + 1] = text end
  until cursor == '0' or #marks >= 2 * tonumber(ARGV[1])
  found[i] = marks
end
return found
