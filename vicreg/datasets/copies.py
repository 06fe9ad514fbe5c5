"""Which copy of CIFAR-10 is at hand: its name, counts and fingerprint.

The same 60,000 images go round as the official files and, with other pixels or in another order,
as folders of JPEGs or PNGs. A copy that was decoded before is known from the cache, in a tenth of
a second and without torch.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from ..runtime.cache import from_cache
from .cifar10 import OFFICIAL_ARCHIVE, OFFICIAL_COUNTS, OFFICIAL_FOLDER, find_cifar10, image_files

CACHE_FORMAT = 1


class Copy(NamedTuple):
    """A copy of CIFAR-10.

    ``source``: its folder or archive; ``name``: what it really is, such as "CIFAR-10 (JPEG
    mirror)"; ``counts``: split → number of images; ``fingerprint``: the sha256 by which
    weights know their data.
    """

    source: Path
    name: str
    counts: dict[str, int]
    fingerprint: str


def copy_at_hand(root: Path) -> Copy | None:
    """The copy of CIFAR-10 in a folder, None where there is none; nothing is downloaded.

    Raises: VICRegError when it is damaged, or is one of several archives.
    """
    source = find_cifar10(root)
    if source is None:
        return None
    if (found := from_decoded(source)) is not None:
        return found
    from ..data import load_cifar10  # heavy

    data = load_cifar10(root)
    return Copy(source, data.train.name, {images.split: len(images) for images in data}, data.fingerprint)


def from_decoded(source: Path) -> Copy | None:
    """A copy as the cache describes it, None where it was not decoded yet."""
    fields = ("about", *(f"{split}_labels" for split in OFFICIAL_COUNTS))
    if (stored := from_cache(cache_name(source), fields)) is None:
        return None
    try:
        about = json.loads(str(stored["about"]))
        counts = {split: len(stored[f"{split}_labels"]) for split in OFFICIAL_COUNTS}
        name = cifar10_name(source, counts, about["lossy"])
        return Copy(source, name, counts, fingerprint_of_both(**about["fingerprints"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None  # another file under this name


def cifar10_name(source: Path, counts: dict[str, int], lossy: bool) -> str:
    """What a copy really is: its encoding, and its size where it is a part only."""
    if source.name in (OFFICIAL_FOLDER, OFFICIAL_ARCHIVE):
        return "CIFAR-10"
    mirror = f"CIFAR-10 ({'JPEG' if lossy else 'PNG'} mirror)"
    if counts == OFFICIAL_COUNTS:
        return mirror
    return f"{mirror}, a subset of {counts['train']:,} + {counts['test']:,}"


def fingerprint_of_both(train: str, test: str) -> str:
    """The sha256 over both splits' fingerprints, by which weights know their data."""
    return hashlib.sha256((train + test).encode()).hexdigest()


def cache_name(source: Path) -> str:
    """The name of the cache's file of a source, another one when the source's files change.

    It stands for their paths, sizes and times.
    """
    source = source.resolve()  # one cache, however the folder is named
    in_folder = source.is_dir() and (image_files(source) or list(source.iterdir()))
    files = in_folder or [source]
    stats = sorted((str(p), (s := p.stat()).st_size, s.st_mtime_ns) for p in files)
    identity = [CACHE_FORMAT, str(source), stats]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    return f"cifar10-{key}.npz"
