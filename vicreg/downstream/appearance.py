"""How images look, in a few numbers that need no network: what is said of pictures is measured.

Images are uint8, (n, 3, 32, 32); values are in grey levels, 0 to 255, float32.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize, unfold

LAYOUT = 8   # cells a side
BORDER = 6   # pixels
SHIFT = 4    # pixels
AT_ONCE = 50   # images, whose shifted parts take 10 MB


def mean_colour(images: Tensor) -> Tensor:
    """Mean red, green and blue, (n, 3)."""
    return images.float().mean((2, 3))


def brightness(images: Tensor) -> Tensor:
    """The mean of all pixels and channels, (n,)."""
    return images.float().mean((1, 2, 3))


def contrast(images: Tensor) -> Tensor:
    """The standard deviation of an image's grey pixels, (n,)."""
    return grey(images).flatten(1).std(dim=1)


def saturation(images: Tensor) -> Tensor:
    """How far the largest channel is above the smallest, on average over the pixels, (n,)."""
    return (images.amax(dim=1) - images.amin(dim=1)).float().mean((1, 2))


def warmth(images: Tensor) -> Tensor:
    """Mean red less mean blue, (n,)."""
    colour = mean_colour(images)
    return colour[:, 0] - colour[:, 2]


def layout(images: Tensor) -> Tensor:
    """Where an image is light and where dark, on an 8 x 8 grid, brightness and contrast left out.

    Returns: unit vectors, (n, 64), whose product is the correlation of two layouts.
    """
    cells = adaptive_avg_pool2d(grey(images).unsqueeze(1), LAYOUT).flatten(1)
    return normalize(cells - cells.mean(dim=1, keepdim=True), dim=1)


def shifted_correlation(images: Tensor, others: Tensor) -> Tensor:
    """How alike each image and another are where they match best: near 1 for two copies of one photograph.

    The grey middle of an image, all but :data:`SHIFT` pixels on every side, is laid over the other at every
    place. Returns: the highest correlation of an image's pixels with those under them, (n,).
    """
    pairs = zip(grey(images).split(AT_ONCE), grey(others).split(AT_ONCE), strict=True)
    return torch.cat([_highest_correlation(*pair) for pair in pairs])


def _highest_correlation(pixels: Tensor, of_others: Tensor) -> Tensor:
    middle = pixels[:, SHIFT:-SHIFT, SHIFT:-SHIFT]
    parts = unfold(of_others.unsqueeze(1), middle.shape[1:])  # (n, pixels, places)
    middle, parts = (x - x.mean(dim=1, keepdim=True) for x in (middle.flatten(1).unsqueeze(2), parts))
    return (normalize(middle, dim=1) * normalize(parts, dim=1)).sum(dim=1).amax(dim=1)


def centre_and_border(images: Tensor) -> tuple[Tensor, Tensor]:
    """The mean brightness of the inner 20 x 20 pixels and of the border around them, (n,) each."""
    inside = torch.zeros(images.shape[2:], dtype=torch.bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    pixels = grey(images)
    return pixels[:, inside].mean(dim=1), pixels[:, ~inside].mean(dim=1)


def share_below(values: Tensor, among: Tensor) -> Tensor:
    """The share of ``among``, (m,), that is smaller than each value: 0.5 is the median."""
    return torch.searchsorted(among.sort().values, values.contiguous()).float() / len(among)


def grey(images: Tensor) -> Tensor:
    """The mean of the three channels, (n, 32, 32)."""
    return images.float().mean(dim=1)
