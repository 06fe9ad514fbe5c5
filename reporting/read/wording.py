"""Markdown that could not be printed as its author meant it, and what to write instead.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from reporting.read.definitions import DEFINITION
from reporting.read.dialect import COLONS, DELIMITERS, FENCE
from reporting.read.formulas import REFUSED
from reporting.read.markdown import TOKENS, Prose, line_of
from reporting.read.other_tools import of_other_tools

IMAGE = re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<bare>(?:[^()\s]|\([^()\s]*\))+))"
                   r"|<img\b[^<>]*?\bsrc\s*=\s*[\"']?(?P<tagged>[^\"'\s>]+)", re.I)
TAG = re.compile(r"</?(?P<name>[A-Za-z][\w-]*)(?=[\s/>])(?:[^<>\n]|\n(?![ \t]*\n))*>")
# What pandoc's reader of HTML knows how to say in another format, or may leave without losing a word.
TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "nobr", "ol", "p", "pre", "q", "s", "samp",
    "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul", "var", "wbr"}
TEX = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]{2,}")
UNSPACED = re.compile(r"\{\{[A-Za-z_][\w.]*(?::[^{}\s]*)?\}\}")
RAW = re.compile(r"^[ \t]*`{3,}[ \t]*\{=(?P<block>\w+)\}|`\{=(?P<inline>\w+)\}", re.M)
HEADING = re.compile(r"^#{1,6}[ \t][^\n]*(?P<label>\{[^{}\n]*#[\w:.-]+[^{}\n]*\})[ \t]*(?P<rest>[^\n#{}\s][^\n]*)$", re.M)
OPENED = re.compile(r"<!--")
WORDLESS = re.compile(r"(?<!!)\[\]\([^)\n]*\)")
NOTE = re.compile(r"\[\^[^\]\s]+\](?!:)|\^\[")
INLINE_NOTE = re.compile(r"\^\[(?:[^\[\]]|\[[^\^\[\]][^\[\]]*\])*?(?P<inner>\^\[|\[\^[^\]\s]+\])")
LAZY = re.compile(r"(?:\n(?![ \t]*(?:\n|\Z|#{1,6}[ \t]|`{3}|~{3}|:{3}|>|-{3,}[ \t]*(?:\n|\Z)|\[\^[^\]\s]+\]:))[^\n]+)*")
MARKER = re.compile(r"^[ \t]*%%+(?=[ \t\[]|$)")
DIAGRAM = re.compile(r"[ \t]*[`~]+[ \t]*(?:\{\.)?mermaid")  # whose comments start with %%
MARGIN = re.compile(r"^[ \t]*(?:>[ \t]?)*")
DOLLARS = re.compile(r"(?<!\\)\$\$")
PICTURES = {  # kind: how a file of it begins, and may end its name
    "PNG": (rb"\x89PNG", ("png", "apng")), "JPEG": (rb"\xff\xd8\xff", ("jpg", "jpeg", "jpe", "jfif")),
    "GIF": (rb"GIF8", ("gif",)), "WebP": (rb"RIFF....WEBP", ("webp",)),
    "SVG": (rb"(?:\xef\xbb\xbf)?\s*<(?:[?!]|svg|\w+:svg)", ("svg",))}

Fault = tuple[int, str, str]
"""A line counted from 1, what is wrong there, and the remedy."""


def faults(text: str, prose: Prose, folder: Path) -> Iterator[Fault]:
    """Find what pandoc would drop, or print as it stands.

    Parameters
    ----------
    text : str
        Markdown, as `dialect.as_written` returns it.
    prose : Prose
        The same, taken apart.
    folder : Path
        Where the paths of pictures start.
    """
    yield from _refused_formulas(prose)
    yield from _lost_tex(prose)
    yield from _raw(text)
    yield from swallowed(text)
    yield from _colons(prose)
    yield from of_other_tools(text, prose)
    yield from _notes_within_notes(text)
    yield from _long_rows(prose)
    bare = prose.bare
    for match in TAG.finditer(bare):
        if match["name"].lower() not in TAGS:
            yield line_of(bare, match.start()), f"{' '.join(match[0].split())} cannot be printed", "say it in Markdown"
    for match in UNSPACED.finditer(bare):
        yield (line_of(bare, match.start()), f"{match[0]} would be printed as it stands",
               "write a space after {{, as in {{ name:.1%}}")
    for match in HEADING.finditer(bare):
        yield (line_of(bare, match.start()), f"words behind {match['label']} keep it from being a label",
               "put the label at the end of its line")
    for match in OPENED.finditer(bare):
        yield line_of(bare, match.start()), "this comment has no end", "close it: -->"
    for match in DOLLARS.finditer(bare):
        yield line_of(bare, match.start()), "this $$ has no partner", "close the formula: $$; for dollars write \\$\\$"
    for match in WORDLESS.finditer(bare):
        yield line_of(bare, match.start()), f"{match[0]} is a link without a word", "write [words](address)"
    for at, target in targets(bare):
        if re.match(r"[a-z][a-z0-9+.-]+:", target, re.I):
            yield line_of(bare, at), f"{target} is not on this machine", "keep the picture beside the chapter"
        elif (path := found(folder, target)) is None:
            yield line_of(bare, at), f"there is no picture {target}", "paths start at the chapter's folder"
        elif hurdle := _hurdle(path):
            yield line_of(bare, at), f"{target} {hurdle[0]}", hurdle[1]


def targets(bare: str) -> list[tuple[int, str]]:
    """Return position and address of every picture."""
    return [(match.start(), match["angled"] or match["bare"] or match["tagged"])
            for match in IMAGE.finditer(bare)]


def found(folder: Path, target: str) -> Path | None:
    """Return a picture's file, whose name may stand with its spaces as %20."""
    return next((path for path in (folder / target, folder / unquote(target)) if path.is_file()), None)


def _hurdle(path: Path) -> tuple[str, str] | None:
    """What keeps a file from being a picture of both PDF and page, and the remedy."""
    with path.open("rb") as file:
        start = file.read(64)
    kind = next((kind for kind, (begin, _) in PICTURES.items() if re.match(begin, start, re.S)), "")
    if not kind:
        return f"is {'no' if start else 'empty, no'} PNG, JPEG, GIF, WebP or SVG", "save the picture as one of these"
    names = {name: kind for kind, (_, names) in PICTURES.items() for name in names}
    if names.get(path.suffix[1:].lower(), kind) != kind:
        return f"holds a {kind}", f"call it {path.stem}.{PICTURES[kind][1][0]}"
    return None


def _refused_formulas(prose: Prose) -> Iterator[Fault]:
    for line, tex in prose.formulas:
        for pattern, remedy in REFUSED:
            match = re.search(pattern, tex)
            if match:
                at = line + tex[: match.start()].count("\n")
                yield at, f"{match[0]} in a formula would be lost or misprinted", remedy
                break


def _lost_tex(prose: Prose) -> Iterator[Fault]:
    last = None
    for match in TEX.finditer(prose.bare):
        at = line_of(prose.bare, match.start())
        if at != last and not match[0].startswith("\\end"):
            yield (at, f"{match[0]} outside of a formula would be lost",
                   "put it between $$ and $$, or $ and $; for a single backslash write `\\\\`")
        last = at


def _raw(text: str) -> Iterator[Fault]:
    for match in RAW.finditer(text):
        yield (line_of(text, match.start()), f"{{={match['block'] or match['inline']}}} is printed in one format "
               "and lost in the others", "say it in Markdown")


def swallowed(text: str) -> Iterator[Fault]:
    """Cells that jupytext takes for a part of the fence that is left open above them."""
    hidden = TOKENS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if m["fence"] and DIAGRAM.match(m[0]) else m[0], text)
    opened = 1
    for number, line in enumerate(hidden.split("\n"), 1):
        if MARKER.match(line):
            yield (opened, f"what is opened here is not closed, so the cell that starts in the {number - opened}. line below is taken for a part of it",
                   "close it within its cell")
            return
        if FENCE.match(line) or COLONS.match(line):
            opened = number


def _notes_within_notes(text: str) -> Iterator[Fault]:
    bare = TOKENS.sub(lambda m: re.sub(r"\S", "0", m[0]), text)  # the lines of code and formulas count as a note's
    remedy = "say it in the note itself"
    for match in DEFINITION.finditer(bare):
        # Lines right below belong to a note, indented or not.
        inner = NOTE.search(bare, match.end("name"), LAZY.match(bare, match.end()).end())
        if match["name"].startswith("^") and inner:
            yield line_of(bare, inner.start()), f"{inner[0]} is a note within a note and would be lost", remedy
    for match in INLINE_NOTE.finditer(bare):
        yield line_of(bare, match.start("inner")), f"{match['inner']} is a note within a note and would be lost", remedy


def _long_rows(prose: Prose) -> Iterator[Fault]:
    """Rows that have more cells than their table has columns."""
    lines = [MARGIN.sub("", line) for line in prose.bare.split("\n")]
    columns = 0
    for number, line in enumerate(lines, 1):
        below = lines[number] if number < len(lines) else ""
        if "|" not in line:
            columns = 0
        elif not columns and "|" in below and DELIMITERS.match(below):
            columns = _cells(below)
        if columns and _cells(line) > columns:
            yield (number, f"this row has {_cells(line)} cells, its table {columns} columns; the rest would be lost",
                   "write a | that belongs to a cell as \\|, or add a column to the line of dashes")


def _cells(row: str) -> int:
    row = row.strip()
    return row.count("|") + 1 - row.startswith("|") - (row.endswith("|") and len(row) > 1)


def _colons(prose: Prose) -> Iterator[Fault]:
    """Divs, opened by ::: and a name, closed by ::: alone."""
    opened: list[int] = []
    for match in COLONS.finditer(prose.bare):
        line, rest = line_of(prose.bare, match.start()), match["rest"].rstrip(":").strip()
        if not rest:
            if not opened:
                yield line, f"{match['colons']} closes nothing", "take it out, or open a block: ::: {.callout-note}"
            else:
                opened.pop()
        elif re.fullmatch(r"\{[^{}]+\}|[\w.-]+", rest):
            opened.append(line)
        else:
            yield line, f"{match[0].strip()} opens no block", "write ::: {.callout-note}, with ::: alone at its end"
            opened.append(line)
    for line in opened:
        yield line, "this block is not closed", "write ::: alone on a line at its end"
