"""Percent-scripts as cells that know their lines.

jupytext decides what a cell is; the lines, which it does not keep, are found again by
walking the file, so that a fault can be reported where the author wrote it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import ReportError


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
    """

    kind: str
    source: str
    line: int
    tags: tuple[str, ...] = ()


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
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ReportError("this line is not UTF-8", path, line,
                          "save the chapter as UTF-8") from None
    return parse_chapter(path, text)


def parse_chapter(path: Path, text: str) -> Chapter:
    """Cut the text of a percent-script into cells."""
    jupytext = _jupytext()
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except Exception as error:  # jupytext raises whatever its YAML and JSON parsers raise
        raise ReportError(f"jupytext cannot read this file ({error})", path,
                          remedy="check its header and the options after # %%") from None
    lines = text.splitlines()
    cells, at = [], 0
    for cell in notebook.cells:
        source = cell.source.split("\n") if cell.source else []
        start = _locate(lines, source, at)
        cells.append(Cell(cell.cell_type, cell.source, start + 1,
                          tuple(cell.metadata.get("tags", ()))))
        at = min(start + len(source), len(lines))  # jupytext may have put in lines of its own
    return Chapter(path.stem, path, text, tuple(cells))


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


def _locate(lines: list[str], source: list[str], at: int) -> int:
    """Index of the line on which a cell's source starts, searched from ``at`` on."""
    for start in range(at, len(lines) - len(source) + 1):
        if source and all(_same(lines[start + i], s) for i, s in enumerate(source)):
            return start
    # An empty cell, or text that jupytext has rewritten: the next cell marker is near enough.
    for start in range(at, len(lines)):
        if lines[start].lstrip("# ").startswith("%%"):
            return start + 1
    return at


def _same(line: str, source: str) -> bool:
    """Whether a file's line can be this line of a cell: as it is, commented, or quoted."""
    line, source = line.rstrip(), source.rstrip()
    if line == source or line in ("# " + source, "#" + source):
        return True
    bare = line.strip().removeprefix("r").strip('"').strip("'")
    return bare == source.strip() and line.strip() != bare
