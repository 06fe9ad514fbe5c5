"""Training on a device whose memory may not hold a batch: says which batch it would hold.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Generator

from .data import Splits
from .experiments import Experiment
from .pairs import pairs_for
from .runtime.batching import attempt
from .runtime.errors import VICRegError
from .step import training_step
from .train import adam, initial_models, train


def train_or_advise(
    experiment: Experiment, data: Splits, device: torch.device, **options
) -> Path:
    """Train an experiment, as :func:`vicreg.train.train` does, whose options these are.

    Raises: VICRegError where the memory does not suffice, naming a batch size that does: the
    first half, quarter, … of the experiment's with which a step gets through.
    """
    if (path := attempt(partial(train, experiment, data, device, **options))) is not None:
        return path
    size = experiment.batch_size
    fitting = size // 2
    while fitting >= 2 and not attempt(trial_step, replace(experiment, batch_size=fitting), data, device):
        fitting //= 2
    remedy = (
        f"--batch-size {fitting} would fit" if fitting >= 2 else "free some of it, or train with --device cpu"
    )
    raise VICRegError(f"The device's memory does not hold a batch of {size}; {remedy}.")


def trial_step(experiment: Experiment, data: Splits, device: torch.device) -> bool:
    """Take a training step and throw its result away; True, since it fitted in memory."""
    models = initial_models(experiment, len(data.train), device)
    pairs, _ = pairs_for(experiment, data, device)
    step = training_step(experiment, *models, adam(experiment, *models), pairs, Generator(device=device))
    step(torch.arange(experiment.batch_size, device=device))
    return True
