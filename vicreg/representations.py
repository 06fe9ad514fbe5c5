"""Representations of whole image sets, computed once and cached.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy
import hashlib
import json
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .augment import normalise
from .data import ImageSet
from .model import Encoder
from .runtime.amx_convolution import suit_convolutions
from .runtime.batching import in_batches, in_fitting_batches
from .runtime.cache import from_cache, keep_in_cache
from .runtime.device import best_device, gains_by_bf16
from .runtime.errors import VICRegError
from .runtime.progress import progress_bar
from .runtime.validation import check_finite, has_collapsed
from .weights import Run

CACHE_FORMAT = 1
BATCH_SIZE = 500
CPU_BATCH_SIZE = 100  # its feature maps fit a processor's caches better: a tenth faster with AMX


def representations(run: Run, images: ImageSet, device: torch.device | None = None) -> Tensor:
    """The representations of an image set, from the cache or else by :func:`embed`.

    Parameters: run, a trained experiment; device, the best there is without one.
    Returns: float32 on the CPU, (n, 128).
    Raises: VICRegError for images of another side than the run's, or when a representation is not
    finite. Where all are the same, it warns.
    """
    side = images.images.shape[-1]
    if side != run.experiment.side:
        raise VICRegError(
            f"{run.name} was trained on images of {run.experiment.side} pixels a side, and {images.name} has {side}; "
            "take images of that side, or other weights."
        )
    device = device or best_device()
    identity = [CACHE_FORMAT, run.fingerprint, images.fingerprint, gains_by_bf16(device), device.type]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:24]
    name = f"representations-{key}.npz"
    y = (from_cache(name) or {}).get("y")
    if y is not None and y.shape[0] == len(images) and y.dtype == np.float32:
        return checked(torch.from_numpy(y), run, images)
    description = f"{run.name}: {images.name} {images.split}"
    embedded = in_fitting_batches(
        lambda size: embed(images.images, run.encoder, device, size, description),
        suiting_batch_size(device),
    )
    keep_in_cache(name, y=checked(embedded, run, images).numpy())
    return embedded


def checked(y: Tensor, run: Run, images: ImageSet) -> Tensor:
    """The representations themselves, refused where not finite, warned of where all alike."""
    check_finite(y)
    if has_collapsed(y):
        warnings.warn(
            f"{run.name} represents all {len(y):,} images of {images.name} {images.split} by the same "
            "point: the encoder has collapsed, or the images are all the same.",
            stacklevel=3,
        )
    return y


@torch.inference_mode()
def embed(
    images: Tensor,
    encoder: Encoder,
    device: torch.device | None = None,
    batch_size: int | None = None,
    description: str = "embedding",
) -> Tensor:
    """The representations y = f(x) of normalised images, in evaluation mode, with a progress bar.

    Parameters: images, uint8, shape (n, 3, 32, 32); encoder, left as it is; batch_size, what
    suits the device without one.
    Returns: float32 on the CPU, (n, 128).
    """
    device = device or best_device()
    represent = embedder(encoder, device)
    with progress_bar(total=len(images), desc=description, unit=" images") as bar:

        def counted(batch: Tensor) -> Tensor:
            y = represent(batch)
            bar.update(len(batch))
            return y

        return in_batches(counted, images, width(encoder), batch_size or suiting_batch_size(device))


def embedder(encoder: Encoder, device: torch.device) -> Callable[[Tensor], Tensor]:
    """What makes representations of a batch, uint8 (b, 3, side, side): float32 (b, 128), on the device.

    The convolutions run in bf16 where the device gains by it, the layers after them in float32.
    """
    folded = fold_batch_norm(encoder)
    resnet = folded.backbone
    trunk = nn.Sequential(
        resnet.conv1, nn.ReLU(inplace=True), resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4
    )
    dtype = torch.bfloat16 if gains_by_bf16(device) else torch.float32
    suit_convolutions(trunk, device)
    trunk = trunk.to(device, dtype, memory_format=torch.channels_last)
    top = nn.Sequential(resnet.fc, folded.head).to(device)

    @torch.inference_mode()
    def represent(batch: Tensor) -> Tensor:
        x = normalise(batch.to(device)).to(dtype, memory_format=torch.channels_last)
        features = trunk(x).float().mean((2, 3))          # (b, 512), the average pooling
        return top(features)                              # (b, 128)

    return represent


def width(encoder: Encoder) -> int:
    """The dimensions of its representations."""
    return encoder.head[-1].out_features


def suiting_batch_size(device: torch.device) -> int:
    return CPU_BATCH_SIZE if device.type == "cpu" else BATCH_SIZE


def fold_batch_norm(encoder: Encoder) -> Encoder:
    """A copy in evaluation mode whose convolutions contain the normalisation that follows them.

    Exact but for rounding: in evaluation mode batch normalisation is a fixed scale and shift.
    """
    encoder = copy.deepcopy(encoder).eval()

    def fold(module: nn.Module, convolution: str, norm: str) -> None:
        fused = fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm))
        setattr(module, convolution, fused)
        setattr(module, norm, nn.Identity())

    fold(encoder.backbone, "conv1", "bn1")
    for layer in range(1, 5):
        for block in getattr(encoder.backbone, f"layer{layer}"):
            fold(block, "conv1", "bn1")
            fold(block, "conv2", "bn2")
            if block.downsample is not None:
                fold(block.downsample, "0", "1")
    return encoder
