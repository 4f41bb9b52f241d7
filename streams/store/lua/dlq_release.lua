-- Give a claim back. KEYS: mark. ARGV: token.
if redis.call('HGET', KEYS[1], 'claim') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'claim', 'until')
end
return 1
