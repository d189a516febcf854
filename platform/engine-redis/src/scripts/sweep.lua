local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
local deleted = 0
for _, key in ipairs(keys) do
  -- The score is rounded for times far away; the text is exact.
  local expiry = redis.call('HGET', key, 'e')
  if not expiry or expiry <= ARGV[2] then
    deleted = deleted + redis.call('DEL', key)
    redis.call('ZREM', KEYS[1], key)
  end
end
return {deleted, #keys}
