"""The exercise's augmentation T, for whole batches on the device that holds them.

Every image draws its own parameters. Crop, resize and flip are linear in the rows and in the
columns of an image, so together they are two small matrices an image, ``rows @ image @ columns``;
the blur likewise. The colour operations follow torchvision's definitions on float images, and
the tests hold each of them to torchvision's on the same parameters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

# CIFAR-10's means and standard deviations by channel, of values in [0, 1], as the exercise gives them.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.247, 0.243, 0.261)

CROP_AREA = (0.2, 1.0)
CROP_ASPECT = (3 / 4, 4 / 3)
CROP_ATTEMPTS = 10
FLIP_PROBABILITY = 0.5
BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.4, 0.4, 0.2, 0.1
GREYSCALE_PROBABILITY = 0.2
BLUR_PROBABILITY = 0.5
BLUR_SIGMA = (0.1, 2.0)  # pixels
LUMA = (0.2989, 0.587, 0.114)  # torchvision's weights of R, G, B in a grey value

JITTER_BRIGHTNESS, JITTER_CONTRAST, JITTER_SATURATION, JITTER_HUE = range(4)


class Parameters(NamedTuple):
    """What each of n images draws, one row an image."""

    top: Tensor         # (n,) pixels, integer-valued float
    left: Tensor        # (n,)
    height: Tensor      # (n,)
    width: Tensor       # (n,)
    flip: Tensor        # (n,) bool
    order: Tensor       # (n, 4) a permutation of the four JITTER_ operations
    factors: Tensor     # (n, 4) factor of each JITTER_ operation; hue in turns
    greyscale: Tensor   # (n,) bool
    blur: Tensor        # (n,) bool
    sigma: Tensor       # (n,) pixels


def normalise(images: Tensor) -> Tensor:
    """Bring images to the scale the encoder is trained on; the whole of the evaluation transform.

    Parameters: images, shape (n, 3, side, side), uint8 in [0, 255] or float in [0, 1].
    Returns: float32 (n, 3, side, side), each channel less CIFAR-10's mean over its deviation.
    """
    if images.dtype == torch.uint8:
        images = images.float() / 255
    channels = zip(images.split(1, dim=1), MEAN, STD, strict=True)
    return torch.cat([(channel - mean) / std for channel, mean, std in channels], dim=1)


@functools.cache
def constants(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """A few constants on a device, cached, since copying them synchronises with the device."""
    with torch.inference_mode(False):  # a tensor that training can use as well
        return torch.tensor(values, dtype=dtype, device=device)


def views_of(images: Tensor, p: Parameters) -> Tensor:
    """Normalised views of images with given parameters, one row an image; shapes as for :func:`augment`."""
    if images.dtype == torch.uint8:
        images = images.float() / 255
    return normalise(transform(images, p))


def augment(
    images: Tensor,
    generator: Generator,
    share: slice = slice(None),
    make: Callable[[Tensor, Parameters], Tensor] = views_of,
) -> Tensor:
    """One random view T(I) of every image.

    Parameters: images, shape (n, 3, side, side), uint8 or float in [0, 1]; generator, on the
    same device as the images; share, the images whose views are wanted. All n draw, so a view
    is the same whoever makes it; make, :func:`views_of` or a compiled version of it.
    Returns: normalised float32 views, shape (n, 3, side, side), n of the share.
    """
    # bf16 has 8 significant bits, about one grey level of 256: T stays in float32.
    with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
        drawn = Parameters(*(p[share] for p in draw_parameters(len(images), generator, images.shape[-1])))
        return make(images[share], drawn)


def draw_parameters(n: int, generator: Generator, side: int) -> Parameters:
    """Draw T's parameters for n images of side x side pixels, on the generator's device."""
    device = generator.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator, device=device)

    top, left, height, width = draw_crops(n, generator, side)
    spread = constants((BRIGHTNESS, CONTRAST, SATURATION, HUE), torch.float32, device)
    centre = constants((1.0, 1.0, 1.0, 0.0), torch.float32, device)
    return Parameters(
        top, left, height, width,
        flip=uniform(0, 1, n) < FLIP_PROBABILITY,
        order=uniform(0, 1, n, 4).argsort(dim=1),
        factors=centre + spread * uniform(-1, 1, n, 4),
        greyscale=uniform(0, 1, n) < GREYSCALE_PROBABILITY,
        blur=uniform(0, 1, n) < BLUR_PROBABILITY,
        sigma=uniform(*BLUR_SIGMA, n),
    )  # fmt: skip


def draw_crops(n: int, generator: Generator, side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Boxes as torchvision's RandomResizedCrop draws them: (top, left, height, width), each (n,).

    Up to ten boxes are tried for an image and the first that fits is taken; the whole image
    where none fits.
    """
    shape, device = (n, CROP_ATTEMPTS), generator.device
    u = torch.rand(4, *shape, generator=generator, device=device)
    area = side**2 * (CROP_AREA[0] + (CROP_AREA[1] - CROP_AREA[0]) * u[0])
    low, high = math.log(CROP_ASPECT[0]), math.log(CROP_ASPECT[1])
    aspect = torch.exp(low + (high - low) * u[1])
    width = (area * aspect).sqrt().round()
    height = (area / aspect).sqrt().round()

    fits = (width <= side) & (height <= side)  # neither is ever rounded to 0: areas are a fifth at least
    first = fits.int().argmax(dim=1, keepdim=True)  # (n, 1), 0 where none fits
    none_fits = ~fits.any(dim=1)
    width = width.gather(1, first).squeeze(1).masked_fill(none_fits, side)
    height = height.gather(1, first).squeeze(1).masked_fill(none_fits, side)
    top = (u[2, :, 0] * (side - height + 1)).floor()
    left = (u[3, :, 0] * (side - width + 1)).floor()
    return top, left, height, width


def transform(images: Tensor, p: Parameters) -> Tensor:
    """T with given parameters: crop, flip, colour jitter, greyscale, blur.

    Parameters: images, float in [0, 1], shape (n, 3, side, side); p, one row an image.
    Returns: float in [0, 1], same shape, not normalised.
    """
    images = crop_and_flip(images, p.top, p.left, p.height, p.width, p.flip)
    images = jitter(images, p.order, p.factors)
    images = torch.where(per_image(p.greyscale), grey(images).expand_as(images), images)
    return torch.where(per_image(p.blur), blur(images, p.sigma), images)


def crop_and_flip(
    images: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor, flip: Tensor
) -> Tensor:
    """Cut each image's box, resize it to the image's size (bilinear) and mirror it where flip is set."""
    side = images.shape[-1]
    rows = resize_matrix(top, height, side)  # (n, side, side)
    columns = resize_matrix(left, width, side)
    columns = torch.where(flip.view(-1, 1, 1), columns.flip(1), columns)
    return rows.unsqueeze(1) @ images @ columns.unsqueeze(1).mT


def resize_matrix(start: Tensor, length: Tensor, side: int) -> Tensor:
    """The matrices that stretch [start, start + length) to so many pixels as the side has, bilinearly.

    Parameters: start, length, pixels, shape (n,), length <= side.
    Returns: (n, side, side); row i holds the weights of the input pixels in output pixel i. Pixels
    outside the box count for nothing: its border is repeated, as when cropping comes first.
    """
    pixel = torch.arange(side, device=start.device, dtype=start.dtype)
    start, length = start.view(-1, 1), length.view(-1, 1)
    centre = (pixel + 0.5) * length / side - 0.5  # (n, side), within the box
    centre = start + centre.clamp(min=0).minimum(length - 1)
    return (1 - (centre.unsqueeze(2) - pixel).abs()).clamp(min=0)


def jitter(images: Tensor, order: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast, saturation and hue, in each image's own order.

    Parameters: images, float in [0, 1], (n, 3, h, w); order, (n, 4), which operation comes at
    each step; factors, (n, 4), the factor of each operation.
    """
    for step in range(4):
        operation = order[:, step]
        factor = per_image(factors.gather(1, operation.unsqueeze(1)))
        shaded = grey(images)
        # The first three are blends: with black, with the mean grey value, with the grey image.
        base = torch.where(
            per_image(operation == JITTER_CONTRAST), shaded.mean((2, 3), keepdim=True), shaded
        )
        base = base.masked_fill(per_image(operation == JITTER_BRIGHTNESS), 0)
        blended = torch.lerp(base.expand_as(images), images, factor).clamp(0, 1)
        is_hue = per_image(operation == JITTER_HUE)
        images = torch.where(is_hue, shift_hue(images, factor), blended)
    return images


def grey(images: Tensor) -> Tensor:
    """Grey values (n, 1, h, w) of images (n, 3, h, w), torchvision's weights."""
    red, green, blue = images.split(1, dim=1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def shift_hue(images: Tensor, turns: Tensor) -> Tensor:
    """Turn the hue of images (n, 3, h, w) in [0, 1] by ``turns`` of the colour circle.

    HSV without leaving RGB: with V the largest channel, C the largest less the smallest, and
    H the hue in sixths of a turn, each new channel is V - C * max(0, min(k, 4 - k, 1)) where
    k = (offset + H) mod 6 and the offset is 5, 3, 1 for R, G, B.
    """
    red, green, blue = images.split(1, dim=1)
    value = images.amax(dim=1, keepdim=True)
    chroma = value - images.amin(dim=1, keepdim=True)
    safe = chroma.masked_fill(chroma == 0, 1)
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    offset = torch.arange(5, 0, -2, dtype=images.dtype, device=images.device).view(3, 1, 1)
    k = (offset + hue + 6 * turns).remainder(6)
    return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur with a 3x3 kernel, each image (n, 3, side, side) with its own sigma, (n,).

    The border is reflected, as torchvision's is: a border pixel sees its inner neighbour twice.
    """
    beside = torch.exp(-0.5 / sigma.square()).view(-1, 1, 1)
    weight = beside / (1 + 2 * beside)  # of each neighbour; 1 - 2 weight of the pixel itself
    side = images.shape[-1]
    pixel = torch.arange(side, device=images.device)
    row = pixel.view(-1, 1)
    on_border = (row == 0) | (row == side - 1)
    neighbours = ((row - pixel).abs().eq(1) * (1 + on_border.int())).to(images.dtype)
    matrix = torch.lerp(torch.eye(side, device=images.device), neighbours / 2, 2 * weight)
    return matrix.unsqueeze(1) @ images @ matrix.unsqueeze(1).mT


def per_image(values: Tensor) -> Tensor:
    """Reshape one value an image, (n,) or (n, 1), so that it broadcasts over (n, 3, h, w)."""
    return values.view(-1, 1, 1, 1)
