"""``python -m vicreg probe``: how well a linear layer tells a folder's classes apart.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.folder import LONGEST_NAME, NO_CLASS, SPLITS, Folder, find_pictures
from ..runtime.errors import VICRegError
from ..runtime.text import abbreviated
from .folders import (
    Opened,
    add_folder_command,
    add_results,
    at_least,
    classes_of,
    embedded,
    tell_copies,
)

if TYPE_CHECKING:
    from torch import Tensor

MOST_NAMED = 60  # classes whose confusion can be drawn


def add(commands) -> None:
    parser = add_folder_command(
        commands, "probe", "tell a folder's classes apart by a linear layer on the representations", probe,
        folder="a folder a class, or train/ and test/ (or val/) with a folder a class each",
    )  # fmt: skip
    parser.add_argument("--folds", type=at_least(2), default=5, metavar="N", help="without a split, cross-validated (default: 5)")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="S", help="of the folds and the probe (default: 0)")
    add_results(parser, "probe")


def probe(options: argparse.Namespace) -> None:
    check_classes(folder := find_pictures(options.folder))
    opened = embedded(options, folder)
    ((folder, y),) = opened.folders
    import torch

    labelled = folder.labels != NO_CLASS
    if not labelled.all():
        print(f"Pictures in no class's folder, left out of the probe: {int((~labelled).sum()):,}")
    folder, y = folder.only(labelled), y[torch.from_numpy(labelled)]
    check_classes(folder)
    labels = torch.from_numpy(folder.labels)
    tested, predictions = tell_accuracy(folder, y, labels, options, opened.device)
    report(opened, folder, tested, labels[tested], predictions)
    opened.finish()


def check_classes(folder: Folder) -> None:
    """Refuse a folder in which a class cannot be learned and tested: VICRegError, naming it."""
    if len(folder.classes) < 2:
        there = f"{len(folder.classes) or 'no'} class{'es' * (len(folder.classes) != 1)}"
        raise VICRegError(f"{folder.root} has {there}; a probe tells at least two apart, a folder each.")
    where = {f"to {split} on": folder.in_split(split) for split in SPLITS} if folder.splits else {"": folder}
    for use, part in where.items():
        counts = np.bincount(part.labels[part.labels != NO_CLASS], minlength=len(folder.classes))
        least = 1 if folder.splits else 2
        if counts.min() < least:
            name, count = folder.classes[counts.argmin()], int(counts.min())
            what = f"{count or 'no'} picture{'s' * (count != 1)}"
            raise VICRegError(
                f"The class {name!r} has {what} {use}".rstrip()
                + f", and a probe needs {least}; add some, or take the class's folder away."
            )


def tell_accuracy(
    folder: Folder, y: Tensor, labels: Tensor, options: argparse.Namespace, device
) -> tuple[Tensor, Tensor]:
    """Print how many are recognised, and return which pictures were tested, indices, and what they were taken for."""
    import torch

    from ..downstream.probe import linear_probe, probe_cross_validated

    if folder.splits:
        train, test = (torch.tensor([i for i, s in enumerate(folder.splits) if s == split]) for split in SPLITS)
        found = linear_probe(y[train], labels[train], y[test], labels[test], options.seed, device)
        print(f"Test accuracy {found.accuracy:.2%} of {len(test):,} pictures, {found.train_accuracy:.2%} of the {len(train):,} learned from")
        twins = np.isin(folder.hashes[test.numpy()], folder.hashes[train.numpy()])
        tell_copies(int(twins.sum()), f"{len(test):,} test pictures", "one learned from")
        return test, found.predictions
    found = probe_cross_validated(y, labels, options.folds, options.seed, device)
    mean, spread = found.accuracies.mean(), found.accuracies.std()
    count = len(found.accuracies)
    print(f"Accuracy {mean:.2%}, cross-validated: the mean of {count} folds of {len(y):,} pictures; standard deviation {spread:.2%}")
    if count < options.folds:
        print(f"There are {count} folds and not {options.folds}, since the smallest class has so few pictures.")
    fold_of = found.folds.numpy()
    twins = sum(np.isin(folder.hashes[fold_of == fold], folder.hashes[fold_of != fold]).sum() for fold in range(count))
    tell_copies(int(twins), f"{len(y):,} pictures", "one of another fold")
    return torch.arange(len(y)), found.predictions


def report(opened: Opened, folder: Folder, tested: Tensor, labels: Tensor, predictions: Tensor) -> None:
    """Print each class's accuracy, and write the predictions and which class is taken for which."""
    told = [abbreviated(name, LONGEST_NAME) for name in folder.classes]
    width = max(map(len, told))
    for number, name in enumerate(told):
        own = labels == number
        print(f"  {name:{width}} {(predictions[own] == number).double().mean():6.1%} of {int(own.sum()):,}")
    classes = classes_of(folder)
    rows = (
        (folder.names[i], classes[i], folder.classes[p], int(classes[i] == folder.classes[p]))
        for i, p in zip(tested.tolist(), predictions.tolist(), strict=True)
    )
    opened.table("probe", ("file", "class", "predicted", "right"), rows)
    if len(folder.classes) > MOST_NAMED:
        opened.sheet("confusion", None)
        print(f"No picture of the confusion: it has room for {MOST_NAMED} classes.")
        return
    import matplotlib.pyplot as plt

    from ..plots.figures import plot_confusion
    from ..plots.sheets import shown, small_print

    with small_print():
        edge = 0.42 * len(folder.classes) + 2.2
        fig, ax = plt.subplots(figsize=(edge, edge), layout="constrained")
        plot_confusion(ax, labels, predictions, [shown(name) for name in folder.classes])
        ax.set_title(f"{shown(folder.name)}: of 100 pictures of a class", fontsize="medium")
        opened.sheet("confusion", fig)
