-- The stitched report, as JSON, to pandoc's document: prose, figures, tables, formulas, references.
-- Every piece is read by itself, so that none can swallow the next, and pandoc reads in a sandbox.
-- What cannot be printed is a line on stderr: FAULT, the piece's source, the line within it, what is wrong.
-- typst counts by itself; for HTML the numbers are given here.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local given            -- the JSON; see stitch.py
local to_typst
local source = 0       -- of the piece that is read now
local NOTHING_READ = {}  -- the files that a sandboxed reader may open

local function fault(message, line)
  io.stderr:write("FAULT ", source, " ", math.tointeger(line) or 1, " ", (message:gsub("%s+", " ")), "\n")
end

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

-- What a function of pandoc's has to say, which is to be told with the piece's source.
local function heard(call, ...)
  local messages, result = pandoc.log.silence(call, ...)
  local told = {}
  for i, message in ipairs(messages) do told[i] = pandoc.json.decode(pandoc.json.encode(message)) end
  return result, told
end

local function written(blocks)
  local text, messages = heard(pandoc.write, pandoc.Pandoc(blocks), "typst")
  return (text:gsub("%s+$", "")), messages
end

local function formula(m)
  m.text = repaired(m.text)
  if not to_typst then return m end
  local text, messages = written({ pandoc.Plain({ m }) })
  for _, message in ipairs(messages) do
    if message.type == "CouldNotConvertTeXMath" then
      local reason = message.message:match("(unexpected [^\n]*)") or "unknown TeX"
      local short = pandoc.text.len(m.text) < 50 and m.text or pandoc.text.sub(m.text, 1, 47) .. "…"
      fault("pandoc cannot convert " .. short .. " (" .. reason .. ")")
    end
  end
  return pandoc.RawInline("typst", operators(m.text, text))
end

local function is_display(inline)
  if not inline then return false end
  if to_typst then return inline.t == "RawInline" and inline.text:match("^%$ ") end
  return inline.t == "Math" and inline.mathtype == "DisplayMath"
end

local numbers = {}  -- label → what a reference to it prints
local titles = {}   -- section label → the same
local counts = { fig = 0, tbl = 0, eq = 0 }
local names = { fig = "Figure", tbl = "Table", eq = "Eq." }

local function count(id, kind)
  counts[kind] = counts[kind] + 1
  if id ~= "" then numbers[id] = names[kind] .. "\u{a0}" .. counts[kind] end
  return counts[kind]
end

local function labelled(inline, id)
  local number = count(id, "eq")
  if to_typst then
    inline.text = '#math.equation(block: true, numbering: "(1)", ' .. inline.text .. ") <" .. id .. ">"
    return inline
  end
  return pandoc.Span({ inline, pandoc.Span({ "(" .. number .. ")" }, { class = "number" }) },
    { id = id, class = "equation" })
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

-- HTML within Markdown: pandoc's own reader of HTML knows what the tags mean. What it does not
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
  local marked = pandoc.Blocks(blocks):walk({ Math = keep, Cite = keep, Note = keep, Code = keep, CodeBlock = keep,
    RawInline = function(raw) if raw.text:match("^<!%-%-") then return {} end end })
  local html = pandoc.write(pandoc.Pandoc(marked), "html")
  return pandoc.read(html, "html", nil, NOTHING_READ).blocks:walk({ Span = back, Div = back })
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

local function plain(blocks)
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

-- A picture within the HTML of an output becomes a file for typst.
local function unpacked(src)
  local kind, data = pandoc.mediabag.fetch(src)
  local ending = (kind or ""):match("image/(%w+)")
  if not ending then
    fault("a picture within HTML cannot be read")
    return src
  end
  local file = given.work .. "/" .. pandoc.utils.sha1(data) .. "." .. ending
  local handle = assert(io.open(file, "wb"))
  handle:write(data)
  handle:close()
  return file
end

local function picture(folder)
  return function(image)
    local src = image.src
    if src:match("^data:") then
      if to_typst then image.src = unpacked(src) end
      return image
    end
    if src:match("^%a[%w+.-]+:") then
      fault("the picture " .. src .. " is not on this machine")
      return {}
    end
    if src:sub(1, 1) ~= "/" then src = folder .. "/" .. src end
    local function opens(path)
      local handle = io.open(path, "rb")
      return handle and handle:read(0) and (handle:close() or true)
    end
    local decoded = src:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    if not opens(src) and opens(decoded) then src = decoded end
    if not opens(src) then fault("there is no picture " .. image.src) end
    image.src = src
    return image
  end
end

-- Short formulas need no measuring.
local function fitted(raw)
  if (raw.text:match("^%$ ") or raw.text:match("^#math%.equation")) and #raw.text > 80 then
    raw.text = "#fitted-formula[" .. raw.text .. "]"
    return raw
  end
end

local function unattached(str)
  local label = str.text:match("{#(%l+%-[%w%-_:.]+)")
  local kind = label and label:match("^%l+")
  if kind == "sec" or names[kind] then fault("{#" .. label .. "} labels nothing here") end
end

local function with_labels(block)
  block.content = label_formulas(block.content)
  return block
end

local function read(text, folder, format)
  local doc, messages = heard(pandoc.read, text, format or given.reader, nil, NOTHING_READ)
  for _, message in ipairs(messages) do
    if message.verbosity == "WARNING" then
      fault("pandoc: " .. message.pretty:gsub(" at line %d+ column %d+", ""), message.line)
    end
  end
  local blocks = format and doc.blocks or plain(doc.blocks)
  return blocks:walk({ Math = formula, Image = picture(folder) })
    :walk({ Para = with_labels, Plain = with_labels })
    :walk({ Str = unattached, RawInline = to_typst and fitted or nil })
end

local function inlines_of(text, folder)
  return pandoc.utils.blocks_to_inlines(read(text, folder))
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

function makers.markdown(item, folder) return read(item.text, folder) end

function makers.formula(item) return { pandoc.Plain({ formula(pandoc.Math("InlineMath", item.text)) }) } end

function makers.html(item, folder) return read(item.text, folder, "html") end

function makers.code(item)
  local code = pandoc.CodeBlock(item.text, { class = item.language })
  if not item.folded then return { code } end
  if to_typst then return {} end  -- one click away in HTML
  return { pandoc.RawBlock("html", "<details><summary>code</summary>"), code, pandoc.RawBlock("html", "</details>") }
end

function makers.picture(item)
  local image = pandoc.Para({ pandoc.Image({}, item.file, "", { width = "60%" }) })
  if not to_typst then return { pandoc.Div({ image }, { class = "report-picture" }) } end
  return { pandoc.RawBlock("typst", "#align(center)["), image, pandoc.RawBlock("typst", "]") }
end

function makers.figure(item, folder)
  local image = pandoc.Image({}, item.file, "", { width = item.width })
  local body = { pandoc.Plain({ image }) }
  if not to_typst and item.interactive then body = interactive(item, image) end
  local figure = pandoc.Figure(body, { long = read(item.caption, folder) }, { id = item.label })
  if not (to_typst and item.place) then return { figure } end
  return { pandoc.RawBlock("typst", "#[#set figure(placement: " .. item.place .. ")"), figure,
    pandoc.RawBlock("typst", "]") }
end

-- Texts of a table are shown as they are, so no data becomes markup.
local function words_of(text)
  local inlines = pandoc.List({})
  for word in text:gmatch("%S+") do
    if #inlines > 0 then inlines:insert(pandoc.Space()) end
    inlines:insert(pandoc.Str(word))
  end
  return { pandoc.Plain(inlines) }
end

local ALIGN = { l = pandoc.AlignLeft, r = pandoc.AlignRight, c = pandoc.AlignCenter }

function makers.table(item, folder)
  local specs, head, rows = {}, {}, {}
  for letter in item.align:gmatch(".") do specs[#specs + 1] = { ALIGN[letter] } end
  for _, level in ipairs(item.head) do
    local cells = {}
    for _, cell in ipairs(level) do
      local align = cell.span > 1 and pandoc.AlignCenter or pandoc.AlignDefault
      cells[#cells + 1] = pandoc.Cell({ pandoc.Plain(inlines_of(cell.text, folder)) }, align, 1, math.tointeger(cell.span))
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

-- "Figure 3." before its caption; typst writes this itself.
local function number_caption(kind)
  return function(block)
    if kind == "tbl" and #block.caption.long == 0 then return nil end
    local number = names[kind] .. " " .. count(block.identifier, kind) .. "."
    local caption = block.caption.long
    local first = caption[1]
    if not to_typst and first and first.content then
      first.content:insert(1, pandoc.Space())
      first.content:insert(1, pandoc.Strong(number))
    end
    block.caption.long = caption
    return block
  end
end

-- "Q3. Linear probing" is referred to as "Q3", other headings by their whole title.
local function short_title(header)
  local text = pandoc.utils.stringify(header.content)
  local short = text:match("^(%S[^.:]-)[.:]%s")
  if short and #short <= 12 then return pandoc.Inlines(short) end
  return pandoc.Inlines({ pandoc.Emph(header.content) })
end

local absent = {}   -- labels of chapters that have no results yet
local anchors = {}  -- identifiers given so far

-- Chapters may have headings of one name: each identifier is given once, links are the chapter's own.
local function anchored(chapter)
  return function(element)
    local id = element.identifier
    if id == "" then return nil end
    if anchors[id] and not titles[id] then element.identifier = chapter.name:gsub("%W", "-") .. "-" .. id end
    anchors[element.identifier] = true
    chapter.anchors[id:lower()] = element.identifier
    return element
  end
end

local function titled(header)
  titles[header.identifier] = short_title(header)
end

local function linked(chapter)
  return function(link)
    local id = link.target:match("^#(.+)$")
    if not id or numbers[id] or titles[id] then return nil end
    local found = chapter.anchors[id:lower()]
    if not found then fault("a link to #" .. id .. ", which nothing in this chapter is called") end
    link.target = "#" .. (found or id)
    return link
  end
end

local function reference(citation)
  local id = citation.id
  local out = pandoc.List(citation.prefix)
  if #out > 0 then out:insert(pandoc.Space()) end
  if absent[id] then
    out:insert(pandoc.Str("??"))
  elseif titles[id] then
    out:insert(pandoc.Link(titles[id], "#" .. id))
  elseif not numbers[id] then
    fault("reference to " .. id .. ", which nothing is labelled")
  elseif to_typst then
    out:insert(pandoc.RawInline("typst", "#ref(<" .. id .. ">)"))
  else
    out:insert(pandoc.Link(numbers[id], "#" .. id))
  end
  out:extend(citation.suffix)
  return out
end

local function is_own(id)
  local kind = id:match("^(%l+)%-")
  return kind == "sec" or names[kind]
end

local function cited(cite)
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
  return "(" .. table.concat(out, ", ") .. (#out > 0 and "," or "") .. ")"
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- Of one cell: what may not be broken, and how long it is as a line.
local function measures(cell, content, words, lines)
  local text, raw = pandoc.utils.stringify(cell.contents), false
  pandoc.Blocks(cell.contents):walk({ RawInline = function() raw = true end, Image = function() raw = true end })
  if raw or #cell.contents > 1 then
    local whole = { text = "[" .. content .. "]", length = 1000 + #content }
    words[#words + 1], lines[#lines + 1] = whole, whole
    return
  end
  lines[#lines + 1] = { text = quoted(text), length = pandoc.text.len(text) }
  for word in text:gmatch("[^%s/%-]+[/%-]?") do
    words[#words + 1] = { text = quoted(word), length = pandoc.text.len(word) }
  end
end

local function is_numeric(text)
  return text:match("^[+%-−]?[%d.,]*%d[%%]?$") or text:match("^[+%-−]?%d[%d.]*[eE×][%d%+%-−10⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+$")
end

-- A column of numbers is flush right even where its table says nothing of it, as pandas' HTML.
local function alignments(tbl, texts)
  local out = {}
  for i, spec in ipairs(tbl.colspecs) do
    local align = tostring(spec[1]):match("Align(%a+)"):lower()
    if align == "default" then
      local numeric, any = true, false
      for _, text in ipairs(texts[i]) do
        if is_numeric(text) then any = true
        elseif text ~= "" and text ~= "–" and text ~= "NaN" and text ~= "None" then numeric = false end
      end
      align = (numeric and any) and "right" or "left"
    end
    out[i] = align
  end
  return out
end

-- A table of pandoc's as a call of report-table in template.typ, which breaks over pages, repeats
-- its head, and is made smaller where it is too wide.
local function typst_table(tbl)
  local parts, contents = { head = {}, body = {} }, pandoc.Blocks({})
  local words, lines, texts, taken = {}, {}, {}, {}
  for i = 1, #tbl.colspecs do words[i], lines[i], texts[i] = {}, {}, {} end
  local listed = {}
  local function add(rows, part)
    local free = {}  -- column → how many more rows a cell from above takes
    for _, row in ipairs(rows) do
      local column = 1
      for _, cell in ipairs(row.cells) do
        while (free[column] or 0) > 0 do
          free[column] = free[column] - 1
          column = column + 1
        end
        listed[#listed + 1] = { cell = cell, column = column, part = part }
        contents:extend(cell.contents)
        contents:insert(pandoc.RawBlock("typst", "\1"))
        for c = column, column + cell.col_span - 1 do free[c] = cell.row_span - 1 end
        column = column + cell.col_span
      end
      while (free[column] or 0) > 0 do
        free[column] = free[column] - 1
        column = column + 1
      end
    end
  end
  add(tbl.head.rows, "head")
  for _, body in ipairs(tbl.bodies) do
    add(body.head, "body")
    add(body.body, "body")
  end
  add(tbl.foot.rows, "body")
  local text = written(contents)
  local number = 0
  for content in text:gmatch("([^\1]*)\1") do
    number = number + 1
    local one = listed[number]
    one.content = content:gsub("^%s+", ""):gsub("%s+$", "")
    if one.cell.col_span == 1 then
      measures(one.cell, one.content, words[one.column], lines[one.column])
      if one.part == "body" then
        table.insert(texts[one.column], (pandoc.utils.stringify(one.cell.contents)))
      end
    end
  end
  local aligned = alignments(tbl, texts)
  for _, one in ipairs(listed) do
    local options = {}
    if one.cell.col_span > 1 then
      options[#options + 1] = "colspan: " .. one.cell.col_span
      options[#options + 1] = "align: center, stroke: (bottom: 0.4pt)"
    end
    if one.cell.row_span > 1 then options[#options + 1] = "rowspan: " .. one.cell.row_span end
    local call = #options > 0 and "table.cell(" .. table.concat(options, ", ") .. ")" or ""
    table.insert(parts[one.part], call .. "[" .. one.content .. "]")
  end
  local measured_words, measured_lines = {}, {}
  for i = 1, #tbl.colspecs do
    measured_words[i], measured_lines[i] = longest(words[i], 4), longest(lines[i], 3)
  end
  local function list(items) return "(" .. table.concat(items, ", ") .. (#items > 0 and "," or "") .. ")" end
  local call = "report-table(source: " .. source .. ", align: " .. list(aligned)
    .. ", words: " .. list(measured_words) .. ", lines: " .. list(measured_lines)
    .. ", head: " .. list(parts.head) .. ", body: " .. list(parts.body) .. ")"
  if #tbl.caption.long == 0 then return pandoc.RawBlock("typst", "#align(center, " .. call .. ")") end
  local caption = written(tbl.caption.long)
  local label = tbl.identifier ~= "" and " <" .. tbl.identifier .. ">" or ""
  return pandoc.RawBlock("typst", "#figure(" .. call .. ", caption: [" .. caption .. "], kind: table)" .. label)
end

-- Quarto's callouts, and what the builder itself has to say.
local function boxed(div)
  local kind = div.classes[1] or ""
  local title = kind:match("^callout%-(%l+)$")
  if title then
    title = div.attributes.title or title:sub(1, 1):upper() .. title:sub(2)
    if not to_typst then
      div.content:insert(1, pandoc.Para({ pandoc.Strong(title) }))
      return div
    end
    return pandoc.Blocks({ pandoc.RawBlock("typst", "#callout["), pandoc.Para({ pandoc.Strong(title) }) })
      .. div.content .. { pandoc.RawBlock("typst", "]") }
  end
  if to_typst and kind:match("^report%-") then
    return pandoc.Blocks({ pandoc.RawBlock("typst", "#" .. kind .. "[") }) .. div.content
      .. { pandoc.RawBlock("typst", "]") }
  end
end

local function keys(span)
  if to_typst and span.classes:includes("kbd") then
    return { pandoc.RawInline("typst", "#kbd["), pandoc.Span(span.content), pandoc.RawInline("typst", "]") }
  end
end

-- The pieces of a chapter, read, numbered, and known by their labels.
local function assembled(chapter)
  chapter.anchors = {}
  local pieces = {}
  for _, item in ipairs(chapter.items) do
    source = math.tointeger(item.source)
    local blocks = pandoc.Blocks(makers[item.kind](item, chapter.folder))
      :walk({ Figure = number_caption("fig"), Table = number_caption("tbl") })
      :walk({ Header = anchored(chapter), Span = anchored(chapter), Div = anchored(chapter) })
    blocks:walk({ Header = titled })
    pieces[#pieces + 1] = { source = source, blocks = blocks }
  end
  return pieces
end

-- The chapter's highest heading becomes a first-level one; its start is marked for the count of pages.
local function finished(chapter, pieces)
  local out, top, marked = pandoc.Blocks({}), 9, false
  for _, piece in ipairs(pieces) do
    piece.blocks:walk({ Header = function(h) top = math.min(top, h.level) end })
  end
  local mark = pandoc.RawBlock("typst", '#metadata("' .. chapter.name .. '") <chapter-start>')
  for _, piece in ipairs(pieces) do
    source = piece.source
    local blocks = piece.blocks:walk({ Cite = cited, Link = linked(chapter), Span = keys })
      :walk({ Header = function(h) h.level = h.level - top + 1 return h end })
      :walk({ Div = boxed })
    if to_typst then
      blocks = blocks:walk({ Table = typst_table })
      if not marked and chapter.name ~= "" then blocks:insert(blocks[1] and blocks[1].t == "Header" and 2 or 1, mark) end
      marked = true
      out:insert(pandoc.RawBlock("typst", "#metadata(" .. source .. ") <source>"))
    end
    out:extend(blocks)
  end
  return out
end

function Reader(input)
  given = pandoc.json.decode(tostring(input), false)
  to_typst = given.target == "typst"
  for _, label in ipairs(given.absent) do absent[label] = true end
  local meta, blocks, all = {}, pandoc.Blocks({}), {}
  for name, text in pairs(given.meta) do
    meta[name] = pandoc.MetaInlines(inlines_of(text, given.chapters[1] and given.chapters[1].folder or ""))
  end
  for i, chapter in ipairs(given.chapters) do all[i] = assembled(chapter) end
  for i, chapter in ipairs(given.chapters) do blocks:extend(finished(chapter, all[i])) end
  return pandoc.Pandoc(blocks, meta)
end
