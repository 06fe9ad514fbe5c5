"""That a training step never makes the host wait for the device.

A value that the host asks for, a shape that depends on values and a number that the host sends all
stop it until a GPU has done whatever it was given, and the GPU then stands still until it is given
more. PyTorch dispatches each of them as an operation of its own, on every device.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vicreg.experiments import LATENT_OPTIMIZATION, VICREG
from vicreg.latent import found_pairs
from vicreg.step import training_step
from vicreg.train import adam, initial_models
from vicreg.views import generated_pairs, neighbour_pairs

CPU = torch.device("cpu")
WAITING = {
    "aten::_local_scalar_dense",  # .item(), if tensor:, torch.arange(tensor)
    "aten::lift_fresh",  # torch.tensor(numbers)
    "aten::nonzero",  # and x[mask]
    "aten::masked_select",
    "aten::_unique2",
    "aten::bincount",
}


class Waits(TorchDispatchMode):
    """Collects the operations that wait for a GPU."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        masks = [a for a in args[1] if a is not None] if func._schema.name == "aten::index" else []
        if func._schema.name in WAITING or any(mask.dtype == torch.bool for mask in masks):
            self.found.append(func._schema.name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("ask", [
    lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: torch.tensor([1.0, 2.0]), lambda x: bool(x[0])
])  # fmt: skip
def test_what_waits_is_seen(ask):
    x = torch.randn(8)
    with Waits() as waits:
        ask(x)
    assert waits.found


def made_pairs(kind: str, images: torch.Tensor):
    if kind == "generated":
        return generated_pairs(images)
    if kind == "latent":
        return found_pairs(images)
    others = torch.stack([(torch.arange(len(images)) + shift) % len(images) for shift in (1, 2, 3)], dim=1)
    return neighbour_pairs(images, others)


@pytest.mark.parametrize("kind", ["generated", "neighbours", "latent"])
def test_a_step_waits_for_nothing(tiny, kind):
    images = tiny.train.images
    pairs, generator = made_pairs(kind, images), torch.Generator().manual_seed(0)
    experiment = replace(LATENT_OPTIMIZATION if kind == "latent" else VICREG, batch_size=8)
    models = initial_models(experiment, len(images), CPU)
    step = training_step(experiment, *models, adam(experiment, *models), pairs, generator)
    indices = torch.randperm(len(images))[:8]
    step(indices)
    with Waits() as waits:
        step(indices)
    assert waits.found == []
