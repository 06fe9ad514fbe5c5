"""How far a representation moves when its image is transformed (Q6).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Generator, Tensor

from ..augment import Parameters, draw_parameters, transform
from ..model import Encoder
from ..representations import embed
from ..runtime.validation import check_useful

# Which of T's parameters each of its parts draws; the others leave the image as it is.
PARTS = {
    "crop": ("top", "left", "height", "width"),
    "flip": ("flip",),
    "colour jitter": ("order", "factors"),
    "greyscale": ("greyscale",),
    "blur": ("blur", "sigma"),
}
CERTAIN = ("flip", "greyscale", "blur")  # drawn by T for some images only, here done to all


def displacements(
    images: Tensor, encoder: Encoder, seed: int = 0, device: torch.device | None = None
) -> dict[str, float]:
    """How far each part of T alone, and all of T, moves an image's representation.

    Parameters: images, uint8, (n, 3, side, side), n >= 2; encoder; seed, of T's parameters.
    Returns: by part, the mean distance between the representations of an image and of its
    transformed self, in units of the mean distance between those of two different images: 0 is
    invariance, 1 is no better than chance.
    Raises: VICRegError when all images have the same representation.
    """
    n, side = len(images), images.shape[-1]
    pixels = images.float() / 255
    drawn = draw_parameters(n, Generator().manual_seed(seed), side)
    y = embed(pixels, encoder, device, description="as they are")
    check_useful(y, "compare")
    apart = (y - y.roll(1, dims=0)).norm(dim=1).mean()

    def moved(p: Parameters, name: str) -> float:
        transformed = embed(transform(pixels, p), encoder, device, description=name)
        return ((transformed - y).norm(dim=1).mean() / apart).item()

    parts = {
        name: moved(only(drawn, fields, side), name) for name, fields in PARTS.items()
    }
    return parts | {"all of T": moved(drawn, "all of T")}


def only(drawn: Parameters, fields: tuple[str, ...], side: int) -> Parameters:
    """Parameters that leave images of a side as they are, but for some of those drawn."""
    n = len(drawn.top)
    zeros, nowhere = torch.zeros(n), torch.zeros(n, dtype=torch.bool)
    full = torch.full((n,), float(side))
    identity = Parameters(
        top=zeros, left=zeros, height=full, width=full, flip=nowhere,
        order=torch.arange(4).expand(n, 4), factors=torch.tensor([1.0, 1.0, 1.0, 0.0]).expand(n, 4),
        greyscale=nowhere, blur=nowhere, sigma=torch.ones(n),
    )  # fmt: skip
    chosen = {name: getattr(drawn, name) for name in fields}
    return identity._replace(**chosen | {name: ~nowhere for name in fields if name in CERTAIN})
