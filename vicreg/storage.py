"""Where files live, and how they are written so that none is ever seen half-written.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import numpy as np

from .errors import VICRegError
from .unfinished import SUFFIX, held, sweep

PROJECT = Path(__file__).resolve().parents[1]
OWN_NAME = "name"  # what a cache file calls its own name


def data_folder() -> Path:
    """The folder with the images: ``$VICREG_DATA``, else ``data/`` of the project."""
    return folder_of("VICREG_DATA", PROJECT / "data")


def weights_folder() -> Path:
    """The folder with one weights file an experiment: ``$VICREG_WEIGHTS``, else ``weights/``."""
    return folder_of("VICREG_WEIGHTS", PROJECT / "weights")


def weights_file(name: str) -> Path:
    """The weights file of an experiment."""
    return weights_folder() / f"{name}.pt"


def runs_folder() -> Path:
    """The folder with the checkpoints of unfinished runs: ``$VICREG_RUNS``, else ``runs/``."""
    return folder_of("VICREG_RUNS", PROJECT / "runs")


def cache_folder() -> Path:
    """The folder for what can be computed again: ``$VICREG_CACHE``, else the user's cache."""
    return folder_of("VICREG_CACHE", Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "vicreg")


def folder_of(variable: str, default: Path) -> Path:
    """The folder that an environment variable names, ``~`` being the user's home.

    Raises: VICRegError where a home directory is meant and there is none.
    """
    folder = Path(os.environ.get(variable) or default)
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise VICRegError(
            f"{folder} means nothing here, for there is no such home directory; set {variable} to a "
            "folder by its full path."
        ) from error


def write_atomically(path: Path, write: Callable[[Path], object], size: int | None = None) -> None:
    """Let ``write`` fill a file beside ``path``, then put it there in one step.

    A reader sees the old file or the new one, whatever happens meanwhile. ``size``, in bytes,
    is what the file needs, where that is known; it is said when the disk is full.
    Raises: VICRegError, naming the path, when the disk refuses; the old file is intact.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX, delete=False
        ) as file:
            temporary = Path(file.name)
        with held(temporary):
            write(temporary)
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        need = f", {megabytes(size)} are needed" if size else ""
        raise VICRegError(
            f"{path} could not be written ({error.strerror or error}{need}): free some space there or "
            "choose another folder; what stood there before is intact."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_writable(folder: Path, variable: str) -> None:
    """Refuse a folder that cannot be written to before work is done that is to go there.

    Raises: VICRegError, naming the environment variable by which another is chosen.
    """
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise VICRegError(f"The folder {folder} cannot be written to; set {variable} to one that can.")


def megabytes(size: int) -> str:
    """A number of bytes in words, rounded up: "24 MB"."""
    return f"{-(-size // 10**6):,} MB"


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


def save_tensors(content: dict, path: Path) -> None:
    """Write tensors and plain values to one file, atomically.

    Raises: VICRegError when the disk refuses.
    """
    import torch  # heavy, and not needed to know where files live

    # By way of memory, for torch reports a full disk as an "enforce fail" and not as an OSError.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    content = buffer.getbuffer()
    write_atomically(path, lambda temporary: temporary.write_bytes(content), len(content))


def load_tensors(file: BinaryIO) -> dict:
    """Read what save_tensors wrote, on the CPU, so that no code in the file runs.

    Raises: an exception of some kind, by the damage, when the file is not as it was written.
    """
    import torch

    with zipfile.ZipFile(file) as archive:
        check_archive(archive, file.seek(0, os.SEEK_END))
    file.seek(0)
    content = torch.load(file, map_location="cpu", weights_only=True)
    for tensor in tensors_in(content):
        if tensor.untyped_storage().nbytes() < tensor.nbytes:
            raise ValueError("a tensor of it is larger than what is stored of it")
    return content


def tensors_in(content) -> Iterator:
    """The tensors in dicts, lists and tuples."""
    if isinstance(content, dict | list | tuple):
        for value in content.values() if isinstance(content, dict) else content:
            yield from tensors_in(value)
    elif hasattr(content, "untyped_storage"):
        yield content


def check_archive(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse a file of tensors whose content is damaged or larger than the file is.

    torch reads past check sums, and a flipped bit would become another weight; it also unpacks
    what is compressed, which its own files never are, and a small file could fill the memory.
    """
    parts = archive.infolist()
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("a part of it is compressed")
    if sum(part.file_size for part in parts) > size:
        raise ValueError("its parts are larger than the file")
    if (damaged := archive.testzip()) is not None:
        raise ValueError(f"the check sum of {damaged} is wrong")
