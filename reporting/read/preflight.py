"""What can be known to fail is found here, before any chapter runs.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reporting.errors import ReportError, ReportErrors, read_utf8
from reporting.layout import PLACES
from reporting.read.calls import read_calls
from reporting.read.dialect import as_written
from reporting.read.formulas import unconvertible
from reporting.read.magics import Misplaced, parse_cell
from reporting.read.markdown import OWN, line_of, read_prose
from reporting.read.percent import Chapter
from reporting.read.remarks import unread_bibliographies
from reporting.read.siblings import check_siblings
from reporting.read.wording import faults, swallowed
from reporting.settings import line_in


def preflight(chapters: list[Chapter], bibliography: Path | None) -> None:
    """Check all chapters together.

    Parameters
    ----------
    chapters : list of Chapter
        In the report's order.
    bibliography : path or None
        A ``.bib`` file whose keys may be cited.

    Raises
    ------
    ReportErrors
        With every fault found, in the order of files and lines.
    """
    errors: list[ReportError] = []
    pieces = [(chapter, piece, line) for chapter in chapters
              for piece, line in _pieces(chapter, errors)]
    read = [(chapter, line, read_prose(piece)) for chapter, piece, line in pieces]
    for (chapter, line, prose), (_, piece, _) in zip(read, pieces, strict=True):
        errors += [ReportError(message, chapter.path, line + at - 1, remedy)
                   for at, message, remedy in faults(piece, prose, chapter.path.parent)]
    formulas = [(chapter.path, line + at - 1, tex)
                for chapter, line, prose in read for at, tex in prose.formulas]
    with ThreadPoolExecutor(max_workers=1) as side:  # which waits for pandoc meanwhile
        waiting = side.submit(unconvertible, formulas)
        errors += _references(chapters, read, bibliography)
        errors += _templates(chapters, read)
        errors += check_siblings(chapters)
        errors += waiting.result()
    errors = list({str(error): error for error in errors}.values())
    if errors:
        order = {chapter.path: i for i, chapter in enumerate(chapters)}
        raise ReportErrors(sorted(errors, key=lambda e: (order.get(e.path, -1), e.line or 0)))


def check_top(texts: dict[str, str], path: Path) -> None:
    """Check what stands at the top of the first page.

    Parameters
    ----------
    texts : dict of str to str
        Markdown by the names of the settings.
    path : Path
        ``report.toml``.

    Raises
    ------
    ReportErrors
        With everything in it that would be lost.
    """
    errors = [ReportError(f"{name}: {message}", path, line_in(path, name), remedy) for name, text in texts.items()
              for _, message, remedy in faults(text, read_prose(text), path.parent)]
    if errors:
        raise ReportErrors(errors)


def _pieces(chapter: Chapter, errors: list) -> Iterator[tuple[str, int]]:
    """Yield a chapter's Markdown with its lines: cells, then captions in its code."""
    for cell in chapter.cells:
        if cell.kind == "raw":
            errors += [ReportError(message, chapter.path, cell.line + at - 1, remedy)
                       for at, message, remedy in swallowed(cell.source)]
        elif cell.kind == "markdown":
            yield as_written(cell.source), cell.line
        elif cell.kind == "code":
            try:
                parse_cell(cell.source)
            except SyntaxError as error:
                kind = "UsageError" if isinstance(error, Misplaced) else "SyntaxError"
                errors.append(ReportError(f"{kind}: {error.msg}", chapter.path,
                                          cell.line + (error.lineno or 1) - 1,
                                          getattr(error, "remedy", "")))
                continue
            calls = read_calls(cell.source)
            for label, prose in calls.prose.items():
                yield as_written(prose.get("caption", "")), cell.line + calls.labels[label] - 1


def _references(chapters, read, bibliography) -> Iterator[ReportError]:
    """Labels given twice, references to none, citations that the bibliography lacks."""
    sources: dict[str, tuple[Path, int]] = {}
    complete = True
    labels = [(c, line + at - 1, label) for c, line, prose in read for at, label in prose.labels]
    for chapter in chapters:
        for cell in chapter.code:
            calls = read_calls(cell.source)
            complete &= calls.complete
            labels += [(chapter, cell.line + at - 1, label)
                       for label, at in [*calls.labels.items(), *calls.repeated]]
            yield from _layout(chapter, cell, calls)
    for chapter, at, label in labels:
        if label in sources:
            first, there = sources[label]
            yield ReportError(f"label {label} is given twice", chapter.path, at,
                              f"the other is {first.name}:{there}; rename one")
        sources.setdefault(label, (chapter.path, at))
    keys = bibliography_keys(bibliography)
    for chapter, line, prose in read:
        for at, key in prose.references:
            if key in sources or key in keys:
                continue
            if key.startswith(OWN):
                if complete or not key.startswith(("fig-", "tbl-")):
                    near = _near(key, sources)
                    yield ReportError(f"reference to {key}, which nothing is labelled",
                                      chapter.path, line + at - 1, near)
            else:
                where = bibliography.name if bibliography else "the bibliography"
                lying = "" if bibliography else next(unread_bibliographies(chapters[0].path.parent, ""), "")
                yield ReportError(f"citation of {key}, which {where} does not hold",
                                  chapter.path, line + at - 1,
                                  (lying or _near(key, keys)) + "; for a plain @ write \\@")


def _layout(chapter, cell, calls) -> Iterator[ReportError]:
    for label, at in calls.labels.items():
        if not label.startswith(("fig-", "tbl-")):
            yield ReportError(f"label {label!r} starts with neither fig- nor tbl-", chapter.path,
                              cell.line + at - 1, "show takes fig-…, table takes tbl-…")
        place = calls.prose.get(label, {}).get("place", "here")
        if place not in PLACES:
            yield ReportError(f"place {place!r} is unknown", chapter.path, cell.line + at - 1,
                              "places are " + ", ".join(PLACES))


def _near(key: str, known) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    return "is it " + " or ".join(near) + "?" if near else "correct the name, or give the label"


def bibliography_keys(path: Path | None) -> set[str]:
    """Return the keys of a BibTeX file."""
    if path is None or not path.is_file():
        return set()
    entries = re.findall(r"^\s*@(\w+)\s*\{\s*([^,\s]+)\s*,", read_utf8(path), re.M)
    return {key for kind, key in entries if kind.lower() not in ("comment", "string", "preamble")}


def _templates(chapters, read) -> Iterator[ReportError]:
    """Names in ``{{ }}`` that no ``record`` can have given."""
    known: dict[str, set[str]] = {}
    complete: dict[str, bool] = {}
    for chapter in chapters:
        calls = [read_calls(cell.source) for cell in chapter.code]
        known[chapter.name] = set().union(*(c.recorded for c in calls))
        # A function of another module may record as well, but only if it is given `record`.
        complete[chapter.name] = all(c.complete for c in calls)
    spaced = [name for name in known if not re.fullmatch(r"[\w.-]+", name)]
    for chapter, line, prose in read:
        piece = prose.bare
        for name in spaced:
            for match in re.finditer(r"\{\{\s*" + re.escape(name) + r"\.", piece):
                yield ReportError(f"{{{{ }}}} cannot name the chapter {name!r}", chapter.path,
                                  line + line_of(piece, match.start()) - 1,
                                  "rename its file, with letters, digits, - and _ alone")
        for at, name, _format in prose.templates:
            owner, _, key = name.rpartition(".")
            owner = owner or chapter.name
            if owner not in known:
                yield ReportError(f"{{{{ {name}}}}}: there is no chapter {owner!r}", chapter.path,
                                  line + at - 1, _near(owner, known))
            elif key not in known[owner] and complete[owner]:
                yield ReportError(f"{{{{ {name}}}}}: no cell of {owner} records {key!r}",
                                  chapter.path, line + at - 1, _near(key, known[owner]))
