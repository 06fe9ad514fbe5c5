"""The report's own data: ``report.toml`` beside the chapters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import difflib
import re
import shlex
import sys
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from reporting.errors import ReportError, read_utf8

FILE = "report.toml"
KINDS = {"search": list, "fonts": list, "retrain": list, "submission": dict, "copies": dict, "sample": dict}  # in TOML, where not the default's


@dataclass(frozen=True)
class Retraining:
    """A command of ``--retrain``, run in the project's folder, and what it costs, in words."""

    command: str
    cost: str


@dataclass(frozen=True)
class Sample:
    """What ``--sample`` does before it builds: ``[sample]``.

    ``{root}`` stands for the project's folder, ``{scratch}`` for one that is removed in the end.

    Attributes
    ----------
    commands : tuple of str
        Run one after the other in the project's folder.
    environment : dict of str to str
        Environment variables of the commands and of the chapters.
    """

    commands: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """What ``--submission`` packs, and what it is held to: ``[submission]``.

    Attributes
    ----------
    files : tuple of str
        Files and folders of the project.
    imports : tuple of str
        Libraries that may be imported; without any, all may.
    bound : tuple of str
        The files and folders that this binds.
    answers : tuple of str
        Labels of headings below which something must stand.
    belong : tuple of str
        Files that must be those which the report's results declare.
    commands : tuple of str
        Each must end well, in the project's folder.
    readme : str
        A file of the project that becomes the archive's README.md; without it, README.md is
        packed if ``files`` names it.
    note : str
        What every module must say.
    placeholders : dict of str to str
        What stands for "author" and "username" until they are filled in, here and in README.md.
    """

    files: tuple[str, ...]
    imports: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    belong: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    readme: str = ""
    note: str = ""
    placeholders: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What ``report.toml`` may hold.

    Attributes
    ----------
    title, author, username, abstract : str
        Printed at the top of the first page; Markdown. Empty ones are left out.
    max_pages : int
        A longer report is an error; 0 means no limit.
    max_html_mb : int
        A larger ``report.html`` is an error; 0 means no limit.
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
    fonts : tuple of str
        For characters that the PDF's own fonts lack: files beside the chapters, or families of
        this system.
    retrain : tuple of Retraining
        What ``--retrain`` runs, in this order: ``[[retrain]]`` with ``command`` and ``cost``.
    submission : Submission or None
        What ``--submission`` packs.
    sample : Sample or None
        What ``--sample`` does.
    copies : dict of str to str
        Data set, as chapters declare it with a ``copy`` → command that prints which copy is at
        hand, ``{"name": …, "fingerprint": …}`` in JSON, or null.
    """

    title: str = "Report"
    author: str = ""
    username: str = ""
    abstract: str = ""
    max_pages: int = 0
    max_html_mb: int = 25
    bibliography: str = ""
    show_code: bool = False
    provenance: bool = True
    search: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    # No parts of the report:
    retrain: tuple[Retraining, ...] = field(default=(), repr=False)
    submission: Submission | None = field(default=None, repr=False)
    sample: Sample | None = field(default=None, repr=False)
    copies: dict[str, str] = field(default_factory=dict, repr=False)


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
        data = tomllib.loads(read_utf8(path).replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        words = str(error)[:at.start()] if at else str(error)
        raise ReportError(f"this is not TOML: {words}", path, int(at[1]) if at else None) from None
    defaults = Settings()
    known = {one.name for one in fields(Settings)}
    for name, value in data.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ReportError(f"{name} means nothing here", path, line_in(path, name),
                              f"is it {near[0]}?" if near else "known: " + ", ".join(sorted(known)))
        kind = KINDS.get(name) or type(getattr(defaults, name))
        if type(value) is not kind:
            raise ReportError(f"{name} should be of type {kind.__name__}", path,
                              line_in(path, name))
    settings = Settings(**{**data, "search": tuple(data.get("search", ())), "fonts": tuple(data.get("fonts", ())),
                           "retrain": _retraining(data.get("retrain", []), path),
                           "submission": _submission(data.get("submission"), path),
                           "sample": _sample(data.get("sample"), path),
                           "copies": _copies(data.get("copies", {}), path)})
    if settings.bibliography and not (folder / settings.bibliography).is_file():
        raise ReportError(f"there is no bibliography {settings.bibliography}", path,
                          line_in(path, "bibliography"), "paths start at the chapters' folder")
    return settings


def _retraining(entries: list, path: Path) -> tuple[Retraining, ...]:
    for one in entries:
        if not (isinstance(one, dict) and set(one) == {"command", "cost"}
                and _are_strings(one.values())):
            raise ReportError("a [[retrain]] has a command and its cost, both strings", path,
                              line_in(path, "[[retrain]]") or line_in(path, "retrain"))
        _check_readable(one["command"], path)
    return tuple(Retraining(**one) for one in entries)


def _sample(entries: dict | None, path: Path) -> Sample | None:
    if entries is None:
        return None
    commands, environment = entries.get("commands", []), entries.get("environment", {})
    if set(entries) - {"commands", "environment"} or type(commands) is not list \
            or type(environment) is not dict or not _are_strings([*commands, *environment.values()]):
        raise ReportError("[sample] has commands, a list of strings, and environment, a table of strings",
                          path, line_in(path, "[sample]"))
    for command in commands:
        _check_readable(command, path)
    return Sample(tuple(commands), environment)


def _copies(entries: dict, path: Path) -> dict[str, str]:
    if not _are_strings(entries.values()):
        raise ReportError("[copies] names a command for each data set, a string", path,
                          line_in(path, "[copies]"))
    for command in entries.values():
        _check_readable(command, path)
    return entries


def _are_strings(values) -> bool:
    return all(isinstance(value, str) and value.strip() for value in values)


def _check_readable(command: str, path: Path) -> None:
    try:
        shlex.split(command)
    except ValueError as error:
        raise ReportError(f"this command cannot be read ({error})", path,
                          line_in(path, "", command)) from None


def _submission(entries: dict | None, path: Path) -> Submission | None:
    if entries is None:
        return None
    kinds = {one.name: {"readme": str, "note": str, "placeholders": dict}.get(one.name, list)
             for one in fields(Submission)}
    for name, value in entries.items():
        if type(value) is not kinds.get(name) or not all(isinstance(v, str) for v in
                                                        (value.values() if isinstance(value, dict) else value)):
            raise ReportError(f"[submission]: {name} is unknown or of another type", path,
                              line_in(path, name), "known: lists " + ", ".join(
                                  k for k, v in kinds.items() if v is list) + ", texts readme and "
                              "note, a table placeholders; all of strings")
    if not entries.get("files"):
        raise ReportError("[submission] names no files", path, line_in(path, "[submission]"),
                          'write files = ["README.md", …]')
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in entries.items()}
    return Submission(**plain)


def words_of(command: str) -> list[str]:
    """Return a command of the settings as a list; its ``python`` is the one that runs the builder."""
    first, *rest = shlex.split(command)
    return [sys.executable if first in ("python", "python3") else first, *rest]


def line_in(path: Path, name: str, value: str = "") -> int | None:
    """Return the line of a file of settings that starts with a name and holds a value."""
    lines = enumerate(read_utf8(path).splitlines(), 1)
    return next((i for i, line in lines if line.strip().startswith(name) and value in line), None)
