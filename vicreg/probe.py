"""Linear probing: one linear layer on frozen representations.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .errors import VICRegError

STEPS = 10_000  # 100 epochs of 50,000 images; as many for smaller sets, which converge no sooner
BATCH_SIZE = 500
LEARNING_RATE = 0.1
MOMENTUM = 0.9


class ProbeResult(NamedTuple):
    """How well one linear layer reads the classes off the representations.

    ``accuracy`` and ``train_accuracy`` are shares in [0, 1]; ``class_accuracy``, float (c,), the
    share of each class's test images that are recognised; ``predictions``, int64 (n_test,).
    """

    accuracy: float
    train_accuracy: float
    class_accuracy: Tensor
    predictions: Tensor


def linear_probe(
    train_y: Tensor,
    train_labels: Tensor,
    test_y: Tensor,
    test_labels: Tensor,
    seed: int = 0,
    device: torch.device | None = None,
) -> ProbeResult:
    """Train a linear layer with SGD and cross-entropy on train representations, test it on others.

    Representations are standardised by the training set's mean and deviation, which changes what
    a linear layer can express in nothing but makes SGD converge; the learning rate is annealed to
    zero over 10,000 steps, whatever the size of the set.

    Parameters: train_y, test_y, float32, (n, d); labels, int64, (n,), 0 to c - 1; seed, of the
    initial layer and the order of the batches; device, the CPU without one.
    Raises: VICRegError when representations are not finite or do not vary at all.
    """
    train_x, test_x = standardise(train_y, test_y, device)
    train_t = train_labels.to(train_x.device)
    classes = int(train_labels.max()) + 1
    generator = torch.Generator().manual_seed(seed)

    layer = nn.Linear(train_x.shape[1], classes).to(train_x.device)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.copy_(0.01 * torch.randn(layer.weight.shape, generator=generator))
    optimizer = torch.optim.SGD(layer.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    for batch in shuffled_batches(len(train_x), generator):
        batch = batch.to(train_x.device)
        cross_entropy(layer(train_x[batch]), train_t[batch]).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()

    with torch.inference_mode():
        train_predictions = layer(train_x).argmax(1).cpu()
        predictions = layer(test_x).argmax(1).cpu()
    correct = (predictions == test_labels).double()
    per_class = torch.stack([correct[test_labels == c].mean() for c in range(classes)])
    train_accuracy = (train_predictions == train_labels).double().mean().item()
    return ProbeResult(correct.mean().item(), train_accuracy, per_class, predictions)


def shuffled_batches(n: int, generator: torch.Generator) -> Iterator[Tensor]:
    """The places of STEPS batches, from as many shuffles of n images as that takes."""
    steps = 0
    while steps < STEPS:
        batches = torch.randperm(n, generator=generator).split(BATCH_SIZE)[: STEPS - steps]
        yield from batches
        steps += len(batches)


def standardise(
    train_y: Tensor, test_y: Tensor, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    """Both sets, less the training set's mean, over its deviation; constant dimensions become 0.

    Raises: VICRegError when representations are not finite or do not vary at all.
    """
    train_y, test_y = (y.to(device or "cpu", torch.float32) for y in (train_y, test_y))
    if not (train_y.isfinite().all() and test_y.isfinite().all()):
        raise VICRegError("The representations are not finite: the encoder has diverged; train it anew.")
    std, mean = torch.std_mean(train_y, dim=0)
    if not (std > 0).any():
        raise VICRegError(
            "All representations are the same: the encoder has collapsed to a point, "
            "so there is nothing to probe."
        )
    scale = torch.where(std > 0, 1 / std, 0)
    return (train_y - mean) * scale, (test_y - mean) * scale
