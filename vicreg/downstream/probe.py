"""Linear probing: one linear layer on frozen representations.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..runtime.validation import ROUNDING, check_classes, check_finite, check_useful

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

    Representations are standardised by the training set's mean and deviation, which does not change
    what a linear layer can express but makes SGD converge; the learning rate is annealed to
    zero over 10,000 steps, whatever the size of the set. The gradient of the cross-entropy by the
    layer's outputs is their softmax less the one-hot labels, so it needs no automatic
    differentiation, which would take most of a step's time.

    Parameters: train_y, test_y, float32, (n, d); labels, int64, (n,), 0 to c - 1; seed, of the
    initial layer and the order of the batches; device, the CPU without one.
    Raises: VICRegError when representations are not finite or do not vary at all; ValueError
    when a class has no images.
    """
    classes = int(train_labels.max()) + 1
    check_classes(train_labels, classes, "training")
    check_classes(test_labels, classes, "test")
    train_x, test_x = (with_ones(x) for x in standardise(train_y, test_y, device))
    targets = one_hot(train_labels, classes).to(train_x)                      # (n, c)
    W = fit_linear_layer(train_x, targets, torch.Generator().manual_seed(seed))
    train_predictions = (train_x @ W.T).argmax(1).cpu()
    predictions = (test_x @ W.T).argmax(1).cpu()
    correct = (predictions == test_labels).double()
    per_class = torch.stack([correct[test_labels == c].mean() for c in range(classes)])
    train_accuracy = (train_predictions == train_labels).double().mean().item()
    return ProbeResult(correct.mean().item(), train_accuracy, per_class, predictions)


def probe_held_out(
    codes: Tensor, labels: Tensor, seed: int = 0, device: torch.device | None = None
) -> ProbeResult:
    """A linear probe that learns from 90% of the codes and is tested on the other 10%.

    The exercise's protocol for codes that only training images have (Q5, Q7). Each class gives a
    tenth of its own, so that none is missing where there are few.

    Parameters: codes, float32, (n, d); labels, int64, (n,); seed, of the split and of the probe.
    """
    from sklearn.model_selection import train_test_split  # slow to import, and seldom needed

    indices = torch.arange(len(codes)).numpy()
    rest, held_out = train_test_split(indices, test_size=0.1, stratify=labels.numpy(), random_state=seed)
    return linear_probe(
        codes[rest], labels[rest], codes[held_out], labels[held_out], seed=seed, device=device
    )


class CrossValidated(NamedTuple):
    """How well classes are read off representations that a probe has not learned from.

    ``accuracies``: float64, (folds,), the share recognised in each fold; ``predictions``: int64, (n,),
    each image's by the probe that has not seen it; ``folds``: int64, (n,), in which one each image is.
    """

    accuracies: Tensor
    predictions: Tensor
    folds: Tensor


def probe_cross_validated(
    y: Tensor, labels: Tensor, folds: int = 5, seed: int = 0, device: torch.device | None = None
) -> CrossValidated:
    """Linear probes that each learn from all folds but one and are tested on that one.

    Each class gives the same share to every fold; where the smallest has fewer images than folds,
    there are as many folds as it has images.

    Parameters: y, float32, (n, d); labels, int64, (n,), 0 to c - 1; folds, at least 2; seed, of the
    folds and of the probes.
    Raises: ValueError where a class has fewer than two images.
    """
    from sklearn.model_selection import StratifiedKFold  # slow to import, and seldom needed

    counts = labels.bincount()
    if counts.min() < 2:
        raise ValueError(f"A class needs two images to be cross-validated, class {int(counts.argmin())} has {int(counts.min())}.")
    splitting = StratifiedKFold(min(folds, int(counts.min())), shuffle=True, random_state=seed)
    accuracies, predictions, fold_of = [], torch.empty_like(labels), torch.empty_like(labels)
    for number, fold in enumerate(splitting.split(y.numpy(), labels.numpy())):
        rest, held_out = map(torch.from_numpy, fold)
        found = linear_probe(y[rest], labels[rest], y[held_out], labels[held_out], seed=seed, device=device)
        accuracies.append(found.accuracy)
        predictions[held_out] = found.predictions
        fold_of[held_out] = number
    return CrossValidated(torch.tensor(accuracies, dtype=torch.float64), predictions, fold_of)


def read_linearly(train_y: Tensor, train_values: Tensor, test_y: Tensor, test_values: Tensor) -> float:
    """R² of values that a linear layer, fitted by least squares, reads off other representations.

    Parameters: train_y, test_y, float32, (n, d); train_values, test_values, float32, (n, v).
    Returns: 1 where all is read, 0 where the mean would do as well; the mean over the v values.
    """
    from sklearn.linear_model import LinearRegression  # slow to import, and seldom needed

    fitted = LinearRegression().fit(train_y.numpy(), train_values.numpy())
    return fitted.score(test_y.numpy(), test_values.numpy())


@torch.inference_mode()
def fit_linear_layer(x: Tensor, targets: Tensor, generator: torch.Generator) -> Tensor:
    """SGD with momentum on the mean cross-entropy of softmax(x W^T).

    Parameters: x, float, (n, d + 1), the last column ones; targets, (n, c), one-hot, as x;
    generator, on the CPU, of the initial layer and the order of the batches.
    Returns: W, (c, d + 1), the biases last, of x's dtype and on its device.
    """
    n, columns = x.shape
    W = 0.01 * torch.randn(targets.shape[1], columns, generator=generator)
    W[:, -1] = 0
    W = W.to(x)
    velocity = torch.zeros_like(W)
    for step, batch in enumerate(shuffled_batches(n, generator, x.device)):
        inputs = x.index_select(0, batch)      # (B, d + 1); x[batch] takes two to four times as long
        error = torch.softmax(W @ inputs.T, dim=0) - targets.index_select(0, batch).T      # (c, B)
        velocity.mul_(MOMENTUM).addmm_(error, inputs, alpha=1 / len(batch))
        W.sub_(velocity, alpha=learning_rate(step))
    return W


def learning_rate(step: int) -> float:
    """Annealed from 0.1 to zero along half a cosine."""
    return LEARNING_RATE * (1 + math.cos(math.pi * step / STEPS)) / 2


def with_ones(x: Tensor) -> Tensor:
    """x, (n, d), with a last column of ones, whose weight is the bias."""
    return torch.cat([x, x.new_ones(len(x), 1)], dim=1)


def shuffled_batches(n: int, generator: torch.Generator, device: torch.device) -> Iterator[Tensor]:
    """The indices of STEPS batches, on a device, from as many shuffles of n images as that takes."""
    steps = 0
    while steps < STEPS:
        order = torch.randperm(n, generator=generator).to(device)  # at once: a GPU's work waits for each copy
        batches = order.split(BATCH_SIZE)[: STEPS - steps]
        yield from batches
        steps += len(batches)


def standardise(
    train_y: Tensor, test_y: Tensor, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    """Both sets, less the training set's mean, over its deviation; constant dimensions become 0.

    Raises: VICRegError when representations are not finite or do not vary at all.
    """
    train_y, test_y = (y.to(device or "cpu", torch.float32) for y in (train_y, test_y))
    check_useful(train_y, "probe")
    check_finite(test_y)
    std, mean = torch.std_mean(train_y, dim=0)
    scale = torch.where(std > ROUNDING * mean.abs(), 1 / std, 0)
    return (train_y - mean) * scale, (test_y - mean) * scale
