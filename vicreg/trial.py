"""Training on a device whose memory may not hold a batch: says which batch it would hold.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import torch

from .data import Cifar10
from .device import autocast
from .errors import VICRegError
from .experiments import Experiment
from .memory import attempt
from .train import TRAINING, epoch_generator, initial_models, objectives, train
from .views import pairs_for


def train_or_advise(
    experiment: Experiment, data: Cifar10, device: torch.device, *options
) -> Path:
    """Train an experiment, as :func:`vicreg.train.train` does, whose options these are.

    Raises: VICRegError where the memory does not suffice, naming a batch size that does: the
    first half, quarter, … of the experiment's with which a step gets through.
    """
    if (path := attempt(train, experiment, data, device, *options)) is not None:
        return path
    size = experiment.batch_size
    fitting = size // 2
    while fitting >= 2 and not attempt(trial_step, experiment, data, device, fitting):
        fitting //= 2
    remedy = (
        f"--batch-size {fitting} would fit" if fitting >= 2 else "free some of it, or train with --device cpu"
    )
    raise VICRegError(f"The device's memory does not hold a batch of {size}; {remedy}.")


def trial_step(experiment: Experiment, data: Cifar10, device: torch.device, size: int) -> bool:
    """A training step with so many images, which changes and keeps nothing; True if it fits."""
    encoder, projector = initial_models(experiment, len(data.train), device)
    optimizer = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], fused=True)
    pairs, _ = pairs_for(experiment, data, device)
    generator = epoch_generator(experiment.seed, 0, TRAINING, device)
    x, x_prime = pairs(torch.arange(size, device=device), generator)
    with autocast(device):
        z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
    objectives(z, z_prime, experiment).total.backward()
    optimizer.step()
    return True
