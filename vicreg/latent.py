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
from .downstream.retrieval import check_k
from .patch_features import PatchFeatures
from .views import ALL, Make, Pairs

VIEWS_AT_ONCE = 256  # their distances to 50,000 images take 51 MB; fewer at once take longer


class Lookup:
    """Finds, for a view of an image, the other images that it looks like most.

    Parameters: images, uint8, (n, 3, side, side), on the device on which views are looked up; seed,
    of the patches.
    """

    def __init__(self, images: Tensor, seed: int = 0):
        self.images = images
        self.features = PatchFeatures(images, seed)
        self.index = self.features.of_images(images)
        self.squared = self.index.square().sum(dim=1)  # (n,)

    def __call__(self, views: Tensor, indices: Tensor) -> Tensor:
        """The images nearest to views, the views' own images left out.

        Parameters: views, normalised, (B, 3, side, side); indices, int64 (B,), whose views they are.
        Returns: int64, (B,).
        """
        return self.nearest(views, indices, 1).squeeze(1)

    def nearest(self, views: Tensor, indices: Tensor, k: int) -> Tensor:
        """The k images nearest to each view, its own image left out: int64, (B, k), nearest first."""
        features = self.features(views)
        found = []
        for some, own in zip(features.split(VIEWS_AT_ONCE), indices.split(VIEWS_AT_ONCE), strict=True):
            distances = torch.addmm(self.squared, some, self.index.T, alpha=-2)  # (b, n), less |view|^2
            distances.scatter_(1, own.unsqueeze(1), torch.inf)
            found.append(distances.topk(k, largest=False).indices)
        return torch.cat(found)


def found_pairs(images: Tensor, seed: int = 0, make: Make = views_of, among: int = 1) -> Pairs:
    """Pairs for codes: the indices of each image, and of an image that a view of it looks like, drawn
    from so many that it looks like most."""
    check_k(among, len(images) - 1)
    lookup = Lookup(images, seed)

    def pairs(indices: Tensor, generator: Generator, share: slice = ALL) -> tuple[Tensor, Tensor]:
        views = augment(images[indices], generator, share, make)
        drawn = torch.randint(among, (len(indices), 1), generator=generator, device=generator.device)[share]
        return indices[share], lookup.nearest(views, indices[share], among).gather(1, drawn).squeeze(1)

    return pairs
