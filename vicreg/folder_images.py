"""The pictures of a folder as images to train on, decoded and made square.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import json

import numpy as np

from .data import Split, Splits, as_image_set, fingerprint
from .datasets.folder import SPLITS, Folder, tell_left_out
from .datasets.pictures import decoded
from .runtime.cache import from_cache, keep_in_cache, keep_newest
from .runtime.errors import VICRegError
from .runtime.progress import progress_bar

CACHE_FORMAT = 1
CACHES_KEPT = 3
TEST_SHARE = 10  # of so many pictures one is a test image, where the folder does not say which
FEWEST = 4       # pictures: two to train on and two to watch


def load_folder(folder: Folder, side: int, strict: bool = False) -> Splits:
    """The pictures of a folder as square images, from the cache where nothing changed.

    Where the folder has no ``train/`` and ``test/``, a tenth of its pictures are test images, which
    training only watches: the same each time, by their names.

    Raises: VICRegError when fewer than four pictures can be read, or, where strict, not all.
    """
    pixels, readable, failures = decoded_folder(folder, side)
    tell_left_out(folder := folder.only(readable, failures), strict)
    if len(folder) < FEWEST:
        raise VICRegError(f"Training needs at least {FEWEST} pictures, and {folder.root} has {len(folder):,}.")
    pixels = pixels[readable]
    test = np.array(folder.splits) == "test" if folder.splits else held_out(folder.names)
    name = f"{folder.name} ({len(folder):,} pictures)"
    splits = []
    for split, members in zip(SPLITS, (~test, test), strict=True):
        arrays = Split(pixels[members], folder.labels[members])
        splits.append(as_image_set(name, split, arrays, folder.classes, fingerprint(arrays)))
    return Splits(*splits)


def held_out(names: tuple[str, ...]) -> np.ndarray:
    """Which tenth of pictures, two at least, are test images: bool, (n,), by their names alone."""
    order = np.argsort([hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest() for name in names])
    members = np.zeros(len(names), dtype=bool)
    members[order[: max(2, len(names) // TEST_SHARE)]] = True
    return members


def decoded_folder(folder: Folder, side: int) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """All pictures of a folder, (n, 3, side, side), which of them could be read, (n,), and why others not."""
    identity = [CACHE_FORMAT, str(folder.root.resolve()), side, folder.identities().tobytes().hex()]
    name = f"pictures-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]}.npz"
    pixels, missing = remembered(name, (len(folder), 3, side, side))
    readable, failures, done = np.ones(len(folder), dtype=bool), {}, 0
    paths = folder.paths
    with progress_bar(total=len(missing), desc=f"decoding {folder.name}", unit=" images", disable=not len(missing)) as bar:
        for images, failed in decoded([paths[index] for index in missing], side):
            pixels[missing[done : done + len(images)]] = images.numpy()
            readable[missing[list(failed)]] = False
            failures |= {folder.names[missing[index]]: why for index, why in failed.items()}
            done += len(images)
            bar.update(len(images))
    if len(failures) < len(missing):
        digest = np.array(hashlib.sha256(pixels).hexdigest())
        keep_in_cache(name, pixels=pixels, missing=np.flatnonzero(~readable), sha256=digest)
        keep_newest("pictures-*.npz", CACHES_KEPT)
    return pixels, readable, failures


def remembered(name: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures as the cache has them, and which are missing: all, or those that could not be read then."""
    stored = from_cache(name) or {}
    try:
        if hashlib.sha256(stored["pixels"]).hexdigest() == str(stored["sha256"]):
            return stored["pixels"], stored["missing"]
    except (KeyError, ValueError, TypeError):
        pass  # none there, or another file under this name
    return np.empty(shape, dtype=np.uint8), np.arange(shape[0])
