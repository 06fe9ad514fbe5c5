"""The MNIST test digits as images that an encoder of CIFAR-10 has never seen.

Accepted as the original IDX files of the test set.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from .data import ImageSet, as_image_set, fingerprint
from .datasets.cifar10 import Split
from .datasets.mnist import find_mnist, read_idx
from .runtime.errors import VICRegError
from .runtime.paths import data_folder, expanded

MNIST_CLASSES = tuple(str(digit) for digit in range(10))


def load_mnist_test(root: str | Path | None = None) -> ImageSet:
    """Load the MNIST test set, resized to 32x32 (bilinear) with three equal channels.

    Parameters: root, as for :func:`load_cifar10`; the IDX files ``t10k-…``, gzipped or not,
    are looked for there and in ``MNIST/raw``, and downloaded where they are missing.
    Raises: VICRegError when they cannot be had or are damaged.
    """
    root = expanded(root) if root is not None else data_folder()
    images_file, labels_file = find_mnist(root)
    images = read_idx(images_file)
    labels = read_idx(labels_file)
    fits = images.ndim == 3 and images.shape[1:] == (28, 28) and labels.shape == images.shape[:1]
    if not fits or not len(images) or labels.max() > 9:
        raise VICRegError(
            f"{images_file} and {labels_file.name} are not MNIST's images and their labels; "
            "replace both with the original MNIST test files."
        )
    small = torch.from_numpy(images.astype(np.float32)).unsqueeze(1)
    large = interpolate(small, size=32, mode="bilinear", align_corners=False)
    pixels = large.round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous().numpy()
    split = Split(pixels, labels.astype(np.int64))
    return as_image_set("MNIST", "test", split, MNIST_CLASSES, fingerprint(split))
