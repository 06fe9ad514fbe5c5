"""Files and folders in the making: told from those that a killed writer has left.

A writer holds the system's lock of what it makes, which ends with the writer, however that ends.
Where the system knows no such locks (Windows), what the killed have left stays.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

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
        with contextlib.suppress(OSError):  # it is in the making, or another sweeps it too
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
