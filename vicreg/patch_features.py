"""Features of images without any training: whitened random patches (Coates, Lee and Ng, 2011).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d

from .augment import normalise
from .runtime.batching import in_batches
from .runtime.float32 import whole_float32

PATCH = 6            # pixels a side
FILTERS = 128        # patches that serve as filters; each gives two channels, one a sign
SAMPLE = 50_000      # patches that the whitening is estimated from
THRESHOLD = 0.5      # of a filter's response, in deviations
POOL = 4             # cells a side over which responses are averaged
DIMENSIONS = 128     # kept of the pooled responses by PCA
WHITENING_EPS = 0.1
CONTRAST_EPS = 0.01  # of a patch's variance, on normalised images
PIXELS = 250 * 32**2  # of images at once; their responses take 0.2 GB and as much again a few times


class PatchFeatures(nn.Module):
    """How strongly random patches of an image set respond in each part of an image.

    A patch is brought to zero mean and unit deviation and whitened; its response to a filter is
    the product with a random patch of the set that was treated likewise. All of that is one
    convolution and a box deviation, since filters whose weights sum to zero ignore a mean.
    Responses beyond a threshold, of either sign, are averaged over a 4 x 4 grid, their roots taken,
    and reduced by PCA.

    Maps normalised images (n, 3, side, side) to features (n, 128).

    Parameters: images, uint8, (n, 3, side, side), which the patches and the PCA come from; seed.
    """

    def __init__(self, images: Tensor, seed: int = 0):
        super().__init__()
        generator = Generator().manual_seed(seed)
        patches = random_patches(images, SAMPLE, generator)              # (s, 108)
        centred = patches - patches.mean(dim=1, keepdim=True)
        patches = centred / (centred.square().mean(dim=1, keepdim=True) + CONTRAST_EPS).sqrt()
        mean = patches.mean(dim=0)
        variances, axes = torch.linalg.eigh(torch.cov(patches.T))
        whitening = axes * (variances + WHITENING_EPS).rsqrt() @ axes.T  # (108, 108), symmetric
        white = (patches[:FILTERS] - mean) @ whitening
        filters = nn.functional.normalize(white, dim=1) @ whitening      # (f, 108)
        filters -= filters.mean(dim=1, keepdim=True)                     # so a patch's mean has no effect
        self.register_buffer("filters", filters.view(-1, 3, PATCH, PATCH))
        self.register_buffer("offset", (filters @ mean).view(-1, 1, 1))
        self.to(images.device)

        some = torch.randperm(len(images), generator=generator)[: SAMPLE // 5].to(images.device)
        pooled = in_batches(
            lambda batch: self.pooled(normalise(batch)), images[some], 2 * FILTERS * POOL**2, at_once(images)
        )
        self.register_buffer("mean", pooled.mean(dim=0))
        _, axes = torch.linalg.eigh(torch.cov(pooled.T))
        self.register_buffer("axes", axes[:, -DIMENSIONS:])              # of largest variance

    @whole_float32()
    def pooled(self, x: Tensor) -> Tensor:
        """Averaged responses of normalised images, (n, 2 * filters * 16), before the PCA."""
        mean = avg_pool2d(x, PATCH, stride=1).mean(dim=1, keepdim=True)  # (n, 1, 27, 27)
        variance = avg_pool2d(x.square(), PATCH, stride=1).mean(dim=1, keepdim=True) - mean.square()
        deviation = (variance.clamp(min=0) + CONTRAST_EPS).sqrt()
        responses = conv2d(x, self.filters).div_(deviation).sub_(self.offset)  # 0.1 GB: in place
        above = adaptive_avg_pool2d((responses - THRESHOLD).relu_(), POOL)
        below = adaptive_avg_pool2d(responses.neg_().sub_(THRESHOLD).relu_(), POOL)
        return torch.cat([above, below], dim=1).flatten(1).sqrt()

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return (self.pooled(x) - self.mean) @ self.axes

    def of_images(self, images: Tensor) -> Tensor:
        """The features of uint8 images, (n, 3, side, side), a batch at a time: float32, (n, 128)."""
        return in_batches(
            lambda batch: self(normalise(batch)), images, self.axes.shape[1], at_once(images)
        )


def at_once(images: Tensor) -> int:
    """How many images of a side the memory should hold the responses of."""
    return PIXELS // images[0, 0].numel()


def random_patches(images: Tensor, count: int, generator: Generator) -> Tensor:
    """Patches at random places of random images, normalised images' values: (count, 108), on the
    images' device."""
    side = images.shape[-1] - PATCH + 1
    indices = torch.randint(len(images), (count,), generator=generator).to(images.device)
    corner = torch.randint(side, (2, count, 1), generator=generator).to(images.device)
    offsets = torch.arange(PATCH, device=images.device)
    rows, columns = corner[0] + offsets, corner[1] + offsets             # (count, 6)
    cut = images[indices[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # (count, 6, 6, 3)
    return normalise(cut.permute(0, 3, 1, 2)).flatten(1)


def patch_features(images: Tensor, seed: int = 0) -> Tensor:
    """Features of all images of a set by its own patches: float32, (n, 128)."""
    return PatchFeatures(images, seed).of_images(images)
