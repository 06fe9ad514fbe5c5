"""The one exception that the builder shows to its users: place, message, remedy.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import os
from pathlib import Path


class ReportError(Exception):
    """One fault that the author of the report can mend.

    Parameters
    ----------
    message : str
        One sentence; what is wrong.
    path : Path or None
        The file at fault.
    line : int or None
        Its line, counted from 1.
    remedy : str
        What to do about it; printed on a line of its own.
    frames : tuple of str
        Further places, ``file:line in function``, outermost first.
    """

    def __init__(self, message, path=None, line=None, remedy="", frames=()):
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.remedy = remedy
        self.frames = tuple(frames)

    def __str__(self) -> str:
        place = "" if self.path is None else f"{shown(self.path)}:"
        if self.line is not None:
            place += f"{self.line}:"
        lines = [f"{place} {self.message}".strip()]
        lines += [f"    {frame}" for frame in self.frames]
        if self.remedy:
            lines.append(f"    → {self.remedy}")
        return "\n".join(lines)


class ReportErrors(Exception):
    """Several faults found together, so that the author mends them in one go."""

    def __init__(self, errors):
        self.errors = list(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


_root = Path.cwd()


def set_root(root: Path) -> None:
    """Shorten paths inside ``root`` in every message from now on."""
    global _root
    _root = Path(root).resolve()


def shown(path) -> str:
    """Return the path as the author knows it: relative to the project or to here."""
    path = Path(os.path.abspath(path))
    path = path.parent.resolve() / path.name  # a link is known by its own name
    for base in (_root, Path.cwd()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return str(path)


def read_utf8(path: Path) -> str:
    """Return a file's text, without the mark that some editors put before it.

    Raises
    ------
    ReportError
        At the first line that is not UTF-8.
    """
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError("this line is not UTF-8", path, data[:error.start].count(b"\n") + 1,
                          "save the file as UTF-8") from None
