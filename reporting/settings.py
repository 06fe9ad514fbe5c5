"""The report's own data: ``report.toml`` beside the chapters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from reporting.errors import ReportError

FILE = "report.toml"


@dataclass(frozen=True)
class Settings:
    """What ``report.toml`` may hold.

    Attributes
    ----------
    title, author, username, abstract : str
        Printed at the top of the first page; Markdown. Empty ones are left out.
    max_pages : int
        A longer report is an error; 0 means no limit.
    bibliography : str
        A BibTeX file beside the chapters.
    show_code : bool
        Print code cells unless tagged ``hide-input``. By default only those are printed
        that are tagged ``show-input``.
    provenance : bool
        Close with a paragraph on when, where and from what the results were made.
    search : tuple of str
        Folders in which declared files are looked for by name, such as
        ``["$WEIGHTS", "../weights"]``; the first that has the file counts. Paths start at
        the chapters' folder.
    """

    title: str = "Report"
    author: str = ""
    username: str = ""
    abstract: str = ""
    max_pages: int = 0
    bibliography: str = ""
    show_code: bool = False
    provenance: bool = True
    search: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """Read ``report.toml``; without one, a report has a title and nothing else.

    Raises
    ------
    ReportError
        If it is no TOML, or holds an unknown name or a value of the wrong type, or names a
        bibliography that is not there.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"this is not TOML: {error}", path) from None
    defaults = Settings()
    known = {field.name for field in fields(Settings)}
    for name, value in data.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ReportError(f"{name} means nothing here", path, _line(path, name),
                              f"is it {near[0]}?" if near else "known: " + ", ".join(sorted(known)))
        kind = list if name == "search" else type(getattr(defaults, name))
        if type(value) is not kind:
            raise ReportError(f"{name} should be of type {kind.__name__}", path, _line(path, name))
    settings = Settings(**{**data, "search": tuple(data.get("search", ()))})
    if settings.bibliography and not (folder / settings.bibliography).is_file():
        raise ReportError(f"there is no bibliography {settings.bibliography}", path,
                          _line(path, "bibliography"), "paths start at the chapters' folder")
    return settings


def _line(path: Path, name: str) -> int | None:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((i for i, line in enumerate(lines, 1) if line.strip().startswith(name)), None)
