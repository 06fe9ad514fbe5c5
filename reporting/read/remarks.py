"""What a build says about chapters without failing: things written that have no effect.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from reporting.errors import shown
from reporting.read.calls import read_calls
from reporting.read.markdown import read_prose
from reporting.read.percent import Cell, Chapter
from reporting.read.siblings import imported_names
from reporting.settings import FILE

TAGS = ("parameters", "show-input", "show-output", "hide-input", "hide-output")
# Tags of other tools, and what stands for them here.
FOREIGN = {"remove-input": "write hide-input", "hide-code": "write hide-input",
           "remove-output": "write hide-output", "remove-stdout": "write hide-output",
           "noshow": "write hide-output", "echo": "write show-input",
           **dict.fromkeys(("remove-cell", "hide-cell", "hide"), "write hide-input and hide-output"),
           "skip-execution": "take the cell out", "raises-exception": "catch the error in the cell"}
PROSE = re.compile(r"\[?(?:markdown|md|text)\]?", re.I)
HEADER = re.compile(r"---[ \t]*\n(?:[\w-]+:[^\n]*\n)(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
UNREAD = "incorrectly_encoded_metadata"  # jupytext's name for options that it cannot read


def remarks(chapters: list[Chapter]) -> list[str]:
    """Return everything that is worth a word, each with its file and line.

    Parameters
    ----------
    chapters : list of Chapter
        In the report's order, those that are printed.
    """
    said = [f"{line} is mentioned nowhere in the text" for line in unmentioned(chapters)]
    said += [f"{line}: comments are code and not printed; below # %% [markdown] they are text"
             for line in wordless(chapters)]
    said += _no_chapters(chapters)
    for chapter in chapters:
        said += _titles(chapter)
        for cell in chapter.cells:
            said += [f"{shown(chapter.path)}:{cell.marker}: {words}" for words in _markers(cell)]
        said += _unspaced(chapter)
        said += _quarto(chapter)
        said += _headers(chapter)
    return said


def remarks_of_run(chapter: Chapter, result: dict) -> list[str]:
    """Return what a chapter's stored run has noticed, each with the line of its cell now."""
    return [f"{shown(chapter.path)}:{chapter.code[remark['cell']].line}: {remark['text']}"
            for remark in result.get("remarks", ()) if remark["cell"] < len(chapter.code)]


def unmentioned(chapters: list[Chapter]) -> list[str]:
    """Return "file:line: label" of every figure and table that no text refers to."""
    pieces = [cell.source for chapter in chapters for cell in chapter.cells if cell.kind == "markdown"]
    pieces += [prose.get("caption", "") for chapter in chapters for cell in chapter.code
               for prose in read_calls(cell.source).prose.values()]
    mentioned = {key for piece in pieces for _, key in read_prose(piece).references}
    return [f"{shown(chapter.path)}:{cell.line + at - 1}: {label}"
            for chapter in chapters for cell in chapter.code
            for label, at in read_calls(cell.source).labels.items() if label not in mentioned]


def wordless(chapters: list[Chapter]) -> list[str]:
    """Return "file:line" of the first comment below a bare ``# %%`` in chapters without any prose.

    Sphinx-Gallery takes such comments for text; in the percent format they are code.
    """
    commented = ((chapter, cell) for chapter in chapters
                 if not any(cell.kind == "markdown" for cell in chapter.cells)
                 for cell in chapter.code if cell.source.startswith("#"))
    first = {chapter.path: cell.line for chapter, cell in reversed(list(commented))}
    return [f"{shown(path)}:{line}" for path, line in reversed(first.items())]


def _no_chapters(chapters: list[Chapter]) -> Iterator[str]:
    """Scripts without a cell of their own that a chapter imports."""
    plain = {chapter.name: chapter for chapter in chapters if not any(cell.marker for cell in chapter.cells)}
    for other in chapters if plain else ():
        for name, _ in imported_names(other):
            chapter = plain.pop(name, None) if name != other.name else None
            if chapter is not None:
                yield (f"{shown(chapter.path)}: {other.path.name} imports this, which has no # %%; if it is no chapter, "
                       f"call it _{chapter.path.name}")


def unread_bibliographies(folder: Path, bibliography: str) -> Iterator[str]:
    """Name what could be cited from, where nothing is."""
    for path in () if bibliography else sorted(folder.glob("*.bib")):
        yield f'{shown(path)} is not read; write bibliography = "{path.name}" in {FILE}'


def _titles(chapter: Chapter) -> Iterator[str]:
    lines = [cell.marker for cell in chapter.cells
             if "title" in cell.options and not _is_prose(cell)]
    if lines:
        yield (f"{_place(chapter, lines)}: a title behind # %% is not printed; "
               "write it as a heading below # %% [markdown]")


def _is_prose(cell: Cell) -> bool:
    """Whether a code cell's title shows that it was meant to be text."""
    return cell.kind == "code" and bool(PROSE.fullmatch(cell.options.get("title", "")))


def _markers(cell: Cell) -> Iterator[str]:
    """What stands on a cell's marker and is not understood."""
    if _is_prose(cell):
        yield "this is a cell of code and its comments are not printed; text stands below # %% [markdown]"
    if UNREAD in cell.options:
        yield (f"{cell.options[UNREAD]!r} behind # %% is not understood; options are written as in "
               '# %% tags=["show-output"]')
    for tag in cell.tags:
        plain = tag.strip().lower().replace("_", "-")
        near = difflib.get_close_matches(plain, TAGS, n=1, cutoff=0.8)
        if plain in FOREIGN:
            yield f"the tag {tag} has no effect here; {FOREIGN[plain]}"
        elif tag not in TAGS and near:
            yield f"there is no tag {tag}; it is {near[0]}"
    for key, value in cell.options.items():
        plain = key.strip().lower().replace("_", "-")
        if plain in (*TAGS, *FOREIGN):
            yield f"{key} is no option; {FOREIGN.get(plain, 'write ' + plain)} in tags=[…]"
        elif difflib.get_close_matches(plain, ["tags"], cutoff=0.75):
            yield f"there is no option {key}; it is tags={value}"


def _unspaced(chapter: Chapter) -> Iterator[str]:
    lines = [number for number, line in enumerate(chapter.text.split("\n"), 1)
             if re.match(r"\s*#\s*%%+\[", line)]
    if lines:
        yield f"{_place(chapter, lines)}: no cell starts here; write a space behind # %%"


def _quarto(chapter: Chapter) -> Iterator[str]:
    lines = [cell.line + at for cell in chapter.code
             for at, line in enumerate(cell.source.split("\n")) if re.match(r"#\|\s*[\w-]+:", line)]
    if lines:
        yield (f"{_place(chapter, lines)}: options behind #| are comments here; tags such as "
               "hide-input and the arguments of show and table stand for them")


def _headers(chapter: Chapter) -> Iterator[str]:
    lines = [cell.line for cell in chapter.cells if cell.kind != "code" and HEADER.match(cell.source)]
    if lines:
        yield (f"{_place(chapter, lines)}: a header of YAML is printed as text; title and author stand "
               "in report.toml")


def _place(chapter: Chapter, lines: list[int]) -> str:
    """Return file and line, or lines."""
    if len(lines) == 1:
        return f"{shown(chapter.path)}:{lines[0]}"
    return f"{shown(chapter.path)}: lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
