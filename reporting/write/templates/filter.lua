-- Markdown to typst and to HTML: figures, tables, references, formulas; see stitch.py.
-- typst counts by itself; for HTML the numbers are given here.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local to_typst = FORMAT:match("typst") ~= nil

local function balanced(tex)
  for _, pair in ipairs({ "()", "[]", "{}" }) do
    local depth = 0
    for sign in tex:gmatch("[%" .. pair:sub(1, 1) .. "%" .. pair:sub(2, 2) .. "]") do
      depth = depth + (sign == pair:sub(1, 1) and 1 or -1)
      if depth < 0 then return false end
    end
    if depth ~= 0 then return false end
  end
  return true
end

-- |B| as a pair of bars; left to itself each bar would stand off like a relation.
local function with_bars(tex)
  tex = tex:gsub("\\left%s*\\lvert%f[^%a]", "\\left|"):gsub("\\right%s*\\rvert%f[^%a]", "\\right|")
  local _, opened = tex:gsub("\\lvert%f[^%a]", "")
  local _, closed = tex:gsub("\\rvert%f[^%a]", "")
  if opened == closed then
    tex = tex:gsub("\\lvert%f[^%a]", "\\left|"):gsub("\\rvert%f[^%a]", "\\right|")
  end
  if tex:find("\\begin{array}") then return tex end
  tex = tex:gsub("\\|", "\1"):gsub("\\left%s*|", "\2"):gsub("\\right%s*|", "\3")
  tex = tex:gsub("|([^|\2\3]-)|", function(inner)
    if inner:match("%S") and balanced(inner) and not inner:find("[&\\]\\") then
      return "\2" .. inner .. "\3"
    end
  end)
  return (tex:gsub("\1", "\\|"):gsub("\2", "\\left|"):gsub("\3", "\\right|"))
end

-- What pandoc spoils silently and can be said in another way.
local function repaired(tex)
  tex = tex:gsub("\\;", "\\,\\, "):gsub("\\!", ""):gsub("\\:", "\\,")
  local _, left = tex:gsub("\\[bB]igg?l%f[^%a]", "")
  local _, right = tex:gsub("\\[bB]igg?r%f[^%a]", "")
  if left == right then  -- delimiters of a fixed size would leave gaps
    tex = tex:gsub("\\[bB]igg?l%f[^%a]", "\\left"):gsub("\\[bB]igg?r%f[^%a]", "\\right")
  end
  tex = tex:gsub("\\[bB]igg?[lrm]?%f[^%a]", "")
  local _, bars = tex:gsub("\\|", "")
  if bars % 2 == 0 and not tex:find("\\left%s*\\|") then
    -- A bare \| would take its subscript under the bar.
    tex = tex:gsub("\\|(.-)\\|", "\\lVert %1\\rVert ")
  end
  return with_bars(tex:gsub("\\mathbbm%s*{", "\\mathbb{"))
end

-- Upright names of operators: typst must know them for spacing and for limits.
local function operators(tex, typst)
  local limits = {}  -- name as printed → whether its subscript goes under it
  for star, name in tex:gmatch("\\operatorname(%*?)%s*(%b{})") do
    local plain = name:sub(2, -2):gsub("\\[,;: ]", " "):gsub("~", " ")
    limits[plain] = limits[plain] or star == "*"
  end
  for plain, under in pairs(limits) do
    local pattern = plain:gsub("%p", "%%%0"):gsub("%s+", "[ \128-\255]+")
    local new = 'op("' .. plain .. '"' .. (under and ", limits: #true" or "") .. ")"
    typst = typst:gsub('"' .. pattern .. '"', (new:gsub("%%", "%%%%")))
  end
  return typst
end

local function typst_of(inlines)
  local doc = pandoc.Pandoc({ pandoc.Plain(inlines) })
  return (pandoc.write(doc, "typst"):gsub("%s+$", ""))
end

function Math(m)
  m.text = repaired(m.text)
  if not to_typst then return m end
  local s = operators(m.text, typst_of({ m }))
  if s:match("^%$") then return pandoc.RawInline("typst", s) end
end

local numbers = {}  -- label → what a reference to it prints, for HTML
local counts = { fig = 0, tbl = 0, eq = 0 }
local names = { fig = "Figure", tbl = "Table", eq = "Eq." }

local function count(id, kind)
  counts[kind] = counts[kind] + 1
  if id ~= "" then numbers[id] = names[kind] .. "\u{a0}" .. counts[kind] end
  return counts[kind]
end

local function labelled(formula, id)
  if to_typst then
    formula.text = '#math.equation(block: true, numbering: "(1)", ' .. formula.text .. ") <" .. id .. ">"
    return formula
  end
  local number = pandoc.Span({ "(" .. count(id, "eq") .. ")" }, { class = "number" })
  return pandoc.Span({ formula, number }, { id = id, class = "equation" })
end

local function is_display(inline)
  if not inline then return false end
  if to_typst then return inline.t == "RawInline" and inline.text:match("^%$") end
  return inline.t == "Math" and inline.mathtype == "DisplayMath"
end

-- $$ … $$ {#eq-name} becomes a numbered formula.
local function label_formulas(inlines)
  local i = 1
  while i <= #inlines do
    local id = inlines[i].t == "Str" and inlines[i].text:match("^{#(eq%-[%w%-_:.]+)}")
    local j = i - 1
    while id and j > 1 and (inlines[j].t == "Space" or inlines[j].t == "SoftBreak") do j = j - 1 end
    if id and is_display(inlines[j]) then
      local rest = inlines[i].text:match("}(.*)$")
      inlines[j] = labelled(inlines[j], id)
      for k = i, j + 1, -1 do inlines:remove(k) end
      if rest ~= "" then inlines:insert(j + 1, pandoc.Str(rest)) end
      i = j
    end
    i = i + 1
  end
  return inlines
end

local titles = {}   -- section label → what a reference to it prints
local absent = {}   -- labels of chapters that have no results yet

local function reference(citation)
  local id = citation.id
  local out = pandoc.List(citation.prefix)
  if #out > 0 then out:insert(pandoc.Space()) end
  if absent[id] then
    out:insert(pandoc.Str("??"))
  elseif id:match("^sec%-") then
    out:insert(pandoc.Link(titles[id] or id, "#" .. id))
  elseif to_typst then
    out:insert(pandoc.RawInline("typst", "#ref(<" .. id .. ">)"))
  elseif numbers[id] then
    out:insert(pandoc.Link(numbers[id], "#" .. id))
  else
    error("reference to " .. id .. ", which nothing is labelled")
  end
  out:extend(citation.suffix)
  return out
end

local function is_own(id)
  return id:match("^fig%-") or id:match("^tbl%-") or id:match("^eq%-") or id:match("^sec%-")
end

local function replace_cite(cite)
  local any = false
  for _, c in ipairs(cite.citations) do any = any or is_own(c.id) end
  if not any then return nil end
  local out = pandoc.List({})
  for i, c in ipairs(cite.citations) do
    if i > 1 then
      out:insert(pandoc.Str(i == #cite.citations and (#cite.citations > 2 and ", and" or " and") or ","))
      out:insert(pandoc.Space())
    end
    if is_own(c.id) then out:extend(reference(c))
    else out:insert(pandoc.Cite({ pandoc.Str(c.id) }, { c })) end
  end
  return out
end

-- "Q3. Linear probing" is referred to as "Q3", other headings by their whole title.
local function short_title(header)
  local text = pandoc.utils.stringify(header.content)
  local short = text:match("^(%S[^.:]-)[.:]%s")
  if short and #short <= 12 then return pandoc.Inlines(short) end
  return pandoc.Inlines({ pandoc.Emph(header.content) })
end

-- A figure to explore, whose data html.py puts in later, and the picture for paper.
local function interactive(div, image)
  return {
    pandoc.RawBlock("html", '<div class="explore" data-of="' .. div.identifier
      .. '" data-file="' .. div.attributes.interactive .. '"></div>'),
    pandoc.Div({ pandoc.Plain({ image }) }, { class = "printed" }),
  }
end

local function figure(div)
  local image = pandoc.Image({}, div.attributes.file, "", { width = div.attributes.width })
  local body = { pandoc.Plain({ image }) }
  if not to_typst and div.attributes.interactive then body = interactive(div, image) end
  local fig = pandoc.Figure(body, { long = div.content }, { id = div.identifier })
  local place = div.attributes.place
  if not (to_typst and place) then return fig end
  return pandoc.Blocks({
    pandoc.RawBlock("typst", "#[#set figure(placement: " .. place .. ")"), fig,
    pandoc.RawBlock("typst", "]"),
  })
end

local function captioned_table(div)
  local tbl
  local caption = pandoc.Blocks({})
  for _, block in ipairs(div.content) do
    if block.t == "Table" then tbl = block else caption:insert(block) end
  end
  tbl.caption = { long = caption }
  tbl.identifier = div.identifier
  return tbl
end

-- "Figure 3." before its caption; typst writes this itself.
local function number_caption(block, kind)
  local number = names[kind] .. " " .. count(block.identifier, kind) .. "."
  local caption = block.caption.long
  local first = caption[1]
  if first and first.content then
    first.content:insert(1, pandoc.Space())
    first.content:insert(1, pandoc.Strong(number))
  end
  block.caption.long = caption
  return block
end

local function plain_table(tbl)
  if #tbl.caption.long > 0 then return nil end
  -- Within a figure it would take a number that nobody sees.
  local text = pandoc.write(pandoc.Pandoc({ tbl }), "typst")
  local bare = text:match("(#table%b())") or text:match("#align%(center%)(%b[])")
  return bare and pandoc.RawBlock("typst", "#align(center)[" .. bare .. "]")
end

-- The chapter's highest heading becomes a first-level one; its start is marked for the
-- count of pages.
local function chapter(div)
  local top = 9
  div:walk({ Header = function(h) top = math.min(top, h.level) end })
  local body = div:walk({
    Header = function(h) h.level = h.level - top + 1; return h end,
    Image = function(image)
      if image.src:sub(1, 1) ~= "/" then image.src = div.attributes.folder .. "/" .. image.src end
      return image
    end,
  }).content
  if not to_typst then return body end
  local mark = pandoc.RawBlock("typst", '#metadata("' .. div.attributes.name .. '") <chapter-start>')
  local at = (body[1] and body[1].t == "RawBlock" and body[2] and body[2].t == "Header") and 3 or 2
  if body[1] and (body[1].t == "Header" or at == 3) then body:insert(at, mark)
  else body:insert(1, mark) end
  return body
end

-- Code is one click away in HTML, and not in the PDF.
local function folded(div)
  if to_typst then return {} end
  return pandoc.Blocks({ pandoc.RawBlock("html", "<details><summary>code</summary>") })
    .. div.content .. { pandoc.RawBlock("html", "</details>") }
end

local function note(div)
  if not to_typst then return nil end
  return pandoc.Blocks({ pandoc.RawBlock("typst", "#" .. div.classes[1] .. "[") })
    .. div.content .. { pandoc.RawBlock("typst", "]") }
end

local makers = {
  ["report-figure"] = figure,
  ["report-table"] = captioned_table,
  ["report-html"] = function(div) return pandoc.read(div.content[1].text, "html").blocks end,
  ["report-code"] = folded,
  ["report-note"] = note,
  ["report-provenance"] = note,
  ["report-picture"] = note,
}

local function make(div)
  local maker = makers[div.classes[1]]
  if maker then return maker(div) end
end

local function read_meta(meta)
  for _, label in ipairs(meta.absent or {}) do absent[pandoc.utils.stringify(label)] = true end
end

-- Each table is a pass over the document; a pass relies on those before it.
return {
  { Meta = read_meta, Math = Math },
  {
    Para = function(p) p.content = label_formulas(p.content); return p end,
    Header = function(h) titles[h.identifier] = short_title(h) end,
    Div = make,
  },
  to_typst and { Table = plain_table } or {
    Figure = function(f) return number_caption(f, "fig") end,
    Table = function(t) if #t.caption.long > 0 then return number_caption(t, "tbl") end end,
  },
  { Cite = replace_cite },
  { Div = function(div) if div.classes:includes("report-chapter") then return chapter(div) end end },
}
