"""The MNIST test set from its original IDX files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import struct
from pathlib import Path

import numpy as np

from ..runtime.atomic import unfinished_folder
from ..runtime.errors import VICRegError, reason
from .files import read_bounded

STEMS = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MOST_BYTES = 64 << 20  # of a file unpacked; the test set's images take 8 MB


def find_mnist(root: Path) -> tuple[Path, Path]:
    """Paths of the test set's images and labels, downloaded where they are missing."""
    if None in (found := look_for_mnist(root)):
        download_mnist(root)
        found = look_for_mnist(root)
    return found


def look_for_mnist(root: Path) -> tuple[Path | None, Path | None]:
    """Paths of the test set's images and labels, None for what is missing."""
    places = [root, root / "MNIST" / "raw"]
    candidates = [[p / (s + gz) for p in places for gz in ("", ".gz")] for s in STEMS]
    images, labels = (next((c for c in some if c.is_file()), None) for some in candidates)
    return images, labels


def download_mnist(root: Path) -> None:
    """Download the test set's files through torchvision, aside, so that what is there is whole."""
    from torchvision.datasets import MNIST

    try:
        with unfinished_folder(root, "mnist") as aside:
            MNIST(aside, train=False, download=True)
            for stem in STEMS:
                (aside / "MNIST" / "raw" / f"{stem}.gz").replace(root / f"{stem}.gz")
    except Exception as error:  # urllib, http, OS and torchvision errors alike
        raise VICRegError(
            f"The MNIST test set is not in {root} and could not be downloaded ({reason(error)}); put "
            f"{STEMS[0]}.gz and {STEMS[1]}.gz there, or set VICREG_DATA to their folder."
        ) from error


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not (the format of MNIST).

    Returns: uint8 array of the shape that the file states.
    Raises: VICRegError when the file is damaged or is no IDX file of bytes.
    """
    remedy = "replace it with the original MNIST file"
    try:
        raw = read_bounded(path, MOST_BYTES)
    except Exception as error:  # OS, zlib and end-of-file errors alike
        raise VICRegError(f"{path} is damaged ({reason(error)}); {remedy}.") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        raise VICRegError(f"{path} is not an IDX file of bytes; {remedy}.")
    shape = struct.unpack(f">{raw[3]}I", raw[4 : 4 + 4 * raw[3]])
    body = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * raw[3])
    fits = 1 <= raw[3] <= 3 and body.size == np.prod(shape, dtype=object)
    if not fits or np.prod([side or 1 for side in shape], dtype=object) > MOST_BYTES:
        raise VICRegError(f"{path} holds {body.size} bytes but states a shape of {shape}; {remedy}.")
    return body.reshape(shape)
