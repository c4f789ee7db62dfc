-- For wrk: pages /new/N.html in turn, from the one that the first argument names; the second says how many there are.
local next_page, pages = 0, 1

function init(args)
  next_page, pages = tonumber(args[1]), tonumber(args[2])
end

function request()
  local path = "/new/" .. (next_page % pages) .. ".html"
  next_page = next_page + 1
  return wrk.format("GET", path)
end
