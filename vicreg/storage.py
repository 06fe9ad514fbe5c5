"""Where files live, and how they are written so that none is ever seen half-written.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import numpy as np

from .errors import VICRegError

PROJECT = Path(__file__).resolve().parents[1]


def data_folder() -> Path:
    """The folder with the images: ``$VICREG_DATA``, else ``data/`` of the project."""
    return Path(os.environ.get("VICREG_DATA") or PROJECT / "data").expanduser()


def weights_folder() -> Path:
    """The folder with one weights file an experiment: ``$VICREG_WEIGHTS``, else ``weights/``."""
    return Path(os.environ.get("VICREG_WEIGHTS") or PROJECT / "weights").expanduser()


def runs_folder() -> Path:
    """The folder with the checkpoints of unfinished runs: ``$VICREG_RUNS``, else ``runs/``."""
    return Path(os.environ.get("VICREG_RUNS") or PROJECT / "runs").expanduser()


def cache_folder() -> Path:
    """The folder for what can be computed again: ``$VICREG_CACHE``, else the user's cache."""
    if configured := os.environ.get("VICREG_CACHE"):
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vicreg"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it there in one step.

    A reader sees the old file or the new one, whatever happens meanwhile.
    Raises: VICRegError, naming the path, when the disk refuses; the old file is intact.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise VICRegError(
            f"{path} could not be written ({error.strerror or error}): free some space there or "
            "choose another folder; what stood there before is intact."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def keep_in_cache(name: str, **arrays: np.ndarray) -> None:
    """Write arrays to an uncompressed file of the cache; without room there, say so and go on."""

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)

    try:
        write_atomically(cache_folder() / name, write)
    except VICRegError as error:
        print(f"Not cached, and so to be computed again next time: {error}", file=sys.stderr)


def from_cache(name: str) -> dict[str, np.ndarray] | None:
    """The arrays of a file of the cache; None where it is missing or its check sums are wrong."""
    try:
        with np.load(cache_folder() / name, allow_pickle=False) as stored:
            return dict(stored)
    except Exception:  # whatever is wrong with a cache, it can be made again
        return None


def save_tensors(content: dict, path: Path) -> None:
    """Write tensors and plain values to one file, atomically.

    Raises: VICRegError when the disk refuses.
    """
    import torch  # heavy, and not needed to know where files live

    # By way of memory, for torch reports a full disk as an "enforce fail" and not as an OSError.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomically(path, lambda temporary: temporary.write_bytes(buffer.getbuffer()))


def load_tensors(file: BinaryIO) -> dict:
    """Read what save_tensors wrote, on the CPU, so that no code in the file runs.

    Raises: an exception of some kind, by the damage, when the file is not as it was written.
    """
    import torch

    # torch reads past its file's check sums: a flipped bit would become another weight.
    with zipfile.ZipFile(file) as archive:
        if (damaged := archive.testzip()) is not None:
            raise ValueError(f"the check sum of {damaged} is wrong")
    file.seek(0)
    return torch.load(file, map_location="cpu", weights_only=True)
