"""One build at a time in one folder; a process that dies lets go of the lock.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reporting.errors import ReportError


@contextmanager
def locked(folder: Path, message: str = "another build is at work here",
           remedy: str = "wait for it, or give this one another --out") -> Iterator[None]:
    """Hold the lock of a folder; the system frees it with the process, however that ends.

    Parameters
    ----------
    folder : Path
        There should be one.
    message, remedy : str
        What is said if the lock is held.

    Raises
    ------
    ReportError
        If another process holds it.
    """
    file = _open(folder)
    try:
        try:
            _lock(file)
        except OSError:
            raise ReportError(message, folder, remedy=remedy) from None
        yield
    finally:
        os.close(file)


def _open(folder: Path) -> int:
    if os.name == "posix":
        return os.open(folder, os.O_RDONLY)  # a folder can be locked itself: no file to leave
    return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)


def _lock(file: int) -> None:
    if os.name == "posix":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
