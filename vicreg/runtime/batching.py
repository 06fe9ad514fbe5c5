"""Work in batches that the memory holds, and what to do when it does not hold one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from .device import keep_freed_memory
from .errors import VICRegError

Result = TypeVar("Result")


def attempt(run: Callable[..., Result], *arguments) -> Result | None:
    """What ``run`` returns for its arguments; None where the memory does not suffice, and then it is free again."""
    try:
        return run(*arguments)
    except torch.OutOfMemoryError as error:
        traceback.clear_frames(error.__traceback__)  # they hold the batch that did not fit
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def in_fitting_batches(run: Callable[[int], Result], size: int) -> Result:
    """What ``run`` returns for the first of the batch sizes size, size / 2, … that fits.

    Raises: VICRegError where not even one image does.
    """
    while (result := attempt(run, size)) is None:
        if size == 1:
            raise VICRegError(
                "The device's memory does not hold a single image; free some of it, or set "
                "CUDA_VISIBLE_DEVICES= to compute on the CPU."
            )
        print(f"A batch of {size} does not fit the device's memory; going on with {size // 2}.", file=sys.stderr)
        size //= 2
    return result


def in_batches(compute: Callable[[Tensor], Tensor], images: Tensor, width: int, size: int) -> Tensor:
    """What ``compute`` makes of images, ``size`` at a time: float32, (n, width), where the images are.

    The result is allocated at the start. Pieces kept one by one, among the memory that every batch
    allocates and frees, would fragment it: each batch would take new memory, 19 GB for the patch
    responses of 50,000 images.
    """
    keep_freed_memory()
    result = torch.empty(len(images), width, device=images.device)
    for batch, place in zip(images.split(size), result.split(size), strict=True):
        place.copy_(compute(batch))
    return result
