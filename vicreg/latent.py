"""Latent optimisation (Q5): a free code for every image in place of the encoder.

A code knows nothing of its image, so a generated view has no code of its own. Here it is given
one: the view is looked up among all images, by features that need no training, and the image
found lends it its code. What the loss then pulls together are the codes of an image and of those
images that its views look like.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from .augment import Parameters, augment, views_of
from .errors import VICRegError
from .model import REPRESENTATION_DIM
from .patches import PatchFeatures

INITIAL_STD = 0.01
LOOK = 4             # cells a side over which an image's colours are averaged to know it again
SAME_LOOK = 10       # grey levels: JPEG of quality 75 moves a look by 5 at most, other images are 20 away
AT_ONCE = 1000


class LatentCodes(nn.Embedding):
    """The codes of n images, free parameters: maps places, int64 (B,), to codes (B, 128).

    ``looks``, uint8, (n, 48), are the images' colours on a coarse grid, by which :meth:`of` knows
    the images again in another copy.
    """

    def __init__(self, n: int, dim: int = REPRESENTATION_DIM):
        super().__init__(n, dim)
        nn.init.normal_(self.weight, std=INITIAL_STD)
        self.register_buffer("looks", torch.zeros(n, 3 * LOOK**2, dtype=torch.uint8))

    def remember(self, images: Tensor) -> None:
        """Keep what the n images look like, uint8, (n, 3, 32, 32), whose codes these are."""
        self.looks.copy_(looks(images))

    def of(self, images: Tensor) -> Tensor:
        """The codes of images, in their order.

        The copy at hand may have another order and, lossily compressed, other pixels than the one
        that the codes were trained on; each image gets the code of the image it looks like.

        Parameters: images, uint8, (m, 3, 32, 32), on the CPU.
        Returns: float32, (m, 128), without gradients.
        Raises: VICRegError when an image is none of those that have codes.
        """
        codes, wanted, known = self.weight.detach(), looks(images), self.looks
        if wanted.shape == known.shape and differences(wanted, known).max() < SAME_LOOK:
            return codes
        wanted, known = wanted.float(), known.float()
        places = torch.cat([torch.cdist(some, known).argmin(dim=1) for some in wanted.split(AT_ONCE)])
        strangers = int((differences(wanted, known[places]) >= SAME_LOOK).sum())
        if strangers:
            raise VICRegError(
                f"{strangers:,} of the {len(images):,} images have no code, for the codes were trained on "
                "other images; set VICREG_DATA to a copy of those, or train latent_optimization anew."
            )
        return codes[places]


def looks(images: Tensor) -> Tensor:
    """The mean colours of an image's cells: uint8, from (n, 3, 32, 32) to (n, 48)."""
    means = [adaptive_avg_pool2d(some.float(), LOOK).flatten(1) for some in images.split(AT_ONCE)]
    return torch.cat(means).round().to(torch.uint8)


def differences(a: Tensor, b: Tensor) -> Tensor:
    """How far looks are from each other, row by row: root mean squares in grey levels, (n,)."""
    return (a.float() - b.float()).square().mean(dim=1).sqrt()


class Lookup:
    """Finds, for a view of an image, the other image that it looks like most.

    Parameters: images, uint8, (n, 3, 32, 32), on the device on which views are looked up; seed,
    of the patches.
    """

    def __init__(self, images: Tensor, seed: int = 0):
        self.images = images
        self.features = PatchFeatures(images, seed)
        self.index = self.features.of_images(images)
        self.squared = self.index.square().sum(dim=1)  # (n,)

    def __call__(self, views: Tensor, places: Tensor) -> Tensor:
        """The images nearest to views, the views' own images left out.

        Parameters: views, normalised, (B, 3, 32, 32); places, int64 (B,), whose views they are.
        Returns: int64, (B,).
        """
        distances = self.squared - 2 * self.features(views) @ self.index.T  # (B, n), less |view|^2
        return distances.scatter(1, places.unsqueeze(1), torch.inf).argmin(dim=1)


def found_pairs(
    images: Tensor, seed: int = 0, make: Callable[[Tensor, Parameters], Tensor] = views_of
) -> Callable[[Tensor, Generator, slice], tuple[Tensor, Tensor]]:
    """Pairs for codes: each image, and the image that a random view of it looks like most.

    Returns: a function from places, int64 (B,), a generator and which of the places are wanted
    to two tensors of places.
    """
    lookup = Lookup(images, seed)

    def pairs(
        places: Tensor, generator: Generator, share: slice = slice(None)
    ) -> tuple[Tensor, Tensor]:
        views = augment(images[places], generator, share, make)
        return places[share], lookup(views, places[share])

    return pairs
