"""One build at a time in one folder; a process that dies lets go of the lock.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reporting.errors import ReportError
from reporting.store import digest


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; the system frees it with the process, however that ends.

    Raises
    ------
    ReportError
        If another build holds it.
    """
    name = f"reporting-{digest(str(folder.resolve()))[:16]}.lock"
    # Beside the temporary files and never removed: removing a lock file is a race.
    file = os.open(Path(tempfile.gettempdir(), name), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(file)
        except OSError:
            raise ReportError("another build is at work here", folder,
                              remedy="wait for it, or give this one another --out") from None
        yield
    finally:
        os.close(file)


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
