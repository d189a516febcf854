local taken = {}
for number, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  taken[number] = 0
  if not owner or owner == ARGV[1] then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    taken[number] = 1
  end
end
return taken
