"""Markdown as notebooks show it, said in the words of pandoc's.

pandoc reads some of it otherwise than its author meant: a tilde or a caret as a small letter, a
dollar sign with a space behind it as money, a table below a line of text as that line's.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reporting.read.markdown import ADDRESS, TEMPLATE, TOKENS

ENVIRONMENT = re.compile(r"^(?P<indent>[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|>)[ \t]+)*)(?P<tex>\\begin\{(?P<name>(?:align|alignat|equation|eqnarray|gather|multline|flalign)\*?)\}"
                         r".*?\\end\{(?P=name)\})", re.M | re.S)
LOOSE = re.compile(r"(?<![\\$\w])\$[ \t]+(?P<tex>[^$\n]*?[^$\s\\])[ \t]*\$(?![\w$])"
                   r"|(?<![\\$\w])\$(?P<tight>[^$\s][^$\n]*?)[ \t]+\$(?![\w$])")
TEX_SIGNS = re.compile(r"[\\^_=<>+]|^\w$")
# H~2~O and x^2^ stay; ~5 % and 10^-3 are no small letters.
SMALL = re.compile(r"(?<=\w)~(?!~)[\w+\-−]+~(?![~])|(?<=[\w)])\^[\w+\-−*]+\^(?![\w\-−])|~~|\[\^[^\]\s]+\]|\^\[|(?P<lone>[~^])")
OPTION = re.compile(r"(?<![\w\-|:.])--(?=[a-z])")
# Behind a word, a bracket, a formula and so on, or before a decade. pandoc would take some for a quote's first half.
APOSTROPHE = re.compile(r"(?P<tag><[A-Za-z/][^<>]*>)|(?:(?<=[^\W_])|(?<=[)\]}`$%°~^])|(?<=[\w)\]}`$%.!?][*_])|(?<=[\w)\]}`$%.!?][*_]{2}))'(?=[^\W\d_])"
                        r"|'(?=\d\ds\b|(?:tis|twas)\b)", re.I)
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}(?=[^`\n]*$)|~{3,})[ \t]*(?P<info>[^\n]*)$")
OPTION_LINE = re.compile(r"^[ \t]*:[\w-]+:")  # MyST's, below the opening of a directive
ADMONITION = re.compile(r"^\{(?P<kind>note|tip|warning|important|caution|hint|attention|danger|error|seealso)\}"
                        r"[ \t]*(?P<title>.*)$")
COLONS = re.compile(r"^[ \t]*(?P<colons>:{3,})[ \t]*(?P<rest>[^\n]*?)[ \t]*$", re.M)
LIST = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
ORDINAL = re.compile(r"^(?P<number>(?:\d{1,9}|[A-Za-z]|[ivxlcdmIVXLCDM]+)[.)]|\((?:\d{1,9}|[A-Za-z]|[ivxlcdm]+)\))(?=[ \t])")
NOTE = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:")
RULE = re.compile(r"^ {0,3}-{3,}[ \t]*$")
NAMED = re.compile(r"^(?P<name>(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*\[(?!\^[^\]\s]+\])[^\[\]\n]+\]):"
                   r"(?P<rest>[ \t]*(?:\n[ \t]*)?(?P<line>\S[^\n]*))", re.M)
TARGET = re.compile(r"(?:<[^<>\n]*>|(?=\S*(?:[/#:@]|\.\w))\S+)(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*")
LESS = re.compile(r"(?<!\\)<(?=/?[A-Za-z][^<>]*?\n[ \t]*\n[^<>]*>)")
DELIMITERS = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")


@lru_cache(maxsize=1024)  # checked, and stitched after the run
def as_written(text: str) -> str:
    """Return Markdown of which pandoc reads what a notebook shows; every line keeps its number."""
    text = _fences(text)
    text = _environments(text)
    text = _names(text)
    text = _less_than(text)
    text = _outside(text, lambda piece: LOOSE.sub(_tightened, piece))
    text = TOKENS.sub(lambda m: _unbroken(m[0]) if m["display"] else m[0], text)
    text = _outside(text, lambda piece: OPTION.sub(r"\\-\\-", SMALL.sub(_plain, piece)))
    return with_apostrophes(text)


def with_apostrophes(text: str) -> str:
    """Return Markdown in which what can be no quote's first half is an apostrophe."""
    inside = _inside(text, TEMPLATE, ADDRESS)
    return APOSTROPHE.sub(lambda m: m[0] if m["tag"] or inside(m.start()) else "\N{RIGHT SINGLE QUOTATION MARK}", text)


def in_blocks(text: str) -> tuple[str, tuple[int, ...]]:
    """Put a piece's blocks apart as pandoc wants them; for the last step before it.

    Parameters
    ----------
    text : str
        Markdown, as `as_written` returns it.

    Returns
    -------
    tuple of str and tuple of int
        The Markdown; for each of its lines the line of ``text``, counted from 0, that it was.
    """
    out: list[str] = []
    numbers: list[int] = []

    def put(line: str, number: int) -> None:
        out.append(line)
        numbers.append(number)

    inside = None
    lines = text.split("\n")
    for i, line in enumerate(lines):
        fence = FENCE.match(line)
        if inside is not None:
            if fence and line.strip().startswith(inside) and not fence["info"]:
                inside = None
            put(line, i)
            continue
        if fence:
            inside = fence["ticks"]
        before = out[-1] if out else ""
        if before.strip() and _starts_block(line, before, lines[i + 1:i + 2], out):
            put("", i)
        elif before.strip() and _is_prose(before) and ORDINAL.match(line) and not re.match(r"1[.)]", line) \
                and not _goes_on(line, out):
            line = re.sub(r"([.)])", r"\\\1", line, count=1)  # a wrapped line, not the start of a list
        put(line, i)
        if COLONS.match(line) and i + 1 < len(lines) and lines[i + 1].strip():
            put("", i)
    return "\n".join(out), tuple(numbers)


def _starts_block(line: str, before: str, after: list[str], out: list[str]) -> bool:
    if COLONS.match(line):
        return not COLONS.match(before)
    if re.match(r"#{1,6}[ \t]|`{3,}[^`]*$|~{3,}|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$", line):
        return True
    if line.startswith(">"):
        return not before.startswith(">")
    if "|" in line and after and DELIMITERS.match(after[0]) and "|" in after[0]:
        return not _is_in_table(out)
    return bool(RULE.match(line)) and _ends_at_a_rule(out)


def _is_in_table(out: list[str]) -> bool:
    """Whether a table stands right above: then what follows is more of its rows."""
    for line in reversed(out):
        if not line.strip():
            return False
        if "|" in line and DELIMITERS.match(line):
            return True
    return False


def _ends_at_a_rule(out: list[str]) -> bool:
    """Whether a rule ends what stands right above, and makes no heading of it.

    So it is with a paragraph that began right below a rule, with a note and with what is indented.
    """
    first = ""
    for line in reversed(out):
        if not line.strip() or line.startswith(("```", "~~~")):  # what is in a fence is not above, but code
            break
        if RULE.match(line) or NOTE.match(line):
            return True
        first = line
    return first.startswith(("    ", "\t"))


def _goes_on(line: str, out: list[str]) -> bool:
    """Whether a line that begins with a number is the next item of a list whose last item has several lines."""
    for i in reversed(range(len(out))):
        if not out[i].strip() or out[i][0] in " \t":
            continue
        if first := ORDINAL.match(out[i]):
            return _style(first["number"]) == _style(ORDINAL.match(line)["number"])
        if i == 0 or not out[i - 1].strip() or not _is_prose(out[i]):
            return False  # where a paragraph or another block begins
    return False


def _style(number: str) -> str:
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "1", number))


def _is_prose(line: str) -> bool:
    return not (LIST.match(line) or line.lstrip().startswith(("#", ">", "|", ":::", "```", "~~~"))
                or line.startswith(("    ", "\t")) or ORDINAL.match(line.lstrip()))


def _outside(text: str, change) -> str:
    """Change what is neither code nor formula nor comment nor a ``{{ name }}``."""
    hidden = TEMPLATE.sub(lambda m: "0" * len(m[0]), text)
    pieces, at = [], 0
    spans = [m.span() for m in TOKENS.finditer(hidden)]
    spans += [m.span() for m in TEMPLATE.finditer(text)]
    spans += [m.span() for m in ADDRESS.finditer(text)]
    for start, end in sorted(spans):
        if start < at:
            continue
        pieces += [change(text[at:start]), text[start:end]]
        at = end
    return "".join([*pieces, change(text[at:])])


def _environments(text: str) -> str:
    """Put a bare environment between dollars; the \\\\ at the ends of its lines are its own."""
    inside = _inside(text)
    return ENVIRONMENT.sub(lambda m: m[0] if inside(m.start("tex")) else f"{m['indent']}$${m['tex']}$$", text)


def _names(text: str) -> str:
    """[Note]: and words are text; pandoc would take them for an address, and drop them."""
    inside = _inside(text)
    return NAMED.sub(lambda m: m[0] if inside(m.end("name") - 1) or TARGET.fullmatch(m["line"])
                     else f"{m['name']}\\:{m['rest']}", text)


def _less_than(text: str) -> str:
    """No tag goes on behind an empty line; pandoc would drop all from x<y to a > in another paragraph."""
    inside = _inside(text)
    return LESS.sub(lambda m: m[0] if inside(m.start()) else "\\<", text)


def _inside(text: str, *others: re.Pattern):
    """Return what tells whether a position lies within code, a formula or a comment, or a match of the others."""
    spans = [m.span() for m in TOKENS.finditer(TEMPLATE.sub(lambda m: "0" * len(m[0]), text))]
    spans += [m.span() for pattern in others for m in pattern.finditer(text)]
    return lambda position: any(start <= position < end for start, end in spans)


def _tightened(match: re.Match) -> str:
    tex = (match["tex"] or match["tight"]).strip()
    return f"${tex}$" if TEX_SIGNS.search(tex) else match[0]


def _unbroken(formula: str) -> str:
    """A comment or an empty line would end a formula; an empty group does not."""
    return re.sub(r"(?m)^[ \t]*$(?!\Z)", "{}", re.sub(r"(?<!\\)%[^\n$]*", "", formula))


def _plain(match: re.Match) -> str:
    return "\\" + match[0] if match["lone"] else match[0]


def _fences(text: str) -> str:
    """Name the language of a fence in pandoc's way, close the last, turn MyST's notes into callouts."""
    out, closing, ticks, options = [], "", "", False
    for line in text.split("\n"):
        options = options and bool(OPTION_LINE.match(line))
        if options:
            out.append("")
            continue
        fence = FENCE.match(line)
        if closing:
            if fence and not fence["info"] and fence["ticks"].startswith(ticks):
                line, closing = fence["indent"] + closing, ""
            out.append(line)
            continue
        if fence:
            ticks, closing = fence["ticks"], fence["ticks"]
            options = fence["info"].startswith("{")
            note = ADMONITION.match(fence["info"])
            if note:
                closing, line = ":::", fence["indent"] + _callout(note)
            else:
                line = fence["indent"] + ticks + _language(fence["info"])
        else:
            colons = COLONS.match(line)
            note = colons and ADMONITION.match(colons["rest"])
            line = _callout(note) if note else line
            options = bool(note)
        out.append(line)
    return "\n".join([*out, closing]) if closing else "\n".join(out)


def _callout(note: re.Match) -> str:
    title = note["title"].replace('"', "'")
    return f'::: {{.callout-{note["kind"]}' + (f' title="{title}"' if title else "") + "}"


def _language(info: str) -> str:
    """Return what pandoc takes: ```python title="a" would be no fence for it."""
    named = re.match(r"\{(?:code|code-block|sourcecode)\}[ \t]*([\w+#.-]*)", info)
    if named:
        return named[1]
    return info if info.startswith("{") else re.match(r"[\w+#.-]*", info)[0]
