"""Latent optimisation (Q5): a free code for every image in place of the encoder.

A code knows nothing of its image, so a generated view has no code of its own. Here it is given
one: the view is looked up among all images, by features that need no training, and the image
found lends it its code. What the loss then pulls together are the codes of an image and of those
images that its views look like.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Generator, Tensor

from .augment import augment, views_of
from .patch_features import PatchFeatures
from .views import ALL, Make, Pairs


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

    def __call__(self, views: Tensor, indices: Tensor) -> Tensor:
        """The images nearest to views, the views' own images left out.

        Parameters: views, normalised, (B, 3, 32, 32); indices, int64 (B,), whose views they are.
        Returns: int64, (B,).
        """
        distances = self.squared - 2 * self.features(views) @ self.index.T  # (B, n), less |view|^2
        return distances.scatter(1, indices.unsqueeze(1), torch.inf).argmin(dim=1)


def found_pairs(images: Tensor, seed: int = 0, make: Make = views_of) -> Pairs:
    """Pairs for codes: the indices of each image, and of the image that a view of it looks like most."""
    lookup = Lookup(images, seed)

    def pairs(indices: Tensor, generator: Generator, share: slice = ALL) -> tuple[Tensor, Tensor]:
        views = augment(images[indices], generator, share, make)
        return indices[share], lookup(views, indices[share])

    return pairs
