"""float64 for comparisons that no processor's order of summation may decide.

In float32 a gradient that is zero in theory, as a bias's before batch normalisation, is noise, and
Adam's first steps move a weight as far for noise as for a gradient.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from vicreg import step, train, views


@contextlib.contextmanager
def float64_by_default() -> Iterator[None]:
    """float64 wherever no other type is asked for."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def train_in_float64(patch: pytest.MonkeyPatch) -> None:
    """Let views, models and objectives be float64; the history alone is still kept in float32."""
    view, models, loss_of = views.view, train.initial_models, step.loss_of

    def unrounded(z: Tensor) -> SimpleNamespace:
        return SimpleNamespace(float=lambda: z)  # what the loss asks of projections

    patch.setattr(step, "autocast", lambda device: contextlib.nullcontext())
    patch.setattr(views, "view", lambda *given: view(*given).double())
    patch.setattr(train, "initial_models", lambda *given: [model.double() for model in models(*given)])
    patch.setattr(
        step, "loss_of",
        lambda experiment: lambda z, z_prime: loss_of(experiment)(unrounded(z), unrounded(z_prime)),
    )
