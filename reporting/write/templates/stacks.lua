-- Rows within a formula: pandoc writes those of cases, aligned, array and the like as lines of the whole.
-- Written with an AI coding assistant; see the report's section on automatic tools.

local stacks = {}

-- They stand in the TeX for what pandoc has no word for in typst's.
local BEGIN, ALIGN, AND, LARGE, DONE = "\u{e000}", "\u{e001}", "\u{e002}", "\u{e003}", "\u{e004}"
local LINES = { aligned = true, alignedat = true, split = true, gathered = true, multlined = true }
local PAIRED = { align = true, aligned = true, flalign = true, split = true }
local GRIDS = { array = true, matrix = true, smallmatrix = true }
local SIGNS = { { ".", "none" }, { "\\{", '"{"' }, { "\\}", '"}"' }, { "\\lbrace", '"{"' }, { "\\rbrace", '"}"' },
  { "(", '"("' }, { ")", '")"' }, { "[", '"["' }, { "]", '"]"' }, { "|", '"|"' }, { "\\|", '"‖"' },
  { "\\lvert", '"|"' }, { "\\rvert", '"|"' }, { "\\lVert", '"‖"' }, { "\\rVert", '"‖"' } }

-- The next environment: where it starts and ends, its name, and what is in it.
local function environment(tex, from)
  local first, open, name = tex:find("\\begin%s*{(%a+%*?)}", from)
  if not first then return nil end
  local depth, at = 1, open + 1
  while depth > 0 do
    local start, stop, word = tex:find("\\(%a+)%s*{%a+%*?}", at)
    if not start then return nil end
    if word == "begin" then depth = depth + 1 elseif word == "end" then depth = depth - 1 end
    if depth == 0 then return first, stop, name, tex:sub(open + 1, start - 1) end
    at = word == "begin" and stop + 1 or word == "end" and stop + 1 or start + 1
  end
end

-- A command, the end of a row, or one sign.
local function piece_at(body, at)
  return body:match("^\\\\%*?%s*%[[%d.]+%s*%a+%]", at) or body:match("^\\%a+", at) or body:match("^\\.", at)
    or body:sub(at, at)
end

-- Rows of cells; what stands in braces or in an environment is one part of a cell.
local function rows_of(body)
  local rows, cell, depth, at = { {} }, "", 0, 1
  local function ended() rows[#rows][#rows[#rows] + 1], cell = cell, "" end
  while at <= #body do
    local piece = piece_at(body, at)
    if piece == "{" or piece == "\\begin" then depth = depth + 1 end
    if piece == "}" or piece == "\\end" then depth = depth - 1 end
    if depth == 0 and piece == "&" then
      ended()
    elseif depth == 0 and piece:match("^\\\\") then
      ended()
      rows[#rows + 1] = {}
    else
      cell = cell .. piece
    end
    at = at + #piece
  end
  ended()
  if #rows > 1 and #rows[#rows] == 1 and not rows[#rows][1]:match("%S") then rows[#rows] = nil end
  return rows
end

-- Every second & of a row parts two equations.
local function parted(body)
  local out, signs, depth, at = "", 0, 0, 1
  while at <= #body do
    local piece = piece_at(body, at)
    if piece == "{" or piece == "\\begin" then depth = depth + 1 end
    if piece == "}" or piece == "\\end" then depth = depth - 1 end
    if depth == 0 and piece == "&" then
      signs = signs + 1
      if signs % 2 == 0 then out = out .. "\\qquad " end
    elseif depth == 0 and piece:match("^\\\\") then
      signs = 0
    end
    out = out .. piece
    at = at + #piece
  end
  return out
end

-- Equations side by side stand as far apart as in LaTeX, which leaves that of alignat and alignedat to the author.
function stacks.apart(tex)
  local out, at = "", 1
  while true do
    local first, stop, name, body = environment(tex, at)
    if not first then return out .. tex:sub(at) end
    body = stacks.apart(body)
    if PAIRED[name:match("^%a+")] then body = parted(body) end
    out = out .. tex:sub(at, first - 1) .. "\\begin{" .. name .. "}" .. body .. "\\end{" .. name .. "}"
    at = stop + 1
  end
end

local function joined(rows, between)
  local lines = {}
  for i, cells in ipairs(rows) do lines[i] = table.concat(cells, between) end
  return table.concat(lines, " \\\\ ")
end

local function number_of(sign)
  for number, pair in ipairs(SIGNS) do if pair[1] == sign then return number end end
end

-- The signs of \left and \right around an environment, where one of them is a dot.
local function around(before, after)
  local left = before:match("\\left%s*([^%s\\%a])%s*$") or before:match("\\left%s*(\\[%a|{}]+)%s*$")
  local right = after:match("^%s*\\right%s*([^%s\\%a])") or after:match("^%s*\\right%s*(\\[|{}])")
    or after:match("^%s*\\right%s*(\\%a+)")
  if not (left and right) then return nil end
  if not (left == "." or right == ".") then return nil, nil, true end
  return number_of(left), number_of(right)
end

local function aligned_cells(rows, spec)
  local letters = spec:gsub("[@!]%s*%b{}", ""):gsub("[pmb]%s*%b{}", "l"):gsub("[^lcr]", "")
  for _, cells in ipairs(rows) do
    for i, cell in ipairs(cells) do
      local letter = letters:sub(i, i)
      cell = cell:gsub("^%s*\\hline%f[^%a]", "")
      if letter == "l" then cell = "\\text{" .. ALIGN .. "}" .. cell end
      if letter == "r" then cell = cell .. "\\text{" .. ALIGN .. "}" end
      cells[i] = cell
    end
  end
  return joined(rows, " & ")
end

-- Lines are set as large as the formula, cells of a matrix are not.
local function aligned_lines(rows)
  for _, cells in ipairs(rows) do
    for i, cell in ipairs(cells) do
      if cell:match("%S") then cells[i] = "\\text{" .. LARGE .. "}" .. cell .. "\\text{" .. DONE .. "}" end
    end
  end
  return joined(rows, "\\text{" .. ALIGN .. "}")
end

local function matrix(kind, left, right, content)
  return "\\begin{bmatrix}\\text{" .. BEGIN .. kind .. left .. "." .. right .. "}" .. content .. "\\end{bmatrix}"
end

-- TeX in which rows within a formula are those of cases or of a matrix, which pandoc keeps together.
function stacks.kept(tex)
  tex = tex:gsub("\\(.)", function(sign) return sign == "&" and AND or nil end)
  local out, at = "", 1
  while true do
    local first, stop, name, body = environment(tex, at)
    if not first then break end
    local before, after = out .. tex:sub(at, first - 1), tex:sub(stop + 1)
    local alone = not (before:gsub("\\displaystyle", "") .. after:gsub("[.,;]", "")):match("%S")
    at = stop + 1
    local left, right, delimited = around(before, after)
    local whole = "\\begin{" .. name .. "}" .. body .. "\\end{" .. name .. "}"
    if name == "cases" then
      local rows, most = rows_of(stacks.kept(body)), 1
      for _, cells in ipairs(rows) do most = math.max(most, #cells) end
      rows[1][2] = rows[1][2] or ""  -- of one column, which it sees in the first row, pandoc makes lines
      out = before .. "\\begin{cases}" .. joined(rows, most == 1 and " & " or " & \\quad ") .. "\\end{cases}"
    elseif (LINES[name] and not alone or GRIDS[name]) and not delimited then
      local spec = ""
      if name == "array" or name == "alignedat" then body = body:gsub("^%s*(%b{})", function(s) spec = s return "" end) end
      local rows = rows_of(stacks.kept(body))
      if left and right then
        before = before:gsub("\\left%s*[^%s\\%a]%s*$", ""):gsub("\\left%s*\\[%a|{}]+%s*$", "")
        at = at + #after:match("^%s*\\right%s*" .. SIGNS[right][1]:gsub("%p", "%%%0"))
      end
      local content = name == "array" and aligned_cells(rows, spec) or LINES[name] and aligned_lines(rows)
        or joined(rows, " & ")
      out = before .. matrix(LINES[name] and "L" or name == "array" and "A" or "M", left and right and left or 1,
        left and right and right or 1, content)
    elseif body:find("\\begin") then
      out = before .. "\\begin{" .. name .. "}" .. stacks.kept(body) .. "\\end{" .. name .. "}"
    else
      out = before .. whole
    end
  end
  return out .. tex:sub(at)
end

local GAPS = { L = "row-gap: #0.65em, ", A = "column-gap: #1em, ", M = "" }

-- typst in which the signs that stood for something are what they mean.
function stacks.said(typst)
  typst = typst:gsub('"[^"]*"', function(words) return (words:gsub(AND, "&")) end):gsub(AND, "\\&")
  typst = typst:gsub('upright%("' .. ALIGN .. '"%)', "&")
    :gsub('upright%("' .. LARGE .. '"%) *', "display("):gsub(' *upright%("' .. DONE .. '"%)', ")")
  return (typst:gsub('mat%(delim: "%[", upright%("' .. BEGIN .. '(%a)(%d+)%.(%d+)"%)%s*([,;)]?)', function(kind, left, right, sign)
    local pair = SIGNS[tonumber(left)][2] .. ", " .. SIGNS[tonumber(right)][2]
    return "mat(delim: #" .. (pair == "none, none" and "none" or "(" .. pair .. ")") .. ", " .. GAPS[kind]
      .. (sign == "" and "" or '""' .. sign)
  end))
end

return stacks
