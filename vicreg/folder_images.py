"""The pictures of a folder as images to train on, decoded and made square.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import math
import sys

import numpy as np
import torch

from .data import Split, Splits, as_image_set, fingerprint
from .datasets.folder import SPLITS, Folder, tell_left_out
from .datasets.pictures import decoded, hashes_of
from .known_pictures import known
from .runtime.cache import keep_newest
from .runtime.errors import VICRegError

CACHE_FORMAT = 2
CACHES_KEPT = 3
TEST_SHARE = 10  # of so many pictures one is a test image, where the folder does not say which
FEWEST = 2       # pictures to train on, and to watch: what a batch is normalised by


def load_folder(folder: Folder, side: int, strict: bool = False, batch_size: int = FEWEST) -> Splits:
    """The pictures of a folder as square images, from the cache where nothing changed.

    Where the folder has no ``train/`` and ``test/``, a tenth of its pictures are test images, which
    training only watches: the same each time, by their names. Those that are training images as well are told.

    Raises: VICRegError, before anything is decoded, when there are too few pictures for a batch or to watch;
    when too few can be read, or, where strict, not all.
    """
    which_to_watch(folder, batch_size)
    pixels, readable, failures = decoded_folder(folder, side)
    tell_left_out(folder := folder.only(readable, failures), strict)
    pixels, test = pixels[readable], which_to_watch(folder, batch_size)
    hashes = hashes_of(torch.from_numpy(pixels))
    if count := int(np.isin(hashes[test], hashes[~test]).sum()):
        print(f"{folder.name}: {count:,} of the {test.sum():,} pictures to watch {'is' if count == 1 else 'are'} identical, pixel for pixel, to one to train on.", file=sys.stderr)
    name = f"{folder.name} ({len(folder):,} pictures)"
    splits = []
    for split, members in zip(SPLITS, (~test, test), strict=True):
        arrays = Split(pixels[members], folder.labels[members])
        splits.append(as_image_set(name, split, arrays, folder.classes, fingerprint(arrays)))
    return Splits(*splits)


def which_to_watch(folder: Folder, batch_size: int) -> np.ndarray:
    """Which pictures are test images, bool, (n,).

    Raises: VICRegError where they, or the others, are too few.
    """
    test = np.array(folder.splits) == "test" if folder.splits else held_out(folder.names)
    watched = int(test.sum())
    for count, least, what in ((len(test) - watched, max(batch_size, FEWEST), "to train on"), (watched, FEWEST, "to watch")):
        if count < least:
            remedy = "add some" if count < FEWEST else "set a smaller --batch-size, or add some"
            raise VICRegError(f"{folder.root} has {count:,} picture{'s' * (count != 1)} {what}, of which {least:,} are needed; {remedy}.")
    return test


def held_out(names: tuple[str, ...]) -> np.ndarray:
    """Which tenth of pictures, two at least, are test images: bool, (n,), by their names alone."""
    order = np.argsort([hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest() for name in names])
    members = np.zeros(len(names), dtype=bool)
    members[order[: max(2, len(names) // TEST_SHARE)]] = True
    return members


def decoded_folder(folder: Folder, side: int) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """All pictures of a folder, (n, 3, side, side), which of them could be read, (n,), and why others not."""
    pixels = np.empty((len(folder), 3, side, side), dtype=np.uint8)
    readable, failures = known(
        folder, "pictures", [CACHE_FORMAT, side], {"pixels": pixels},
        lambda paths: (({"pixels": images.numpy()}, failed) for images, failed in decoded(paths, side)),
        f"decoding {folder.name}", math.inf,
    )  # fmt: skip
    keep_newest("pictures-*.npz", CACHES_KEPT)
    return pixels, readable, failures
