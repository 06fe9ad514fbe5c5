"""Files and folders that are never seen half-written, and what killed writers have left of theirs.

A writer holds the system's lock of what it makes, which ends with the writer, however that ends.
Where the system knows no such locks (Windows), what the killed have left stays.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from .errors import VICRegError

try:
    import fcntl
except ImportError:
    fcntl = None

SUFFIX = ".vicreg-part"


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder in the making."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what killed writers have left in a folder.

    What is empty may be what its writer is about to lock, so it is left alone.
    """
    if fcntl is None:
        return
    for stray in folder.glob(f".*{SUFFIX}"):
        with contextlib.suppress(OSError):  # it is being written, or another process sweeps it
            descriptor = os.open(stray, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(stray)
            finally:
                os.close(descriptor)


def remove(stray: Path) -> None:
    """Remove a file or folder that is not empty."""
    if stray.is_dir():
        if any(stray.iterdir()):
            shutil.rmtree(stray)
    elif stray.stat().st_size:
        stray.unlink()


@contextlib.contextmanager
def unfinished_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder in which to make something that is moved out of it when it is whole."""
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    with (
        TemporaryDirectory(dir=parent, prefix=f".{name}.", suffix=SUFFIX) as folder,
        held(Path(folder)),
    ):
        yield Path(folder)


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
