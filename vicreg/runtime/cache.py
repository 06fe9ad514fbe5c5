"""What can be computed again, kept in files of the cache.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .atomic import write_atomically
from .errors import VICRegError
from .paths import cache_folder

OWN_NAME = "name"  # what a cache file calls its own name


def keep_in_cache(name: str, **arrays: np.ndarray) -> None:
    """Write arrays to an uncompressed file of the cache; without room there, say so and go on.

    The file states its name, so that one under another's name is not taken for that.
    """

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays, **{OWN_NAME: np.array(name)})

    try:
        size = sum(array.nbytes for array in arrays.values())
        write_atomically(cache_folder() / name, write, size)
    except VICRegError as error:
        print(f"Not cached, and so to be computed again next time: {error}", file=sys.stderr)


def from_cache(name: str, fields: Sequence[str] | None = None) -> dict[str, np.ndarray] | None:
    """The arrays of a file of the cache, or those of some fields alone.

    Returns: None where the file is missing, damaged or another one renamed.
    """
    try:
        path = cache_folder() / name
        with np.load(path, allow_pickle=False) as stored:
            arrays = {field: stored[field] for field in (*(fields or stored), OWN_NAME)}
        renamed = str(arrays.pop(OWN_NAME)) != name
    except Exception:  # whatever is wrong with a cache, it can be made again
        return None
    if renamed:
        return None
    with contextlib.suppress(OSError):  # the cache may be read-only
        os.utime(path)
    return arrays


def keep_newest(pattern: str, count: int) -> None:
    """Remove all but the files of the cache that were used last."""
    with contextlib.suppress(VICRegError, OSError):
        files = sorted(cache_folder().glob(pattern), key=lambda path: path.stat().st_mtime)
        for path in files[:-count]:
            path.unlink()
