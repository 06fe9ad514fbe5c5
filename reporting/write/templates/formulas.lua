-- Formulas: what pandoc spoils silently on the way to typst is said in another way.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local context = require "context"
local stacks = require "stacks"
local formulas = {}

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
  tex = tex:gsub("(\\begin%s*{%a+})%s*%[[tbc]%]", "%1")
  tex = stacks.apart(tex)
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
  return with_bars(tex:gsub("\\mathbbm%s*{", "\\mathbb{"):gsub("\\mathds%s*{", "\\mathbb{"))
end

-- pandoc's names of signs, where typst has changed them.
local RENAMED = {
  { "%f[%a]sect%f[^%a]", "inter" }, { "%f[%a](dot)%.circle", "%1.o" }, { "%f[%a](times)%.circle", "%1.o" },
  { "%f[%a](minus)%.circle", "%1.o" }, { "%f[%a](dash)%.circle", "%1.o" }, { "%f[%a](plus)%.circle", "%1.o" },
  { "%f[%a](bracket%.[lrtb])%.double", "%1.stroked" },
}

local function renamed(tex, typst)
  local pieces = {}
  for plain, text in (typst .. '""'):gmatch('([^"]*)("[^"]*")') do  -- words in quotes are the author's
    for _, pair in ipairs(RENAMED) do plain = plain:gsub(pair[1], pair[2]) end
    pieces[#pieces + 1] = plain .. text
  end
  local bars = tex:gmatch("\\begin%s*{([vV])matrix}")  -- for both pandoc writes what typst refuses
  return (table.concat(pieces):gsub('""$', ""):gsub('delim: "||"', function()
    return bars() == "V" and 'delim: "‖"' or 'delim: "|"'
  end))
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

function formulas.converted(m)
  local written = m.text
  m.text = repaired(m.text)
  if not context.to_typst then return m end
  m.text = stacks.kept(m.text)
  local text, messages = context.written({ pandoc.Plain({ m }) })
  for _, message in ipairs(messages) do
    if message.type == "CouldNotConvertTeXMath" then
      local reason = message.message:match("(unexpected [^\n]*)") or "unknown TeX"
      local short = pandoc.text.len(written) < 50 and written or pandoc.text.sub(written, 1, 47) .. "…"
      context.fault("pandoc cannot convert " .. short .. " (" .. reason .. ")", written)
    end
  end
  return pandoc.RawInline("typst", operators(m.text, renamed(m.text, stacks.said(text))))
end

function formulas.is_display(inline)
  if not inline then return false end
  if context.to_typst then return inline.t == "RawInline" and inline.text:match("^%$ ") end
  return inline.t == "Math" and inline.mathtype == "DisplayMath"
end

-- Short formulas need no measuring.
function formulas.fitted(raw)
  if (raw.text:match("^%$ ") or raw.text:match("^#math%.equation")) and #raw.text > 80 then
    raw.text = "#fitted-formula[" .. raw.text .. "]"
    return raw
  end
end

return formulas
