"""Percent-scripts as cells that know their lines.

jupytext decides what a cell is; the lines, which it does not keep, are found again by
walking the file, so that a fault can be reported where the author wrote it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import ReportError
from reporting.read.magics import uncommented

MARKER = re.compile(r"^\s*#\s*(?:%%%*(?:\s|$)|<codecell>\s*$|In\[[0-9 ]*\]:?\s*$)")
CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*(?P<name>[-\w.]+)")  # as PEP 263 has it
TAGS = re.compile(r"""(?P<key>\btags=|"tags": *)(?P<quote>["'])(?P<tags>.*?)(?P=quote)""")
# str.splitlines, which jupytext uses, ends lines at these as well; Python and editors do not.
# Noncharacters, which no text has, stand for them meanwhile.
SEPARATORS = {ord(c): 0xFDD0 + i for i, c in enumerate("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")}
OURS = ("tags", "format", "raw_mimetype", "cell_marker", "lines_to_next_cell")
RESTORED = {after: before for before, after in SEPARATORS.items()}
BLANK = re.compile("^[ \t\ufdd0-\ufdd7]*[\ufdd0-\ufdd7][ \t\ufdd0-\ufdd7]*$", re.M)


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter.

    Attributes
    ----------
    kind : str
        "markdown", "code" or "raw".
    source : str
        Text without the comment signs of the percent format.
    line : int
        Line of the file, counted from 1, on which ``source`` starts.
    tags : tuple of str
        As in ``# %% tags=["parameters"]``.
    format : str
        What a raw cell is in, such as "text/latex"; empty where it does not say.
    marker : int
        Line of its ``# %%``, 0 where it has none.
    options : dict
        Whatever else stands on that line; a title is under "title".
    """

    kind: str
    source: str
    line: int
    tags: tuple[str, ...] = ()
    format: str = ""
    marker: int = 0
    options: dict = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Chapter:
    """A percent-script: its name (the file's stem), path, text and cells."""

    name: str
    path: Path
    text: str
    cells: tuple[Cell, ...]

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]


def find_chapters(folder: Path) -> list[Path]:
    """Return the chapters of a folder in the order of their names.

    Files whose names start with ``_`` or ``.`` are no chapters.

    Raises
    ------
    ReportError
        If the folder is missing or holds no chapter.
    """
    if not folder.is_dir():
        raise ReportError("there is no such folder of chapters", folder,
                          remedy="name it with --chapters DIR")
    found = sorted(path for path in folder.glob("*.py") if path.name[0] not in "._")
    if not found:
        raise ReportError("no chapter (*.py) in this folder", folder,
                          remedy="name another with --chapters DIR")
    return found


def read_chapter(path: Path) -> Chapter:
    """Read one percent-script from disk.

    Raises
    ------
    ReportError
        If the file is not UTF-8 text, or jupytext cannot read it.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError("this line is not UTF-8", path, _line_of(data, error.start),
                          "save the chapter as UTF-8") from None
    if "\0" in text:
        raise ReportError("this line holds a null character, which Python does not read", path,
                          _line_of(data, data.index(0)), "remove it")
    return parse_chapter(path, text.replace("\r\n", "\n").replace("\r", "\n"))


def _line_of(data: bytes, position: int) -> int:
    return data[:position].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1


def parse_chapter(path: Path, text: str) -> Chapter:
    """Cut the text of a percent-script into cells."""
    lines = BLANK.sub("", text.translate(SEPARATORS)).split("\n")
    notebook = _notebook(path, lines)
    magics = not re.search(r"^#\s+comment_magics:\s*false", text, re.M)  # in jupytext's header
    cells, at = [], 0
    for cell in notebook.cells:
        source = cell.source.split("\n") if cell.source else []
        start, end = _locate(lines, source, at)
        above = [i for i in range(at, min(start + bool(source), len(lines))) if MARKER.match(lines[i])]
        text_of = cell.source.translate(RESTORED)
        if cell.cell_type == "code" and magics:
            text_of = uncommented(text_of)
        options = {key: value for key, value in cell.metadata.items() if key not in OURS}
        form = cell.metadata.get("format") or cell.metadata.get("raw_mimetype") or ""
        cells.append(Cell(cell.cell_type, text_of, start + 1, tuple(cell.metadata.get("tags", ())),
                          form, above[-1] + 1 if above else 0, options))
        at = end
    return Chapter(path.stem, path, text, tuple(cells))


def _notebook(path: Path, lines: list[str]):
    """Have jupytext read a file's lines, or say at which of them it fails."""
    reads = _jupytext().reads
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    for form_of in (list, _mended):  # what must be mended is rare
        try:
            return reads("\n".join(form_of(lines)), fmt=dict(form))
        except Exception:  # jupytext raises whatever its YAML and JSON parsers raise
            continue
    lines = _mended(lines)
    for number, line in enumerate(lines, 1):
        if number < 3 and CODING.match(line) and not _is_utf8(CODING.match(line)["name"]):
            raise ReportError("this line declares another encoding than UTF-8", path, number,
                              "save the chapter as UTF-8 and take the declaration out")
        if MARKER.match(line):
            try:
                reads(line + "\n", fmt=dict(form))
            except Exception:
                raise ReportError("what stands behind # %% cannot be read", path, number,
                                  'write options as in # %% tags=["show-output"]') from None
    header = next((i for i, line in enumerate(lines, 1) if re.match(r"# ?jupyter\s*:", line)), 1)
    raise ReportError("the header that starts here is not one that jupytext can read", path, header,
                      "correct it, or take it out: the builder does not need it")


def _mended(lines: list[str]) -> list[str]:
    """Write what jupytext refuses, though its meaning is plain, as it has it."""
    first = [CODING.sub("# -*- coding: utf-8 -*-", line)
             if (match := CODING.match(line)) and _is_utf8(match["name"]) else line
             for line in lines[:2]]
    return [TAGS.sub(lambda m: m["key"] + json.dumps(re.findall(r"[^\s,]+", m["tags"])), line)
            if MARKER.match(line) else line for line in [*first, *lines[2:]]]


def _is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name in ("utf-8", "utf-8-sig")
    except LookupError:
        return False


def _jupytext():
    """Import jupytext, which takes a quarter of a second: only when a chapter is really read.

    Where JupyterLab is installed it would take a second and a half more, since jsonschema then
    finds a package that compiles 38 grammars of internet addresses. Nobody needs them here.
    """
    grammars = "rfc3987_syntax"
    hidden = grammars not in sys.modules
    if hidden:
        sys.modules[grammars] = None
    try:
        import jupytext
    finally:
        if hidden:
            del sys.modules[grammars]
    return jupytext


def _locate(lines: list[str], source: list[str], at: int) -> tuple[int, int]:
    """Find where a cell's source starts and ends, as indices of lines, from ``at`` on."""
    if at == 0 and source[:1] == ["---"]:  # a header, of which jupytext keeps a part for itself
        rules = [i for i, line in enumerate(lines) if _same(line, "---")][:2]
        if len(rules) == 2:
            return rules[0], rules[1] + 1
    # Where a cell's option names another language, jupytext puts a magic above its first line.
    for added in range(2 if source and source[0].startswith("%%") else 1):
        sought = source[added:]
        for start in range(at, len(lines) - len(sought) + 1):
            if sought and all(_same(lines[start + i], s) for i, s in enumerate(sought)):
                return start - added, start + len(sought)
    # An empty cell, or text that jupytext has rewritten: the next cell marker is near enough.
    start = next((i + 1 for i in range(at, len(lines)) if MARKER.match(lines[i])), at)
    return start, min(start + len(source), len(lines))


def _same(line: str, source: str) -> bool:
    """Whether a file's line can be this line of a cell: as it is, commented, or quoted."""
    line, source = line.rstrip(), source.rstrip()
    if line == source or line in ("# " + source, "#" + source):
        return True
    bare = line.strip().removeprefix("r").strip('"').strip("'")
    return bare == source.strip() and line.strip() != bare
