"""Pictures of any size, decoded in processes of their own while others are worked on.

What is kept in memory is bounded: a few batches of small images, and one large picture a process.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.v2.functional import center_crop, resize

from ..runtime.errors import VICRegError, reason
from .decode import decode_upright
from .files import read_file

LARGEST_FILE = 1 << 28  # bytes
FEW = 50                # pictures, for which no process is worth starting
BATCH_SIZE = 100        # images that a process hands over at once


class Pictures(Dataset):
    """Files as square images: maps indices to uint8, (b, 3, side, side), and why some are blank, by index.

    They are arrays, which come from a process through its pipe: tensors would come by shared memory, of which
    a container may have little, and would each hold a file open.
    """

    def __init__(self, paths: Sequence[Path], side: int):
        self.paths, self.side = paths, side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitems__(self, indices: Sequence[int]) -> tuple[np.ndarray, dict[int, str]]:
        images = np.zeros((len(indices), 3, self.side, self.side), dtype=np.uint8)
        failures = {}
        for row, index in zip(images, indices, strict=True):
            try:
                row[:] = read_picture(self.paths[index], self.side)
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

    Where no processes can be started, this one decodes.

    Parameters: side, of the images, pixels.
    Returns: uint8, (b, 3, side, side), and, by the index of a file, why it cannot be read; its
    image is black.
    """
    settings = {"dataset": Pictures(paths, side), "batch_size": BATCH_SIZE, "collate_fn": as_it_is}
    workers = available_cores() if len(paths) > FEW and can_start_processes() else 0
    before = {*multiprocessing.active_children()}
    try:
        batches = iter(DataLoader(num_workers=workers, worker_init_fn=leave_it_to_the_parent, **settings))
    except (OSError, RuntimeError):  # no more processes or threads are allowed
        for child in {*multiprocessing.active_children()} - before:
            child.kill()
        batches = iter(DataLoader(num_workers=0, **settings))
    try:
        for images, failures in batches:
            yield torch.from_numpy(images), failures
    except (RuntimeError, OSError) as error:
        if not any(words in str(error) for words in ("DataLoader worker", "Too many open files")):
            raise
        raise VICRegError(
            f"A process that decodes pictures was ended ({reason(error)}); what was finished is kept: "
            "free some memory and give the same command again."
        ) from error


def can_start_processes() -> bool:
    """Whether the system has what processes talk by: semaphores, which take shared memory, and files to open."""
    try:
        return bool([multiprocessing.Queue() for _ in range(2 * available_cores() + 4)])
    except (OSError, ImportError):
        return False


def hashes_of(images: Tensor) -> np.ndarray:
    """By which images of the same pixels, (n, 3, s, s), are known: uint64, (n,)."""
    digests = (hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images.numpy())
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def middle_square(pixels: np.ndarray, side: int) -> Tensor:
    """The largest square in the middle of a picture, uint8 (h, w, 3), resized: uint8, (3, side, side)."""
    edge = min(pixels.shape[:2])
    return resize(center_crop(channels_first(pixels), [edge, edge]), [side, side])


def whole(pixels: np.ndarray, side: int) -> Tensor:
    """A picture, uint8 (h', w', 3), resized so that its longer side has so many pixels: uint8, (3, h, w)."""
    return resize(channels_first(pixels), None, max_size=side)


def channels_first(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)


def read_picture(path: Path, side: int, form: Callable[[np.ndarray, int], Tensor] = middle_square) -> Tensor:
    """A file's picture, upright, its middle square resized to side x side, or another form of it: uint8, (3, h, w).

    Raises: ValueError, saying what is wrong, for what cannot be read.
    """
    try:
        return form(decode_upright(read_file(path, LARGEST_FILE)), side)
    except MemoryError as error:
        raise ValueError("is too large for the memory") from error
