"""What batch normalisation's two kinds of statistics make of the objectives (Q1).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ..runtime.device import autocast
from ..step import loss_of
from ..views import generated_pairs
from ..weights import Run


class ByStatistics(NamedTuple):
    """The three unweighted objectives, float32 (3,), means over the same batches.

    ``own``: normalised by each batch's own mean and variance, as in training; ``running``: by the
    averages that training kept, as in evaluation.
    """

    own: Tensor
    running: Tensor


@torch.no_grad()
def objectives_by_statistics(run: Run, images: Tensor, batches: int, seed: int = 0) -> ByStatistics:
    """The objectives of random views of images, with both kinds of statistics.

    Parameters: run, whose models stay as they are; images, uint8, (n, 3, 32, 32); batches, of the
    run's size, or of all images where they are fewer; seed, of the batches and of the views.
    """
    models = {own: [copy.deepcopy(model).train(own) for model in (run.encoder, run.projector)] for own in (True, False)}
    pairs, loss_of_batch = generated_pairs(images), loss_of(run.experiment)
    generator = Generator().manual_seed(seed)
    order = torch.randperm(len(images), generator=generator)
    size = min(run.experiment.batch_size, len(images))
    found = {own: [] for own in models}
    for indices in order[: len(images) // size * size].split(size)[:batches]:
        views = pairs(indices, generator)
        for own, (encoder, projector) in models.items():
            with autocast(images.device):
                z, z_prime = (projector(encoder(x)) for x in views)
            found[own].append(torch.stack(loss_of_batch(z, z_prime)[1:]))
    return ByStatistics(*(torch.stack(losses).mean(0) for losses in found.values()))
