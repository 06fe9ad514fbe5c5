"""Representations of the pictures of a folder, a few at a time.

However many there are, memory holds a few batches of images and all representations, 51 MB for 100,000.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .datasets.folder import Folder
from .datasets.pictures import decoded, hashes_of
from .known_pictures import known
from .representations import embedder, width
from .runtime.batching import in_batches, in_fitting_batches
from .runtime.device import best_device, gains_by_bf16
from .runtime.errors import VICRegError
from .runtime.progress import progress_bar
from .runtime.validation import check_finite
from .weights import Run

CACHE_FORMAT = 2


class Embedded(NamedTuple):
    """The pictures that could be read, with hashes of their pixels, and their representations, float32, (n, 128)."""

    folder: Folder
    y: Tensor


def represent_folder(run: Run, folder: Folder, device: torch.device | None = None) -> Embedded:
    """The representations of a folder's pictures, from the cache or else computed, with a progress bar.

    Parameters: run, a trained encoder, which decides the images' side; device, the best there is
    without one. What cannot be read is left out, and named in the returned folder's ``left_out``.
    Raises: VICRegError for codes in place of an encoder, when no picture can be read, or when a
    representation is not finite.
    """
    if run.experiment.latent:
        raise VICRegError(f"{run.name} has codes of its training images alone; choose weights of an encoder.")
    device = device or best_device()
    identity = [CACHE_FORMAT, run.fingerprint, gains_by_bf16(device), device.type]
    fields = {"y": np.empty((len(folder), width(run.encoder)), np.float32), "hashes": np.empty(len(folder), np.uint64)}

    done, failures = known(
        folder, "folder", identity, fields, lambda paths: represented(run, paths, device), f"{run.name}: {folder.name}"
    )
    if not done.any():
        raise VICRegError(f"Not one of the {len(folder):,} pictures in {folder.root} can be read: {next(iter(failures.values()))}.")
    y = torch.from_numpy(fields["y"][done])
    check_finite(y)
    return Embedded(replace(folder, hashes=fields["hashes"]).only(done, failures), y)


def represent_files(run: Run, paths: Sequence[Path], device: torch.device) -> Tensor:
    """The representations of pictures: float32 on the CPU, (n, 128).

    Raises: VICRegError, naming it, where one cannot be read.
    """
    found = [torch.empty(0, width(run.encoder))]
    with progress_bar(total=len(paths), desc=f"{run.name}: pictures", unit=" images", disable=not paths) as bar:
        for fields, failed in represented(run, paths, device):
            for index, why in failed.items():
                raise VICRegError(f"The picture {paths[index]} {why}; name another.")
            found.append(torch.from_numpy(fields["y"]))
            bar.update(len(fields["y"]))
    return torch.cat(found)


def represented(
    run: Run, paths: Sequence[Path], device: torch.device
) -> Iterator[tuple[dict[str, np.ndarray], dict[int, str]]]:
    """Yield what is known of files, "y" and "hashes", and why some are blank, batch by batch, as :func:`decoded` does."""
    represent, dimensions = embedder(run.encoder, device), width(run.encoder)
    for images, failed in decoded(paths, run.experiment.side):
        y = in_fitting_batches(lambda size, images=images: in_batches(represent, images, dimensions, size), len(images))
        yield {"y": y.numpy(), "hashes": hashes_of(images)}, failed
