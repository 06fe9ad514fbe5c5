-- Numbers, labels, references and links.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local context = require "context"
local formulas = require "formulas"
local references = {}

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
  if context.to_typst then
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
    if id and formulas.is_display(inlines[j]) then
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

function references.with_labels(block)
  block.content = label_formulas(block.content)
  return block
end

-- A label that was left as text.
function references.unattached(str)
  local label = str.text:match("{#(%l+%-[%w%-_:.]+)")
  local kind = label and label:match("^%l+")
  if kind == "sec" or names[kind] then context.fault("{#" .. label .. "} labels nothing here", "{#" .. label) end
end

-- "Figure 3." before its caption; typst writes this itself.
function references.number_caption(kind)
  return function(block)
    if kind == "tbl" and #block.caption.long == 0 then return nil end
    local number = names[kind] .. " " .. count(block.identifier, kind) .. "."
    local caption = block.caption.long
    local first = caption[1]
    if not context.to_typst and first and first.content then
      first.content:insert(1, pandoc.Space())
      first.content:insert(1, pandoc.Strong(number))
    end
    block.caption.long = caption
    return block
  end
end

-- "Q3. Linear probing" is referred to as "Q3", "4.2. Clusters" as "4.2", other headings by their whole title.
local function short_title(header)
  local text = pandoc.utils.stringify(header.content)
  local short = text:match("^(%S.-)[.:]%s")
  if short and #short <= 12 then return pandoc.Inlines(short) end
  return pandoc.Inlines({ pandoc.Emph(header.content:walk({ Note = function() return {} end })) })
end

references.absent = {}  -- labels of chapters that have no results yet
local anchors = { bibliography = true }  -- identifiers given so far

-- Headings may have one name: each identifier is given once, links are the chapter's own. In a chapter the
-- second heading of a name is name-1, as notebooks have it.
function references.anchored(chapter)
  return function(element)
    local id = element.identifier
    if id == "" then return nil end
    local name, count = id:lower(), 0
    while chapter.anchors[name] do
      count = count + 1
      name = id:lower() .. "-" .. count
    end
    while anchors[element.identifier] and not id:match("^sec%-") do
      element.identifier = chapter.name:gsub("%W", "-") .. "-" .. (element.identifier == id and name or element.identifier)
    end
    anchors[element.identifier] = true
    chapter.anchors[name] = element.identifier
    return element
  end
end

function references.titled(header)
  titles[header.identifier] = short_title(header)
end

function references.linked(chapter)
  return function(link)
    local id = link.target:match("^#(.+)$")
    if not id then return nil end
    local found = chapter.anchors[id:lower()]
    if not found and (numbers[id] or titles[id]) then return nil end
    if not found then context.fault("a link to #" .. id .. ", which nothing in this chapter is called", "#" .. id) end
    link.target = "#" .. (found or id)
    return link
  end
end

local function reference(citation)
  local id = citation.id
  local out = pandoc.List(citation.prefix)
  if #out > 0 then out:insert(pandoc.Space()) end
  if references.absent[id] then
    out:insert(pandoc.Str("??"))
  elseif titles[id] then
    out:insert(pandoc.Link(titles[id], "#" .. id))
  elseif not numbers[id] then
    context.fault("reference to " .. id .. ", which nothing is labelled", "@" .. id)
  elseif context.to_typst then
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

function references.cited(cite)
  local any = false
  for _, c in ipairs(cite.citations) do
    any = any or is_own(c.id) or (context.to_typst and #c.prefix > 0)  -- words that typst's cite has no place for
    if context.to_typst and #c.suffix > 0 and c.mode == "SuppressAuthor" then
      c.mode = "NormalCitation"  -- of which alone pandoc's writer keeps the words
      any = true
    end
  end
  if not any then return nil end
  local out = pandoc.List({})
  for i, c in ipairs(cite.citations) do
    if i > 1 then
      out:insert(pandoc.Str(i == #cite.citations and (#cite.citations > 2 and ", and" or " and") or ","))
      out:insert(pandoc.Space())
    end
    if is_own(c.id) then out:extend(reference(c))
    else
      if context.to_typst and #c.prefix > 0 then
        out:extend(c.prefix)
        out:insert(pandoc.Space())
        c.prefix = {}
      end
      out:insert(pandoc.Cite({ pandoc.Str(c.id) }, { c }))
    end
  end
  return out
end
return references
