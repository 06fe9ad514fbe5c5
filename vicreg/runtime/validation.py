"""Representations that nothing can be learned from: all alike, or not finite.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Tensor

from .errors import VICRegError

ROUNDING = 1e-6  # of a value: what float32 differs by where nothing else differs


def check_finite(y: Tensor) -> None:
    """Refuse representations, (n, d), with a value that is not finite: VICRegError."""
    if not y.isfinite().all():
        raise VICRegError("The representations are not finite: the encoder has diverged; train it anew.")


def has_collapsed(y: Tensor) -> bool:
    """Whether representations, (n, d), are all the same but for rounding; one alone is not."""
    spread = y.amax(dim=0) - y.amin(dim=0) if len(y) else y.new_zeros(1)
    return len(y) > 1 and not (spread > ROUNDING * y.abs().amax()).any()


def check_useful(y: Tensor, purpose: str) -> None:
    """Refuse representations, (n, d), that are not finite or do not vary: VICRegError.

    ``purpose`` ends the sentence "there is nothing to …".
    """
    check_finite(y)
    if has_collapsed(y):
        raise VICRegError(
            f"All representations are the same, so there is nothing to {purpose}: the images are all alike, or "
            "the encoder has collapsed to a point; choose other images, or train it anew."
        )


def check_classes(labels: Tensor, classes: int, whose: str) -> None:
    """Refuse labels, int64 (n,), without an image of each of 0 to c - 1: ValueError."""
    counts = torch.bincount(labels, minlength=classes)
    if (counts == 0).any():
        raise ValueError(
            f"Each of {classes} classes needs {whose} images, class {int(counts.argmin())} has none."
        )
