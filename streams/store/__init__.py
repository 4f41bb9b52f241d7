"""Where shards keep what must survive: one protocol, in memory and on Redis."""
