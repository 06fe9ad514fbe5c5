"""The report as pieces that know where they come from, and what is wrong with them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reporting.errors import ReportError, ReportErrors
from reporting.pandoc import MARKDOWN, Fault
from reporting.read.dialect import with_apostrophes
from reporting.read.markdown import line_of
from reporting.settings import FILE, line_in


class Source(NamedTuple):
    """Where a piece comes from: its chapter's line, its text, and which line of the chapter each of these was."""

    path: Path
    line: int
    text: str = ""
    lines: tuple[int, ...] = ()

    def at(self, fault: Fault) -> int:
        """Return the chapter's line of a fault in this piece; what a cell put out is its cell's."""
        if not self.lines:
            return self.line
        within = fault.line
        if not within and fault.sought in self.text:
            within = line_of(self.text, self.text.index(fault.sought))
        return self.line + (self.lines[within - 1] if 0 < within <= len(self.lines) else 0)


@dataclass
class Stitched:
    """The report's pieces.

    Attributes
    ----------
    chapters : list of dict
        "name", "folder" and "items" of each, as ``document.lua`` reads them.
    sources : list of Source
        What stands behind the number that each item has as its "source".
    absent : list of str
        Labels of chapters that are left out.
    pictures : list of Path
        Files that the prose shows.
    provenance : str
        Markdown that ends the report, below the references; empty if it is left out.
    """

    chapters: list[dict] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    provenance: str = ""

    def to_json(self, target: str, meta: dict[str, str], work: str = "") -> str:
        """Return what ``document.lua`` reads.

        Parameters
        ----------
        target : str
            "typst" or "html".
        meta : dict of str to str
            Markdown for the places of the page's template.
        work : str
            A folder for pictures that come within HTML.
        """
        meta = {name: with_apostrophes(text) for name, text in meta.items()}
        return json.dumps({"target": target, "reader": MARKDOWN, "meta": meta, "work": work, "absent": self.absent,
                           "provenance": self.provenance, "chapters": self.chapters}, ensure_ascii=False)


def refuse(found: list[Fault], document: Stitched, chapters: Path) -> None:
    """Raise what pandoc and typst could not print as errors of the chapters' lines.

    Parameters
    ----------
    found : list of Fault
        Of the document's pieces.
    document : Stitched
        Which knows where they come from.
    chapters : Path
        The folder with ``report.toml``.

    Raises
    ------
    ReportErrors
        If there is any.
    """
    errors = []
    for fault in dict.fromkeys(found):
        if fault.source < 0:
            path = chapters / FILE
            name = "author" if fault.sought == "byline" else fault.sought
            errors.append(ReportError(f"{name}: {fault.message}", path, line_in(path, name)))
        else:
            source = document.sources[fault.source]
            errors.append(ReportError(fault.message, source.path, source.at(fault)))
    if errors:
        raise ReportErrors(errors)
