-- Tables: their columns' sides, and for typst calls of report-table in template.typ.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local context = require "context"
local tables = {}

local function list(items)
  return "(" .. table.concat(items, ", ") .. (#items > 0 and "," or "") .. ")"
end

-- The longest pieces of a column, by which typst can tell how wide it must be.
local function longest(texts, how_many)
  table.sort(texts, function(a, b) return a.length > b.length end)
  local out, seen = {}, {}
  for _, text in ipairs(texts) do
    if #out < how_many and not seen[text.text] then
      seen[text.text] = true
      out[#out + 1] = text.text
    end
  end
  return list(out)
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- Notes of one cell what may not be broken, and how long it is as a line.
local function measure(one, words, lines)
  local whole = #one.cell.contents > 1
  local function is_more() whole = true end
  pandoc.Blocks(one.cell.contents):walk({ RawInline = is_more, Image = is_more, Math = is_more })
  if whole then
    words[#words + 1] = { text = "[" .. one.content .. "]", length = 1000 + #one.content }
    lines[#lines + 1] = words[#words]
    return
  end
  local text = pandoc.utils.stringify(one.cell.contents)
  lines[#lines + 1] = { text = quoted(text), length = pandoc.text.len(text) }
  for word in text:gmatch("[^%s/%-]+[/%-]?") do
    words[#words + 1] = { text = quoted(word), length = pandoc.text.len(word) }
  end
end

local function is_numeric(text)
  return text:match("^[+%-−]?[%d.,]*%d[%%]?$") or text:match("^[+%-−]?%d[%d.]*[eE×][%d%+%-−10⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+$")
end

local EMPTY = {}
for _, text in ipairs({ "", "–", "…", "...", "NaN", "NaT", "<NA>", "None" }) do EMPTY[text] = true end

local SIDES = { left = pandoc.AlignLeft, right = pandoc.AlignRight, center = pandoc.AlignCenter }

-- A column of numbers is flush right even where its table says nothing of it, as pandas' HTML.
local function align(tbl, texts)
  local names = {}
  for i, spec in ipairs(tbl.colspecs) do
    local name = tostring(spec[1]):match("Align(%a+)"):lower()
    if name == "default" then
      local numeric, any = true, false
      for _, text in ipairs(texts[i]) do
        if is_numeric(text) then any = true elseif not EMPTY[text] then numeric = false end
      end
      name = (numeric and any) and "right" or "left"
    end
    names[i] = name
    tbl.colspecs[i] = { SIDES[name], spec[2] }
  end
  return names
end

-- The cells of rows in order, each with its column: one that spans rows pushes those below aside.
local function placed(rows, part, out)
  local free = {}  -- column → how many more rows a cell from above takes
  for _, row in ipairs(rows) do
    local column = 1
    local function skip()
      while (free[column] or 0) > 0 do
        free[column] = free[column] - 1
        column = column + 1
      end
    end
    for _, cell in ipairs(row.cells) do
      skip()
      out[#out + 1] = { cell = cell, column = column, part = part }
      for c = column, column + cell.col_span - 1 do free[c] = cell.row_span - 1 end
      column = column + cell.col_span
    end
    skip()
  end
end

-- All cells of a table with their contents in typst, which pandoc writes in one go.
local function cells_of(tbl)
  local cells, contents, number = {}, pandoc.Blocks({}), 0
  placed(tbl.head.rows, "head", cells)
  for _, body in ipairs(tbl.bodies) do
    placed(body.head, "body", cells)
    placed(body.body, "body", cells)
  end
  placed(tbl.foot.rows, "body", cells)
  if not context.to_typst then return cells end
  for _, one in ipairs(cells) do
    contents:extend(one.cell.contents)
    contents:insert(pandoc.RawBlock("typst", "\1"))
  end
  for content in context.written(contents):gmatch("([^\1]*)\1") do
    number = number + 1
    cells[number].content = content:gsub("^%s+", ""):gsub("%s+$", "")
  end
  return cells
end

local function call_of(one)
  local options = {}
  if one.cell.col_span > 1 then
    options[1] = "colspan: " .. one.cell.col_span .. ", align: center, stroke: (bottom: 0.4pt)"
  end
  if one.cell.row_span > 1 then options[#options + 1] = "rowspan: " .. one.cell.row_span end
  return (#options > 0 and "table.cell(" .. table.concat(options, ", ") .. ")" or "") .. "[" .. one.content .. "]"
end

-- A table as a call of report-table in template.typ, which breaks over pages, repeats its head, and
-- is made smaller where it is too wide.
local function as_call(tbl, cells, aligned)
  local words, lines, parts = {}, {}, { head = {}, body = {} }
  for i = 1, #tbl.colspecs do words[i], lines[i] = {}, {} end
  for _, one in ipairs(cells) do
    table.insert(parts[one.part], call_of(one))
    if one.cell.col_span == 1 then measure(one, words[one.column], lines[one.column]) end
  end
  for i = 1, #tbl.colspecs do words[i], lines[i] = longest(words[i], 4), longest(lines[i], 3) end
  local call = "report-table(source: " .. context.source .. ", align: " .. list(aligned)
    .. ", words: " .. list(words) .. ", lines: " .. list(lines)
    .. ", head: " .. list(parts.head) .. ", body: " .. list(parts.body) .. ")"
  if #tbl.caption.long == 0 then return pandoc.RawBlock("typst", "#align(center, " .. call .. ")") end
  local label = tbl.identifier ~= "" and " <" .. tbl.identifier .. ">" or ""
  return pandoc.RawBlock("typst", "#figure(" .. call .. ", caption: [" .. context.written(tbl.caption.long)
    .. "], kind: table)" .. label)
end

function tables.set(tbl)
  local cells, texts = cells_of(tbl), {}
  for i = 1, #tbl.colspecs do texts[i] = {} end
  for _, one in ipairs(cells) do
    if one.part == "body" and one.cell.col_span == 1 then
      table.insert(texts[one.column], (pandoc.utils.stringify(one.cell.contents)))
    end
  end
  local aligned = align(tbl, texts)
  if context.to_typst then return as_call(tbl, cells, aligned) end
  return pandoc.Div({ tbl }, { class = "table" })  -- which scrolls where the table is too wide
end

return tables
