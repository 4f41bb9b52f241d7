-- All of a part of the view with its history, read at one moment. KEYS: rows, version, undo list.
return {
  tonumber(redis.call('GET', KEYS[2]) or '0'),
  redis.call('HGETALL', KEYS[1]),
  redis.call('LRANGE', KEYS[3], 0, -1),
}
