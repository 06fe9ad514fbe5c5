-- HTML within Markdown, said in pandoc's own terms.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local tags = {}

-- pandoc's reader of HTML knows what the tags mean. What it does not
-- know of is put aside meanwhile.
local function without_tags(blocks)
  local kept = {}
  local function keep(element)
    kept[#kept + 1] = element
    local mark = { id = "kept-" .. #kept }
    return element.t == "CodeBlock" and pandoc.Div({}, mark) or pandoc.Span({}, mark)
  end
  local function back(element)
    local number = element.identifier:match("^kept%-(%d+)$")
    if number then return kept[tonumber(number)] end
  end
  -- From the top, so that nothing within what is kept is kept a second time and forgotten there.
  local function whole(element)
    if element.t == "Note" then element.content = tags.read(element.content) end
    return keep(element), false
  end
  local marked = pandoc.Blocks(blocks):walk({ traverse = "topdown", Math = whole, Cite = whole, Note = whole,
    Code = whole, CodeBlock = whole,
    RawInline = function(raw) if raw.text:match("^<!%-%-") then return {} end end })
  local html = pandoc.write(pandoc.Pandoc(marked), "html")
  return pandoc.read(html, "html", nil, {}).blocks:walk({ Span = back, Div = back })
end

local VOID = { br = true, hr = true, img = true, wbr = true, col = true }

-- How many tags a piece of HTML leaves open.
local function depth(html)
  local open = 0
  for slash, name, selfclosed in html:gsub("<!%-%-.-%-%->", ""):gmatch("<(/?)(%a[%w%-]*)[^>]-(/?)>") do
    if slash == "/" then open = open - 1
    elseif selfclosed ~= "/" and not VOID[name:lower()] then open = open + 1 end
  end
  return open
end

local function has_tags(block)
  local found = false
  pandoc.Blocks({ block }):walk({ RawInline = function(raw) found = found or raw.format == "html" end,
    RawBlock = function(raw) found = found or raw.format == "html" end })
  return found
end

-- A cell's blocks, without raw HTML.
function tags.read(blocks)
  local out, i = pandoc.Blocks({}), 1
  while i <= #blocks do
    local last, open = i, 0
    if blocks[i].t == "RawBlock" then
      repeat
        if blocks[last].t == "RawBlock" then open = open + depth(blocks[last].text) end
        last = last + 1
      until open <= 0 or last > #blocks
      last = last - 1
    end
    local piece = pandoc.Blocks({ table.unpack(blocks, i, last) })
    out:extend(has_tags(blocks[i]) and without_tags(piece) or piece)
    i = last + 1
  end
  return out
end

return tags
