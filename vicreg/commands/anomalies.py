"""``python -m vicreg anomalies``: the pictures of a folder that are unlike those of another.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.folder import NO_CLASS, NO_ROW, Folder, find_pictures, normal_form
from ..runtime.errors import VICRegError
from .folders import (
    Opened,
    add_folder_command,
    add_results,
    at_least,
    check_k,
    classes_of,
    embedded,
    tell_copies,
)

if TYPE_CHECKING:
    from torch import Tensor

ODDEST, LEAST_ODD = 40, 8  # pictures on the sheet


def add(commands) -> None:
    parser = add_folder_command(
        commands, "anomalies", "order the pictures of a folder by how unlike they are to those of a normal one",
        find_anomalies, normal="a folder of normal pictures", folder="the pictures to judge; may be the normal folder itself",
    )  # fmt: skip
    parser.add_argument("-k", type=at_least(1), default=2, metavar="K", help="nearest normal pictures to measure by (default: 2)")
    parser.add_argument(
        "--normal-classes", type=names, metavar="CLASS,…",
        help="the classes of FOLDER that are normal; default: those that NORMAL has or is called",
    )  # fmt: skip
    add_results(parser, "anomalies")


def names(text: str) -> list[str]:
    """Names as an option gives them: "a, b"."""
    return [name.strip() for name in text.split(",") if name.strip()]


def find_anomalies(options: argparse.Namespace) -> None:
    normal, folder = (find_pictures(root) for root in (options.normal, options.folder))
    named = normal_classes(options, normal, folder)
    check_k(options.k, normal, len(normal) - bool((normal.rows_of(folder.paths) != NO_ROW).any()))
    opened = embedded(options, normal, folder)
    (normal, normal_y), (folder, y) = opened.folders
    import torch

    from ..downstream.anomaly import anomaly_scores, roc

    itself = normal.rows_of(folder.paths)
    scores = anomaly_scores(y, normal_y, options.k, torch.from_numpy(itself))
    marks = marks_of(folder, named)
    judged = {0, 1} <= set(marks.tolist())
    order = scores.argsort(descending=True, stable=True).tolist()
    classes = classes_of(folder)
    said = [mark if judged and mark != NO_CLASS else "" for mark in marks.tolist()]
    rows = ((rank, f"{scores[i]:.6g}", folder.names[i], classes[i], said[i]) for rank, i in enumerate(order, 1))
    opened.table("anomalies", ("rank", "score", "file", "class", "odd"), rows)
    draw(opened, folder, normal, scores, order)
    if judged:
        of_normal, of_odd = (scores[torch.from_numpy(marks == mark)] for mark in (0, 1))
        found, others = roc(of_normal, of_odd), int((marks == NO_CLASS).sum())
        draw_roc(opened, found, folder, options.k)
        without = f"; {others:,} without a class {'is' if others == 1 else 'are'} in neither group" * bool(others)
        print(f"{len(of_normal):,} normal pictures and {len(of_odd):,} odd ones{without}: AUC {found.auc:.4f}")
    else:
        opened.sheet("roc", None)
        print("No AUC: it takes normal pictures and odd ones in FOLDER; --normal-classes names the classes that are normal.")
    alike = Counter(normal.hashes.tolist())
    twins = sum(alike[own] > (row != NO_ROW) for own, row in zip(folder.hashes.tolist(), itself, strict=True))
    tell_copies(int(twins), f"{len(folder):,} pictures judged", "another picture among the normal ones")
    opened.finish()


def normal_classes(options: argparse.Namespace, normal: Folder, folder: Folder) -> set[str]:
    """Which classes of the folder are normal: those named, else those that the normal folder has or is called.

    Raises: VICRegError for a name that is no class's.
    """
    if options.normal_classes is None:
        return set(folder.classes) & {*normal.classes, normal_form(normal.name)}
    named = set(map(normal_form, options.normal_classes))
    if strangers := sorted(named - set(folder.classes)):
        there = ", ".join(folder.classes) or "none at all"
        raise VICRegError(f"{folder.root} has no class {strangers[0]!r}; its classes are: {there}.")
    return named


def marks_of(folder: Folder, normal: set[str]) -> np.ndarray:
    """What classes say of pictures, int64, (n,): 1 for an odd one, 0 for a normal one, -1 for one of no class."""
    odd = np.array([*(name not in normal for name in folder.classes), False], dtype=np.int64)
    return np.where(folder.labels == NO_CLASS, NO_CLASS, odd[folder.labels])


def draw(opened: Opened, folder: Folder, normal: Folder, scores: Tensor, order: list[int]) -> None:
    """A sheet of the oddest pictures, and of some of the least odd."""
    from ..plots.sheets import caption, in_rows, sheet, shown, small_print, thumbnails

    titles, tables, captions, classes = [], [], [], classes_of(folder)
    oddest, rest = order[:ODDEST], order[ODDEST:]
    for title, indices in (
        (f"The oddest of {len(folder):,} pictures of {shown(folder.name)}, by the distance to {shown(normal.name)}", oddest),
        ("The least odd, the least first", rest[::-1][:LEAST_ODD]),
    ):
        if indices:
            names = [caption(folder.names[i], classes[i], f"{scores[i]:.2f}") for i in indices]
            table, texts = in_rows(thumbnails([folder.paths[i] for i in indices]), names)
            titles.append(title), tables.append(table), captions.append(texts)
    with small_print():
        opened.sheet("anomalies", sheet(titles, tables, captions))


def draw_roc(opened: Opened, found, folder: Folder, k: int) -> None:
    import matplotlib.pyplot as plt

    from ..plots.figures import plot_chance, plot_roc
    from ..plots.sheets import shown

    fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    plot_roc(ax, found, f"k = {k}")
    plot_chance(ax)
    ax.set_title(f"Odd against normal pictures of\n{shown(folder.name)}", fontsize="medium")
    ax.legend(loc="lower right")
    opened.sheet("roc", fig)
