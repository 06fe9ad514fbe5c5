"""PNG images of noise, for what is to be spoilt bit by bit and need not show anything.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from torchvision.io import encode_png

from vicreg.datasets.cifar10 import CIFAR10_CLASSES


@pytest.fixture(scope="session")
def noise_images() -> dict[str, bytes]:
    """PNG files of noise by their place, "train/cat/0.png": 2 for training and 1 for test a class."""
    generator = torch.Generator().manual_seed(0)
    return {
        f"{split}/{name}/{number}.png": encode_png(
            torch.randint(256, (3, 32, 32), generator=generator, dtype=torch.uint8)
        ).numpy().tobytes()
        for split, count in (("train", 2), ("test", 1))
        for name in CIFAR10_CLASSES
        for number in range(count)
    }  # fmt: skip
