"""Representations of the pictures of a folder, a few at a time, and remembered picture by picture.

However many there are, memory holds a few batches of images and all representations, 51 MB for
100,000. A picture is known again by its name, size and time, so an interrupted command goes on
where it was, and of a folder that has grown only what is new is embedded.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .datasets.folder import Folder
from .datasets.pictures import decoded, read_picture
from .representations import embedder, width
from .runtime.batching import in_batches, in_fitting_batches
from .runtime.cache import from_cache, keep_in_cache
from .runtime.device import best_device, gains_by_bf16
from .runtime.errors import VICRegError
from .runtime.progress import progress_bar
from .runtime.validation import check_finite
from .weights import Run

CACHE_FORMAT = 1
KEEP_EVERY = 60  # seconds


class Embedded(NamedTuple):
    """The pictures that could be read, and their representations, float32, (n, 128)."""

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
    identity = [CACHE_FORMAT, run.fingerprint, gains_by_bf16(device), device.type, str(folder.root.resolve())]
    name = f"folder-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:24]}.npz"
    identities, dimensions = folder.identities(), width(run.encoder)
    y = torch.empty(len(folder), dimensions)
    done = recall(name, identities, y.numpy())
    missing, failures, kept_at = np.flatnonzero(~done), {}, time.monotonic()

    def keep() -> None:
        keep_in_cache(name, identities=identities[done], y=y.numpy()[done])

    if len(missing):
        represent, side = embedder(run.encoder, device), run.experiment.side
        paths, at = folder.paths, 0
        with progress_bar(
            total=len(folder), initial=len(folder) - len(missing), desc=f"{run.name}: {folder.name}", unit=" images"
        ) as bar:
            try:
                for images, failed in decoded([paths[index] for index in missing], side):
                    batch = missing[at : at + len(images)]
                    y[batch] = in_fitting_batches(
                        lambda size, images=images: in_batches(represent, images, dimensions, size), len(images)
                    )
                    done[batch] = True
                    for index, why in failed.items():
                        failures[folder.names[missing[index]]] = why
                        done[missing[index]] = False
                    at += len(images)
                    bar.update(len(images))
                    if time.monotonic() - kept_at > KEEP_EVERY:
                        keep()
                        kept_at = time.monotonic()
            finally:
                if at:
                    keep()
    if not done.any():
        raise VICRegError(f"Not one of the {len(folder):,} pictures in {folder.root} can be read: {next(iter(failures.values()))}.")
    y = y[torch.from_numpy(done)]
    check_finite(y)
    return Embedded(folder.only(done, failures), y)


def represent_files(run: Run, paths: Sequence[Path], device: torch.device) -> Tensor:
    """The representations of a few pictures: float32 on the CPU, (n, 128).

    Raises: VICRegError, naming it, where one cannot be read.
    """
    images = []
    for path in paths:
        try:
            images.append(read_picture(path, run.experiment.side))
        except ValueError as error:
            raise VICRegError(f"The picture {path} {error}; name another.") from error
    return in_batches(embedder(run.encoder, device), torch.stack(images), width(run.encoder), len(images))


def recall(name: str, identities: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fill in the representations that the cache knows, and return which these are, bool, (n,)."""
    stored = from_cache(name) or {}
    known, values = stored.get("identities"), stored.get("y")
    done = np.zeros(len(identities), dtype=bool)
    if known is None or values is None or values.shape != (len(known), y.shape[1]) or values.dtype != y.dtype:
        return done
    rows = {identity.tobytes(): row for row, identity in enumerate(known)}
    found = np.array([rows.get(identity.tobytes(), -1) for identity in identities])
    done = found >= 0
    y[done] = values[found[done]]
    return done
