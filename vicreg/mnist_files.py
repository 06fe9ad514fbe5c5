"""The MNIST test set from its original IDX files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import struct
from pathlib import Path

import numpy as np

from .errors import VICRegError, reason


def find_mnist(root: Path) -> tuple[Path, Path]:
    """Paths of the test set's images and labels, downloaded where they are missing."""
    stems = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    places = [root, root / "MNIST" / "raw"]

    def look() -> list[Path]:
        candidates = [[p / (s + gz) for p in places for gz in ("", ".gz")] for s in stems]
        return [next((c for c in some if c.is_file()), None) for some in candidates]

    found = look()
    if None in found:
        from torchvision.datasets import MNIST

        try:
            MNIST(root, train=False, download=True)
        except Exception as error:
            raise VICRegError(
                f"The MNIST test set is not in {root} and could not be downloaded ({reason(error)}); put "
                f"{stems[0]}.gz and {stems[1]}.gz there, or set VICREG_DATA to their folder."
            ) from error
        found = look()
    return found[0], found[1]


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not (the format of MNIST).

    Returns: uint8 array of the shape that the file states.
    Raises: VICRegError when the file is damaged or is no IDX file of bytes.
    """
    remedy = "replace it with the original MNIST file"
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, gzip.zlib.error) as error:
        raise VICRegError(f"{path} is damaged ({reason(error)}); {remedy}.") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        raise VICRegError(f"{path} is not an IDX file of bytes; {remedy}.")
    shape = struct.unpack(f">{raw[3]}I", raw[4 : 4 + 4 * raw[3]])
    body = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * raw[3])
    if not 1 <= raw[3] <= 3 or body.size != np.prod(shape, dtype=object):
        raise VICRegError(f"{path} holds {body.size} bytes but states a shape of {shape}; {remedy}.")
    return body.reshape(shape)
