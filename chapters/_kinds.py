"""CIFAR-10's two kinds of classes, animals and vehicles, that Q2, Q7 and Q8 look for.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Sequence

import torch

ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")


def are_animals(classes: Sequence[str]) -> torch.Tensor:
    """Which classes are animals, bool, (number of classes,); the others are vehicles."""
    return torch.tensor([name in ANIMALS for name in classes])


def of_own_kind(shares: torch.Tensor, classes: Sequence[str]) -> torch.Tensor:
    """Of each class's neighbours, the share that are of its kind, float, (number of classes,).

    Args: shares: of neighbours by class, (number of classes, number of classes), as `neighbour_classes` gives.
    """
    animal = are_animals(classes)
    return (shares * (animal.unsqueeze(1) == animal)).sum(1)
