redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], KEYS[1])
