-- What all parts of the reader share: whom it writes for, which piece it is at, what to say of it.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local context = {
  to_typst = false,  -- else HTML
  source = 0,        -- of the piece that is read now; -1 is report.toml,
  name = "",         -- of which this is the setting
  given = {},        -- the JSON; see stitch.py
}

-- What cannot be printed is a line on stderr: the piece's source, the line within it or what to look
-- for there, and what is wrong.
function context.fault(message, place)
  local line = type(place) == "number" and math.tointeger(place) or 0
  local sought = type(place) == "string" and place or context.name
  io.stderr:write(table.concat({ "FAULT", context.source, line, (sought:gsub("%s+", " ")),
    (message:gsub("%s+", " ")) }, "\t"), "\n")
end

-- What a function of pandoc's has to say, which is to be told with the piece's source.
function context.heard(call, ...)
  local messages, result = pandoc.log.silence(call, ...)
  local told = {}
  for i, message in ipairs(messages) do told[i] = pandoc.json.decode(pandoc.json.encode(message)) end
  return result, told
end

-- Not "smart": quotes and apostrophes are in place already, and typst would guess anew.
function context.written(blocks)
  local text, messages = context.heard(pandoc.write, pandoc.Pandoc(blocks), "typst-smart")
  return (text:gsub("%s+$", "")), messages
end

return context
