"""A small part of the real images, as a data folder of its own, to try things out quickly.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import struct
from pathlib import Path

import numpy as np
from torchvision.io import encode_png

from .data import ImageSet, load_cifar10
from .datasets.mnist import find_mnist, read_idx
from .runtime.atomic import unfinished_folder, write_atomically
from .runtime.paths import data_folder


def write_sample(target: Path, train: int, test: int, digits: int) -> None:
    """Write the first images of each class to a folder that VICREG_DATA can name.

    Parameters: target, the folder, which is not there yet, or empty; train and test, CIFAR-10 images a
    class, written as PNG (lossless); digits, of MNIST's test set.
    Raises: VICRegError when the full data cannot be had or the disk refuses.
    """
    data = load_cifar10()
    with unfinished_folder(target, "sample") as aside:
        for images, count in ((data.train, train), (data.test, test)):
            write_images(aside / images.split, images, count)
        for file in find_mnist(data_folder()):
            write_idx(aside / f"{file.name.removesuffix('.gz')}.gz", read_idx(file)[:digits])
        for part in sorted(aside.iterdir()):
            part.rename(target / part.name)


def write_images(folder: Path, images: ImageSet, count: int) -> None:
    for label, name in enumerate(images.classes):
        for number, index in enumerate((images.labels == label).nonzero()[:count, 0].tolist()):
            png = encode_png(images.images[index].contiguous(), compression_level=9).numpy().tobytes()
            write_atomically(folder / name / f"{number:04}.png", lambda path, png=png: path.write_bytes(png))


def write_idx(path: Path, values: np.ndarray) -> None:
    """Write unsigned bytes in MNIST's IDX format, gzipped."""
    header = b"\0\0\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    packed = gzip.compress(header + values.tobytes(), mtime=0)
    write_atomically(path, lambda temporary: temporary.write_bytes(packed))
