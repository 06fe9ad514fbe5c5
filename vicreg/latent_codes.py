"""Free codes of images in place of an encoder (Q5), and how an image's code is found again.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from .model import REPRESENTATION_DIM
from .runtime.errors import VICRegError

INITIAL_STD = 0.01
LOOK = 4             # cells a side over which an image's colours are averaged to know it again
SAME_LOOK = 10       # grey levels: JPEG of quality 75 moves a look by 5 at most, other images are 20 away
AT_ONCE = 1000


class LatentCodes(nn.Embedding):
    """The codes of n images, free parameters: maps indices, int64 (B,), to codes (B, 128).

    ``looks``, uint8, (n, 48), are the images' colours on a coarse grid, by which :meth:`of` knows
    the images again in another copy.
    """

    def __init__(self, n: int, dim: int = REPRESENTATION_DIM):
        super().__init__(n, dim)
        nn.init.normal_(self.weight, std=INITIAL_STD)
        self.register_buffer("looks", torch.zeros(n, 3 * LOOK**2, dtype=torch.uint8))

    def remember(self, images: Tensor) -> None:
        """Keep what the n images look like, uint8, (n, 3, side, side), whose codes these are."""
        self.looks.copy_(looks(images))

    def of(self, images: Tensor) -> Tensor:
        """The codes of images, in their order.

        The copy at hand may have another order and, lossily compressed, other pixels than the one
        that the codes were trained on; each image gets the code of the image it looks like.

        Parameters: images, uint8, (m, 3, side, side), on the CPU.
        Returns: float32, (m, 128), without gradients.
        Raises: VICRegError when an image is none of those that have codes.
        """
        codes, wanted, known = self.weight.detach(), looks(images), self.looks
        if wanted.shape == known.shape and differences(wanted, known).max() < SAME_LOOK:
            return codes
        wanted, known = wanted.float(), known.float()
        indices = torch.cat([torch.cdist(some, known).argmin(dim=1) for some in wanted.split(AT_ONCE)])
        strangers = int((differences(wanted, known[indices]) >= SAME_LOOK).sum())
        if strangers:
            raise VICRegError(
                f"{strangers:,} of the {len(images):,} images have no code, for the codes were trained on "
                "other images; set VICREG_DATA to a copy of those, or train latent_optimization anew."
            )
        return codes[indices]


def looks(images: Tensor) -> Tensor:
    """The mean colours of an image's cells: uint8, from (n, 3, side, side) to (n, 48)."""
    means = [adaptive_avg_pool2d(some.float(), LOOK).flatten(1) for some in images.split(AT_ONCE)]
    return torch.cat(means).round().to(torch.uint8)


def differences(a: Tensor, b: Tensor) -> Tensor:
    """How far looks are from each other, row by row: root mean squares in grey levels, (n,)."""
    return (a.float() - b.float()).square().mean(dim=1).sqrt()
