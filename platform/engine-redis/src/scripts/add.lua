local expiry = redis.call('HGET', KEYS[1], 'e')
if expiry and expiry <= ARGV[2] then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], KEYS[1])
end
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local added = redis.pcall('HINCRBY', KEYS[1], 'v', ARGV[1])
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'overflow') then
    return false
  end
  local last = '9223372036854775807'
  if string.sub(ARGV[1], 1, 1) == '-' then
    last = '-9223372036854775808'
  end
  redis.call('HSET', KEYS[1], 'v', last)
end
if is_new and ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'e', ARGV[3])
  local is_first = redis.call('EXISTS', KEYS[2]) == 0
  redis.call('ZADD', KEYS[2], ARGV[4], KEYS[1])
  local now = redis.call('TIME')
  local ends = math.max(tonumber(ARGV[4]) / 1000, now[1] * 1000) + ARGV[5]
  ends = string.format('%.0f', ends)
  redis.call('PEXPIREAT', KEYS[1], ends)
  if is_first then
    redis.call('PEXPIREAT', KEYS[2], ends)
  else
    redis.call('PEXPIREAT', KEYS[2], ends, 'GT')
  end
end
-- As text: a number of Lua cannot hold every sum.
return redis.call('HGET', KEYS[1], 'v')
