-- What all parts of the reader share: whom it writes for, which piece it is at, what to say of it.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local context = {
  to_typst = false,  -- else HTML
  source = 0,        -- of the piece that is read now
  given = {},        -- the JSON; see stitch.py
}

-- What cannot be printed is a line on stderr: the piece's source, the line within it, what is wrong.
function context.fault(message, line)
  io.stderr:write("FAULT ", context.source, " ", math.tointeger(line) or 1, " ", (message:gsub("%s+", " ")), "\n")
end

-- What a function of pandoc's has to say, which is to be told with the piece's source.
function context.heard(call, ...)
  local messages, result = pandoc.log.silence(call, ...)
  local told = {}
  for i, message in ipairs(messages) do told[i] = pandoc.json.decode(pandoc.json.encode(message)) end
  return result, told
end

function context.written(blocks)
  local text, messages = context.heard(pandoc.write, pandoc.Pandoc(blocks), "typst")
  return (text:gsub("%s+$", "")), messages
end

return context
