redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[1])
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[2], KEYS[1])
  return
end
redis.call('HSET', KEYS[1], 'e', ARGV[2])
local is_first = redis.call('EXISTS', KEYS[2]) == 0
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
local now = redis.call('TIME')
local ends = math.max(tonumber(ARGV[3]) / 1000, now[1] * 1000) + ARGV[4]
ends = string.format('%.0f', ends)
redis.call('PEXPIREAT', KEYS[1], ends)
if is_first then
  redis.call('PEXPIREAT', KEYS[2], ends)
else
  redis.call('PEXPIREAT', KEYS[2], ends, 'GT')
end
