"""Pictures of any size, decoded in processes of their own while others are worked on.

What is kept in memory is bounded: a few batches of small images, and one large picture a process.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import signal
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader, Dataset

from ..runtime.errors import VICRegError, reason
from .decode import decode_upright

LARGEST_FILE = 1 << 28  # bytes
FEW = 50                # pictures, for which no process is worth starting
BATCH_SIZE = 100        # images that a process hands over at once, in shared memory


class Pictures(Dataset):
    """Files as square images: maps indices to uint8, (b, 3, side, side), and why some are blank, by index."""

    def __init__(self, paths: Sequence[Path], side: int):
        self.paths, self.side = paths, side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, dict[int, str]]:
        images = torch.zeros(len(indices), 3, self.side, self.side, dtype=torch.uint8)
        failures = {}
        for row, index in zip(images, indices, strict=True):
            try:
                row.copy_(read_picture(self.paths[index], self.side))
            except ValueError as error:
                failures[index] = str(error)
        return images, failures


def as_it_is(batch):
    return batch


def leave_it_to_the_parent(worker: int) -> None:
    """A SIGTERM to all processes of a command ends the first, which then ends the others."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def decoded(paths: Sequence[Path], side: int) -> Iterator[tuple[Tensor, dict[int, str]]]:
    """Yield the images of files in their order, up to a hundred at a time, decoded on all cores.

    Parameters: side, of the images, pixels.
    Returns: uint8, (b, 3, side, side), and, by the index of a file, why it cannot be read; its
    image is black.
    """
    workers = 0 if len(paths) <= FEW else available_cores()
    loader = DataLoader(
        Pictures(paths, side), batch_size=BATCH_SIZE, num_workers=workers, collate_fn=as_it_is,
        worker_init_fn=leave_it_to_the_parent,
    )
    try:
        yield from loader
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise VICRegError(
            f"A process that decodes pictures was ended ({reason(error)}); what was finished is kept: "
            "free some memory, or shared memory (/dev/shm), and give the same command again."
        ) from error


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_picture(path: Path, side: int) -> Tensor:
    """A file's picture, upright, its middle square resized to side x side: uint8, (3, side, side).

    Raises: ValueError, saying what is wrong, for what cannot be read.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("is not a file")
        if about.st_size > LARGEST_FILE:
            raise ValueError(f"takes {-(-about.st_size >> 20):,} MiB, over the {LARGEST_FILE >> 20} that are read")
        return middle_square(decode_upright(path.read_bytes()), side)
    except FileNotFoundError as error:
        raise ValueError("is a link to nothing" if path.is_symlink() else "is not there") from error
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    except MemoryError as error:
        raise ValueError("is too large for the memory") from error


def middle_square(pixels: np.ndarray, side: int) -> Tensor:
    """The largest square in the middle of a picture, uint8 (h, w, 3), resized: uint8, (3, side, side).

    Bilinear; where it shrinks, each pixel is the mean over all that falls into it, weighted.
    """
    h, w, _ = pixels.shape
    edge = min(h, w)
    top, left = (h - edge) // 2, (w - edge) // 2
    square = torch.from_numpy(np.array(pixels[top : top + edge, left : left + edge]))
    x = square.permute(2, 0, 1).unsqueeze(0)             # (1, 3, edge, edge), channels last
    return interpolate(x, size=(side, side), mode="bilinear", antialias=True)[0]
