"""CIFAR-10 as uint8 tensors, wherever the images come from.

CIFAR-10 is accepted as the official archive or its folder (through torchvision, which also
downloads it), and as an image folder ``{train,test}/<class>/*.{jpg,png}`` or an archive of one.
What was decoded is cached outside the data folder, which may be read-only.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .datasets.cifar10 import (
    CIFAR10_CLASSES,
    OFFICIAL_COUNTS,
    OFFICIAL_FOLDER,
    Split,
    decode_cifar10,
    download_cifar10,
    find_cifar10,
)
from .datasets.copies import cache_name, cifar10_name, fingerprint_of_both
from .runtime.atomic import sweep
from .runtime.cache import from_cache, keep_in_cache, keep_newest
from .runtime.paths import data_folder, expanded

CACHES_KEPT = 3  # of decoded images, 184 MB each


@dataclass(frozen=True)
class ImageSet:
    """Labelled images of one split.

    Attributes: name, what the images really are, such as "CIFAR-10 (JPEG mirror)"; split,
    "train" or "test"; images, uint8, shape (n, 3, 32, 32); labels, int64, shape (n,), indices
    into classes; fingerprint, the sha256 of pixels and labels.
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.images)


class Splits(NamedTuple):
    """The two splits of CIFAR-10."""

    train: ImageSet
    test: ImageSet

    @property
    def fingerprint(self) -> str:
        """The sha256 over both splits' fingerprints, by which weights know their data."""
        return fingerprint_of_both(self.train.fingerprint, self.test.fingerprint)


def load_cifar10(root: str | Path | None = None) -> Splits:
    """Load CIFAR-10, decoding it on the first call and from the cache later.

    Parameters: root, the data folder; ``$VICREG_DATA`` or ``data/`` without one. An official
    copy there is preferred over an image folder; where there is neither, the official archive
    is downloaded there.
    Raises: VICRegError when no usable copy is there and none can be downloaded, or when the
    copy is damaged; the message names the file and the remedy.
    """
    root = expanded(root) if root is not None else data_folder()
    sweep(root)  # of a download that was killed
    source = find_cifar10(root)
    if source is None:
        download_cifar10(root)
        source = root / OFFICIAL_FOLDER
    splits = cached(source, lambda: decode_cifar10(source))
    counts = {split: len(splits[split].labels) for split in OFFICIAL_COUNTS}
    name = cifar10_name(source, counts, bool(splits["lossy"]))
    return Splits(*(
        as_image_set(name, split, splits[split], CIFAR10_CLASSES, splits["fingerprints"][split])
        for split in OFFICIAL_COUNTS
    ))  # fmt: skip


def fingerprint(split: Split) -> str:
    """The sha256 of a split's pixels and labels, hexadecimal."""
    digest = hashlib.sha256(np.ascontiguousarray(split.pixels))
    digest.update(np.ascontiguousarray(split.labels.astype("<i8")))
    return digest.hexdigest()


def as_image_set(
    name: str, split: str, arrays: Split, classes: tuple[str, ...], fingerprint: str
) -> ImageSet:
    return ImageSet(
        name=name,
        split=split,
        images=torch.from_numpy(arrays.pixels),
        labels=torch.from_numpy(arrays.labels),
        classes=classes,
        fingerprint=fingerprint,
    )


def cached(source: Path, decode) -> dict:
    """The decoded splits of a source and their fingerprints, from the cache where it still stands.

    The cache is one uncompressed file that states the fingerprints of its content; a damaged
    or foreign one is made anew.
    """
    name = cache_name(source)
    if (stored := from_cache(name)) is not None and (splits := intact(stored)) is not None:
        return splits
    decoded = decode()
    about = {
        "fingerprints": {split: fingerprint(decoded[split]) for split in OFFICIAL_COUNTS},
        "lossy": decoded["lossy"],
    }
    arrays = {
        f"{split}_{field}": array
        for split in OFFICIAL_COUNTS
        for field, array in decoded[split]._asdict().items()
    }
    keep_in_cache(name, about=np.array(json.dumps(about)), **arrays)
    keep_newest("cifar10-*.npz", CACHES_KEPT)
    return {**decoded, **about}


def intact(stored: dict) -> dict | None:
    """What :func:`cached` returns, None unless the splits have the fingerprints that the file states."""
    try:
        about = json.loads(str(stored["about"]))
        splits = {
            split: Split(stored[f"{split}_pixels"], stored[f"{split}_labels"])
            for split in OFFICIAL_COUNTS
        }
        if {split: fingerprint(splits[split]) for split in splits} == about["fingerprints"]:
            return {**splits, **about}
    except (KeyError, ValueError, TypeError, AttributeError):
        pass  # another file under this name
    return None
