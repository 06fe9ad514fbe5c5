-- The stitched report, as JSON, to pandoc's document: prose, figures, tables, formulas, references.
-- Every piece is read by itself, so that none can swallow the next, and pandoc reads in a sandbox.
-- typst counts by itself; for HTML the numbers are given here.
-- Written with an AI coding assistant; see the report's section on automatic tools.

package.path = PANDOC_SCRIPT_FILE:gsub("[^/\\]*$", "") .. "?.lua;" .. package.path
local context = require "context"
local formulas = require "formulas"
local references = require "references"
local tables = require "tables"
local tags = require "tags"
local fault, written = context.fault, context.written

-- A picture within the HTML of an output becomes a file for typst.
local function unpacked(src)
  local kind, data = pandoc.mediabag.fetch(src)
  local ending = (kind or ""):match("image/(%w+)")
  if not ending then
    fault("a picture within HTML cannot be read")
    return src
  end
  local file = context.given.work .. "/" .. pandoc.utils.sha1(data) .. "." .. ending
  local handle = assert(io.open(file, "wb"))
  handle:write(data)
  handle:close()
  return file
end

local function picture(folder)
  return function(image)
    local src = image.src
    image.attributes.srcset = nil  -- other sizes would come from elsewhere; this one is in the page
    if src:match("^data:") then
      if context.to_typst then image.src = unpacked(src) end
      return image
    end
    if src:match("^%a[%w+.-]+:") then
      fault("the picture " .. src .. " is not on this machine", src)
      return {}
    end
    if src:sub(1, 1) ~= "/" then src = folder .. "/" .. src end
    local function opens(path)
      local handle = io.open(path, "rb")
      return handle and handle:read(0) and (handle:close() or true)
    end
    local decoded = src:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    if not opens(src) and opens(decoded) then src = decoded end
    if not opens(src) then fault("there is no picture " .. image.src, image.src) end
    if opens(src) and io.open(src, "rb"):read(4) == "%PDF" then fault(image.src .. " is a PDF, which no page shows", image.src) end
    image.src = src
    return image
  end
end

-- The title of one of Quarto's callouts: its first heading, its attribute, or its kind.
local function entitled(div)
  local kind = (div.classes[1] or ""):match("^callout%-(%l+)$")
  if not kind then return nil end
  local first, title = div.content[1], nil
  if first and first.t == "Header" then
    title = div.content:remove(1).content
  else
    title = pandoc.Inlines(div.attributes.title or kind:sub(1, 1):upper() .. kind:sub(2))
  end
  div.content:insert(1, pandoc.Para({ pandoc.Strong(title) }))
  div.attributes = {}
  return div
end

-- typst would draw hyphens and dots together, which pandoc leaves as they are.
local function literal(str)
  if not (context.to_typst and (str.text:find("%-[-?]") or str.text:find("...", 1, true))) then return nil end
  local text = written({ pandoc.Plain({ str }) })
  return pandoc.RawInline("typst", (text:gsub("\\?%-", "\\-"):gsub("%.%.", ".\\.")))
end

local function read(text, folder, format)
  local doc, messages = context.heard(pandoc.read, text, format or context.given.reader, nil, {})
  for _, message in ipairs(messages) do
    if message.verbosity == "WARNING" then
      fault("pandoc: " .. message.pretty:gsub(" at line %d+ column %d+", ""), message.line)
    end
  end
  local blocks = format and doc.blocks or tags.read(doc.blocks)
  return blocks:walk({ Math = formulas.converted, Image = picture(folder) })
    :walk({ Para = references.with_labels, Plain = references.with_labels })
    :walk({ Div = entitled })
    :walk({ Str = references.unattached }):walk({ Str = literal, RawInline = context.to_typst and formulas.fitted or nil })
end

local function inlines_of(text, folder)
  return pandoc.utils.blocks_to_inlines(read(text, folder))
end

-- Words that begin with the sign of a list, a quote or the like and are none.
local IN_LINE = "\u{e005}"

local function in_line(text, folder)
  local inlines = inlines_of(text, folder)
  if inlines[1] and (inlines[1].t == "Str" or inlines[1].t == "RawInline") then inlines[1].text = inlines[1].text:gsub("^" .. IN_LINE, "") end
  return inlines
end

-- A figure to explore, whose data html.py puts in later, and the picture for paper.
local function interactive(item, image)
  return {
    pandoc.RawBlock("html", '<div class="explore" data-of="' .. item.label
      .. '" data-file="' .. item.interactive .. '"></div>'),
    pandoc.Div({ pandoc.Plain({ image }) }, { class = "printed" }),
  }
end

local makers = {}

function makers.markdown(item, folder)
  local blocks = read(item.text, folder)
  if item.note then
    local below = blocks[1] and blocks[1].t == "Header" and 2 or 1
    blocks:insert(below, pandoc.Div(read(item.note, folder), { class = "report-note" }))
  end
  return blocks
end

function makers.formula(item) return { pandoc.Plain({ formulas.converted(pandoc.Math("InlineMath", item.text)) }) } end

function makers.html(item, folder) return read(item.text, folder, "html") end

function makers.code(item)
  local code = pandoc.CodeBlock(item.text, { class = item.language })
  if not item.folded then return { code } end
  if context.to_typst then return {} end  -- one click away in HTML
  return { pandoc.RawBlock("html", "<details><summary>code</summary>"), code, pandoc.RawBlock("html", "</details>") }
end

function makers.picture(item)
  if context.to_typst then return { pandoc.RawBlock("typst", '#report-picture("' .. item.file .. '")') } end
  return { pandoc.Div({ pandoc.Plain({ pandoc.Image({}, item.file) }) }, { class = "report-picture" }) }
end

function makers.figure(item, folder)
  local image = pandoc.Image({}, item.file, "", { width = item.width })
  local body = { pandoc.Plain({ image }) }
  if not context.to_typst and item.interactive then body = interactive(item, image) end
  local figure = pandoc.Figure(body, { long = read(item.caption, folder) }, { id = item.label })
  if not (context.to_typst and item.place) then return { figure } end
  return { pandoc.RawBlock("typst", '#movable("' .. item.label .. '", "' .. item.place .. '")['), figure,
    pandoc.RawBlock("typst", "]") }
end

-- Texts of a table are shown as they are, so no data becomes markup.
local function words_of(text)
  local inlines = pandoc.List({})
  for word in text:gmatch("%S+") do
    if #inlines > 0 then inlines:insert(pandoc.Space()) end
    inlines:insert(pandoc.Str(word))
  end
  return { pandoc.Plain(inlines):walk({ Str = literal }) }
end

local ALIGN = { l = pandoc.AlignLeft, r = pandoc.AlignRight, c = pandoc.AlignCenter }

function makers.table(item, folder)
  local specs, head, rows = {}, {}, {}
  for letter in item.align:gmatch(".") do specs[#specs + 1] = { ALIGN[letter] } end
  for _, level in ipairs(item.head) do
    local cells = {}
    for _, cell in ipairs(level) do
      local align = cell.span > 1 and pandoc.AlignCenter or pandoc.AlignDefault
      cells[#cells + 1] = pandoc.Cell({ pandoc.Plain(in_line(cell.text, folder)) }, align, 1, math.tointeger(cell.span))
    end
    head[#head + 1] = pandoc.Row(cells)
  end
  for _, row in ipairs(item.rows) do
    local cells = {}
    for i, text in ipairs(row) do cells[i] = pandoc.Cell(words_of(text)) end
    rows[#rows + 1] = pandoc.Row(cells)
  end
  local body = { attr = pandoc.Attr(), body = rows, head = {}, row_head_columns = 0 }
  return { pandoc.Table({ long = read(item.caption, folder) }, specs, pandoc.TableHead(head), { body },
    pandoc.TableFoot(), { id = item.label }) }
end

-- Callouts, and what the builder itself has to say, as calls of template.typ.
local function boxed(div)
  local kind = div.classes[1] or ""
  local call = kind:match("^callout%-") and "callout" or kind == "report-note" and kind
  if not context.to_typst then return nil end
  if not call then return div.identifier == "" and div.content or nil end
  return pandoc.Blocks({ pandoc.RawBlock("typst", "#" .. call .. "[") }) .. div.content
    .. { pandoc.RawBlock("typst", "]") }
end

-- An empty anchor's label would stick to what stands before it, such as the mark of a chapter's start.
local function anchor(span)
  if context.to_typst and #span.content == 0 and span.identifier ~= "" then
    return pandoc.RawInline("typst", "#[#metadata(none)#label(" .. ('"' .. span.identifier:gsub('[\\"]', "\\%0") .. '"') .. ")]")
  end
end

local function keys(span)
  if #span.content == 0 then return anchor(span) end
  if context.to_typst and span.classes:includes("kbd") then
    return { pandoc.RawInline("typst", "#kbd["), pandoc.Span(span.content), pandoc.RawInline("typst", "]") }
  end
end

-- The pieces of a chapter, read, numbered, and known by their labels.
local function assembled(chapter)
  chapter.anchors = {}
  local pieces = {}
  for _, item in ipairs(chapter.items) do
    context.source = math.tointeger(item.source)
    local blocks = pandoc.Blocks(makers[item.kind](item, chapter.folder))
      :walk({ Figure = references.number_caption("fig"), Table = references.number_caption("tbl") })
      :walk({ Header = references.anchored(chapter), Span = references.anchored(chapter), Div = references.anchored(chapter) })
    blocks:walk({ Header = references.titled })
    pieces[#pieces + 1] = { source = context.source, blocks = blocks }
  end
  return pieces
end

-- The chapter's highest heading becomes a first-level one; its start is marked for the count of pages.
local function finished(chapter, pieces)
  local out, top, marked = pandoc.Blocks({}), 9, false
  for _, piece in ipairs(pieces) do
    piece.blocks:walk({ Header = function(h) top = math.min(top, h.level) end })
  end
  local mark = pandoc.RawBlock("typst", '#place.flush()\n#metadata("' .. chapter.name .. '") <chapter-start>')
  for _, piece in ipairs(pieces) do
    context.source = piece.source
    local blocks = piece.blocks:walk({ Cite = references.cited, Link = references.linked(chapter), Span = keys })
      :walk({ Header = function(h) h.level = h.level - top + 1 return h end })
      :walk({ Div = boxed })
    blocks = blocks:walk({ Table = tables.set })
    if context.to_typst then
      if not marked and chapter.name ~= "" then blocks:insert(blocks[1] and blocks[1].t == "Header" and 2 or 1, mark) end
      marked = true
      out:insert(pandoc.RawBlock("typst", "#metadata(" .. context.source .. ") <source>"))
    end
    out:extend(blocks)
  end
  return out
end

function Reader(input)
  context.given = pandoc.json.decode(tostring(input), false)
  context.to_typst = context.given.target == "typst"
  for _, label in ipairs(context.given.absent) do references.absent[label] = true end
  local meta, blocks, all = {}, pandoc.Blocks({}), {}
  context.source = -1
  for name, text in pairs(context.given.meta) do
    context.name = name
    if name ~= "abstract" and text ~= "" then text = IN_LINE .. text end
    meta[name] = pandoc.MetaInlines(in_line(text, context.given.chapters[1] and context.given.chapters[1].folder or ""))
  end
  context.name = "provenance"
  local ending = context.given.provenance or ""
  if ending ~= "" then meta.provenance = pandoc.MetaBlocks(read(ending)) end
  context.name = ""
  for i, chapter in ipairs(context.given.chapters) do all[i] = assembled(chapter) end
  for i, chapter in ipairs(context.given.chapters) do blocks:extend(finished(chapter, all[i])) end
  return pandoc.Pandoc(blocks, meta)
end
